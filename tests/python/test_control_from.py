"""`fdbench generate --control-from`: what the network is shown, and what is refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from diffusers import UNet2DConditionModel
from PIL import Image

from tests.parity.control_cases import scene
from tests.parity.test_controlnet_parity import make_controlnet
from tests.python.cascades import MINI


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("control_from")
    unet = UNet2DConditionModel.from_pretrained(MINI / "unet")
    small = {"conditioning_embedding_out_channels": (8, 16, 24)}
    make_controlnet(unet, 1, **small).save_pretrained(root / "control")
    Image.fromarray(scene(np.random.default_rng(1), 120, 90)).save(root / "photo.png")
    return root


@pytest.fixture
def generate(fdbench, folder: Path):
    def call(*arguments: object):
        return fdbench(
            "generate",
            MINI,
            "--prompt",
            "a red circle",
            "--steps",
            2,
            "--controlnet",
            folder / "control",
            *arguments,
        )

    return call


def edges_of(path: Path, low=100, high=200, **options) -> np.ndarray:
    picture = Image.open(path).convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    pixels = np.asarray(square.resize((64, 64), Image.Resampling.BICUBIC))
    return cv2.Canny(pixels, low, high, **options)


@pytest.mark.parametrize(
    "flags, options",
    [
        ([], {}),
        (["--control-low", 20, "--control-high", 60.5], {"low": 20, "high": 60.5}),
        (
            [
                "--control-high",
                5000,
                "--control-low",
                900,
                "--control-aperture",
                5,
                "--control-l2-gradient",
            ],
            {"low": 900, "high": 5000, "apertureSize": 5, "L2gradient": True},
        ),
    ],
)
def test_the_network_is_shown_the_edges(generate, folder, tmp_path, flags, options) -> None:
    done = generate(
        "--control-image",
        folder / "photo.png",
        "--control-from",
        "canny",
        *flags,
        "--output",
        tmp_path / "x.png",
    )
    assert done.returncode == 0, done.stderr
    assert f"control  {tmp_path / 'x_control.png'}" in done.stdout
    shown = np.asarray(Image.open(tmp_path / "x_control.png"))
    want = edges_of(folder / "photo.png", **options)
    np.testing.assert_array_equal(shown, np.stack([want] * 3, 2))
    assert 0 < (want > 0).mean() < 0.5
    again = generate("--control-image", tmp_path / "x_control.png", "--output", tmp_path / "y.png")
    assert again.returncode == 0, again.stderr
    assert not (tmp_path / "y_control.png").exists(), "given as it is"
    assert (tmp_path / "x.png").read_bytes() == (tmp_path / "y.png").read_bytes()


def test_each_network_has_its_own_way(generate, folder, tmp_path) -> None:
    edges = tmp_path / "edges.png"
    Image.fromarray(edges_of(folder / "photo.png")).save(edges)  # one channel
    done = generate(
        "--controlnet",
        folder / "control",
        "--control-image",
        folder / "photo.png",
        "--control-image",
        edges,
        "--control-from",
        "canny",
        "--control-from",
        "none",
        "--output",
        tmp_path / "x.png",
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x_control_0.png").exists()
    assert not (tmp_path / "x_control_1.png").exists()
    both = generate(
        "--controlnet",
        folder / "control",
        "--control-image",
        edges,
        "--control-image",
        edges,
        "--output",
        tmp_path / "y.png",
    )
    assert both.returncode == 0, both.stderr
    assert (tmp_path / "x.png").read_bytes() == (tmp_path / "y.png").read_bytes()


def test_what_does_not_go_together(generate, folder, tmp_path) -> None:
    def fault(*arguments: object, image: Path = folder / "photo.png") -> str:
        done = generate("--control-image", image, "--output", tmp_path / "x.png", *arguments)
        assert done.returncode == 2, done.stdout + done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        return done.stderr

    assert "64x64: resize it first" in fault()
    assert "need --control-from canny" in fault("--control-low", 3)
    assert "need --control-from canny" in fault("--control-l2-gradient")
    assert "needs --control-hed" in fault("--control-from", "scribble")
    assert "needs --control-from scribble" in fault("--control-from", "canny", "--control-hed", "x")
    assert "needs --control-from" in fault("--control-variant", "original")
    assert "must not be above" in fault("--control-from", "canny", "--control-low", 300)
    assert "3, 5 or 7" in fault("--control-from", "canny", "--control-aperture", 4)
    wide = tmp_path / "wide.png"
    Image.open(folder / "photo.png").resize((200, 90)).save(wide)
    assert "the original's way makes" in fault(
        "--control-from", "canny", "--control-variant", "original", image=wide
    )
    (tmp_path / "hed.pth").write_bytes(b"x")
    assert "read from a .safetensors file" in fault(
        "--control-from", "scribble", "--control-hed", tmp_path / "hed.pth"
    )
    weights = MINI / "unet" / "diffusion_pytorch_model.safetensors"
    assert "holds no HED network" in fault("--control-from", "scribble", "--control-hed", weights)
    alpha = tmp_path / "alpha.png"
    Image.open(folder / "photo.png").convert("RGBA").save(alpha)
    picture = Image.open(alpha)
    picture.putpixel((5, 5), (0, 0, 0, 0))
    picture.save(alpha)
    assert "is transparent somewhere" in fault("--control-from", "canny", image=alpha)
    written = tmp_path / "x_control.png"
    written.write_bytes((folder / "photo.png").read_bytes())
    assert "would be written over" in fault("--control-from", "canny", image=written)
    assert written.read_bytes() == (folder / "photo.png").read_bytes()
    assert not (tmp_path / "x.png").exists()


def test_opaque_alpha_and_grey_are_fine(generate, folder, tmp_path) -> None:
    photo = Image.open(folder / "photo.png")
    photo.convert("RGBA").save(tmp_path / "opaque.png")
    photo.convert("L").save(tmp_path / "grey.png")
    for name in ("opaque", "grey"):
        image = tmp_path / f"{name}.png"
        done = generate(
            "--control-image",
            image,
            "--control-from",
            "canny",
            "--output",
            tmp_path / f"of_{name}.png",
        )
        assert done.returncode == 0, done.stderr
        shown = np.asarray(Image.open(tmp_path / f"of_{name}_control.png"))[:, :, 0]
        np.testing.assert_array_equal(shown, edges_of(image))
