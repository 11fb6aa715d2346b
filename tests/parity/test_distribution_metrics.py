"""`fdbench judge` on features against torch-fidelity's formulas, in float64."""

import json

import numpy as np
import pytest
import scipy.linalg
import torch

from tests.parity.formulas import torch_fidelity

RELATIVE = 1e-6  # two float64 implementations that add up in another order
FID, KID, ISC, PRC = torch_fidelity()


def features(seed, count, dimension, shift=0.0, scale=1.0):
    """Correlated samples, as a network's features are."""
    generator = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(dimension, dimension)) / dimension**0.5
    return generator.normal(size=(count, dimension)) @ mixing * scale + shift


@pytest.fixture
def judge(fdbench, tmp_path):
    """Saves both sets; -> what the program says as JSON."""

    def call(fake, real, *metrics, options=(), compressed=False):
        save = np.savez_compressed if compressed else np.savez
        save(tmp_path / "fake.npz", **fake)
        command = ["judge", tmp_path / "fake.npz", "--metrics", ",".join(metrics)]
        if real is not None:
            save(tmp_path / "real.npz", **real)
            command += ["--reference", tmp_path / "real.npz"]
        result = fdbench(*command, "--format", "json", *options)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    return call


def moments(values):
    return {"mu": values.mean(axis=0), "sigma": np.cov(values, rowvar=False)}


@pytest.mark.parametrize(
    ("count", "dimension"), [(400, 16), (300, 64), (40, 64), (2, 8), (1000, 192)]
)
def test_fid_equals_torch_fidelity(judge, count, dimension):
    fake, real = features(0, count, dimension), features(1, count + 30, dimension, 0.2, 1.3)
    ours = judge({"features": fake}, {"features": real}, "fid")["fid"]
    theirs = FID.fid_statistics_to_metric(moments(fake), moments(real), False)
    assert ours == pytest.approx(theirs["frechet_inception_distance"], rel=RELATIVE)


def test_fid_equals_the_matrix_square_root(judge):
    fake, real = features(0, 500, 24), features(1, 600, 24, 0.1, 0.8)
    a, b = moments(fake), moments(real)
    root = scipy.linalg.sqrtm(a["sigma"] @ b["sigma"]).real
    expected = np.sum((a["mu"] - b["mu"]) ** 2) + np.trace(a["sigma"] + b["sigma"] - 2 * root)
    # Statistics are read under the names of clean-fid and of guided-diffusion.
    ours = judge({"features": fake, "spatial": fake}, b | {"mu_s": b["mu"], "sigma_s": b["sigma"]},
                 "fid", "sfid")  # fmt: skip
    assert ours["fid"] == pytest.approx(expected, rel=RELATIVE)
    assert ours["sfid"] == ours["fid"]


def test_a_set_has_no_distance_from_itself(judge):
    fake = features(0, 50, 64)
    found = judge({"features": fake}, {"features": fake}, "fid", "precision", "recall")
    assert abs(found["fid"]) < 1e-8 * np.trace(np.cov(fake, rowvar=False))
    assert (found["precision"], found["recall"]) == (1, 1)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_kid_equals_torch_fidelity(judge, dtype):
    fake = features(0, 3000, 32).astype(dtype)  # more than one block of the kernel matrix
    real = features(1, 3000, 32, 0.1).astype(dtype)
    ours = judge({"features": fake}, {"features": real}, "kid", "kid_subsets", compressed=True)
    theirs = KID.kid_features_to_metric(
        torch.from_numpy(fake.astype("float64")), torch.from_numpy(real.astype("float64")),
        kid_subsets=2, kid_subset_size=3000, verbose=False,
    )  # fmt: skip
    assert ours["kid"] == pytest.approx(theirs["kernel_inception_distance_mean"], rel=RELATIVE)
    assert abs(ours["kid_subsets"] - ours["kid"]) < 3 * ours["std"]["kid_subsets"]


def test_kid_of_sets_of_different_size(judge):
    x, y = features(0, 70, 12), features(1, 50, 12, 0.3)
    kernels = [(a @ b.T / 12 + 1) ** 3 for a, b in ((x, x), (y, y), (x, y))]
    within = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in kernels[:2]]
    expected = sum(within) - 2 * kernels[2].mean()
    ours = judge({"features": x}, {"features": y}, "kid")["kid"]
    assert ours == pytest.approx(expected, rel=RELATIVE)


def test_cmmd_is_the_biased_estimate_on_unit_vectors(judge):
    x, y = features(0, 60, 12), features(1, 50, 12, 0.3)
    a, b = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (x, y))

    def kernel(u, v):
        return np.exp(-((u[:, None] - v[None]) ** 2).sum(-1) / 200).mean()

    expected = 1000 * (kernel(a, a) + kernel(b, b) - 2 * kernel(a, b))
    ours = judge({"features": x}, {"features": y}, "cmmd")["cmmd"]
    assert ours == pytest.approx(expected, rel=RELATIVE)


def test_inception_score_equals_torch_fidelity(judge):
    logits = features(0, 503, 40, 0, 3)
    ours = judge({"features": logits, "logits": logits}, None, "is")
    theirs = ISC.isc_features_to_metric(torch.from_numpy(logits), 10)
    assert ours["is"] == pytest.approx(theirs["inception_score_mean"], rel=RELATIVE)
    assert ours["std"]["is"] == pytest.approx(theirs["inception_score_std"], rel=RELATIVE)


@pytest.mark.parametrize("count", [20, 700, 2500])  # the last: more than one block
def test_precision_and_recall_equal_torch_fidelity(judge, count):
    fake, real = features(0, count, 6), features(1, count + 11, 6, 0.4, 1.5)
    ours = judge({"features": fake}, {"features": real}, "precision", "recall")
    theirs = PRC.prc_features_to_metric(
        torch.from_numpy(fake), torch.from_numpy(real), verbose=False
    )
    assert 0 < theirs["recall"] < 1
    # Theirs are means of float32 ones and zeros.
    assert ours["precision"] == pytest.approx(theirs["precision"], rel=RELATIVE)
    assert ours["recall"] == pytest.approx(theirs["recall"], rel=RELATIVE)


def test_more_samples_bring_fid_towards_its_extrapolation(judge):
    """Both sets have one distribution: the distance is all bias, which falls as 1/n."""
    real = {"features": features(1, 20000, 24)}
    found = judge({"features": features(0, 1000, 24)}, real, "fid", "fid_infinity")
    assert abs(found["fid_infinity"]) < 0.3 * found["fid"]


def test_intervals_hold_the_value_and_shrink_with_n(judge):
    real = {"features": features(1, 4000, 8, 0.3)}
    widths = []
    for count in (100, 1600):
        found = judge({"features": features(0, count, 8)}, real, "fid", "kid",
                      options=["--bootstrap", 60])  # fmt: skip
        low, high = found["intervals"]["fid"]
        assert low < found["fid"] < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2
    again = judge({"features": features(0, 1600, 8)}, real, "fid", options=["--bootstrap", 60])
    assert again["intervals"]["fid"] == [low, high], "a seed says which resamples"


def test_fortran_order_and_few_samples(judge):
    fake, real = features(0, 30, 20), features(1, 30, 20, 0.2)
    plain = judge({"features": fake}, {"features": real}, "fid")
    turned = judge({"features": np.asfortranarray(fake)}, {"features": real}, "fid")
    assert turned["fid"] == plain["fid"]
    assert any("30 pictures for 20 dimensions" in line for line in plain["warnings"])
