"""The probe's statistics against NumPy in float64 on the features that the same run dumped."""

import os
import subprocess

import numpy as np
import pytest
from safetensors.numpy import load_file
from safetensors.torch import save_file
from sklearn.decomposition import PCA

from tests.python.sd_pipelines import SD1, make_folder, make_inputs

STEPS = 8
TOLERANCE = 1e-6  # relative, the bound


def held(features: dict[tuple[int, int], np.ndarray], layer: int, dropped: set[int]):
    """By step the features [d, h, w] of the first picture that are in force."""
    newest, steps = None, {}
    for step in range(STEPS):
        now = features.get((step, layer))
        newest = newest if now is None else now[0]
        if step not in dropped and newest is not None:
            steps[step] = newest
    return steps


def check_components(dump: dict[str, np.ndarray], steps: dict[int, np.ndarray], layer: int):
    """Scores and shares of the variance against scikit-learn, up to the sign."""
    samples = np.concatenate([values.reshape(len(values), -1).T for values in steps.values()])
    count = min(3, samples.shape[1])
    reference = PCA(n_components=count, svd_solver="full").fit(samples)
    np.testing.assert_allclose(
        dump[f"explained.{layer}"][:count], reference.explained_variance_ratio_, atol=1e-9
    )
    for step, values in steps.items():
        scores = dump[f"scores.{step}.{layer}"]
        assert scores.shape == (3, *values.shape[1:])
        wanted = reference.transform(values.reshape(len(values), -1).T).T
        ours = scores[:count].reshape(count, -1)
        signs = np.sign((ours * wanted).sum(axis=1, keepdims=True))
        scale = np.abs(reference.transform(samples)).max()
        np.testing.assert_allclose(ours * signs, wanted, atol=1e-5 * scale)


def check_similarity(dump: dict[str, np.ndarray], steps: dict[int, np.ndarray], layer: int):
    cosine, distance = np.full((2, STEPS, STEPS), np.nan)
    for s, a in steps.items():
        for t, b in steps.items():
            norms = np.linalg.norm(a), np.linalg.norm(b)
            cosine[s, t] = (a * b).sum() / (norms[0] * norms[1])
            distance[s, t] = np.linalg.norm(a - b) / norms[0]
    np.testing.assert_allclose(dump[f"cosine.{layer}"], cosine, atol=1e-9)
    np.testing.assert_allclose(dump[f"distance.{layer}"], distance, rtol=TOLERANCE, atol=1e-7)


def statistics(features: dict[tuple[int, int], np.ndarray], layer: int, dropped: set[int]):
    """[picture, step] of mse (eq. 2), Frobenius norm of the channel mean, mean and std."""
    pictures = next(iter(features.values())).shape[0]
    rows = {
        name: np.full((pictures, STEPS), np.nan) for name in ("mse", "frobenius", "mean", "std")
    }
    held = None
    for step in range(STEPS):
        if step in dropped:
            continue
        now = features.get((step, layer), held)
        if now is None:
            continue
        axes = (1, 2, 3)
        if held is not None:
            rows["mse"][:, step] = ((now - held) ** 2).mean(axis=axes)
        rows["frobenius"][:, step] = np.sqrt((now.mean(axis=1) ** 2).sum(axis=(1, 2)))
        rows["mean"][:, step] = now.mean(axis=axes)
        rows["std"][:, step] = now.std(axis=axes)
        held = now
    return rows


@pytest.mark.parametrize("execution", ["sequential", "parallel"])
@pytest.mark.parametrize("strategy", ["full", "encoder", "encoder_decoder", "drop"])
def test_statistics_equal_numpys(root, tmp_path, strategy, execution):
    make_folder(tmp_path, SD1)
    save_file(make_inputs(pictures=2), tmp_path / "inputs.safetensors")
    keys = "8,7,5,2"
    program = root / os.environ.get("FDBENCH_BUILD", "build/release") / "tests" / "probe_runner"
    command = [program, tmp_path, tmp_path / "inputs.safetensors", tmp_path / "dump.safetensors"]
    command += [str(STEPS), strategy, keys, execution]
    subprocess.run(command, check=True, timeout=300)

    dump = load_file(tmp_path / "dump.safetensors")
    features = {
        tuple(map(int, name.split(".")[1:])): tensor.astype(np.float64)
        for name, tensor in dump.items()
        if name.startswith("features.")
    }
    key_steps = {STEPS - int(key) for key in keys.split(",")}
    dropped = set(range(STEPS)) - key_steps if strategy == "drop" else set()
    num_layers = dump["mse"].shape[2]
    assert num_layers > 40
    for layer in range(num_layers):
        for name, expected in statistics(features, layer, dropped).items():
            np.testing.assert_allclose(
                dump[name][:, :, layer], expected, rtol=TOLERANCE, atol=1e-9, err_msg=name
            )
        steps = held(features, layer, dropped)
        check_similarity(dump, steps, layer)
        check_components(dump, steps, layer)
