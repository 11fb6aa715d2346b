"""Faults at random places, counted: a short part in every test run, `make faults` many more.

The variable FDBENCH_FAULTS says how many of each kind. At the end the numbers are printed:
injected; survived (the same command afterwards gives what an undisturbed one gives, or damage is
named in one line); data lost (neither).
"""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.faults.campaign import COUNT, instant, killed, timed
from tests.faults.sweeps import assert_same, start, units, wait_for_units

pytestmark = pytest.mark.usefixtures("merged_files_may_say_so")
SAVED = "written"  # the key of a baseline that is the clock's


@pytest.fixture(scope="module")
def durations(
    fdbench, sweep_config: Path, halves: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, float]:
    """Seconds that each command takes undisturbed."""
    folder = tmp_path_factory.mktemp("durations")
    result = folder / "tiny.h5"
    run = timed(lambda: fdbench("run", sweep_config, "--out", result))
    shard = ("--shard", "1/2", "--out", folder / "part.h5")
    return {
        "kill run": run,
        "kill shard": timed(lambda: fdbench("run", sweep_config, *shard)),
        "kill merge": timed(lambda: fdbench("merge", folder / "merged.h5", *halves)),
    }


@pytest.mark.parametrize("index", range(COUNT))
@pytest.mark.parametrize("kind", ["kill run", "kill shard", "kill merge"])
def test_killed_commands_go_on(
    kind: str,
    index: int,
    fdbench,
    sweep_config: Path,
    halves: list[Path],
    durations: dict[str, float],
    undisturbed: Path,
    numbers: dict[str, list[int]],
    tmp_path: Path,
):
    output, part = tmp_path / "tiny.h5", tmp_path / "part.h5"
    commands = {
        "kill run": ["run", sweep_config, "--out", output],
        "kill shard": ["run", sweep_config, "--shard", "1/2", "--out", part],
        "kill merge": ["merge", output, *halves],
    }
    again = [commands[kind]]
    if kind == "kill shard":
        again.append(["merge", output, part, halves[1]])
    numbers[kind][0] += 1
    killed(commands[kind], instant(index, durations[kind]))
    for command in again:
        done = fdbench(*command)
        assert done.returncode == 0, done.stderr
    assert_same(output, undisturbed)
    numbers[kind][1] += 1


@pytest.mark.parametrize("index", range(COUNT))
def test_killed_updates_leave_a_whole_baseline(
    index: int, fdbench, gated: Path, numbers: dict[str, list[int]], tmp_path: Path
):
    baseline = tmp_path / "baseline.json"
    command = ["check", gated, "--baseline", baseline, "--update"]
    duration = timed(lambda: fdbench(*command))
    before = json.loads(baseline.read_text())
    numbers["kill check --update"][0] += 1
    killed(command, instant(index, duration))
    after = json.loads(baseline.read_text())
    for version in (before, after):
        del version["provenance"][SAVED]
    assert after == before
    assert fdbench(*command).returncode == 0
    numbers["kill check --update"][1] += 1


def flip(path: Path, seed: int) -> None:
    contents = bytearray(path.read_bytes())
    contents[random.Random(seed).randrange(len(contents))] ^= 1 << (seed % 8)
    path.write_bytes(contents)


@pytest.mark.parametrize("index", range(COUNT))
def test_flipped_bytes_of_units_are_found(
    index: int,
    fdbench,
    sweep_config: Path,
    undisturbed: Path,
    numbers: dict[str, list[int]],
    tmp_path: Path,
):
    output = tmp_path / "tiny.h5"
    process = start("run", sweep_config, "--out", output)
    wait_for_units(process, output, 2)
    process.kill()
    process.communicate()
    numbers["flip unit"][0] += 1
    flip(units(output)[index % 2], index)
    done = fdbench("run", sweep_config, "--out", output)
    assert done.returncode == 0, done.stderr
    assert "is damaged and is computed again" in done.stderr
    assert_same(output, undisturbed)
    numbers["flip unit"][1] += 1


@pytest.mark.parametrize("index", range(COUNT))
def test_flipped_bytes_of_results_are_found_or_harmless(
    index: int,
    fdbench,
    undisturbed: Path,
    numbers: dict[str, list[int]],
    tmp_path: Path,
):
    damaged = Path(shutil.copy(undisturbed, tmp_path / "damaged.h5"))
    numbers["flip result"][0] += 1
    flip(damaged, index)
    report = fdbench("report", damaged, "--format", "json")
    page = subprocess.run(
        [sys.executable, "-m", "analysis.report", damaged, "--output", tmp_path / "page"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    for done in (report, page):
        if done.returncode == 0:
            assert_same(damaged, undisturbed)
        else:
            assert done.returncode == 3, done.stderr
            assert "checksum" in done.stderr and done.stderr.count("\n") == 1
    numbers["flip result"][1] += 1


@pytest.mark.parametrize("index", range(COUNT))
def test_flipped_bytes_of_shards_are_found_or_harmless(
    index: int,
    fdbench,
    halves: list[Path],
    undisturbed: Path,
    numbers: dict[str, list[int]],
    tmp_path: Path,
):
    damaged = Path(shutil.copy(halves[index % 2], tmp_path / "damaged.h5"))
    numbers["flip shard"][0] += 1
    flip(damaged, index)
    output = tmp_path / "tiny.h5"
    done = fdbench("merge", output, damaged, halves[1 - index % 2])
    if done.returncode == 0:
        assert_same(output, undisturbed)
    else:
        assert done.returncode in (2, 3), done.stderr
        assert done.stderr.startswith("fdbench: ") and done.stderr.count("\n") == 1
        assert not output.exists()
    numbers["flip shard"][1] += 1
