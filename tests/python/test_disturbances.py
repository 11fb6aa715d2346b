"""Disturbed rounds are named on the page, with what was seen."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from analysis.disturbances import disturbances
from analysis.load import load
from analysis.report import write_report
from tests.python.synthetic_results import write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = write(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        rounds = file["timing/unet_s"].shape[1]
        facts = {"steal_share": 0.0, "others_share": 0.01, "processor_mhz": 2600.0}
        for name, value in facts.items():
            file[f"timing/{name}"] = np.full(rounds, value)
    return path


def set_fact(path: Path, name: str, place: int, value: float) -> None:
    with h5py.File(path, "r+") as file:
        file[f"timing/{name}"][place] = value


def test_a_quiet_machine_is_not_mentioned(path: Path) -> None:
    assert disturbances(load(path)) == []
    page = write_report(load(path), path.parent / "page").read_text()
    assert "did something else" not in page


def test_what_was_seen_is_said_by_round(path: Path) -> None:
    set_fact(path, "steal_share", 0, 0.034)
    set_fact(path, "others_share", 2, 0.4)
    set_fact(path, "processor_mhz", 2, 1300.0)
    lines = disturbances(load(path))
    assert len(lines) == 2
    assert lines[0].startswith("round 1:") and "3.4%" in lines[0]
    assert lines[1].startswith("round 3:") and "40%" in lines[1] and "-50%" in lines[1]
    page = write_report(load(path), path.parent / "page").read_text()
    assert "round 3: other processes took 40%" in page


def test_files_that_do_not_say_are_fine(tmp_path: Path) -> None:
    assert disturbances(load(write(tmp_path / "old.h5"))) == []
