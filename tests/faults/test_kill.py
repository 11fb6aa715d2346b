"""A sweep that is stopped at any instant goes on from there and ends as if nothing had happened."""

import random
import signal
import time
from pathlib import Path

import pytest

from tests.faults.sweeps import (
    assert_one_line,
    assert_only,
    assert_same,
    start,
    units,
    wait_for_units,
)

NUM_KILLS = 20


@pytest.fixture(scope="module")
def duration(fdbench, sweep_config: Path, tmp_path_factory: pytest.TempPathFactory) -> float:
    """Seconds of an undisturbed sweep."""
    begin = time.monotonic()
    done = fdbench("run", sweep_config, "--out", tmp_path_factory.mktemp("timed") / "tiny.h5")
    assert done.returncode == 0, done.stderr
    return time.monotonic() - begin


@pytest.mark.parametrize("instant", range(NUM_KILLS))
def test_sigkill_at_a_random_instant(
    instant: int, fdbench, sweep_config: Path, undisturbed: Path, duration: float, tmp_path: Path
):
    output = tmp_path / "tiny.h5"
    # One instant in each twentieth of the run, so that all phases are met, the merge too.
    share = (instant + random.Random(instant).random()) / NUM_KILLS
    process = start("run", sweep_config, "--out", output)
    time.sleep(share * duration)
    process.kill()
    process.communicate()
    complete, merged = len(units(output)), output.exists()
    done = fdbench("run", sweep_config, "--out", output)
    assert done.returncode == 0, done.stderr
    if merged:
        assert "complete already" in done.stdout
    elif complete:
        assert f"{complete} found complete, going on" in done.stdout
    assert_same(output, undisturbed)
    assert_only(output)


def test_several_kills_in_a_row(fdbench, sweep_config: Path, undisturbed: Path, tmp_path: Path):
    output = tmp_path / "tiny.h5"
    for count in (1, 4, 9):
        process = start("run", sweep_config, "--out", output)
        wait_for_units(process, output, count)
        process.kill()
        process.communicate()
    done = fdbench("run", sweep_config, "--out", output)
    assert done.returncode == 0, done.stderr
    assert_same(output, undisturbed)
    assert_only(output)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_polite_stop_loses_nothing(
    number: signal.Signals, fdbench, sweep_config: Path, undisturbed: Path, tmp_path: Path
):
    output = tmp_path / "tiny.h5"
    process = start("run", sweep_config, "--out", output)
    wait_for_units(process, output, 2)
    process.send_signal(number)
    _, faults = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "stopped by a signal" in faults and "the same command goes on" in faults
    assert len(units(output)) >= 2
    done = fdbench("run", sweep_config, "--out", output)
    assert "found complete, going on" in done.stdout
    assert_same(output, undisturbed)
    assert_only(output)


def test_a_complete_result_is_not_made_again(fdbench, sweep_config: Path, undisturbed: Path):
    before = undisturbed.read_bytes()
    done = fdbench("run", sweep_config, "--out", undisturbed)
    assert done.returncode == 0
    assert "complete already" in done.stdout and "encoder/3_keys/parallel" in done.stdout
    assert undisturbed.read_bytes() == before


def test_a_kill_between_the_merge_and_its_tidying(
    fdbench, sweep_config: Path, undisturbed: Path, tmp_path: Path
):
    output = tmp_path / "tiny.h5"
    process = start("run", sweep_config, "--out", output)
    wait_for_units(process, output, 3)
    process.kill()
    process.communicate()
    output.write_bytes(undisturbed.read_bytes())
    done = fdbench("run", sweep_config, "--out", output)
    assert done.returncode == 0 and "complete already" in done.stdout
    assert_only(output)


def test_two_programs_on_one_output(fdbench, sweep_config: Path, tmp_path: Path):
    output = tmp_path / "tiny.h5"
    first = start("run", sweep_config, "--out", output)
    wait_for_units(first, output, 1)
    first.send_signal(signal.SIGSTOP)
    try:
        second = fdbench("run", sweep_config, "--out", output, "--quiet")
        assert_one_line(
            second,
            3,
            str(output),
            "another fdbench is working on this output",
            f"process {first.pid}",
        )
    finally:
        first.send_signal(signal.SIGCONT)
    first.communicate(timeout=600)
    assert first.returncode == 0
    assert_only(output)


def test_pictures_do_not_depend_on_the_chunk(
    fdbench, sweep_config: Path, undisturbed: Path, tmp_path: Path
):
    from tests.faults.sweeps import datasets

    output = tmp_path / "tiny.h5"
    done = fdbench("run", sweep_config, "--out", output, "--set", "pictures.chunk=3")
    assert done.returncode == 0, done.stderr
    ours, theirs = datasets(output), datasets(undisturbed)
    for name in ("pictures/latents", "pictures/images", "features/mse", "plan/ran"):
        assert ours[name].tobytes() == theirs[name].tobytes(), name
