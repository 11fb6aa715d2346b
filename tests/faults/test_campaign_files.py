"""The fault campaign, its part on single files: disks that fill up at random places, and
`fdbench stats` killed at random instants."""

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT
from tests.faults.campaign import COUNT, Disk, instant, killed, timed
from tests.faults.sweeps import assert_one_line, assert_same, litter

pytestmark = pytest.mark.usefixtures("merged_files_may_say_so")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of noise."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(0)
    for i in range(30):
        pixels = generator.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i:02}.png")
    return folder


def stats(pictures: Path, output: Path) -> list[object]:
    judge = ["--clip", ROOT / "models/mini-judge", "--keep-features"]
    return ["stats", pictures, *judge, "-o", output]


@pytest.fixture(scope="module")
def statistics(fdbench, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `stats` makes undisturbed."""
    path = tmp_path_factory.mktemp("statistics") / "ref.npz"
    done = fdbench(*stats(pictures, path))
    assert done.returncode == 0, done.stderr
    return path


def assert_same_arrays(path: Path, expected: Path) -> None:
    with np.load(path) as ours, np.load(expected) as theirs:
        assert set(ours) == set(theirs)
        for name in ours:
            np.testing.assert_array_equal(ours[name], theirs[name])


@pytest.mark.parametrize("index", range(COUNT))
def test_killed_statistics_are_whole_or_not_there(
    index: int, fdbench, pictures: Path, statistics: Path, numbers, tmp_path: Path
):
    output = tmp_path / "ref.npz"
    duration = timed(lambda: fdbench(*stats(pictures, tmp_path / "timed.npz")))
    numbers["kill stats"][0] += 1
    killed(stats(pictures, output), instant(index, duration))
    if output.exists():
        assert_same_arrays(output, statistics)
    done = fdbench(*stats(pictures, output))
    assert done.returncode == 0, done.stderr
    assert_same_arrays(output, statistics)
    numbers["kill stats"][1] += 1


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path / "disk")
    yield disk
    disk.unmount()


def full_then_roomy(fdbench, disk: Disk, command: list[object], output: Path, needed: int) -> None:
    """The command on a disk with a random part of the room that it needs, then with enough."""
    before = output.read_bytes() if output.exists() else None
    disk.fill(random.Random(str(command[0]) + str(needed)).randrange(needed))
    full = fdbench(*command, preexec_fn=disk.limit)
    assert_one_line(full, 3, str(disk.folder))
    assert not litter(disk.folder)
    assert (output.read_bytes() if output.exists() else None) == before
    disk.clear()
    done = fdbench(*command)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("index", range(COUNT))
@pytest.mark.parametrize("kind", ["run", "merge"])
def test_full_disks_lose_no_results(
    kind: str, index: int, fdbench, sweep_config: Path, halves, undisturbed: Path, numbers,
    disk: Disk,
):  # fmt: skip
    output = disk.folder / "tiny.h5"
    command = {"run": ["run", sweep_config, "--quiet", "--out", output],
               "merge": ["merge", output, *halves]}[kind]  # fmt: skip
    numbers[f"full disk {kind}"][0] += 1
    full_then_roomy(fdbench, disk, command, output, undisturbed.stat().st_size - index)
    assert_same(output, undisturbed)
    numbers[f"full disk {kind}"][1] += 1


@pytest.mark.parametrize("index", range(COUNT))
def test_full_disks_lose_no_baseline(index: int, fdbench, gated: Path, numbers, disk: Disk):
    baseline = disk.folder / "baseline.json"
    command = ["check", gated, "--baseline", baseline, "--update"]
    assert fdbench(*command).returncode == 0
    before = json.loads(baseline.read_text())
    numbers["full disk check --update"][0] += 1
    full_then_roomy(fdbench, disk, command, baseline, baseline.stat().st_size - index)
    after = json.loads(baseline.read_text())
    assert before["provenance"].keys() == after["provenance"].keys()
    assert before["runs"] == after["runs"]
    numbers["full disk check --update"][1] += 1


@pytest.mark.parametrize("index", range(COUNT))
def test_full_disks_lose_no_statistics(
    index: int, fdbench, pictures: Path, statistics: Path, numbers, disk: Disk
):
    output = Path(shutil.copy(statistics, disk.folder / "ref.npz"))
    numbers["full disk stats"][0] += 1
    command = stats(pictures, output)
    full_then_roomy(fdbench, disk, command, output, statistics.stat().st_size - index)
    assert_same_arrays(output, statistics)
    numbers["full disk stats"][1] += 1
