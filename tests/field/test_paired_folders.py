"""Pairs of picture folders as people have them: matched by name, identical ones counted."""

import numpy as np
import pytest

from tests.field.conftest import refused
from tests.field.test_pictures import folder_of, judge, waves


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return 10 * np.log10(255**2 / ((a.astype(float) - b) ** 2).mean())


def test_pairs_go_by_name(fdbench, tmp_path):
    pictures = {f"{i}.png": waves(i) for i in range(12)}
    changed = {f"{i}.tif": np.clip(waves(i).astype(int) + 2 + i, 0, 255).astype(np.uint8)
               for i in range(12)}  # fmt: skip
    one, two = folder_of(tmp_path / "a", pictures), folder_of(tmp_path / "b", changed)
    found, _ = judge(fdbench, one, "--pairs", two, "--metrics", "psnr")
    expected = np.mean([psnr(pictures[f"{i}.png"], changed[f"{i}.tif"]) for i in range(12)])
    assert found["psnr"] == pytest.approx(expected, abs=1e-9)
    assert found["pairs"]["by"] == "name"
    (two / "7.tif").unlink()
    refused(fdbench("judge", one, "--pairs", two), "7.png only there")
    (one / "3.png").unlink()
    refused(fdbench("judge", one, "--pairs", two), "7.png only there", "3.tif only here")
    other = folder_of(tmp_path / "c", {f"img_{i}.png": waves(i) for i in range(11)})
    refused(fdbench("judge", one, "--pairs", other), "shares no name", "rename")
    (two / "5.png").write_bytes((two / "5.tif").read_bytes())
    refused(fdbench("judge", one, "--pairs", two), "only in the ending")


def test_identical_pairs_are_counted(fdbench, tmp_path):
    pictures = {f"{i}.png": waves(i) for i in range(4)}
    one = folder_of(tmp_path / "a", pictures)
    two = folder_of(tmp_path / "b", pictures | {"0.png": waves(9)})
    found, _ = judge(fdbench, one, "--pairs", two, "--metrics", "psnr")
    assert found["psnr"] == pytest.approx(psnr(waves(0), waves(9)), abs=1e-9)
    assert "3 of 4 pairs are identical" in found["remarks"]["psnr"]
    found, _ = judge(fdbench, one, "--pairs", one)
    assert found["psnr"] == "inf" and found["ssim"] == 1
    assert "all 4 pairs are identical" in found["remarks"]["psnr"]
    assert "inf" in fdbench("judge", one, "--pairs", one).stdout


def test_ssim_of_pictures_smaller_than_its_window(fdbench, tmp_path):
    one = folder_of(tmp_path / "a", {"0.png": waves(0, 8, 8)})
    two = folder_of(tmp_path / "b", {"0.png": waves(1, 8, 8)})
    refused(fdbench("judge", one, "--pairs", two, "--metrics", "ssim"), "0.png", "11 x 11")
    found, said = judge(fdbench, one, "--pairs", two)
    assert "ssim" not in found and "11 x 11" in said
