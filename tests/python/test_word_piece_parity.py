"""Token ids equal those of transformers' BertTokenizer, which ImageReward reads prompts with."""

import json
from pathlib import Path

import pytest
from transformers import BertTokenizer

from tests.python.tokenizer_texts import PROMPTS, random_texts

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LENGTH = 35


def write_vocabulary(folder: Path, pieces: list[str], **config: object) -> Path:
    """A folder as older ones are: vocab.txt and what tokenizer_config.json says."""
    folder.mkdir(exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(SPECIAL + pieces) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "BertTokenizer", "model_max_length": LENGTH, **config})
    )
    return folder


def pieces_of(texts: list[str]) -> list[str]:
    """All characters of the texts, at the start of words and within, and some longer pieces."""
    letters = sorted({c for text in texts for form in (text, text.lower()) for c in form})
    words = sorted({word for text in texts for word in text.lower().split() if word.isascii()})
    longer = [word[:4] for word in words[::2]] + [f"##{word[2:5]}" for word in words[::3]]
    alone = [c for c in letters if not c.isspace()]
    return list(dict.fromkeys(alone + [f"##{c}" for c in alone] + longer))


def encode(fdbench, folder: Path, texts: list[str]) -> list[list[int]]:
    file = folder / "texts.json"
    file.write_text(json.dumps(texts), encoding="utf-8")
    call = fdbench("tokenize", folder, "--texts-file", file, "--format", "json")
    file.unlink()
    assert call.returncode == 0, call.stderr
    return json.loads(call.stdout)["input_ids"]


def assert_same(fdbench, folder: Path, texts: list[str], length: int = LENGTH) -> None:
    tokenizer = BertTokenizer.from_pretrained(folder)
    theirs = tokenizer(texts, padding="max_length", truncation=True, max_length=length).input_ids
    ours = encode(fdbench, folder, texts)
    wrong = [text for text, a, b in zip(texts, ours, theirs, strict=True) if a != b]
    assert not wrong, f"{len(wrong)} of {len(texts)} differ: {wrong[:5]!r}"


@pytest.mark.parametrize(
    "config",
    [{}, {"do_lower_case": False}, {"strip_accents": False}, {"tokenize_chinese_chars": False}],
)
def test_prompts_and_random_texts(fdbench, tmp_path, config):
    texts = PROMPTS + [text.upper() for text in PROMPTS] + random_texts(1000, seed=2)
    texts += [
        "a [SEP] b[MASK]c [unk] [CLS]",
        "x" * 101 + " y",
        "",
        "  \t\n ",
        "don't stop... 30% -1",
    ]
    assert_same(fdbench, write_vocabulary(tmp_path / "v", pieces_of(texts), **config), texts)


def test_the_folder_that_transformers_writes(fdbench, tmp_path):
    texts = PROMPTS + ["Ünïcödé [MASK] 中文字"]
    folder = write_vocabulary(tmp_path / "old", pieces_of(texts))
    written = tmp_path / "new"
    BertTokenizer.from_pretrained(folder).save_pretrained(written)
    assert (written / "tokenizer.json").exists() and not (written / "vocab.txt").exists()
    assert_same(fdbench, written, texts)


def test_every_code_point(fdbench, tmp_path):
    """Each below 0x20000 between letters: removed, set apart, split at, decomposed, lower-cased."""
    points = [chr(c) for c in range(0x20000) if not 0xD800 <= c <= 0xDFFF]
    alone = [c for c in points if c not in "\r\n"]
    pieces = list(dict.fromkeys(alone + [f"##{c}" for c in alone]))
    length = 100_000
    folder = write_vocabulary(tmp_path / "v", pieces, model_max_length=length)
    tokenizer = BertTokenizer.from_pretrained(folder)
    texts = ["".join(f"a{c}b " for c in points[i : i + 4096]) for i in range(0, len(points), 4096)]
    theirs = tokenizer(texts).input_ids
    assert max(map(len, theirs)) < length
    for text, a, b in zip(texts, encode(fdbench, folder, texts), theirs, strict=True):
        assert a[: len(b)] == b, f"differs from {text[:20]!r} on"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("vocab.txt", "[PAD]\n[UNK]\n[CLS]\na\n", "vocab.txt: lacks the token '[SEP]'"),
        (
            "tokenizer.json",
            '{"model": {"type": "WordPiece", "vocab": {"[PAD]": "x"}}}',
            "tokenizer.json: token '[PAD]' must have a whole number as its id",
        ),
        (
            "tokenizer.json",
            '{"model": {"type": "WordPiece"}, "normalizer": {"type": "Lowercase"}}',
            "'normalizer' must be of type BertNormalizer",
        ),
    ],
)
def test_faults_are_one_line(fdbench, tmp_path, name, content, words):
    (tmp_path / name).write_text(content)
    call = fdbench("tokenize", tmp_path, "--text", "a")
    assert call.returncode == 2
    assert len(call.stderr.strip().splitlines()) == 1 and words in call.stderr
