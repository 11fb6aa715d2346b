"""The fault campaign, its part on damaged inputs: files that others write, damaged at a random
place, are read or refused with one line that names them; the program never dies of one, and never
takes what is no number for a figure."""

import functools
import io
import json
import math
import random
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.faults.campaign import COUNT

LONGEST = 64  # bytes of a damaged run
HEAD = 256  # bytes where every other damage is: a file says there what it is
SECONDS = 60  # for one file; it takes a fraction of a second


def flip(content: bytes, place: int, draw: random.Random) -> bytes:
    """Another byte, of one to eight flipped bits."""
    return content[:place] + bytes([content[place] ^ draw.randrange(1, 256)]) + content[place + 1 :]


def cut(content: bytes, place: int, draw: random.Random) -> bytes:
    return content[:place]


def overwrite(content: bytes, place: int, draw: random.Random) -> bytes:
    """A run of random bytes; the length of the file stays."""
    length = min(draw.randint(1, LONGEST), len(content) - place)
    return content[:place] + draw.randbytes(length) + content[place + length :]


def duplicate(content: bytes, place: int, draw: random.Random) -> bytes:
    """A run that is there twice."""
    end = place + draw.randint(1, LONGEST)
    return content[:end] + content[place:end] + content[end:]


def damage(path: Path, draw: random.Random) -> str:
    """Damages the file; -> what was done, to be read where a test fails."""
    content = path.read_bytes()
    place = draw.randrange(draw.choice([len(content), min(HEAD, len(content))]))
    how = draw.choice([flip, cut, overwrite, duplicate])
    path.write_bytes(how(content, place, draw))
    return f"{how.__name__} at {place} of {len(content)} bytes: {path}"


def assert_refused(done: subprocess.CompletedProcess, path: Path) -> None:
    """One line names the file; before it there may be notes and warnings, and nothing else."""
    assert done.stderr.endswith("\n"), done.stderr
    *notes, line = done.stderr.removesuffix("\n").split("\n")
    assert line.startswith("fdbench: "), done.stderr
    assert str(path.parent) in line and path.name in line, done.stderr
    assert all(note.startswith(("note: ", "warning: ")) for note in notes), done.stderr
    assert not re.search(r"[\x00-\x1f\x7f]", line), done.stderr


def read_json(text: str) -> dict:
    """What the program printed; JSON knows neither NaN nor Infinity."""
    constants = []
    content = json.loads(text, parse_constant=constants.append)
    assert not constants, text
    return content


def assert_figure(done: subprocess.CompletedProcess, metric: str) -> None:
    """The program printed a finite number."""
    figure = read_json(done.stdout)[metric]
    assert isinstance(figure, (int, float)) and math.isfinite(figure), done.stdout


def assert_planned(done: subprocess.CompletedProcess) -> None:
    """The program printed a plan of finite numbers."""
    assert "(--dry-run)" in done.stdout, done.stdout
    assert not re.search(r"[ \d](nan|inf)\b", done.stdout), done.stdout


Answer = Callable[[subprocess.CompletedProcess], None]


def assert_works(done: subprocess.CompletedProcess, accept: Answer) -> None:
    """On the file as it is: else a refusal of the damaged one says nothing."""
    assert done.returncode == 0, done.stderr
    accept(done)


def try_damaged(
    fdbench, command: list[object], path: Path, draw: random.Random, accept: Answer
) -> None:  # fmt: skip
    """The command on the file, damaged; only `check` may find (1) or not find out (4)."""
    what = damage(path, draw)
    done = fdbench(*command, timeout=SECONDS)
    exit_codes = (0, 1, 2, 3, 4) if command[0] == "check" else (0, 2, 3)
    assert done.returncode in exit_codes, (what, done.returncode, done.stderr)
    if done.returncode in (2, 3):
        assert_refused(done, path)
    else:
        accept(done)


TEXTS = ["a red circle", "un caf\u00e9, deux th\u00e9s", 'a sign: "open"', "\u732b and dog"]


def prompt_file(kind: str) -> str:
    """The same prompts in each kind of file."""
    if kind == "txt":
        return "\n".join(TEXTS) + "\n"
    if kind == "csv":
        quoted = [text.replace('"', '""') for text in TEXTS]
        rows = [f'{i}.png,"{text}"' for i, text in enumerate(quoted)]
        return "\r\n".join(["file_name,caption", *rows]) + "\r\n"
    if kind == "jsonl":
        entries = [{"file_name": f"{i}.png", "text": text} for i, text in enumerate(TEXTS)]
        return "\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries) + "\n"
    images = [{"id": i, "file_name": f"{i:012}.jpg"} for i in range(len(TEXTS))]
    captions = [{"image_id": i, "id": 9 + i, "caption": text} for i, text in enumerate(TEXTS)]
    return json.dumps({"info": {"year": 2017}, "images": images, "annotations": captions})


PLAN = "name: x\nmodel: {}\nprompts: {{file: {}}}\nsteps: 4\nruns: [{{strategy: full}}]\n"


@pytest.mark.parametrize("index", range(COUNT))
@pytest.mark.parametrize("kind", ["txt", "json", "jsonl", "csv"])
def test_damaged_prompts(kind: str, index: int, fdbench, tiny_model, numbers, tmp_path: Path):
    prompts, config = tmp_path / f"prompts.{kind}", tmp_path / "x.yaml"
    prompts.write_text(prompt_file(kind), newline="")
    config.write_text(PLAN.format(tiny_model, prompts))
    draw = random.Random(f"prompts {kind} {index}")
    command = ["run", config, "--dry-run"]
    if index == 0:
        assert_works(fdbench(*command), assert_planned)
    numbers["damage prompts"][0] += 1
    try_damaged(fdbench, command, prompts, draw, assert_planned)
    numbers["damage prompts"][1] += 1


# How Pillow may save a picture: mode and options.
WAYS = {
    "png": [("RGB", {}), ("RGBA", {}), ("P", {}), ("LA", {}), ("1", {})],
    "jpeg": [("RGB", {}), ("L", {}), ("CMYK", {}), ("RGB", {"progressive": True})],
    "webp": [("RGB", {}), ("RGBA", {}), ("RGB", {"lossless": True}), ("RGBA", {"lossless": True})],
    "tiff": [
        *[("RGB", {"compression": f"tiff_{name}"}) for name in ("lzw", "adobe_deflate")],
        *[("RGB", {"compression": name}) for name in ("raw", "packbits", "jpeg")],
        ("CMYK", {"compression": "tiff_lzw"}), ("RGBA", {}), ("P", {}), ("1", {}),
    ],
}  # fmt: skip


def save_picture(path: Path, kind: str, mode: str, options: dict) -> None:
    """A gradient with noise."""
    height, width = np.mgrid[0:40, 0:36]
    noise = np.random.default_rng(1).integers(0, 40, (40, 36, 4))
    pixels = noise + np.stack([5 * width, 5 * height, width + height, 200 + 0 * width], axis=-1)
    picture = Image.fromarray(pixels.astype(np.uint8), "RGBA").convert(mode)
    picture.save(path, kind, **options)


@pytest.mark.parametrize("index", range(COUNT))
@pytest.mark.parametrize("kind", WAYS)
def test_damaged_pictures(kind: str, index: int, fdbench, numbers, tmp_path: Path):
    draw = random.Random(f"picture {kind} {index}")
    judged, others = tmp_path / "judged", tmp_path / "others"
    picture = judged / f"1.{kind}"
    for folder, tint in ((judged, "red"), (others, "blue")):
        folder.mkdir()
        for name in ("0.png", picture.name):
            Image.new("RGB", (36, 40), tint).save(folder / name, "PNG")
    save_picture(picture, kind, *draw.choice(WAYS[kind]))
    command = ["judge", judged, "--pairs", others, "--metrics", "psnr", "--format", "json"]
    accept = functools.partial(assert_figure, metric="psnr")
    assert_works(fdbench(*command), accept)
    numbers["damage pictures"][0] += 1
    try_damaged(fdbench, command, picture, draw, accept)
    numbers["damage pictures"][1] += 1


def feature_file(kind: str, values: np.ndarray) -> bytes:
    """The features as numpy saves them; the archive twice, stored and deflated."""
    target = io.BytesIO()
    {"npy": np.save, "npz": np.savez, "deflated": np.savez_compressed}[kind](target, values)
    return target.getvalue()


@pytest.mark.parametrize("index", range(COUNT))
@pytest.mark.parametrize("side", ["judged", "reference"])
@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_damaged_features(kind: str, side: str, index: int, fdbench, numbers, tmp_path: Path):
    draw = random.Random(f"features {kind} {side} {index}")
    values = np.random.default_rng(2).normal(size=(2, 16, 4))
    layout = draw.choice(["<f8", "<f4", ">f4", "<f2"])
    judged, reference = tmp_path / f"judged.{kind}", tmp_path / f"reference.{kind}"
    for path, features in zip((judged, reference), values, strict=True):
        form = draw.choice(["npz", "deflated"]) if kind == "npz" else kind
        order = draw.choice([np.asfortranarray, np.ascontiguousarray])
        path.write_bytes(feature_file(form, order(features.astype(layout))))
    victim = judged if side == "judged" else reference
    command = ["judge", judged, "--reference", reference, "--metrics", "fid", "--format", "json"]
    accept = functools.partial(assert_figure, metric="fid")
    assert_works(fdbench(*command), accept)
    numbers["damage features"][0] += 1
    try_damaged(fdbench, command, victim, draw, accept)
    numbers["damage features"][1] += 1


@pytest.fixture(scope="module")
def baseline(fdbench, gated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The baseline that the result itself gives; five rounds are never sure to 99%, so it asks for
    less and the undamaged one passes."""
    path = tmp_path_factory.mktemp("baseline") / "baseline.json"
    done = fdbench("check", gated, "--baseline", path, "--update")
    assert done.returncode == 0, done.stderr
    content = json.loads(path.read_text())
    lax = {"tolerance": 0.9, "confidence": 0.6}
    content["gates"] |= {"speed": lax, "decoder": lax}
    path.write_text(json.dumps(content, indent=1))
    return path


@pytest.mark.parametrize("index", range(COUNT))
def test_damaged_baselines(index: int, fdbench, gated, baseline: Path, numbers, tmp_path: Path):
    victim = Path(shutil.copy(baseline, tmp_path))
    runs = json.loads(baseline.read_text())["runs"].keys()

    def accept(done: subprocess.CompletedProcess) -> None:
        """All runs were checked, and where that is a pass the baseline has them all."""
        found = read_json(done.stdout)["findings"]
        assert runs <= {finding["run"] for finding in found}, done.stdout
        if done.returncode == 0:
            assert json.loads(victim.read_text())["runs"].keys() == runs

    command = ["check", gated, "--baseline", victim, "--format", "json"]
    if index == 0:
        assert_works(fdbench(*command), accept)
    numbers["damage baseline"][0] += 1
    try_damaged(fdbench, command, victim, random.Random(f"baseline {index}"), accept)
    numbers["damage baseline"][1] += 1


@pytest.mark.parametrize("index", range(COUNT))
def test_damaged_configs(index: int, fdbench, sweep_config: Path, numbers, tmp_path: Path):
    config = Path(shutil.copy(sweep_config, tmp_path))
    command = ["run", config, "--dry-run"]
    if index == 0:
        assert_works(fdbench(*command), assert_planned)
    numbers["damage config"][0] += 1
    try_damaged(fdbench, command, config, random.Random(f"config {index}"), assert_planned)
    numbers["damage config"][1] += 1


# Bytes that a refusal may have to quote.
NOISE = {"clears the screen": b"\x1b[2J", "no UTF-8": b"\xbc", "ends a text in C": b"\0"}


@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE)
def test_refused_arrays_are_quoted_as_text(noise: bytes, fdbench, tmp_path: Path):
    features = tmp_path / "x.npy"
    content = feature_file("npy", np.zeros((16, 4)))
    content = content.replace(b"<f8", b"<f8" + noise).replace(b" " * len(noise) + b"\n", b"\n")
    features.write_bytes(content)
    done = fdbench("judge", features, "--reference", features, "--metrics", "fid")
    assert done.returncode == 3, done.stderr
    assert_refused(done, features)
    assert "float16/32/64, integers and bool are read" in done.stderr


# A prompt table, and what stands at the end of the config.
NAMES = {"csv": ("cap\x1b[2J,x\na,b\n", ""), "yaml": ("caption,x\na,b\n", '"se\\e[2Jd": 1\n')}


@pytest.mark.parametrize("kind", NAMES)
def test_refused_names_are_quoted_as_text(kind: str, fdbench, tiny_model: Path, tmp_path: Path):
    files = {"csv": tmp_path / "prompts.csv", "yaml": tmp_path / "x.yaml"}
    files["csv"].write_text(NAMES[kind][0])
    files["yaml"].write_text(PLAN.format(tiny_model, files["csv"]) + NAMES[kind][1])
    done = fdbench("run", files["yaml"], "--dry-run")
    assert done.returncode == 2, done.stderr
    assert_refused(done, files[kind])


def test_baseline_of_other_settings(fdbench, gated: Path, baseline: Path, tmp_path: Path):
    content = json.loads(baseline.read_text())
    content["settings"]["seed"] = "8"
    other = tmp_path / "other.json"
    other.write_text(json.dumps(content))
    done = fdbench("check", gated, "--baseline", other)
    assert done.returncode == 2, done.stderr
    assert_refused(done, other)
