"""The real CLIP vocabulary, from the merges that the package open_clip_torch carries."""

import gzip
import importlib.util
import json
from pathlib import Path

NUM_MERGES = 49152 - 256 - 2


def byte_characters() -> list[str]:
    """The characters that stand for the 256 bytes, in the vocabulary's order."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(code) for code in printable] + [chr(256 + i) for i in range(256 - len(printable))]


def merges() -> list[str]:
    """The merges in the order of their rank, as "left right"."""
    package = Path(importlib.util.find_spec("open_clip").origin).parent
    text = gzip.decompress((package / "bpe_simple_vocab_16e6.txt.gz").read_bytes()).decode()
    return text.split("\n")[1 : NUM_MERGES + 1]


def write_clip_tokenizer(folder: Path, **config) -> Path:
    """Writes vocab.json and merges.txt, and with `config` also tokenizer_config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    characters = byte_characters()
    tokens = characters + [character + "</w>" for character in characters]
    tokens += [merge.replace(" ", "") for merge in merges()] + ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    assert len(vocabulary) == 49408
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges()) + "\n")
    if config:
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder
