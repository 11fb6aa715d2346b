"""Text as people bring it: encodings, blank lines, prompt files of all kinds; `run` and `judge`."""

import codecs
import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT
from tests.field.conftest import MODELS, refused

PROMPTS = ["un café rouge", "a blue square", "a green triangle"]
HEAD = f"name: texts\nmodel: {MODELS / 'mini'}\nthreads: 1\nsteps: 1\n"
RUNS = "runs: [{strategy: full}]\n"


@pytest.fixture
def config(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a config with these `prompts:`."""

    def write(prompts: str, name: str = "c.yaml", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes((HEAD + f"prompts: {prompts}\n" + RUNS).encode(encoding))
        return path

    return write


@pytest.fixture
def dry_run(fdbench, config) -> Callable:
    def call(path: Path, more: str = ""):
        return fdbench("run", config(f"{{file: {path}{more}}}"), "--dry-run")

    return call


@pytest.fixture
def judged(fdbench, tmp_path: Path) -> Callable:
    """`fdbench judge` of three pictures with these prompts, by the embedded CLIP."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(3):
        pixels = np.full((64, 64, 3), 80 * i, np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")

    def call(prompts: Path):
        options = ("--clip", MODELS / "mini-judge", "--prompts", prompts)
        return fdbench("judge", folder, *options, "--metrics", "clip_score", "--format", "json")

    return call


def kept_prompts(fdbench, config: Path, tmp_path: Path) -> list[str]:
    """The prompts that a sweep's result holds."""
    out = tmp_path / "out.h5"
    settings = ("--set", "timing={rounds: 0}", "--set", "features=false")
    done = fdbench("run", config, "--quiet", "--fresh", "--out", out, *settings)
    assert done.returncode == 0, done.stderr
    with h5py.File(out) as file:
        return [caption.decode() for caption in file["prompts"]["caption"]]


def test_a_mark_and_carriage_returns_are_no_part_of_prompts(
    fdbench, config, judged, tmp_path: Path
):
    """Also of a config: the result and the scores are those of the plain file."""
    plain, marked = tmp_path / "plain.txt", tmp_path / "marked.txt"
    plain.write_text("\n".join(PROMPTS) + "\n")
    marked.write_bytes(codecs.BOM_UTF8 + "\r\n".join(PROMPTS).encode() + b"\r\n\r\n")
    path = config(f"{{file: {marked}}}")
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes().replace(b"\n", b"\r\n"))
    assert kept_prompts(fdbench, path, tmp_path) == PROMPTS
    scores = [json.loads(judged(file).stdout)["clip_score"] for file in (plain, marked)]
    assert scores[0] == scores[1]


@pytest.mark.parametrize("name", ["p.txt", "p.json", "p.jsonl", "p.csv"])
@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("latin-1", ("byte 0xE9 at offset", "UTF-8", "iconv -f latin1 -t utf8")),
        ("utf-16", ("is UTF-16", "iconv -f utf-16")),
        ("utf-16-le", ("NUL byte at offset",)),
    ],
)
def test_other_encodings_are_named(name, encoding, words, dry_run, judged, tmp_path: Path):
    texts = {
        "p.txt": "\n".join(PROMPTS),
        "p.json": json.dumps(PROMPTS, ensure_ascii=False),
        "p.jsonl": "\n".join(json.dumps(text, ensure_ascii=False) for text in PROMPTS),
        "p.csv": "prompt\n" + "\n".join(PROMPTS),
    }
    path = tmp_path / name
    path.write_bytes(texts[name].encode(encoding))
    line = 2 if name == "p.csv" and encoding == "latin-1" else 1
    refused(dry_run(path), f"{path}:{line}: ", *words)
    if name == "p.txt":
        refused(judged(path), f"{path}:1: ", *words)


def test_other_encodings_of_a_config_and_of_the_command_line(fdbench, config, tmp_path: Path):
    refused(fdbench("run", config('["é"]', encoding="latin-1")), "c.yaml:5: byte 0xE9", "UTF-8")
    refused(fdbench("run", config('["é"]', encoding="utf-16")), "c.yaml:1: is UTF-16")
    good = config("[a]")
    bad = "caf\udce9"  # the byte 0xE9, as Python hands it to a program
    refused(fdbench("run", good, "--set", f"name={bad}", "--dry-run"), "--set", "byte 0xE9")
    for option in ("--prompt", "--negative-prompt"):
        prompts = ("--prompt", "a", option, bad)
        done = fdbench("generate", MODELS / "mini", *prompts, "--steps", 1)
        refused(done, option, "byte 0xE9 at offset 3")
    refused(fdbench("tokenize", MODELS / "mini", "--text", bad), "--text", "byte 0xE9")


@pytest.mark.parametrize("blank", ["", "   ", "\t", "\u3000"])
def test_a_blank_line_between_prompts_is_an_error_everywhere(
    blank: str, fdbench, config, dry_run, judged, tmp_path: Path
):
    """`run`, `judge`, YAML lists, JSON: nothing is left out in silence."""
    path = tmp_path / "gap.txt"
    path.write_text("\n".join([PROMPTS[0], blank, PROMPTS[2]]) + "\n")
    for done in (dry_run(path), judged(path)):
        refused(done, f"{path}:2: a blank line between prompts", '""')
    if not blank:
        return
    path = tmp_path / "gap.json"
    path.write_text(json.dumps([PROMPTS[0], blank]))
    refused(dry_run(path), f"{path}: prompt 2 holds nothing but white space")
    done = fdbench("run", config(json.dumps([PROMPTS[0], blank], ensure_ascii=False)), "--dry-run")
    refused(done, "'prompts.1' holds nothing but white space")
    done = fdbench("generate", MODELS / "mini", "--prompt", blank, "--steps", 1)
    refused(done, "--prompt", "nothing but white space")


def test_an_empty_text_is_the_empty_prompt(fdbench, config, tmp_path: Path):
    path = tmp_path / "p.json"
    path.write_text(json.dumps(["", "a"]))
    assert kept_prompts(fdbench, config('["", a]'), tmp_path) == ["", "a"]
    assert kept_prompts(fdbench, config(f"{{file: {path}}}"), tmp_path) == ["", "a"]
    refused(fdbench("run", config("[~, a]"), "--dry-run"), "'prompts.0' must be a text", '""')


def test_blank_lines_at_the_end_are_no_prompts(dry_run, judged, tmp_path: Path):
    path = tmp_path / "end.txt"
    path.write_text("\n".join(PROMPTS) + "\n\n  \n")
    assert "1 runs x 3 prompts" in dry_run(path).stdout
    assert judged(path).returncode == 0


COCO = {
    "images": [{"id": 7, "file_name": "7.jpg"}],
    "annotations": [{"image_id": 7, "caption": text} for text in PROMPTS],
}
FILES = {
    "coco.json": json.dumps(COCO),
    "list.json": json.dumps(PROMPTS),
    "named.json": json.dumps({"prompts": PROMPTS}),
    "objects.json": json.dumps([{"text": text} for text in PROMPTS]),
    "by_file.json": json.dumps({f"{i}.png": text for i, text in enumerate(PROMPTS)}),
    "lines.jsonl": "\n".join(json.dumps({"caption": text}) for text in PROMPTS),
    "lines.json": "\n".join(json.dumps({"prompt": text}) for text in PROMPTS),
    "texts.jsonl": "\n".join(json.dumps(text) for text in PROMPTS),
    "json.txt": json.dumps(PROMPTS),
    "lines.txt": "\n".join(PROMPTS),
    "no_ending": "\n".join(PROMPTS),
    "parti.tsv": "Prompt\tCategory\n" + "".join(f"{text}\tx\n" for text in PROMPTS),
    "table.csv": "caption,file_name\n" + "".join(f'"{text}",{text}.png\n' for text in PROMPTS),
}


def test_prompt_files_of_all_kinds(fdbench, config, tmp_path: Path):
    """Each kind gives the same sweep: the settings, prompts' hash included, are those of a list."""
    out = tmp_path / "out.h5"
    settings = ("--set", "timing={rounds: 0}", "--set", "features=false", "--quiet")
    listed = config(json.dumps(PROMPTS))
    assert fdbench("run", listed, "--out", out, *settings).returncode == 0
    for name, text in FILES.items():
        path = tmp_path / name
        path.write_text(text)
        done = fdbench("run", config(f"{{file: {path}}}"), "--out", out, *settings, "--dry-run")
        assert done.returncode == 0, (name, done.stderr)  # other prompts would want --fresh
    assert (
        "COCO: 3 captions of 1 picture, all"
        in fdbench("run", config(f"{{file: {tmp_path / 'coco.json'}}}"), "--dry-run").stderr
    )


def test_count_beyond_the_file_names_both_numbers(dry_run, fdbench, config, tmp_path: Path):
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(COCO))
    assert "1 runs x 2 prompts" in dry_run(path, ", count: 2").stdout
    refused(dry_run(path, ", count: 4"), "'prompts.count' is 4", "coco.json holds 3 prompts")
    refused(dry_run(path, ", count: 0"), "'prompts.count' is 0; it must be at least 1")
    done = fdbench("run", config("{list: [a], count: 2}"), "--dry-run")
    refused(done, "'prompts.count' is 2", "the list holds 1 prompts")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", '{"annotations": [{"bbox": [0]}]}', ("annotations[0]", "captions_*.json")),
        ("a.json", '{"model": 3}', ("holds no prompts", "annotations[].caption", ".tsv")),
        ("a.csv", "name,score\nx,1\n", ("no column named prompt", "'name', 'score'")),
        ("a.jsonl", '{"text": "a"}\n{"x": 1}\n', (":2: ", "'caption', 'text' or 'prompt'")),
        ("a.txt", "", ("holds no prompt",)),
    ],
)
def test_what_is_no_prompt_file_says_what_one_is(name, text, words, dry_run, tmp_path: Path):
    path = tmp_path / name
    path.write_text(text)
    refused(dry_run(path), str(path), *words)


def test_prompts_that_are_no_list(fdbench, config):
    refused(fdbench("run", config("a.txt"), "--dry-run"), "prompts: {file: a.txt}")


def test_the_committed_prompt_lists_are_read(dry_run):
    for path in sorted((ROOT / "configs/prompts").glob("*.json")):
        done = dry_run(path)
        assert done.returncode == 0, (path, done.stderr)
