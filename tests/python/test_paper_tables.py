"""Configs of the paper's tables, its rows beside ours, and the Pareto front."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.load import load
from analysis.paper import numbers
from analysis.paper_tables import belongs, paper_tables
from analysis.pareto import non_dominated, on_front
from analysis.report import write_report
from analysis.runs import summarise
from analysis.summary import variant_sentence
from tests.conftest import ROOT
from tests.faults.sweeps import assert_same, start, units, wait_for_units
from tests.python.synthetic_results import write

CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
QUICK = ["--set", "prompts.count=2", "--set", "pictures.chunk=1", "--set", "timing.rounds=1"]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_config_is_read(fdbench, tmp_path: Path, config: Path) -> None:
    done = fdbench("run", config, "--dry-run", "--out", tmp_path / "a.h5")
    assert done.returncode == 0, done.stderr
    assert "nothing was computed" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("table", [1, 2, 5, 6, 8, 11, 12, 14])
def test_there_is_a_config_for_each_table(table: int) -> None:
    assert f"table{table}" in [path.stem for path in CONFIGS]


def test_a_table_runs_goes_on_after_a_kill_and_stands_beside_the_papers(
    fdbench, tmp_path: Path
) -> None:
    config = ROOT / "configs/table12.yaml"
    killed, whole = tmp_path / "killed.h5", tmp_path / "whole.h5"
    process = start("run", config, "--out", killed, "--quiet", *QUICK)
    wait_for_units(process, killed, 3)
    process.kill()
    process.communicate()
    assert len(units(killed)) >= 3 and not killed.exists()
    for output in (killed, whole):
        done = fdbench("run", config, "--out", output, "--quiet", *QUICK)
        assert done.returncode == 0, done.stderr
    assert_same(killed, whole)

    runs = summarise(load(whole)).set_index("name")
    assert runs["baseline"].sum() == 2
    for sampler in ("dpm_solver", "dpm_solver++"):
        assert runs.loc[f"{sampler}/10", "compared_with"] == f"{sampler}/20"
        assert runs.loc[f"{sampler}/10", "work_ratio"] == pytest.approx(2, rel=0.02)
    tables = paper_tables(runs.reset_index())
    (table,) = [table for table in tables if table["title"].startswith("Table 12")]
    assert [row["ours"]["name"] for row in table["rows"]] == [
        "dpm_solver/20",
        "dpm_solver/10",
        "dpm_solver/encoder/parallel",
        "dpm_solver++/20",
        "dpm_solver++/10",
        "dpm_solver++/encoder/parallel",
    ]
    page = write_report(load(whole), tmp_path / "page").read_text()
    assert "Table 12: fewer DPM-Solver steps" in page
    assert "22.41" in page  # the paper's FID of 10 steps


def test_equal_time_keeps_its_measured_steps_after_a_kill(fdbench, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        "name: c\nmodel: models/mini\nprompts: [a red circle]\nsteps: 12\nsampler: ddim\n"
        "features: false\ntiming: {warmup: 0, rounds: 1}\nequal_time: true\nruns:\n"
        "  - {strategy: full}\n  - {strategy: encoder_decoder, key_steps: {uniform: 4}}\n"
    )
    output = tmp_path / "a.h5"
    process = start("run", config, "--out", output, "--quiet")
    wait_for_units(process, output, 2)
    process.kill()
    process.communicate()
    before = {path.name: path.read_bytes() for path in units(output)}
    done = fdbench("run", config, "--out", output)
    assert done.returncode == 0, done.stderr
    # What was there before stays: the measured steps and the first picture.
    assert f"{len(before) - 1} found complete" in done.stdout
    runs = summarise(load(output)).set_index("name")
    (added,) = [name for name in runs.index if name.startswith("equal_time/full/")]
    steps = int(added.split("/")[2].removesuffix("_steps"))
    # A quarter of the steps is computed: three of twelve. Clocks of busy machines scatter.
    assert 1 <= steps <= 8
    assert runs.loc[added, "num_steps"] == steps
    assert runs.loc[added, "compared_with"] == "full"
    again = fdbench("run", config, "--out", output)
    assert "complete already" in again.stdout


def test_papers_speedups_are_ratios_of_its_own_times(tmp_path: Path) -> None:
    runs = summarise(load(write(tmp_path / "a.h5"))).assign(sampler="ddim")
    tables = {table["title"][:8]: table for table in paper_tables(runs)}
    # Of the others less than half is there.
    assert tables.keys() == {"Table 2:", "Table 5:", "Table 6:", "Table 14"}
    rows = {row["label"]: row for row in tables["Table 2:"]["rows"]}
    assert rows["encoder propagation"]["paper"]["speedup"] == pytest.approx(2.42 / 0.56)
    assert math.isnan(rows["DDIM"]["paper"]["speedup"])
    assert rows["CacheMe"]["ours"] is None


def test_every_row_names_what_a_run_has(tmp_path: Path) -> None:
    columns = set(summarise(load(write(tmp_path / "a.h5"))).columns)
    for comparison in numbers()["comparisons"]:
        labels = [row["label"] for row in comparison["rows"]]
        for row in comparison["rows"]:
            assert row["run"].keys() | row.get("prefer", {}).keys() <= columns
            assert row.get("baseline", labels[0]) in labels


def test_a_row_takes_the_run_that_agrees_most() -> None:
    table = pd.DataFrame(
        {
            "name": ["a", "b", "c"],
            "num_steps": [20, 20, 50],
            "execution": ["sequential", "parallel", "parallel"],
            "keys": [(20, 5), (20, 5), (50,)],
        }
    )
    wanted = {"num_steps": 20, "keys": [20, 5]}
    assert belongs(wanted, {}, table)["name"] == "a"
    assert belongs(wanted, {"execution": "parallel"}, table)["name"] == "b"
    assert belongs({"num_steps": 10}, {}, table) is None


def test_the_front_holds_what_nothing_beats_in_both() -> None:
    speed = np.array([1.0, 2.0, 2.0, 1.5, np.nan, 3.0])
    distance = np.array([0.0, 0.2, 0.3, 0.2, 0.0, np.nan])
    assert non_dominated(speed, distance).tolist() == [True, True, False, False, False, False]
    assert non_dominated(np.array([2.0, 2.0]), np.array([0.1, 0.1])).tolist() == [True, True]


def test_runs_of_different_baselines_do_not_compete() -> None:
    table = pd.DataFrame(
        {
            "speedup": [1.0, 2.0, 3.0],
            "latent_mse": [0.0, 0.2, 0.1],
            "compared_with": ["a", "a", "b"],
        }
    )
    assert on_front(table).tolist() == [True, True, True]
    assert on_front(table.assign(compared_with="a")).tolist() == [True, False, True]


def test_rows_of_a_table_differ() -> None:
    for comparison in numbers()["comparisons"]:
        labels = [row["label"] for row in comparison["rows"]]
        assert len(set(labels)) == len(labels), comparison["title"]
        wanted = [json.dumps(row["run"], sort_keys=True) for row in comparison["rows"]]
        assert len(set(wanted)) == len(wanted), f"{comparison['title']}: a run in two rows"


def test_the_page_says_whose_reading_ran() -> None:
    runs = pd.DataFrame(
        {
            "name": ["full", "encoder/a", "encoder/b"],
            "strategy": ["full", "encoder", "encoder"],
            "variant": ["paper", "paper", "paper"],
        }
    )
    assert "All runs follow the paper's text" in variant_sentence(runs)
    runs.loc[2, "variant"] = "authors"
    sentence = variant_sentence(runs)
    assert "encoder/b are the authors'" in sentence and "encoder/a" not in sentence
    assert "the other runs the paper's" in sentence
    runs["variant"] = ""
    assert variant_sentence(runs) == "", "an older file does not say"
