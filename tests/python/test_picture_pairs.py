"""Distances of a method's pictures from another's: against scikit-image and transformers."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from transformers import CLIPImageProcessor, CLIPModel

ROOT = Path(__file__).resolve().parents[2]
JUDGE = ROOT / "models/mini-judge"
COUNT = 5


def smooth_pictures(height, width, seed):
    """[n, h, w, 3] uint8: gradients with a little noise."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    pictures = []
    for _ in range(COUNT):
        slopes = generator.normal(0, 2, (2, 3))
        plane = 128 + (rows[..., None] - 20) * slopes[0] + (columns[..., None] - 20) * slopes[1]
        noisy = plane + generator.normal(0, 5, plane.shape)
        pictures.append(np.clip(noisy, 0, 255).astype(np.uint8))
    return np.stack(pictures)


def write_folder(path, pictures):
    path.mkdir()
    for i, picture in enumerate(pictures):
        Image.fromarray(picture).save(path / f"{i:03}.png")
    return path


def judge(fdbench, pictures, pairs, *options):
    result = fdbench("judge", pictures, "--pairs", pairs, "--format", "json", *options)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def expected_ssim(pictures, others):
    return [
        structural_similarity(a, b, channel_axis=2, data_range=255, gaussian_weights=True,
                              sigma=1.5, use_sample_covariance=False)
        for a, b in zip(pictures, others, strict=True)
    ]  # fmt: skip


@torch.inference_mode()
def expected_perceptual(pictures, others):
    """Zhang et al. 2018, eq. 1 with w = 1, on the patches' states of transformers' tower."""
    model = CLIPModel.from_pretrained(JUDGE, torch_dtype=torch.float32).eval()
    processor = CLIPImageProcessor.from_pretrained(JUDGE)

    def states(batch):
        pixels = processor([Image.fromarray(x) for x in batch], return_tensors="pt")
        found = model.vision_model(**pixels, output_hidden_states=True).hidden_states[1:]
        return [torch.nn.functional.normalize(x[:, 1:].double(), dim=-1) for x in found]

    pairs = zip(states(pictures), states(others), strict=True)
    layers = [(a - b).square().sum(-1).mean(1) for a, b in pairs]
    return torch.stack(layers).mean(0).numpy()


@pytest.mark.parametrize("size", [(64, 64), (11, 40), (37, 90)])
def test_distances_are_those_of_scikit_image(fdbench, tmp_path, size):
    pictures, others = smooth_pictures(*size, 0), smooth_pictures(*size, 1)
    folders = [write_folder(tmp_path / "a", pictures), write_folder(tmp_path / "b", others)]
    found = judge(fdbench, *folders, "--bootstrap", 200)
    psnr = [peak_signal_noise_ratio(b, a) for a, b in zip(pictures, others, strict=True)]
    assert found["psnr"] == pytest.approx(np.mean(psnr), rel=1e-9)
    assert found["ssim"] == pytest.approx(np.mean(expected_ssim(pictures, others)), rel=1e-6)
    assert "perceptual" not in found, "no CLIP was named"
    low, high = found["intervals"]["ssim"]
    assert low <= found["ssim"] <= high


def test_the_perceptual_distance_is_that_of_transformers_states(fdbench, tmp_path):
    pictures, others = smooth_pictures(64, 64, 0), smooth_pictures(64, 64, 1)
    arrays = tmp_path / "others.npz"
    np.savez(arrays, arr_0=others)
    folder = write_folder(tmp_path / "a", pictures)
    found = judge(fdbench, folder, arrays, "--clip", JUDGE)
    expected = expected_perceptual(pictures, others)
    assert expected.min() > 0.01
    # float32 towers of other kernels
    assert found["perceptual"] == pytest.approx(expected.mean(), rel=1e-4)


def test_a_sweep_stores_the_distances_of_its_pictures(fdbench, tmp_path):
    config, output = tmp_path / "pairs.yaml", tmp_path / "pairs.h5"
    config.write_text("""name: pairs
model: models/mini
prompts: {list: [a red circle, a blue square, a large green triangle]}
steps: 10
features: false
pictures: {chunk: 2}
timing: {rounds: 0}
judges: {clip: models/mini-judge}
runs:
  - {strategy: full}
  - {strategy: encoder, key_steps: {uniform: 4}}
""")
    result = fdbench("run", config, "--out", output)
    assert result.returncode == 0, result.stderr
    with h5py.File(output) as file:
        images = file["pictures/images"][:]
        ssim, perceptual = file["pictures/ssim_to_full"][:], file["pictures/perceptual_to_full"][:]
        runs = file["runs"][:]
    np.testing.assert_array_equal(ssim[0], 1)
    np.testing.assert_array_equal(perceptual[0], 0)
    np.testing.assert_allclose(ssim[1], expected_ssim(images[1], images[0]), rtol=1e-6)
    expected = expected_perceptual(images[1], images[0])
    np.testing.assert_allclose(perceptual[1], expected, rtol=1e-3, atol=1e-6)
    for name, values in {"ssim": ssim, "perceptual": perceptual}.items():
        assert runs[f"{name}_to_full"][1] == pytest.approx(values[1].mean(), rel=1e-9)
        assert runs[f"{name}_to_full_low"][1] <= values[1].mean() <= runs[f"{name}_to_full_high"][1]
    found = judge(fdbench, output, output, "--run", runs["name"][1].decode(), "--pairs-run", "full",
                  "--clip", JUDGE)  # fmt: skip
    assert found["ssim"] == pytest.approx(ssim[1].mean(), rel=1e-9)
    assert found["perceptual"] == pytest.approx(perceptual[1].mean(), rel=1e-6)


def test_the_perceptual_distance_can_be_switched_off(fdbench, tmp_path):
    config, output = tmp_path / "off.yaml", tmp_path / "off.h5"
    config.write_text("""name: pairs
model: models/mini
prompts: {list: [a red circle]}
steps: 4
features: false
timing: {rounds: 0}
judges: {clip: models/mini-judge, perceptual: false}
runs: [{strategy: full}]
""")
    result = fdbench("run", config, "--out", output)
    assert result.returncode == 0, result.stderr
    with h5py.File(output) as file:
        assert "perceptual_to_full" not in file["pictures"]
        assert "ssim_to_full" in file["pictures"]


def test_wrong_use_is_one_line(fdbench, tmp_path):
    folder = write_folder(tmp_path / "a", smooth_pictures(16, 16, 0))
    other = write_folder(tmp_path / "b", smooth_pictures(16, 20, 0))
    fewer = write_folder(tmp_path / "c", smooth_pictures(16, 16, 0)[:2])
    np.savez(tmp_path / "features.npz", features=np.zeros((3, 2)))
    cases = [
        (["--metrics", "ssim"], "--pairs"),
        (["--pairs", other], "(height, width)"),
        (["--pairs", fewer], "002.png, 003.png, 004.png only there"),
        (["--pairs", tmp_path / "features.npz"], "holds no pictures"),
        (["--pairs", folder, "--metrics", "perceptual"], "--clip"),
        (["--pairs", folder, "--metrics", "ssim,fid"], "--reference"),
    ]
    for options, message in cases:
        result = fdbench("judge", folder, *options)
        assert result.returncode == 2, result.stdout
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
