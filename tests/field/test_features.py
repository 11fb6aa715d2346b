"""Feature files as people have them: what is used is read, the rest is named."""

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import torch

from tests.field.conftest import refused
from tests.parity.formulas import torch_fidelity

FID, KID, ISC, PRC = torch_fidelity()
RNG = np.random.default_rng(5)
REAL = (RNG.normal(size=(400, 16)) + 1).astype(np.float32)
FAKE = (RNG.normal(size=(400, 16)) * 1.1 + 1.1).astype(np.float32)
PICTURES = (RNG.random((30, 16, 16, 3)) * 255).astype(np.uint8)


class Means(torch.nn.Module):
    """Mean and deviation of each channel."""

    def forward(self, x):
        x = x.to(torch.float64).flatten(2)
        return torch.cat([x.mean(2), x.std(2)], 1)


@pytest.fixture(scope="session")
def network(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("network") / "means.pt"
    torch.jit.script(Means()).save(path)
    return path


def fid(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    s, t = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(s @ t).real
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s + t - 2 * root)


WANT = fid(FAKE, REAL)


@pytest.fixture
def npz(tmp_path):
    def write(name: str, *arrays: np.ndarray, **named: np.ndarray) -> Path:
        np.savez(tmp_path / name, *arrays, **named)
        return tmp_path / name

    return write


def judge(fdbench, *args: object) -> tuple[dict, str]:
    done = fdbench("judge", *args, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def statistics(x: np.ndarray) -> dict[str, np.ndarray]:
    x = x.astype(np.float64)
    return {"mu": x.mean(0), "sigma": np.cov(x, rowvar=False)}


def test_features_of_all_forms_give_one_fid(fdbench, npz, tmp_path):
    real = npz("real.npz", features=REAL)
    junk = np.array([{"a": 1}], dtype=object)
    np.save(tmp_path / "features.npy", FAKE)
    np.savez_compressed(tmp_path / "packed.npz", features=FAKE, labels=junk)
    forms = [
        npz("big_endian.npz", features=FAKE.astype(">f4")),
        npz("big_double.npz", features=FAKE.astype(">f8")),
        npz("fortran.npz", features=np.asfortranarray(FAKE)),
        npz("unnamed.npz", FAKE),
        npz("clean_fid.npz", feats=FAKE),
        npz("junk.npz", features=FAKE, files=junk, names=np.array(["a"]), spatial=junk),
        tmp_path / "features.npy",
        tmp_path / "packed.npz",
    ]
    for form in forms:
        found, _ = judge(fdbench, form, "--reference", real, "--metrics", "fid")
        assert found["fid"] == pytest.approx(WANT, rel=1e-7), form
        assert found["judged"]["n"] == 400


@pytest.mark.parametrize("dtype", ["<u2", ">u2", ">i4", "<u4", "<i8", "<f2", "|u1"])
def test_integers_and_halves(fdbench, npz, dtype):
    values = (RNG.random((40, 3)) * 200).astype(dtype)
    file = npz("a.npz", features=values)
    found, _ = judge(fdbench, file, "--reference", npz("b.npz", features=REAL[:, :3]), "--metrics",
                     "fid")  # fmt: skip
    assert found["fid"] == pytest.approx(fid(values, REAL[:, :3]), rel=1e-7)


def test_a_reference_with_pictures_gives_precision_and_recall_from_them(fdbench, npz, network):
    rows = Means()(torch.from_numpy(PICTURES).permute(0, 3, 1, 2)).numpy()
    more = {"mu_s": np.zeros(5), "sigma_s": np.eye(5)}
    reference = npz("virtual.npz", arr_0=PICTURES, **statistics(rows), **more)
    samples = npz("samples.npz", PICTURES[::-1].copy())
    common = ("--reference", reference, "--features", network)
    found, _ = judge(fdbench, samples, *common, "--metrics", "precision,recall")
    assert (found["precision"], found["recall"]) == (1, 1)
    found, _ = judge(fdbench, samples, *common)
    assert found["fid"] == pytest.approx(0, abs=1e-3)
    assert found["kid"] < 0 and found["recall"] == 1
    features = npz("features.npz", features=rows)
    found, said = judge(fdbench, features, "--reference", reference)
    assert list(found)[0] == "fid" and "kid" not in found
    assert "kid, precision, recall are left out" in said and "--features" in said
    done = fdbench("judge", features, "--reference", reference, "--metrics", "kid")
    refused(done, "virtual.npz", "holds pictures", "--features")


def test_statistics_alone_give_fid_and_a_note(fdbench, npz):
    fake = npz("fake.npz", features=FAKE, spatial=FAKE[:, :4])
    found, said = judge(fdbench, fake, "--reference", npz("stats.npz", **statistics(REAL)))
    assert found["fid"] == pytest.approx(WANT, rel=1e-7)
    assert "note: " in said and "stats.npz" in said and "kid, precision, recall" in said
    spatial = statistics(REAL[:, :4])
    both = npz("both.npz", **statistics(REAL), mu_s=spatial["mu"], sigma_s=spatial["sigma"])
    found, _ = judge(fdbench, fake, "--reference", both)
    assert found["sfid"] == pytest.approx(fid(FAKE[:, :4], REAL[:, :4]), rel=1e-7)


LOGITS = (RNG.normal(size=(1003, 10)) * 0.3 + 8 * np.eye(10).repeat(101, 0)[:1003]).astype(
    np.float32
)


def test_inception_score_shuffles_as_torch_fidelity(fdbench, npz):
    file = npz("by_class.npz", logits=LOGITS)
    for seed, options in {2020: [], 7: ["--is-seed", 7], None: ["--is-in-order"]}.items():
        shuffle = {"shuffle": seed is not None, "rng_seed": seed or 0}
        want = ISC.isc_features_to_metric(torch.from_numpy(LOGITS), splits=10, **shuffle)
        found, _ = judge(fdbench, file, "--metrics", "is", *options)
        assert found["is"] == pytest.approx(want["inception_score_mean"], rel=1e-9)
        assert found["std"]["is"] == pytest.approx(want["inception_score_std"], rel=1e-6)
        words = "in their order" if seed is None else f"seed {seed}"
        assert words in found["remarks"]["is"]
    assert "seed 2020" in fdbench("judge", file, "--metrics", "is").stdout


def test_classes_that_nothing_shows_do_not_spoil_the_inception_score(fdbench, npz):
    sharp = 2000 * np.eye(12)[RNG.integers(0, 10, 1000)]
    found, _ = judge(fdbench, npz("a.npz", logits=sharp), "--metrics", "is")
    assert 9 < found["is"] < 10
    overflowing = LOGITS.astype(np.float64)
    overflowing[5, :2] = 1.7e308, -1.7e308
    done = fdbench("judge", npz("b.npz", logits=overflowing), "--metrics", "is")
    refused(done, "b.npz", "row 5", "overflow")


def test_the_size_of_kids_subsets_is_said(fdbench, npz):
    few, real = npz("few.npz", features=FAKE[:40]), npz("few_real.npz", features=REAL[:40])
    found, _ = judge(fdbench, few, "--reference", real, "--metrics", "kid,kid_subsets")
    assert found["kid_subsets"] == pytest.approx(found["kid"], rel=1e-9)
    assert "std" not in found
    assert "subsets of 40 pictures" in found["remarks"]["kid_subsets"]
    assert "1000 do not fit" in found["remarks"]["kid_subsets"]
    found, _ = judge(fdbench, few, "--reference", npz("r.npz", features=REAL), "--metrics",
                     "kid_subsets")  # fmt: skip
    assert found["std"]["kid_subsets"] > 0


def test_fid_of_few_pictures_is_told_to_be_biased(fdbench, npz):
    found, said = judge(fdbench, npz("a.npz", features=FAKE[:20]), "--reference",
                        npz("b.npz", features=REAL), "--metrics", "fid")  # fmt: skip
    assert len(found["warnings"]) == 1
    assert "20 pictures for 16 dimensions; FID is biased upward" in said


def changed(rows: np.ndarray, row: int, value: float) -> np.ndarray:
    rows = rows.astype(np.float64)
    rows[row] = value
    return rows


SIGMA = np.cov(REAL.astype(float), rowvar=False)
WRONG = {
    "count of two numbers": ({"mu": REAL[0], "sigma": SIGMA, "count": [400, 400]}, "fid",
                             "array 'count' of shape [2]"),
    "count of one": ({"mu": REAL[0], "sigma": SIGMA, "count": 1}, "fid",
                     "'count' of shape [] says 1"),
    "count of none": ({"mu": REAL[0], "sigma": SIGMA, "count": [0]}, "fid",
                      "'count' of shape [1] says 0"),
    "not symmetric": ({"mu": REAL[0], "sigma": np.triu(SIGMA + 1)}, "fid",
                      "'sigma' of shape [16, 16] is not symmetric"),
    "negative variance": ({"mu": REAL[0], "sigma": SIGMA - 9 * np.eye(16)}, "fid",
                          "'sigma' of shape [16, 16] has a negative variance in row 0"),
    "no covariance": ({"mu": REAL[0], "sigma": np.ones((16, 16)) * 5 - 4.9 * np.eye(16)[::-1]},
                      "fid", "covariance"),
    "not square": ({"mu": REAL[0], "sigma": SIGMA[:, :9]}, "fid", "[16, 9]"),
    "infinite sigma": ({"mu": REAL[0], "sigma": changed(SIGMA, 4, np.inf)}, "fid",
                       "the first in row 4"),
    "empty": ({"features": REAL[:0]}, "fid", "array 'features' of shape [0, 16] is empty"),
    "one row": ({"features": REAL[:1]}, "fid", "at least 2 pictures"),
    "nan row": ({"features": changed(REAL, 3, np.nan)}, "fid", "the first in row 3"),
    "too large": ({"features": changed(REAL, 3, 1e200)}, "fid", "too large"),
    "zero row": ({"features": changed(FAKE[:40], 7, 0)}, "cmmd", "row 7"),
    "other counts": ({"features": REAL, "logits": LOGITS}, "kid,is",
                     "different numbers of pictures"),
    "channels first": ({"arr_0": PICTURES.transpose(0, 3, 1, 2)}, "fid", "transpose(0, 2, 3, 1)"),
    "float pictures": ({"arr_0": PICTURES / 255}, "fid", "uint8"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arrays_are_named(fdbench, npz, case):
    arrays, metrics, words = WRONG[case]
    file, real = npz("fake.npz", **arrays), npz("real.npz", features=REAL)
    refused(fdbench("judge", file, "--reference", real, "--metrics", metrics), "fake.npz", words)


def test_files_of_other_kinds_are_named(fdbench, npz, tmp_path):
    real = npz("real.npz", features=REAL)
    torch.save(torch.from_numpy(FAKE), tmp_path / "features.pt")
    torch.save(torch.from_numpy(FAKE), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    for name in ("features.pt", "old.pth"):
        done = fdbench("judge", tmp_path / name, "--reference", real)
        refused(done, name, "never unpickled", "numpy.savez")
    (tmp_path / "features.csv").write_text("1,2\n")
    refused(fdbench("judge", tmp_path / "features.csv", "--reference", real), "is no .npz or .npy")
    refused(fdbench("judge", tmp_path / "gone.npz", "--reference", real), "gone.npz")


def test_what_can_be_known_is_refused_before_a_network_runs(fdbench, npz, network, tmp_path):
    """The network would fail on the first picture; the error is another one."""

    class Fails(torch.nn.Module):
        def forward(self, x):
            assert x.size(0) < 0, "the network ran"
            return x

    torch.jit.script(Fails()).save(tmp_path / "fails.pt")
    samples = npz("samples.npz", PICTURES)
    few = npz("few.npz", PICTURES[:3])
    stats = npz("stats.npz", **statistics(REAL))
    common = ("--features", tmp_path / "fails.pt")
    cases = [
        (("judge", samples, "--reference", stats, "--metrics", "kid"), "stats.npz: kid needs"),
        (("judge", samples, "--reference", stats, "--metrics", "sfid"), "sfid needs"),
        (("judge", few, "--reference", samples, "--metrics", "precision"), "at least 4 pictures"),
        (("judge", few, "--metrics", "is"), "at least 10 pictures"),
        (("judge", samples, "--metrics", "clip_score"), "--clip"),
        (("stats", samples, "-o", tmp_path / "no/such.npz"), "no folder"),
        (("stats", samples, "-o", tmp_path), "is a folder"),
    ]
    for command, words in cases:
        refused(fdbench(*command, *common), words)
    done = fdbench(
        "judge", samples, "--reference", stats, "--features", network, "--metrics", "fid"
    )
    refused(done, "6 features", "stats.npz holds 16")
