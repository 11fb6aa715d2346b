"""`fdbench judge` and `fdbench stats` on pictures, and what they say of wrong input."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

SIDE = 12


class Pixels(torch.nn.Module):
    """Features are the pixels themselves."""

    def forward(self, x):
        return x.to(torch.float64).flatten(1)


class Inception(torch.nn.Module):
    """Called as the usual Inception file is."""

    def forward(self, x, return_features: bool = False):
        assert return_features
        return x.to(torch.float32).mean(3).flatten(1)


class Parts(torch.nn.Module):
    """A feature map, so that there are spatial features, too."""

    def forward(self, x):
        return torch.cat([x, x, x], 1).to(torch.float64)


@pytest.fixture
def network(tmp_path):
    def call(module):
        path = tmp_path / f"{type(module).__name__}.pt"
        torch.jit.script(module).save(path)
        return path

    return call


@pytest.fixture
def folder(tmp_path):
    """A folder of random pictures -> its path."""

    def call(name, count=6, side=SIDE, seed=0):
        path = tmp_path / name
        path.mkdir()
        generator = np.random.default_rng(seed)
        for i in range(count):
            pixels = generator.integers(0, 256, (side, side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(path / f"{i:03}.png")
        return path

    return call


def pictures_in(path):
    return np.stack([np.array(Image.open(file)) for file in sorted(path.glob("*.png"))])


def test_statistics_of_a_folder_are_those_of_its_features(fdbench, network, folder, tmp_path):
    path, output = folder("real"), tmp_path / "ref.npz"
    result = fdbench("stats", path, "--features", network(Pixels()), "-o", output,
                     "--keep-features", "--batch", 4)  # fmt: skip
    assert result.returncode == 0, result.stderr
    expected = pictures_in(path).transpose(0, 3, 1, 2).reshape(6, -1).astype(float)
    with np.load(output) as stored:
        np.testing.assert_array_equal(stored["features"], expected)
        np.testing.assert_allclose(stored["mu"], expected.mean(0))
        np.testing.assert_allclose(stored["sigma"], np.cov(expected, rowvar=False), atol=1e-8)
        assert stored["count"] == [6]


@pytest.mark.parametrize("size", [7, 12, 31])
def test_clean_resize_equals_pillows(fdbench, network, folder, tmp_path, size):
    path, output = folder("real", 2), tmp_path / "ref.npz"
    result = fdbench("stats", path, "--features", network(Pixels()), "-o", output,
                     "--keep-features", "--resize", "clean", "--size", size)  # fmt: skip
    assert result.returncode == 0, result.stderr
    channels = [
        np.array(Image.fromarray(channel.astype(np.float32), "F").resize((size, size), 3))
        for picture in pictures_in(path)
        for channel in picture.transpose(2, 0, 1)
    ]
    expected = np.clip(np.stack(channels), 0, 255).reshape(2, -1)
    with np.load(output) as stored:
        np.testing.assert_allclose(stored["features"], expected, atol=1e-3)


def test_scores_of_folders_equal_those_of_their_features(fdbench, network, folder, tmp_path):
    real, fake = folder("real", 30, seed=1), folder("fake", 20, seed=2)
    net = network(Inception())
    for path in (real, fake):
        assert fdbench("stats", path, "--features", net, "-o", f"{path}.npz",
                       "--keep-features").returncode == 0  # fmt: skip
    names = ["--metrics", "fid,kid,precision,recall", "--format", "json"]
    seen = fdbench("judge", fake, "--reference", real, "--features", net, *names)
    known = fdbench("judge", f"{fake}.npz", "--reference", f"{real}.npz", *names)
    assert seen.returncode == 0, seen.stderr
    seen, known = json.loads(seen.stdout), json.loads(known.stdout)
    for name in ("fid", "kid", "precision", "recall"):
        assert seen[name] == pytest.approx(known[name], rel=1e-12)
    assert seen["judged"]["network"] == known["reference"]["network"]
    assert seen["protocol"] == "resize=legacy input=uint8"


def test_a_feature_map_gives_spatial_features(fdbench, network, folder, tmp_path):
    path, output = folder("real", 4), tmp_path / "ref.npz"
    assert fdbench("stats", path, "--features", network(Parts()), "-o", output,
                   "--keep-features").returncode == 0  # fmt: skip
    pictures = pictures_in(path).transpose(0, 3, 1, 2).astype(float)
    with np.load(output) as stored:
        np.testing.assert_allclose(stored["features"], np.tile(pictures.mean((2, 3)), 3))
        first = np.tile(pictures, (1, 3, 1, 1))[:, :7]
        np.testing.assert_allclose(stored["spatial"], first.reshape(4, -1))


def test_pictures_in_one_file(fdbench, network, folder, tmp_path):
    """As guided-diffusion's samples come."""
    real, net = folder("real", 5), network(Pixels())
    np.savez(tmp_path / "samples.npz", pictures_in(real))
    result = fdbench("judge", tmp_path / "samples.npz", "--reference", real, "--features", net,
                     "--metrics", "fid,precision", "--format", "json")  # fmt: skip
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["precision"] == 1
    trace = pictures_in(real).reshape(5, -1).var(axis=0, ddof=1).sum()
    assert 0 <= found["fid"] < 1e-6 * trace


def save(path, **arrays):
    np.savez(path, **arrays)
    return path


def one_line(result, message):
    assert result.returncode in (2, 3), result.stdout
    assert message in result.stderr
    assert result.stderr.count("\n") == 1, result.stderr


GOOD = np.random.default_rng(0).normal(size=(20, 4))


@pytest.mark.parametrize(
    ("arrays", "metrics", "message"),
    [
        ({"features": np.full((20, 4), np.nan)}, "fid", "80 values that are not finite"),
        ({"features": GOOD[:, :3]}, "fid", "dimension 3 and a reference of dimension 4"),
        ({"features": GOOD[:, :3]}, "kid", "dimension 3 and a reference of dimension 4"),
        ({"features": GOOD[:1]}, "fid", "needs at least 2 pictures"),
        ({"features": GOOD[:3]}, "precision", "at least 4 pictures"),
        ({"features": GOOD[0]}, "fid", "must be [samples, dimension]"),
        ({"other": GOOD}, "fid", "it has other"),
        ({"features": GOOD}, "sfid", "mu_s"),
        ({"features": GOOD}, "is", "needs 'logits'"),
        ({"features": GOOD}, "fidd", "did you mean 'fid'"),
        ({"mu": GOOD[0]}, "fid", "only one of 'mu' and 'sigma'"),
        ({"mu": GOOD[0], "sigma": GOOD}, "fid", "do not belong together"),
        ({"mu": GOOD[0], "sigma": np.eye(4)}, "kid", "needs 'features' of each picture"),
        ({"features": np.array([[{}]])}, "fid", "pickled Python objects"),
        ({"features": np.array([["a"]])}, "fid", "has dtype '<U1'"),
    ],
)
def test_wrong_features_are_one_line(fdbench, tmp_path, arrays, metrics, message):
    fake = save(tmp_path / "fake.npz", **arrays)
    real = save(tmp_path / "real.npz", features=GOOD)
    one_line(fdbench("judge", fake, "--reference", real, "--metrics", metrics), message)


def test_wrong_pictures_are_one_line(fdbench, network, folder, tmp_path):
    net, good, empty = network(Pixels()), folder("good"), tmp_path / "empty"
    empty.mkdir()
    common = ["--features", net, "-o", tmp_path / "x.npz"]
    one_line(fdbench("stats", empty, *common), "holds no pictures")
    one_line(fdbench("stats", folder("one", 1), *common), "at least 2 pictures, there is 1")
    one_line(fdbench("stats", good, "-o", tmp_path / "x.npz"), "--features")
    Image.new("RGB", (5, 5)).save(good / "999.png")
    one_line(fdbench("stats", good, *common), "999.png: is 5 x 5, but 000.png is 12 x 12")
    (good / "999.png").write_bytes(b"no picture")
    one_line(fdbench("stats", good, *common), "999.png: is not a picture")
    (tmp_path / "broken.pt").write_bytes(b"no network")
    one_line(fdbench("stats", folder("more"), "--features", tmp_path / "broken.pt", "-o", "x.npz"),
             "is no TorchScript network")  # fmt: skip


def test_scores_of_different_networks_are_refused(fdbench, network, folder, tmp_path):
    path = folder("real", 30)
    for module in (Pixels(), Inception()):
        name = type(module).__name__
        assert fdbench("stats", path, "--features", network(module), "-o", tmp_path / f"{name}.npz",
                       "--keep-features").returncode == 0  # fmt: skip
    one_line(
        fdbench("judge", tmp_path / "Pixels.npz", "--reference", tmp_path / "Inception.npz"),
        "another network",
    )


def test_every_damaged_byte_is_noticed_or_harmless(fdbench, tmp_path):
    path = save(tmp_path / "fake.npz", features=GOOD)
    good = path.read_bytes()
    plain = fdbench("judge", path, "--reference", path, "--metrics", "kid").stdout
    for position in range(0, len(good), 23):
        path.write_bytes(good[:position] + bytes([good[position] ^ 0x55]) + good[position + 1 :])
        result = fdbench("judge", path, "--reference", path, "--metrics", "kid")
        assert result.returncode in (0, 2, 3), position
        assert result.returncode != 0 or result.stdout == plain, position
        assert result.stderr.count("\n") == (result.returncode != 0), result.stderr
    for length in range(0, len(good), 101):
        path.write_bytes(good[:length])
        one_line(fdbench("judge", path, "--reference", path, "--metrics", "kid"), str(path))
