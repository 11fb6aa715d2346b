"""JPEG files are read as Pillow reads them, and damaged ones are named in one line."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

SIDE = 37  # no multiple of a block, nor of the blocks of halved colours


class Pixels(torch.nn.Module):
    def forward(self, x):
        return x.to(torch.float64).flatten(1)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "pixels.pt"
    torch.jit.script(Pixels()).save(path)
    return path


def smooth_picture(seed: int) -> Image.Image:
    """Colours that change slowly with some noise: what JPEG is made for."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    planes = [np.sin(6 * (rows * a + columns * b)) for a, b in generator.random((3, 2))]
    pixels = 127 + 100 * np.stack(planes, -1) + generator.normal(0, 8, (SIDE, SIDE, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


FORMS = {
    "halved colours": {"quality": 75},
    "whole colours": {"quality": 95, "subsampling": 0},
    "colours halved sideways": {"quality": 60, "subsampling": 1},
    "progressive": {"quality": 80, "progressive": True},
    "rough": {"quality": 5},
}


@pytest.mark.parametrize("form", [*FORMS, "grey"])
@pytest.mark.parametrize("ending", ["jpg", "JPEG"])
def test_pixels_are_those_of_pillow(fdbench, network, tmp_path: Path, form: str, ending: str):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(3):
        picture = smooth_picture(i)
        picture = picture.convert("L") if form == "grey" else picture
        picture.save(folder / f"{i}.{ending}", "JPEG", **FORMS.get(form, {}))
    output = tmp_path / "seen.npz"
    done = fdbench("stats", folder, "--features", network, "-o", output, "--keep-features")
    assert done.returncode == 0, done.stderr
    expected = [np.asarray(Image.open(file).convert("RGB")) for file in sorted(folder.iterdir())]
    seen = np.load(output)["features"].reshape(3, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    assert np.array_equal(seen, np.stack(expected).astype(float))


def damaged(kind: str, path: Path) -> None:
    smooth_picture(0).save(path, "JPEG")
    contents = path.read_bytes()
    if kind == "cut short":
        path.write_bytes(contents[: len(contents) // 2])
    elif kind == "no picture":
        path.write_bytes(b"GIF89a, or so it seems")
    elif kind == "no header":
        path.write_bytes(contents[:2] + contents[-200:])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "huge":
        place = contents.index(b"\xff\xc0") + 5
        path.write_bytes(contents[:place] + b"\x7f\xff\x7f\xff" + contents[place + 4 :])
    elif kind == "endless scans":
        smooth_picture(0).save(path, "JPEG", progressive=True)
        contents = path.read_bytes()
        last = contents.rindex(b"\xff\xda")
        path.write_bytes(contents[:last] + contents[last:-2] * 200 + contents[-2:])


@pytest.mark.parametrize(
    "kind", ["cut short", "no picture", "no header", "empty", "huge", "endless scans"]
)
def test_damaged_files_are_named(fdbench, network, tmp_path: Path, kind: str):
    folder = tmp_path / "pictures"
    folder.mkdir()
    damaged(kind, folder / "bad.jpg")
    if kind == "endless scans":  # its header is sound, so that statistics want a second picture
        smooth_picture(1).save(folder / "good.jpg", "JPEG")
    done = fdbench("stats", folder, "--features", network, "-o", tmp_path / "seen.npz")
    assert done.returncode in (2, 3)
    assert done.stderr.startswith("fdbench: ") and done.stderr.count("\n") == 1, done.stderr
    assert "bad.jpg" in done.stderr
    reasons = {"huge": "32767 x 32767 pixels", "endless scans": "more than 64 scans"}
    assert reasons.get(kind, "") in done.stderr
    assert not (tmp_path / "seen.npz").exists()
