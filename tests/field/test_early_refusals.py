"""What can be known before the network runs is said before the first picture, in --dry-run too."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from tests.field.conftest import MODELS, edit, refused

JUDGE = MODELS / "mini-judge"
DIMENSION = 128  # of the embedded judge's features


@pytest.fixture
def sweep(fdbench, tmp_path: Path) -> Callable[..., CompletedProcess]:
    """`fdbench run --dry-run` of a small sweep; nothing may be written."""

    def call(*options: object, judges: str = "false", count: int = 5, **more: object):
        prompts = "[" + ", ".join(f"a red square {i}" for i in range(count)) + "]"
        text = {"model": MODELS / "mini", "prompts": prompts, "judges": judges} | more
        path = tmp_path / "sweep.yaml"
        path.write_text(
            "name: sweep\nthreads: 1\nsampler: {name: ddim}\nsteps: 2\nguidance_scale: 4\n"
            "timing: {warmup: 0, rounds: 2}\n"
            + "".join(f"{key}: {value}\n" for key, value in text.items())
            + "runs:\n  - {strategy: full}\n"
        )
        if "--out" not in options:
            options = (*options, "--out", tmp_path / "out" / "sweep.h5")
        before = sorted(tmp_path.rglob("*"))
        done = fdbench("run", path, "--dry-run", *options)
        assert sorted(tmp_path.rglob("*")) == before
        return done

    return call


def moments(path: Path, dimension: int = DIMENSION, **more: np.ndarray) -> Path:
    """Statistics as others write them: mu and sigma alone."""
    np.savez(path, mu=np.zeros(dimension), sigma=np.eye(dimension), **more)
    return path


def test_a_named_metric_that_the_reference_cannot_give(sweep, tmp_path: Path) -> None:
    reference = moments(tmp_path / "mu.npz")
    judges = f"{{clip: {JUDGE}, reference: {reference}, metrics: [fid, kid]}}"
    refused(sweep(judges=judges), "mu.npz", "kid", "--keep-features", "metrics: [fid]")


def test_default_metrics_leave_out_what_the_reference_cannot_give(sweep, tmp_path: Path) -> None:
    done = sweep(judges=f"{{clip: {JUDGE}, reference: {moments(tmp_path / 'mu.npz')}}}")
    assert done.returncode == 0, done.stderr
    for word in ("note:", "mu.npz", "kid, precision, recall", "left out"):
        assert word in done.stderr, done.stderr


def test_a_reference_of_another_network_or_dimension(sweep, tmp_path: Path) -> None:
    other = tmp_path / "other.npz"
    np.savez(
        other,
        features=np.ones((9, DIMENSION), np.float32),
        network=np.frombuffer(b"0" * 32, np.uint8),
    )
    refused(sweep(judges=f"{{clip: {JUDGE}, reference: {other}}}"), "other.npz", "another network")
    reference = moments(tmp_path / "mu.npz", 7)
    refused(sweep(judges=f"{{clip: {JUDGE}, reference: {reference}}}"), str(DIMENSION), "7")


def test_too_few_prompts(sweep) -> None:
    judges = f"{{clip: {JUDGE}, reference: {JUDGE / 'reference.npz'}}}"
    refused(sweep(judges=judges, count=3), "at least 4 prompts", "there are 3")


def test_a_clip_folder_that_is_not_whole(sweep, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(JUDGE, tmp_path / "judge"))
    next(folder.glob("*.safetensors")).unlink()
    done = sweep(judges=f"{{clip: {folder}}}")
    assert done.returncode == 2 and str(folder) in done.stderr, done.stderr


def test_scenes_of_another_picture_size(sweep, tmp_path: Path) -> None:
    judges = f"{{scenes: {JUDGE}}}"
    done = sweep(judges=judges, latent=32)
    assert done.returncode == 2 and "sweep.yaml" in done.stderr, done.stderr


@pytest.mark.parametrize("part", ["vae", "text_encoder", "tokenizer"])
def test_a_folder_without_a_part(part: str, sweep, mini: Path) -> None:
    shutil.rmtree(mini / part)
    assert part in refused(sweep(model=mini))


def test_weights_that_are_not_there(sweep, mini: Path) -> None:
    next((mini / "vae").glob("*.safetensors")).unlink()
    refused(sweep(model=mini), "vae")


def test_a_vae_of_another_class(sweep, mini: Path) -> None:
    edit(mini / "vae" / "config.json", _class_name="VQModel")
    edit(mini / "model_index.json", vae=["diffusers", "VQModel"])
    refused(sweep(model=mini), "VQModel")


def test_processors_that_are_not_there(sweep) -> None:
    refused(sweep(cpus="[1000]"), "1000", "these can")


def test_an_output_that_cannot_be(sweep, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    refused(sweep("--out", tmp_path / "folder"), "is a folder")
    (tmp_path / "file").write_text("x")
    refused(sweep("--out", tmp_path / "file" / "a.h5"), "cannot be written", code=3)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB, first writable, then not."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.fail("the tests of full disks mount one: run them as root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_too_small(fdbench, sweep, disk: Path, tmp_path: Path) -> None:
    output = disk / "sweep.h5"
    line = refused(sweep("--out", output, count=60), "too small", "at least", "free", code=3)
    assert line.count(" MB") == 2, line
    done = fdbench("run", tmp_path / "sweep.yaml", "--out", output)
    refused(done, "too small", code=3)
    assert not list(disk.iterdir())
    done = sweep("--out", output, count=10)  # may fit, or not
    assert done.returncode == 0 and "may become full" in done.stderr, done.stderr
    assert sweep("--out", output, count=1).stderr == ""


def test_a_disk_that_is_read_only(sweep, disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    refused(sweep("--out", disk / "a.h5"), "cannot be written", "Read-only file system", code=3)
