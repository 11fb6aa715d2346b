"""Picture sets as people have them: read as Pillow reads them, or named; nothing goes unsaid."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.field.conftest import MODELS, refused

CLIP = MODELS / "mini-judge"
TEXTS = [f"a {colour} {shape}" for shape in ("square", "circle") for colour in
         ("red", "blue", "green", "yellow", "white", "black")]  # fmt: skip


class Means(torch.nn.Module):
    """Mean and deviation of each channel, of pictures of any size."""

    def forward(self, x):
        x = x.to(torch.float64).flatten(2)
        return torch.cat([x.mean(2), x.std(2)], 1)


class Pixels(torch.nn.Module):
    """The pixels themselves."""

    def forward(self, x):
        return x.to(torch.float64).flatten(1)


@pytest.fixture(scope="session")
def network(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("networks")
    for module in (Means(), Pixels()):
        torch.jit.script(module).save(folder / f"{type(module).__name__}.pt")
    return {path.stem: path for path in folder.iterdir()}


def waves(seed: int, height: int = 24, width: int = 20) -> np.ndarray:
    draw = np.random.default_rng(seed).uniform
    y, x = np.mgrid[0:height, 0:width]
    planes = [
        127 + 100 * np.sin(draw(0.1, 0.5) * x + draw(0.1, 0.5) * y + draw(0, 6)) for _ in range(3)
    ]
    return np.stack(planes, -1).astype(np.uint8)


def folder_of(path: Path, files: dict[str, np.ndarray]) -> Path:
    for name, pixels in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(target)
    return path


def seen(fdbench, folder: Path, net: Path, tmp_path: Path, *options: object) -> np.ndarray:
    """Features of each picture, in fdbench's order."""
    output = tmp_path / "seen.npz"
    done = fdbench("stats", folder, "--features", net, "-o", output, "--keep-features", *options)
    assert done.returncode == 0, done.stderr
    seen.said = done.stderr
    return np.load(output)["features"]


def as_pillow(file: Path) -> np.ndarray:
    return np.asarray(Image.open(file).convert("RGB"))


def features_of_pillow(files: list[Path], resize: int = 0) -> np.ndarray:
    rows = []
    for file in files:
        x = as_pillow(file).astype(np.float32)
        if resize:
            planes = [Image.fromarray(x[..., c]) for c in range(3)]
            x = np.stack([np.asarray(p.resize((resize, resize), 3)) for p in planes], -1)
            x = x.clip(0, 255)
        rows.append(Means()(torch.from_numpy(x).permute(2, 0, 1)[None]).numpy()[0])
    return np.stack(rows)


GENERATOR = np.random.default_rng(3)
NOISE = GENERATOR.integers(0, 256, (24, 20, 4), dtype=np.uint8)
RGBA = Image.fromarray(NOISE, "RGBA")
SMOOTH = Image.fromarray(waves(1))
WIDE = Image.fromarray(GENERATOR.integers(0, 600, (24, 20), dtype=np.uint16))
EXACT = {
    **{f"png {mode}": (RGBA.convert(mode), "PNG", {}) for mode in ("RGBA", "LA", "L", "P", "1")},
    "png 16 bit": (WIDE, "PNG", {}),
    "jpeg CMYK": (SMOOTH.convert("CMYK"), "JPEG", {"quality": 95}),
    "webp lossless": (RGBA, "WEBP", {"lossless": True, "exact": True}),
    **{f"tiff {mode}": (RGBA.convert(mode), "TIFF", {"compression": "tiff_lzw"})
       for mode in ("RGBA", "RGB", "LA", "L", "P", "1", "CMYK")},
    "tiff 16 bit": (WIDE, "TIFF", {}),
    "tiff deflated": (SMOOTH, "TIFF", {"compression": "tiff_adobe_deflate"}),
    "tiff raw": (SMOOTH, "TIFF", {}),
}  # fmt: skip


def test_every_kind_is_read_as_pillow_reads_it(fdbench, network, tmp_path):
    """One folder of all kinds under names that say nothing of their content."""
    folder = tmp_path / "kinds"
    folder.mkdir()
    for i, (image, kind, options) in enumerate(EXACT.values()):
        image.save(folder / f"{i:02}.png", kind, **options)
    found = seen(fdbench, folder, network["Pixels"], tmp_path)
    for i, name in enumerate(EXACT):
        expected = as_pillow(folder / f"{i:02}.png").transpose(2, 0, 1).reshape(-1)
        assert np.array_equal(found[i], expected), name
    assert "16-bit grey" in seen.said
    assert "16-bit grey" in seen.said and seen.said.count("\n") == 1


def test_lossy_webp_and_jpeg_in_tiff_are_pillows_to_a_level(fdbench, network, tmp_path):
    folder = tmp_path / "lossy"
    folder.mkdir()
    for i in range(2):
        Image.fromarray(waves(i)).save(folder / f"{i}.webp", quality=80)
        Image.fromarray(waves(i)).save(folder / f"{i + 2}.tif", compression="jpeg")
    found = seen(fdbench, folder, network["Pixels"], tmp_path)
    for row, file in zip(found, sorted(folder.iterdir()), strict=True):
        expected = as_pillow(file).transpose(2, 0, 1).reshape(-1).astype(float)
        assert np.abs(row - expected).max() <= 2, file


def test_exif_orientation_is_left_aside_as_pillow_does(fdbench, network, tmp_path):
    folder = tmp_path / "turned"
    folder.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    for i in range(2):
        Image.fromarray(waves(i)).save(folder / f"{i}.jpg", exif=exif)
    found = seen(fdbench, folder, network["Pixels"], tmp_path)
    expected = [as_pillow(f).transpose(2, 0, 1).reshape(-1) for f in sorted(folder.iterdir())]
    assert np.array_equal(found, np.stack(expected))


SIZES = [(32, 40), (40, 32), (36, 36), (50, 30)]


@pytest.mark.parametrize("options", [(), ("--resize", "clean", "--size", 32)])
def test_pictures_of_several_sizes(fdbench, network, tmp_path, options):
    folder = folder_of(
        tmp_path / "sizes", {f"{i}.png": waves(i, *size) for i, size in enumerate(SIZES)}
    )
    found = seen(fdbench, folder, network["Means"], tmp_path, *options)
    expected = features_of_pillow(sorted(folder.iterdir()), 32 if options else 0)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_network_that_needs_one_size_is_told_of(fdbench, network, tmp_path):
    folder = folder_of(tmp_path / "a", {"0.png": waves(0), "1.png": waves(1, 30, 30)})
    done = fdbench("stats", folder, "--features", network["Pixels"], "-o", tmp_path / "x.npz")
    refused(done, "1.png", "is 30 x 30", "0.png is 24 x 20", "--resize clean")


def clip_score(fdbench, folder: Path, prompts: Path, *options: object) -> dict:
    common = ("--clip", CLIP, "--prompts", prompts, "--metrics", "clip_score", "--format", "json")
    done = fdbench("judge", folder, *common, *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@torch.inference_mode()
def expected_clip_score(files: list[Path], texts: list[str]) -> float:
    from transformers import CLIPModel, CLIPTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    model = CLIPModel.from_pretrained(CLIP, dtype=torch.float32).eval()
    look = CLIPImageProcessorPil.from_pretrained(CLIP)
    pixels = [
        look(Image.open(f).convert("RGB"), return_tensors="pt")["pixel_values"] for f in files
    ]
    length = model.config.text_config.max_position_embeddings
    tokens = CLIPTokenizer.from_pretrained(CLIP)(
        texts, padding="max_length", truncation=True, max_length=length, return_tensors="pt"
    )

    def rows(output):
        return getattr(output, "pooler_output", output).double()

    images = rows(model.get_image_features(pixel_values=torch.cat(pixels)))
    read = rows(model.get_text_features(**tokens))
    return float((2.5 * torch.cosine_similarity(images, read).clamp(min=0)).mean())


def test_prompts_go_with_pictures_as_people_count(fdbench, tmp_path):
    folder = folder_of(tmp_path / "p", {f"{i}.png": waves(i, 40, 30 + i) for i in range(12)})
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("\n".join(TEXTS) + "\n")
    found = clip_score(fdbench, folder, prompts)
    files = [folder / f"{i}.png" for i in range(12)]
    assert found["clip_score"] == pytest.approx(expected_clip_score(files, TEXTS), abs=1e-5)
    assert found["prompts"]["by"] == "order"
    assert found["prompts"]["first"] == "0.png <- 'a red square'"
    assert found["prompts"]["last"] == "11.png <- 'a black circle'"
    prompts.write_text("one\ntwo\n")
    done = fdbench("judge", folder, "--clip", CLIP, "--prompts", prompts)
    refused(done, "2 prompts for 12 pictures")


def judge(fdbench, *args: object) -> tuple[dict, str]:
    done = fdbench("judge", *args, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_what_is_no_picture_is_left_out_and_said(fdbench, network, tmp_path):
    folder = folder_of(tmp_path / "mixed", {f"{i}.png": waves(i) for i in range(4)})
    (folder / "._0.png").write_bytes(bytes.fromhex("00051607000200004d6163204f532058") + bytes(40))
    assert len(seen(fdbench, folder, network["Means"], tmp_path)) == 4
    assert "note: " in seen.said and "1 hidden file (._0.png)" in seen.said
    (folder / "metadata.jsonl").write_text("{}\n")
    (folder / "Thumbs.db").write_bytes(b"x")
    Image.fromarray(waves(9)).save(folder / "anim.gif")
    folder_of(folder / "more", {"9.png": waves(9), "10.png": waves(10)})
    assert len(seen(fdbench, folder, network["Means"], tmp_path)) == 4
    for words in ("2 hidden files", "1 file of another kind (metadata.jsonl)", "anim.gif, GIF",
                  "1 subfolder (more); --recursive"):  # fmt: skip
        assert words in seen.said
    found = seen(fdbench, folder, network["Means"], tmp_path, "--recursive")
    files = [folder / f"{i}.png" for i in range(4)] + [
        folder / "more/9.png",
        folder / "more/10.png",
    ]
    np.testing.assert_allclose(found, features_of_pillow(files), atol=1e-9)


def several(path: Path, kind: str) -> None:
    frames = [Image.fromarray(waves(i)) for i in range(3)]
    frames[0].save(path, kind, save_all=True, append_images=frames[1:])


BAD = {
    "animated PNG": ("a.png", lambda p: several(p, "PNG"), 2),
    "animated WebP": ("a.webp", lambda p: several(p, "WEBP"), 2),
    "several pages": ("a.tif", lambda p: several(p, "TIFF"), 2),
    "points nowhere": ("a.png", lambda p: p.symlink_to("gone.png"), 2),
    "the file is empty": ("a.png", lambda p: p.write_bytes(b""), 3),
    "is a web page": ("a.png", lambda p: p.write_text("<html></html>"), 2),
    "is not a picture": ("a.png", lambda p: p.write_text("some words"), 3),
}


@pytest.mark.parametrize("words", BAD)
def test_files_that_cannot_be_judged_are_named(fdbench, network, tmp_path, words):
    folder = folder_of(tmp_path / "bad", {"0.png": waves(0), "1.png": waves(1)})
    name, make, code = BAD[words]
    make(folder / name)
    done = fdbench("stats", folder, "--features", network["Means"], "-o", tmp_path / "x.npz")
    refused(done, words, name, code=code)


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "tif"])
def test_truncated_pictures_are_named(fdbench, network, tmp_path, kind):
    folder = tmp_path / "cut"
    folder.mkdir()
    for i in range(2):
        Image.fromarray(NOISE[..., :3]).save(folder / f"{i}.{kind}")
    whole = (folder / f"1.{kind}").read_bytes()
    (folder / f"1.{kind}").write_bytes(whole[: len(whole) * 2 // 3])
    done = fdbench("stats", folder, "--features", network["Means"], "-o", tmp_path / "x.npz")
    refused(done, f"1.{kind}", "damaged", code=3)


def test_an_empty_folder_says_what_is_there(fdbench, network, tmp_path):
    folder = tmp_path / "no_pictures"
    folder.mkdir()
    common = ("--features", network["Means"], "-o", tmp_path / "x.npz")
    refused(fdbench("stats", folder, *common), "holds no pictures", "it is empty")
    (folder / "a.txt").write_text("x")
    refused(fdbench("stats", folder, *common), "holds no pictures", "a.txt")
