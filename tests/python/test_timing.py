"""Timing rounds: processes of their own, as many as it takes, processors to run on."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.conftest import ROOT, program
from tests.faults.sweeps import assert_one_line

CONFIG = """
name: timed
model: models/mini
threads: 1
guidance_scale: 4
prompts: {{file: configs/prompts/quick.json, count: 1}}
steps: {steps}
features: false
pictures: {{chunk: 1, keep: 0}}
timing: {timing}
runs:
  - {{strategy: full}}
  - {{strategy: encoder, key_steps: {{uniform: 2}}}}
"""


def write_config(folder: Path, timing: str, steps: int = 4) -> Path:
    path = folder / "timed.yaml"
    path.write_text(CONFIG.format(timing=timing, steps=steps))
    return path


def timing_of(path: Path) -> dict[str, np.ndarray]:
    with h5py.File(path) as file:
        return {name: values[:] for name, values in file["timing"].items()}


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "timed.h5"


def test_rounds_are_dealt_to_processes(fdbench, tmp_path: Path, output: Path):
    config = write_config(tmp_path, "{warmup: 0, rounds: 5, rounds_per_process: 2}")
    done = fdbench("run", config, "--out", output)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    timing = timing_of(output)
    assert timing["process"].tolist() == [0, 0, 1, 1, 2]
    assert (timing["unet_s"] > 0).all()
    assert not output.with_name("timed.h5.units").exists()


def test_one_process_measures_all_unless_asked(fdbench, tmp_path: Path, output: Path):
    done = fdbench("run", write_config(tmp_path, "{warmup: 0, rounds: 3}"), "--out", output)
    assert done.returncode == 0, done.stderr
    assert timing_of(output)["process"].tolist() == [0, 0, 0]


def test_pictures_do_not_depend_on_who_times(fdbench, tmp_path: Path, output: Path):
    latents = []
    for timing in ("{rounds: 1}", "{rounds: 2, rounds_per_process: 1}"):
        done = fdbench("run", write_config(tmp_path, timing), "--out", output, "--fresh")
        assert done.returncode == 0, done.stderr
        with h5py.File(output) as file:
            latents.append(file["pictures/latents"][:])
    assert np.array_equal(*latents)


def test_repeats_end_when_the_intervals_are_narrow(fdbench, tmp_path: Path, output: Path):
    easy = "{warmup: 1, repeats: {min: 3, max: 30, until: 90%}}"
    done = fdbench("run", write_config(tmp_path, easy), "--out", output)
    assert done.returncode == 0, done.stderr
    assert "3 to 30 timing rounds, until intervals are within 90%" in done.stdout
    assert "3 rounds are enough" in done.stdout
    assert timing_of(output)["unet_s"].shape == (2, 3)
    again = fdbench("run", write_config(tmp_path, easy), "--out", output)
    assert "complete already" in again.stdout


def test_repeats_end_at_their_maximum(fdbench, tmp_path: Path, output: Path):
    hard = "{warmup: 0, repeats: {min: 2, max: 5, until: 0.0001%}, rounds_per_process: 2}"
    done = fdbench("run", write_config(tmp_path, hard), "--out", output)
    assert done.returncode == 0, done.stderr
    assert "are enough" not in done.stdout
    assert timing_of(output)["process"].tolist() == [0, 0, 1, 1, 2]


def test_repeats_cannot_be_sharded(fdbench, tmp_path: Path, output: Path):
    config = write_config(tmp_path, "{repeats: {until: 5%}}")
    done = fdbench("run", config, "--out", output, "--shard", "1/2")
    assert_one_line(done, 2, "timing.repeats")


def children_of(process: int) -> list[int]:
    path = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def wait_for(condition, seconds: float = 60):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_process_that_times_ends_with_the_sweep(
    fdbench, tmp_path: Path, output: Path, number: int
):
    config = write_config(
        tmp_path, "{warmup: 0, rounds: 6, rounds_per_process: 3}", steps=50
    )  # fmt: skip
    sweep = subprocess.Popen(
        [program(), "run", config, "--out", output], cwd=ROOT, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    child = wait_for(lambda: children_of(sweep.pid))[0]
    os.kill(sweep.pid, number)
    error = sweep.communicate(timeout=60)[1]
    if number == signal.SIGTERM:
        assert sweep.returncode == 3
        assert "the same command goes on from there" in error
    wait_for(lambda: not Path(f"/proc/{child}").exists())
    assert not output.exists()
    done = fdbench("run", config, "--out", output)
    assert done.returncode == 0, done.stderr
    assert timing_of(output)["unet_s"].shape == (2, 6)


def test_rounds_that_are_no_range_are_refused(fdbench, tmp_path: Path, output: Path):
    config = write_config(tmp_path, "{warmup: 0, rounds: 2, rounds_per_process: 1}")
    done = fdbench("run", config, "--out", output, "--timing-rounds", "often")
    assert_one_line(done, 2, "FIRST-LAST")


def test_processors_are_chosen_and_recorded(fdbench, tmp_path: Path, output: Path):
    config = write_config(tmp_path, "{warmup: 0, rounds: 2, rounds_per_process: 1}")
    cpu = max(os.sched_getaffinity(0))
    done = fdbench("run", config, "--out", output, "--set", f"cpus=[{cpu}]")
    assert done.returncode == 0, done.stderr
    with h5py.File(output) as file:
        assert file.attrs["cpus_allowed"] == str(cpu)
        assert json.loads(file.attrs["settings"])["cpus"] == f"[{cpu}]"
    done = fdbench("run", config, "--out", output, "--fresh", "--set", "cpus=[1000]")
    assert_one_line(done, 2, "processor 1000 cannot be used here")
