"""Control pictures against OpenCV, Pillow and the reference network, bit by bit."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from tests.parity.control_cases import (
    Hed,
    call,
    edge_map,
    fake_scribble,
    pictures,
    runner,
    scene,
)

THRESHOLDS = [(100, 200), (0, 0), (0, 1), (50.5, 51.5), (20, 300), (200, 200), (400, 2000)]


@pytest.mark.parametrize("aperture", [3, 5, 7])
@pytest.mark.parametrize("l2", [False, True])
def test_canny_is_opencvs(tmp_path: Path, aperture: int, l2: bool) -> None:
    cases = pictures(np.random.default_rng(aperture + l2))
    edges = 0
    for low, high in THRESHOLDS:
        factor = {3: 1, 5: 16, 7: 256}[aperture]  # gradients of larger kernels are larger
        for times in {1, factor}:
            made = runner(tmp_path, "canny", cases, low * times, high * times, aperture, int(l2))
            for name, picture in cases.items():
                want = cv2.Canny(
                    picture, low * times, high * times, apertureSize=aperture, L2gradient=l2
                )
                np.testing.assert_array_equal(made[name], want, err_msg=f"{name} {low} {high}")
                edges += int((want > 0).sum()) if want.min() == 0 else 0
    assert edges > 10_000, "the cases have edges and what is none"


@pytest.mark.parametrize("size", [(64, 64), (7, 130), (512, 512), (97, 97), (200, 33)])
def test_bicubic_is_pillows(tmp_path: Path, size: tuple[int, int]) -> None:
    """Rows first, as Pillow up to 12 does it always and Pillow 13 for squares: for some other
    shapes that one takes the columns first, which rounds otherwise.
    """
    cases = {k: v for k, v in pictures(np.random.default_rng(3)).items() if v.ndim == 3}
    made = runner(tmp_path, "bicubic", cases, *size)
    for name, picture in cases.items():
        whole = Image.fromarray(picture)
        rows = whole.resize((size[1], whole.height), Image.Resampling.BICUBIC)
        want = rows.resize((size[1], size[0]), Image.Resampling.BICUBIC)
        np.testing.assert_array_equal(made[name], np.asarray(want), err_msg=name)
        if whole.height != whole.width or size[0] != size[1]:
            continue
        want = whole.resize(size, Image.Resampling.BICUBIC)
        np.testing.assert_array_equal(made[name], np.asarray(want), err_msg=name)


@pytest.mark.parametrize("task, flag", [("area", cv2.INTER_AREA), ("lanczos4", cv2.INTER_LANCZOS4)])
def test_the_originals_resize_is_opencvs(tmp_path: Path, task: str, flag: int) -> None:
    rng = np.random.default_rng(4)
    for h, w, height, width in [(300, 400, 128, 192), (600, 512, 64, 64), (100, 90, 320, 256)]:
        picture = scene(rng, h, w)
        made = runner(tmp_path, task, {"p": picture}, height, width)["p"]
        want = cv2.resize(picture, (width, height), interpolation=flag)
        np.testing.assert_array_equal(made, want)


def test_scribbles_are_the_references(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    cases = {}
    for i, (h, w) in enumerate([(64, 64), (65, 130), (256, 192), (512, 512)]):
        edges = cv2.Canny(scene(rng, h, w), 100, 200)
        cases[f"edges_{i}"] = cv2.dilate(edges, np.ones((5, 5), np.uint8))
        cases[f"noise_{i}"] = rng.integers(0, 256, (h, w), dtype=np.uint8)
        cases[f"soft_{i}"] = cv2.GaussianBlur(
            rng.integers(0, 256, (h, w), dtype=np.uint8), (0, 0), 1
        )
        cases[f"flat_{i}"] = np.full((h, w), 200, np.uint8)
    made = runner(tmp_path, "scribble", cases)
    for name, edges in cases.items():
        np.testing.assert_array_equal(made[name], fake_scribble(edges), err_msg=name)
    assert {0, 255} == set(np.unique(made["edges_3"]))


def test_edge_maps_are_merged_as_the_reference_does(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    maps = [rng.normal(0, 3, (96 >> i, 130 >> i)).astype(np.float32) for i in range(5)]
    made = runner(tmp_path, "edge-map", {str(i): m for i, m in enumerate(maps)}, 96, 130)["map"]
    want = edge_map(maps, 96, 130)
    assert np.abs(made.astype(int) - want).max() <= 1, "cut off at the same whole number but for"
    assert (made != want).mean() < 1e-3, "rounding of the last digit"


@pytest.fixture(scope="module")
def hed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Hed, Path]:
    """Random weights that give strokes, and their file."""
    torch.manual_seed(1)
    network = Hed().requires_grad_(False)
    network.norm.copy_(torch.tensor([122.0, 116.0, 104.0]).view(1, 3, 1, 1))
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
            torch.nn.init.normal_(module.bias, std=0.1)
    path = tmp_path_factory.mktemp("hed") / "hed.safetensors"
    save_file(network.state_dict(), path)
    return network, path


def shown(path: Path, folder: Path, *more: object) -> np.ndarray:
    """[h, w] of what a control network is shown, 0 to 255."""
    picture = call("picture", path, folder / "out.safetensors", *more)["picture"]
    assert picture.shape[:2] == (1, 3)
    assert (picture == picture[:, :1]).all(), "one channel three times"
    return (picture[0, 0] * 255).round().astype(np.uint8)


def cut(picture: np.ndarray, size: int) -> np.ndarray:
    """The authors' way."""
    side = min(picture.shape[:2])
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    middle = Image.fromarray(picture[top : top + side, left : left + side])
    return np.asarray(middle.resize((size, size), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("shape", [(96, 131), (64, 64), (300, 211)])
def test_the_authors_canny_of_a_picture(tmp_path: Path, shape: tuple[int, int]) -> None:
    picture = scene(np.random.default_rng(7), *shape)
    Image.fromarray(picture).save(tmp_path / "a.png")
    made = shown(tmp_path / "a.png", tmp_path, 64, 64, "canny", "authors")
    np.testing.assert_array_equal(made, cv2.Canny(cut(picture, 64), 100, 200))
    assert made.any()


def test_the_originals_canny_of_a_picture(tmp_path: Path) -> None:
    picture = scene(np.random.default_rng(8), 300, 390)
    Image.fromarray(picture).save(tmp_path / "a.png")
    made = shown(tmp_path / "a.png", tmp_path, 128, 192, "canny", "original")
    small = cv2.resize(picture, (192, 128), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(made, cv2.Canny(small, 100, 200))


def test_scribble_by_a_network(tmp_path: Path, hed: tuple[Hed, Path]) -> None:
    network, weights = hed
    picture = scene(np.random.default_rng(9), 128, 128)
    Image.fromarray(picture).save(tmp_path / "a.png")
    made = shown(tmp_path / "a.png", tmp_path, 128, 128, "scribble", "authors", weights)
    with torch.no_grad():
        want = fake_scribble(edge_map(network(picture), 128, 128))
    assert 0.02 < (want > 0).mean() < 0.98, "strokes, and what is none"
    # A pixel of an edge map may be one of 255 off, by the order of the network's sums.
    assert (made != want).mean() < 0.002
