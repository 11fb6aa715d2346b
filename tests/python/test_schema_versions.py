"""Files of schema version 1 are read as those of today: tests/fixtures/schema_1.h5 was made by the
last program that wrote it, from the config beside it.
"""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from analysis.dataset import dataset
from analysis.load import load
from analysis.report import write_report
from analysis.runs import summarise

FIXTURES = Path("tests/fixtures")
OLD = FIXTURES / "schema_1.h5"


@pytest.fixture(scope="module")
def new(fdbench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same sweep by the program of today."""
    path = tmp_path_factory.mktemp("new") / "schema_2.h5"
    done = fdbench("run", FIXTURES / "schema_1.yaml", "--out", path)
    assert done.returncode == 0, done.stderr
    return path


def test_the_fixture_is_of_version_1(root: Path):
    with h5py.File(root / OLD) as file:
        assert file.attrs["schema_version"] == 1
        assert file["timesteps"].ndim == 2 and "stages" not in file


def test_report_prints_its_runs(fdbench):
    done = fdbench("report", OLD)
    assert done.returncode == 0, done.stderr
    assert "encoder/2_keys" in done.stdout and "1.25x fewer" in done.stdout
    runs = json.loads(fdbench("report", OLD, "--format", "json").stdout)
    assert [run["num_key_steps"] for run in runs] == [4, 2]


def test_compare_takes_old_and_new(fdbench, new: Path):
    """The machine may be another one: pictures are compared only where it is the same."""
    for pair in ((OLD, OLD), (OLD, new), (new, OLD)):
        done = fdbench("compare", *pair)
        assert done.returncode == 0, done.stderr
        assert "encoder/2_keys" in done.stdout


def test_check_takes_a_baseline_of_it(fdbench, tmp_path: Path):
    baseline = tmp_path / "baseline.json"
    assert fdbench("check", OLD, "--baseline", baseline, "--update").returncode == 0
    done = fdbench("check", OLD, "--baseline", baseline)
    assert done.returncode in (0, 4), done.stdout + done.stderr
    assert "encoder/2_keys" in done.stdout


def test_the_python_side_reads_it(root: Path, new: Path, tmp_path: Path):
    old, today = load(root / OLD), load(new)
    assert old.stage_names == today.stage_names == [""]
    np.testing.assert_array_equal(old.cells, today.cells)
    columns = ["name", "num_steps", "keys", "work_ratio"]
    assert summarise(old)[columns].equals(summarise(today)[columns])
    for name, results in (("old", old), ("today", today)):
        page = write_report(results, tmp_path / name).read_text()
        assert "encoder/" in page
        assert (tmp_path / name / "feature_evolution.png").exists()


def test_xarray_names_the_axes_of_both(root: Path, new: Path):
    assert dataset(root / OLD)["timesteps"].dims == ("run", "step")
    assert dataset(new)["timesteps"].dims == ("run", "stage", "step")


def test_a_version_to_come_is_refused(fdbench, new: Path, tmp_path: Path):
    newer = tmp_path / "newer.h5"
    newer.write_bytes(new.read_bytes())
    with h5py.File(newer, "r+") as file:
        file.attrs["schema_version"] = 3
    done = fdbench("report", newer)
    assert done.returncode == 3
    assert "schema version 3, this program reads versions 1 to 2" in done.stderr
