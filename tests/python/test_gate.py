"""`fdbench check` and `fdbench compare` on result files: the project's own gate, and its words."""

import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.conftest import ROOT
from tests.faults.sweeps import assert_one_line

BASELINE = ROOT / "results/baselines/ci.json"
ROUNDS = 20


@pytest.fixture(scope="module")
def result(fdbench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sweep of configs/ci.yaml on the embedded model."""
    path = tmp_path_factory.mktemp("gate") / "ci.h5"
    done = fdbench("run", "configs/ci.yaml", "--quiet", "--out", path)
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def steady(result: Path) -> Path:
    """The same with rounds that hardly scatter, so that verdicts do not hang on this machine."""
    path = result.with_name("steady.h5")
    write_times(shutil.copy(result, path), 1.0)
    return path


def write_times(path: Path, encoder_factor: float, seed: int = 0) -> Path:
    """Times of 0.3% scatter: full 1 s, the rest 0.6 s, encoder runs times a factor."""
    random = np.random.default_rng(seed)
    with h5py.File(path, "r+") as file:
        names = [name.decode() for name in file["runs"]["name"]]
        times = np.exp(random.normal(0, 0.003, (len(names), ROUNDS)))
        for row, name in enumerate(names):
            times[row] *= 1 if name == "full" else 0.6
            times[row] *= encoder_factor if name.startswith("encoder/") else 1
        file["timing/unet_s"][:] = file["timing/denoise_cpu_s"][:] = times
        layers = file["timing/layer_s"]
        layers[:] = np.median(layers[:], axis=1, keepdims=True) * np.exp(
            random.normal(0, 0.003, layers.shape)
        )
    return path


@pytest.fixture
def baseline(fdbench, steady: Path, tmp_path: Path) -> Path:
    path = tmp_path / "baseline.json"
    done = fdbench("check", steady, "--baseline", path, "--update")
    assert done.returncode == 0, done.stderr
    return path


def test_the_projects_own_gate(fdbench, result: Path):
    """Speeds of a noisy or another machine may be too noisy to tell (4); a regression fails."""
    done = fdbench("check", result, "--baseline", BASELINE)
    assert done.returncode in (0, 4), done.stdout + done.stderr
    assert "0 regressed" in done.stdout
    for figure in ("unet_speedup", "decoder_speedup", "psnr_to_full", "features"):
        assert figure in done.stdout


def test_the_committed_baseline_holds_numbers_and_provenance():
    baseline = json.loads(BASELINE.read_text())
    for key in ("cpu", "host", "git_revision", "compiler", "build_flags", "created", "config_hash"):
        assert baseline["provenance"][key], key
    speeds = [run for run in baseline["runs"].values() if "unet_speedup" in run]
    assert len(speeds) == 3
    for run in speeds:
        assert run["unet_speedup"] > 1 and run["multiply_adds_speedup"] > 1


def test_the_same_times_pass(fdbench, steady: Path, baseline: Path, tmp_path: Path):
    again = write_times(shutil.copy(steady, tmp_path / "again.h5"), 1.0, seed=1)
    done = fdbench("check", again, "--baseline", baseline)
    assert done.returncode == 0, done.stdout


def test_a_slower_run_fails_in_every_format(fdbench, steady: Path, baseline: Path, tmp_path: Path):
    slower = write_times(shutil.copy(steady, tmp_path / "slower.h5"), 1.1, seed=1)
    outputs = {}
    for form in ("table", "json", "junit", "github"):
        done = fdbench("check", slower, "--baseline", baseline, "--format", form)
        assert done.returncode == 1, form
        assert done.stderr == ""
        outputs[form] = done.stdout
    assert "REGRESSED  beyond_tolerance" in outputs["table"] and "slower by" in outputs["table"]
    findings = json.loads(outputs["json"])["findings"]
    regressed = {(f["run"], f["figure"]) for f in findings if f["verdict"] == "REGRESSED"}
    assert regressed == {
        (f"encoder/uniform_5/{execution}", "unet_speedup")
        for execution in ("sequential", "parallel")
    }
    suite = ElementTree.fromstring(outputs["junit"])
    assert suite.get("failures") == "2" == str(len(suite.findall("testcase/failure")))
    assert int(suite.get("tests")) == len(findings)
    assert outputs["github"].count("::error title=fdbench check::") == 2


def test_a_faster_run_with_other_pictures_fails(
    fdbench, steady: Path, baseline: Path, tmp_path: Path
):
    faster = write_times(shutil.copy(steady, tmp_path / "faster.h5"), 0.8, seed=1)
    assert fdbench("check", faster, "--baseline", baseline).returncode == 0
    with h5py.File(faster, "r+") as file:
        runs = file["runs"][:]
        runs["psnr_to_full"][runs["name"] == b"encoder/uniform_5/parallel"] -= 1
        file["runs"][:] = runs
    done = fdbench("check", faster, "--baseline", baseline)
    assert done.returncode == 1
    assert "faster, but its pictures left the quality window" in done.stdout


def test_scattered_rounds_are_too_noisy_to_tell(
    fdbench, steady: Path, baseline: Path, tmp_path: Path
):
    noisy = shutil.copy(steady, tmp_path / "noisy.h5")
    with h5py.File(noisy, "r+") as file:
        times = file["timing/denoise_cpu_s"]
        times[:] = times[:] * np.exp(np.random.default_rng(3).normal(0, 0.3, times.shape))
    done = fdbench("check", noisy, "--baseline", baseline)
    assert done.returncode == 4
    assert "too noisy" in done.stdout


def test_update_keeps_the_tolerances(fdbench, steady: Path, baseline: Path):
    tuned = json.loads(baseline.read_text())
    tuned["gates"]["speed"]["tolerance"] = 0.25
    baseline.write_text(json.dumps(tuned))
    assert fdbench("check", steady, "--baseline", baseline, "--update").returncode == 0
    assert json.loads(baseline.read_text())["gates"]["speed"]["tolerance"] == 0.25


def test_a_result_of_other_settings_is_refused(fdbench, result: Path, tmp_path: Path):
    other = tmp_path / "other.json"
    changed = json.loads(BASELINE.read_text())
    changed["settings"]["seed"] = "9"
    other.write_text(json.dumps(changed))
    done = fdbench("check", result, "--baseline", other)
    assert_one_line(done, 2, "made with other settings: seed (was 9, now 0)", "--update")


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a baseline of fdbench"),
        ('{"format": "fdbench-baseline", "version": 2}', "of another version"),
        ('{"format": "fdbench-baseline", "version": 1}', "'gates' is missing"),
        (
            '{"format": "fdbench-baseline", "version": 1, "gates": {"speed": {"tolerance": "5%"}}}',
            "'gates.speed.tolerance' must be a finite number, not \"5%\"",
        ),
        ('{"format": "fdbench-baseline", "version": 1, "gates": {"sped": {}}}', "'gates.sped'"),
        (
            '{"format": "fdbench-baseline", "version": 1, '
            '"gates": {"speed": {"tolerance": 0, "confidence": 1}}}',
            "must lie between 0.5 and 1",
        ),
    ],
)
def test_a_broken_baseline_is_one_line(
    fdbench, result: Path, tmp_path: Path, text: str, fragment: str
):
    path = tmp_path / "broken.json"
    path.write_text(text)
    assert_one_line(fdbench("check", result, "--baseline", path), 2, str(path), fragment)


def test_missing_files_are_named(fdbench, result: Path, tmp_path: Path):
    missing = tmp_path / "missing.json"
    done = fdbench("check", result, "--baseline", missing)
    assert_one_line(done, 2, str(missing), "--update writes it")
    done = fdbench("check", tmp_path / "missing.h5", "--baseline", BASELINE)
    assert_one_line(done, 2, "missing.h5")


def test_an_update_without_rounds_is_refused(fdbench, tmp_path: Path):
    path = tmp_path / "few.h5"
    done = fdbench("run", "configs/ci.yaml", "--out", path, "--quiet", "--set", "timing.rounds=2")
    assert done.returncode == 0, done.stderr
    done = fdbench("check", path, "--baseline", tmp_path / "b.json", "--update")
    assert_one_line(done, 2, "2 timing rounds", "at least 5")
    assert not (tmp_path / "b.json").exists()


def test_an_injected_slowdown_changes_no_picture_and_is_recorded(
    fdbench, result: Path, tmp_path: Path
):
    path = tmp_path / "slow.h5"
    arguments = ("run", "configs/ci.yaml", "--quiet", "--out", path, "--set", "timing.rounds=1")
    done = fdbench(*arguments, env=os.environ | {"FDBENCH_SLOW_DECODER": "0.5"})
    assert done.returncode == 0, done.stderr
    with h5py.File(path) as slow, h5py.File(result) as plain:
        assert "FDBENCH_SLOW_DECODER=0.5" in slow.attrs["environment"]
        assert "FDBENCH_SLOW_DECODER" not in plain.attrs["environment"]
        assert slow["pictures/latents"][:].tobytes() == plain["pictures/latents"][:].tobytes()
    done = fdbench(*arguments, "--fresh", env=os.environ | {"FDBENCH_SLOW_DECODER": "5%"})
    assert_one_line(done, 2, "FDBENCH_SLOW_DECODER='5%'", "such as 0.05")


def compare(fdbench, *args: object) -> subprocess.CompletedProcess:
    done = fdbench("compare", *args)
    assert done.returncode == 0, done.stderr
    return done


def test_compare_shows_what_changed(fdbench, steady: Path, tmp_path: Path):
    slower = write_times(shutil.copy(steady, tmp_path / "slower.h5"), 1.1, seed=1)
    found = json.loads(compare(fdbench, steady, slower, "--format", "json").stdout)
    assert len(found["runs"]) == 4 and not found["only_first"] and not found["warnings"]
    runs = {run["run"]: run for run in found["runs"]}
    encoder = runs["encoder/uniform_5/parallel"]
    # 20 rounds of 0.3% scatter: the estimate is good to 0.2%. Five processes against five, all on
    # one side, are one of 252 ways of dealing them, and as many on the other side.
    assert encoder["time_ratio"]["estimate"] == pytest.approx(1.1, rel=0.005)
    assert encoder["time_ratio"]["low"] > 1
    assert encoder["time_ratio"]["probability"] == pytest.approx(2 / 252)
    assert encoder["speedup_ratio"]["estimate"] == pytest.approx(1 / 1.1, rel=0.005)
    assert encoder["psnr_difference"]["estimate"] == 0
    assert runs["full"]["time_ratio"]["low"] < 1 < runs["full"]["time_ratio"]["high"]


def test_compare_in_every_format(fdbench, steady: Path):
    for form in ("table", "md", "csv"):
        text = compare(fdbench, steady, steady, "--format", form).stdout
        assert "encoder/uniform_5/parallel" in text, form
    rows = compare(fdbench, steady, steady, "--format", "csv").stdout.splitlines()
    assert len(rows) == 5 and rows[0].startswith("run,other_run,time_ratio")
    assert len({row.count(",") for row in rows}) == 1


def test_compare_matches_by_what_runs_are(fdbench, steady: Path, tmp_path: Path):
    """A renamed run is found again; one with other key steps is not."""
    path = tmp_path / "renamed.h5"
    done = fdbench(
        *("run", "configs/ci.yaml", "--quiet", "--out", path, "--set", "timing.rounds=2"),
        *("--set", "runs.2.name=renamed", "--set", "runs.1.key_steps={uniform: 2}"),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(compare(fdbench, steady, path, "--format", "json").stdout)
    pairs = {run["run"]: run["other_run"] for run in found["runs"]}
    assert pairs == {"full": "full", "encoder_decoder/uniform_5": "renamed"}
    assert len(found["only_first"]) == len(found["only_second"]) == 2


def test_compare_warns_of_other_machines(fdbench, steady: Path, tmp_path: Path):
    moved = shutil.copy(steady, tmp_path / "moved.h5")
    with h5py.File(moved, "r+") as file:
        file.attrs["host"] = "elsewhere"
        file.attrs["num_threads"] = 64
    text = compare(fdbench, steady, moved).stdout
    assert "now elsewhere" in text and "num_threads (1, now 64)" in text


def test_compare_needs_a_run_in_common(fdbench, steady: Path, tmp_path: Path):
    path = tmp_path / "other.h5"
    done = fdbench(
        *("run", "configs/ci.yaml", "--quiet", "--out", path),
        *("--set", "timing.rounds=0", "--set", "guidance_scale=5"),
    )
    assert done.returncode == 0, done.stderr
    done = fdbench("compare", steady, path)
    assert_one_line(done, 2, "no run in common", "guidance_scale (was 4, now 5)")
