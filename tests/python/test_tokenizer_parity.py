"""Token ids equal those of transformers' CLIPTokenizer, with the real CLIP vocabulary."""

import itertools
import json
import os
import random
import unicodedata
from pathlib import Path

import pytest
from transformers import CLIPTokenizer

from tests.python.clip_vocabulary import write_clip_tokenizer

START, END = "<|startoftext|>", "<|endoftext|>"

PROMPTS = [
    "",
    " ",
    "a photo of an astronaut riding a horse on mars",
    "A small red circle above a LARGE blue square on a beige background",
    "oil painting, highly detailed, 8k, trending on artstation, by greg rutkowski",
    "masterpiece, (best quality:1.4), [sketch], {{detailed}} eyes --ar 16:9 --v 5.2 <lora:x:0.8>",
    "word " * 76,
    "word " * 200,
    "supercalifragilisticexpialidocious" * 20,
    "1234567890 3.14159 1,000,000 ½ ² ① Ⅻ ٣ ४ 𝟘 10:30 50% $9.99 x=-1e-5",
    "it's I'm we're they've she'll he'd don't can't won't y'all o'clock 'tis rock'n'roll",
    "IT'S I'M WE'RE THEY'VE SHE'LL HE'D DON'T 'S 'sx ''s '''t s'' '",
    "it’s “quoted” ‘single’ «guillemets» – — … ‽ ¿que? ¡hola!",
    "!!! ??? ... ,,, !?!?! #$%^&*()_+-=[]{}|;':\",./<>?`~ \\ // :-) ;-P <3 ^_^ ¯\\_(ツ)_/¯",
    "tab\there newline\nhere return\rhere\r\nboth \v\f \x1c\x1d\x1e\x1f \x85 \xa0 nbsp",
    "\u1680ogham\u2000en\u2003em\u2009thin\u200ahair\u2028line\u2029par\u202fnnb\u205fmath\u3000wide",
    "zero\u200bwidth\u200cnon\u200djoiner\u2060word\ufeffbom\u180emongolian\u00adsoft",
    "control \x01\x02\x07\x08\x1b\x7f\x80\x9f end",
    "nul\x00in the middle\x00",
    "café cafe\u0301 CAFÉ CAFE\u0301 naïve Zürich Ångström A\u030angstro\u0308m",
    "q\u0307\u0323 q\u0323\u0307 s\u0323\u0307 \u1e9b\u0323 a\u0315\u0300\u05ae\u0300\u0062",
    "Z\u0351\u036b\u0343a\u0302\u0317l\u0334\u0321g\u0335\u0328o\u0361\u0489",
    "İstanbul I ı i İ I\u0307 DİYARBAKIR ırmak",
    "straße STRASSE ẞ GROẞ ß ﬁ ﬂ ﬀ ﬃ ﬅ Ǆ ǅ ǆ ŉ ĸ",
    "ΑΒΓ αβγ ΟΔΥΣΣΕΥΣ Σ σ ς Ὀδυσσεύς ᾼ ᾳ Ω Ω K Å",
    "Привет мир ПРИВЕТ ёлка ЁЛКА Ѐ ѝ Ґ ї",
    "中文提示词 一只猫坐在垫子上 日本語のプロンプト 猫 カタカナ ｶﾞ が か\u3099 ﾊﾟ",
    "한국어 프롬프트 고양이 \u1112\u1161\u11ab\u1100\u1173\u11af ㄱㄴㄷ",
    "𠮷野家 𠀀𪛖 豈更車 ﷺ ﷽ ℃ ℡ ㎏ ㍿",
    "مرحبا بالعالم قطة على السجادة لَا إِلٰهَ ١٢٣ ﻻ",
    "שלום עולם חָתוּל \u202bRTL\u202c \u200fmark \u2067isolate\u2069 בּ שׁ",
    "नमस्ते दुनिया बिल्ली क्\u200dष क़ \u0958 தமிழ் ภาษาไทย แมว ລາວ བོད་ မြန်မာ ភាសា",
    "ქართული ᲥᲐᲠᲗᲣᲚᲘ Ⴀⴀ Հայերեն հայերեն և Ꭰꭰ ᏸ",
    "𐐀𐐨 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝕏 𝒜 Ａｂｃ１２３ ⓐ Ⓐ 🄰 🅰",
    "😀 😂🤣 ❤️ ❤ ☺️ ✌🏽 👍🏿 👩‍👩‍👧‍👦 🏳️‍🌈 🏴‍☠️ 👨🏻‍💻 🧑🏾‍🤝‍🧑🏼",
    "🇺🇸🇩🇪🇯🇵 🏴󠁧󠁢󠁥󠁮󠁧󠁿 #️⃣ *️⃣ 1️⃣ 🔟 ©️ ®️ ™️ ㊗️ 🫠 🫨 🪿",
    "a cat😺sitting,on🪑the chair😴.",
    f"a {END} b",
    f"a{START}b{END}c{END}{END}",
    f"{START} a photo {END}",
    "<|STARTOFTEXT|> <|EndOfText|>'s <|endoftext |> <|endoftext| <|startoftext|",
    f"{END}'s {END}s 's{END} !{END}! <{END}> |{START}|",
    "\ufffd \ufffe \uffff \U0001ffff \U0010ffff \ue000 \U000f0000",
    "http://example.com/a_b-c?d=e&f=g#h user@example.com C:\\path\\file.txt",
    "snake_case camelCase PascalCase kebab-case SCREAMING_SNAKE 3D 4k mp3 h264",
    "<b>html</b> &amp; &lt; &#39; {json: [1, 2]} $latex_{i}^2$",
    "a" * 3000,
    "!" * 500,
    "🐈" * 100,
    "\u0301" * 50 + "e" + "\u0301" * 50,
]

# Where the property tables of different Unicode versions, scripts and kinds lie.
POOLS = {
    "ascii": [chr(c) for c in range(1, 0x80)],
    "latin": [chr(c) for c in range(0x80, 0x250)],
    "words": [
        "the ",
        "cat",
        "'s",
        "'LL",
        " Dog",
        "12",
        " ",
        "\n",
        END,
        START,
        "<|",
        "|>",
        "'",
        "é",
    ],
    "marks": ["a", "E", "o", *map(chr, range(0x300, 0x370)), *map(chr, range(0x1DC0, 0x1E00))],
    "greek": [chr(c) for c in itertools.chain(range(0x370, 0x530), range(0x1F00, 0x2000))],
    "east": [chr(c) for c in itertools.chain(range(0x3000, 0x3200), range(0xAC00, 0xAD00))],
    "jamo": [chr(c) for c in range(0x1100, 0x1200)],
    "indic": [chr(c) for c in range(0x590, 0xE00)],
    "symbols": [chr(c) for c in itertools.chain(range(0x2000, 0x2C00), range(0xFB00, 0x10000))],
    "emoji": [chr(c) for c in range(0x1F000, 0x1FB00)] + ["\u200d", "\ufe0f", "\U0001f3fd"],
    "any": [chr(c) for c in range(1, 0x110000, 7) if not 0xD800 <= c <= 0xDFFF],
}


def random_texts(count: int, seed: int) -> list[str]:
    """Strings of 1 to 60 characters, from one pool or from all of them."""
    generator = random.Random(seed)
    texts = []
    for _ in range(count):
        pools = list(POOLS.values())
        chosen = pools if generator.random() < 0.3 else [generator.choice(pools)]
        length = generator.randint(1, 60)
        texts.append("".join(generator.choice(generator.choice(chosen)) for _ in range(length)))
    return texts


class Program:
    """`fdbench tokenize` on one folder, for many texts in one call."""

    def __init__(self, fdbench, folder: Path):
        self.fdbench, self.folder = fdbench, folder

    def __call__(self, texts: list[str]) -> list[list[int]]:
        file = self.folder / "texts.json"
        file.write_text(json.dumps(texts), encoding="utf-8")
        call = self.fdbench("tokenize", self.folder, "--texts-file", file, "--format", "json")
        file.unlink()
        assert call.returncode == 0, call.stderr
        return json.loads(call.stdout)["input_ids"]


def reference(tokenizer: CLIPTokenizer, texts: list[str], length: int = 77) -> list[list[int]]:
    return tokenizer(texts, padding="max_length", truncation=True, max_length=length).input_ids


def assert_same(fdbench, folder: Path, texts: list[str], length: int = 77) -> None:
    ours = Program(fdbench, folder)(texts)
    theirs = reference(CLIPTokenizer.from_pretrained(folder), texts, length)
    wrong = [text for text, a, b in zip(texts, ours, theirs, strict=True) if a != b]
    assert not wrong, f"{len(wrong)} of {len(texts)} differ: {wrong[:5]!r}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The real vocabulary without any configuration."""
    return write_clip_tokenizer(tmp_path_factory.mktemp("clip"))


@pytest.mark.parametrize("length", [77, 500])
def test_prompts(fdbench, tmp_path, length):
    pairs = [f"{a} {b}" for a, b in itertools.combinations(PROMPTS[:40], 2)]
    texts = (
        PROMPTS + [text.upper() for text in PROMPTS] + [text.title() for text in PROMPTS] + pairs
    )
    assert len(texts) >= 500
    write_clip_tokenizer(tmp_path, model_max_length=length)
    assert_same(fdbench, tmp_path, texts, length)


def test_normal_forms(fdbench, folder):
    forms = ("NFC", "NFD", "NFKC", "NFKD")
    texts = [unicodedata.normalize(form, text) for form in forms for text in PROMPTS]
    assert_same(fdbench, folder, texts)


def test_random_texts(fdbench, folder):
    assert_same(fdbench, folder, random_texts(5000, seed=1))


@pytest.mark.parametrize("pattern", ["a{0}1{0} ", "{0}\u0301\u0323'{0}s! ", "1\u0301{0}\u0323 "])
def test_every_code_point(fdbench, tmp_path, pattern):
    """Each code point beside a letter, a number, marks and punctuation."""
    length = 200_000
    write_clip_tokenizer(tmp_path, model_max_length=length)
    points = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
    texts = ["".join(map(pattern.format, points[i : i + 8192])) for i in range(0, 0x32000, 8192)]
    texts += ["".join(map(pattern.format, points[0xDF800:0xDFA00]))]  # tags and variation selectors
    tokenizer = CLIPTokenizer.from_pretrained(tmp_path)
    theirs = tokenizer(texts).input_ids
    assert max(map(len, theirs)) < length
    ours = Program(fdbench, tmp_path)(texts)
    for text, a, b in zip(texts, ours, theirs, strict=True):
        assert a[: len(b)] == b, f"differs from {text[:20]!r} on"


SPECIAL = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
NAMED = {"bos_token": START, "eos_token": END, "unk_token": END}


def token(content: str, **flags) -> dict:
    return {"content": content, **SPECIAL, **flags}


def config_files(**files) -> dict:
    return {name.replace("__", "."): value for name, value in files.items()}


FOLDERS = {
    "stable diffusion 1": config_files(
        special_tokens_map__json={
            "bos_token": token(START),
            "eos_token": token(END),
            "unk_token": token(END),
            "pad_token": END,
        },
        tokenizer_config__json={
            "add_prefix_space": False,
            "bos_token": {"__type": "AddedToken", **token(START)},
            "eos_token": {"__type": "AddedToken", **token(END)},
            "unk_token": {"__type": "AddedToken", **token(END)},
            "do_lower_case": True,
            "errors": "replace",
            "model_max_length": 77,
            "pad_token": END,
            "tokenizer_class": "CLIPTokenizer",
        },
    ),
    "stable diffusion 2": config_files(
        special_tokens_map__json={
            "bos_token": token(START),
            "eos_token": token(END),
            "unk_token": token(END),
            "pad_token": "!",
        },
        tokenizer_config__json={"model_max_length": 77, "pad_token": END},
    ),
    "pad token in the configuration": config_files(
        tokenizer_config__json={**NAMED, "model_max_length": 77, "pad_token": "!"}
    ),
    "added tokens by id": config_files(
        tokenizer_config__json={
            **NAMED,
            "pad_token": "!",
            "model_max_length": 77,
            "added_tokens_decoder": {
                "0": token("!", normalized=False, special=True),
                "49406": token(START, special=True),
                "49407": token(END, special=True),
                "49408": token("<Cat-Toy>", special=False),
                "49409": token("<cat-toy> big", special=False),
                "49410": token("ÉÉ", normalized=False, special=False),
            },
        }
    ),
    "textual inversion": config_files(
        added_tokens__json={"<Cat-Toy>": 49408, "ÉÉ": 49409},
        tokenizer_config__json={**NAMED, "model_max_length": 77, "pad_token": END},
    ),
}
ADDED = [
    "hello! !! !<|endoftext|>! wow!",
    "a <cat-toy> b <Cat-Toy> <CAT-TOY>c<cat-toy>big <cat-toy>   big <cat-toy>\n BIG",
    "éé ÉÉ e\u0301e\u0301 xÉÉy",
    "<|ENDOFTEXT|> x <|StartOfText|>",
]


@pytest.mark.parametrize("name", FOLDERS)
def test_special_tokens(fdbench, tmp_path, name):
    write_clip_tokenizer(tmp_path)
    for file, content in FOLDERS[name].items():
        (tmp_path / file).write_text(json.dumps(content), encoding="utf-8")
    assert_same(fdbench, tmp_path, PROMPTS + ADDED + random_texts(200, seed=2))


@pytest.mark.parametrize("alone", [True, False])
def test_tokenizer_json(fdbench, tmp_path, folder, alone):
    """The file that transformers itself saves, alone and with its tokenizer_config.json."""
    CLIPTokenizer.from_pretrained(folder, pad_token="!").save_pretrained(tmp_path)
    assert (tmp_path / "tokenizer.json").exists()
    if alone:
        for file in tmp_path.iterdir():
            if file.name != "tokenizer.json":
                file.unlink()
    assert_same(fdbench, tmp_path, PROMPTS + ADDED)


def test_small_vocabulary(fdbench, tmp_path):
    """Bytes that the vocabulary lacks become the unknown token, one for each byte."""
    vocabulary = ["a", "b", "a</w>", "b</w>", "ab</w>", START, END, "?"]
    content = json.dumps({name: index for index, name in enumerate(vocabulary)})
    (tmp_path / "vocab.json").write_text(content)
    (tmp_path / "merges.txt").write_text("#version: 0.2\na b</w>\n")
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"unk_token": "?", "model_max_length": 12})
    )
    texts = ["ab", "aab b", "x", "axxb", "é a ?", "abc 中", "a" * 30]
    assert_same(fdbench, tmp_path, texts, length=12)


def test_broken_utf8(fdbench, folder):
    """Bytes that are not UTF-8 count as U+FFFD, as Python decodes them."""
    cases = [b"a\xff\xfeb", b"caf\xe9", b"\xe4\xb8", b"\xf0\x9f\x98 x"]
    cases += [b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80", b"\xe0\x9f\xbf", b"\xf1\x80\x80q"]
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    for case in cases:
        call = fdbench("tokenize", folder, "--text", os.fsdecode(case))
        expected = reference(tokenizer, [case.decode(errors="replace")])[0]
        assert list(map(int, call.stdout.split())) == expected, case


@pytest.mark.parametrize("text", ["[a, b]", "[a]", "{x}", "a,b", "-1 cat", "--text", "'quoted'"])
def test_text_on_the_command_line(fdbench, folder, text):
    """Whatever the text is, it arrives as it was written."""
    call = fdbench("tokenize", folder, f"--text={text}", "--format", "json")
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    assert json.loads(call.stdout) == {
        "input_ids": reference(tokenizer, [text])[0],
        "model_max_length": 77,
    }


def test_several_texts(fdbench, folder):
    texts = ["a cat", "", "[a, b]", "dog"]
    options = [part for text in texts for part in ("--text", text)]
    call = fdbench("tokenize", folder, *options, "--format", "json")
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    assert json.loads(call.stdout)["input_ids"] == reference(tokenizer, texts)
