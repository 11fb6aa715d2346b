"""Token ids equal those of transformers' CLIPTokenizer, with the real CLIP vocabulary."""

import itertools
import json
import os
import unicodedata
from pathlib import Path

import pytest
from transformers import CLIPTokenizer

from tests.python.clip_vocabulary import write_clip_tokenizer
from tests.python.tokenizer_texts import END, PROMPTS, START, random_texts


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
    """Bytes that are not UTF-8 are refused, wherever a text comes in."""
    cases = [b"a\xff\xfeb", b"caf\xe9", b"\xe4\xb8", b"\xf0\x9f\x98 x"]
    cases += [b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80", b"\xe0\x9f\xbf", b"\xf1\x80\x80q"]
    for case in cases:
        call = fdbench("tokenize", folder, "--text", os.fsdecode(case))
        assert call.returncode == 2 and "is no UTF-8 text" in call.stderr, case


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
