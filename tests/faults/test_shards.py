"""A sweep in parts: each is killed and goes on; all together give the file of an undivided one."""

import random
import signal
import subprocess
import time
from pathlib import Path

import h5py
import pytest

from tests.faults import sweeps
from tests.faults.sweeps import assert_one_line, assert_same, start, units, wait_for_units

COUNT = 3
NUM_KILLS = 6


def part(folder: Path, number: int) -> Path:
    return folder / f"tiny.shard-{number}-of-{COUNT}.h5"


@pytest.fixture(scope="module")
def parts(fdbench, sweep_config: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three parts; the second was killed with SIGKILL on the way and went on."""
    folder = tmp_path_factory.mktemp("parts")
    paths = [part(folder, number) for number in range(1, COUNT + 1)]
    killed = start("run", sweep_config, "--shard", f"2/{COUNT}", "--out", paths[1])
    wait_for_units(killed, paths[1], 1)
    killed.kill()
    killed.communicate()
    assert not paths[1].exists() and units(paths[1])
    for number, path in enumerate(paths, start=1):
        done = fdbench("run", sweep_config, "--shard", f"{number}/{COUNT}", "--out", path)
        assert done.returncode == 0, done.stderr
        assert ("found complete, going on" in done.stdout) == (number == 2)
        assert f"shard   {number}/{COUNT}" in done.stdout
    return paths


def merge(fdbench, output: Path, *paths: Path) -> subprocess.CompletedProcess:
    return fdbench("merge", output, *paths)


def assert_same_but_merged(path: Path, reference: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The merged file says what it was merged from, which an undivided one does not."""
    clocked = sweeps.CLOCKED_ATTRIBUTES | {"merged_from"}
    monkeypatch.setattr(sweeps, "CLOCKED_ATTRIBUTES", clocked)
    assert_same(path, reference)


def test_merged_parts_are_the_undivided_sweep(
    fdbench, parts: list[Path], undisturbed: Path, tmp_path: Path, monkeypatch
):
    output = tmp_path / "tiny.h5"
    done = merge(fdbench, output, *reversed(parts))
    assert done.returncode == 0, done.stderr
    assert "of 3 parts" in done.stdout and "encoder/3_keys/parallel" in done.stdout
    assert_same_but_merged(output, undisturbed, monkeypatch)
    with h5py.File(output) as file:
        assert len(file.attrs["merged_from"]) == COUNT
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.h5"]
    again = merge(fdbench, output, *parts)
    assert again.returncode == 0 and "encoder/3_keys/parallel" in again.stdout


def test_every_unit_is_in_one_part(parts: list[Path]):
    held = []
    for number, path in enumerate(parts):
        with h5py.File(path) as file:
            names = list(file["units"])
            held += names
            # Four runs by two chunks, and three rounds, which are all in the first part.
            assert len(names) >= (3 if number == 0 else 2)
    assert len(held) == len(set(held)) == 4 * 2 + 3


@pytest.mark.parametrize("instant", range(NUM_KILLS))
def test_a_merge_that_is_killed_goes_on(
    instant: int, fdbench, parts: list[Path], undisturbed: Path, tmp_path: Path, monkeypatch
):
    output = tmp_path / "tiny.h5"
    begin = time.monotonic()
    assert merge(fdbench, tmp_path / "timed.h5", *parts).returncode == 0
    duration = time.monotonic() - begin
    killed = start("merge", output, *parts)
    time.sleep(duration * (instant + random.Random(instant).random()) / NUM_KILLS)
    killed.kill()
    killed.communicate()
    done = merge(fdbench, output, *parts)
    assert done.returncode == 0, done.stderr
    assert_same_but_merged(output, undisturbed, monkeypatch)
    assert {path.name for path in tmp_path.iterdir()} == {"tiny.h5", "timed.h5"}


def test_a_part_that_is_complete_is_not_made_again(fdbench, sweep_config: Path, parts: list[Path]):
    before = parts[0].read_bytes()
    done = fdbench("run", sweep_config, "--shard", f"1/{COUNT}", "--out", parts[0])
    assert done.returncode == 0 and "complete already" in done.stdout
    assert parts[0].read_bytes() == before
    done = fdbench("run", sweep_config, "--shard", f"2/{COUNT}", "--out", parts[0])
    assert_one_line(done, 2, "is shard 1/3, not 2/3")


def test_a_missing_part_is_named(fdbench, parts: list[Path], tmp_path: Path):
    done = merge(fdbench, tmp_path / "tiny.h5", parts[0], parts[2])
    assert_one_line(done, 2, "no file of shard 2/3")
    assert not list(tmp_path.iterdir())


def test_the_same_part_twice_is_no_conflict(fdbench, parts: list[Path], tmp_path: Path):
    done = merge(fdbench, tmp_path / "tiny.h5", *parts, parts[1])
    assert done.returncode == 0, done.stderr


def test_parts_that_contradict_each_other(
    fdbench, sweep_config: Path, parts: list[Path], tmp_path: Path
):
    """Times are never the same twice, so a second first part is another one."""
    second = tmp_path / "second.h5"
    done = fdbench("run", sweep_config, "--shard", f"1/{COUNT}", "--out", second)
    assert done.returncode == 0, done.stderr
    done = merge(fdbench, tmp_path / "tiny.h5", *parts, second)
    assert_one_line(done, 3, str(second), "with other contents than", str(parts[0]))


def test_parts_of_another_sweep(fdbench, sweep_config: Path, parts: list[Path], tmp_path: Path):
    other = tmp_path / "other.h5"
    arguments = ("run", sweep_config, "--shard", "2/3", "--out", other, "--set", "seed=8")
    assert fdbench(*arguments).returncode == 0
    done = merge(fdbench, tmp_path / "tiny.h5", parts[0], other, parts[2])
    assert_one_line(done, 2, str(other), "is of another sweep", "seed (was 7, now 8)")


def test_an_output_of_another_sweep_stays(
    fdbench, sweep_config: Path, parts: list[Path], tmp_path: Path
):
    output = tmp_path / "tiny.h5"
    arguments = ("run", sweep_config, "--out", output, "--set", "seed=8")
    assert fdbench(*arguments).returncode == 0
    before = output.read_bytes()
    assert_one_line(merge(fdbench, output, *parts), 2, str(output), "--fresh replaces it")
    assert output.read_bytes() == before
    assert fdbench("merge", output, *parts, "--fresh").returncode == 0


@pytest.mark.parametrize("case", range(12))
def test_a_flipped_byte_is_found_or_harmless(
    case: int, fdbench, parts: list[Path], undisturbed: Path, tmp_path: Path, monkeypatch
):
    damaged = tmp_path / "damaged.h5"
    contents = bytearray(parts[1].read_bytes())
    place = random.Random(case).randrange(len(contents))
    contents[place] ^= 0xFF
    damaged.write_bytes(contents)
    output = tmp_path / "tiny.h5"
    done = merge(fdbench, output, parts[0], damaged, parts[2])
    if done.returncode == 0:
        assert_same_but_merged(output, undisturbed, monkeypatch)
    else:
        assert done.returncode in (2, 3), done.stderr
        assert done.stderr.startswith("fdbench: ") and done.stderr.count("\n") == 1
        assert not output.exists()


@pytest.mark.parametrize("text", ["2", "0/3", "4/3", "a/b", "1/3/5", "-1/3", "1/"])
def test_a_shard_that_cannot_be(fdbench, sweep_config: Path, tmp_path: Path, text: str):
    done = fdbench("run", sweep_config, f"--shard={text}", "--out", tmp_path / "x.h5")
    assert_one_line(done, 2, f"'{text}'", "K/N")


def test_files_that_are_no_parts(fdbench, undisturbed: Path, parts: list[Path], tmp_path: Path):
    done = merge(fdbench, tmp_path / "tiny.h5", undisturbed)
    assert_one_line(done, 2, str(undisturbed), "is not a part of a sweep")
    assert_one_line(fdbench("report", parts[1]), 2, "is part 2 of 3 of a sweep", "fdbench merge")
    done = merge(fdbench, tmp_path / "tiny.h5", tmp_path / "missing.h5")
    assert_one_line(done, 2, "missing.h5")


def test_two_merges_into_one_output(fdbench, sweep_config: Path, parts: list[Path], tmp_path: Path):
    output = tmp_path / "tiny.h5"
    first = start("run", sweep_config, "--out", output)
    wait_for_units(first, output, 1)
    first.send_signal(signal.SIGSTOP)
    try:
        done = merge(fdbench, output, *parts)
        assert_one_line(done, 3, str(output), "another fdbench is working", f"process {first.pid}")
    finally:
        first.send_signal(signal.SIGCONT)
    first.communicate(timeout=600)
    assert first.returncode == 0


def test_a_shard_with_nothing_to_do(fdbench, sweep_config: Path, tmp_path: Path):
    """More shards than units: some have none, and the merge takes them all the same."""
    paths = []
    for number in range(1, 13):
        paths.append(tmp_path / f"{number}.h5")
        shard = ("--shard", f"{number}/12", "--out", paths[-1])
        assert fdbench("run", sweep_config, *shard).returncode == 0
    done = merge(fdbench, tmp_path / "tiny.h5", *paths)
    assert done.returncode == 0, done.stderr
