"""Texts that try a tokenizer: prompts, scripts, emoji, marks, white space, random strings."""

import itertools
import random

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
