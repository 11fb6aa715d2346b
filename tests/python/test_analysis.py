"""The analysis package on made-up result files: the right numbers, claims and refusals."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from analysis import paper
from analysis.feature_findings import feature_findings
from analysis.features import block_features
from analysis.findings import FAILS, HOLDS, OPEN, ablation_findings, pick
from analysis.load import ResultError, load
from analysis.runs import summarise
from analysis.tables import strategy_table
from tests.python.synthetic_results import Sweep, edited, write


@pytest.fixture(scope="module")
def ablation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("ablation") / "ablation.h5")


def test_speedup_is_the_median_of_ratios_within_rounds(tmp_path: Path) -> None:
    runs = [("full", "", "sequential"), ("encoder", "uniform_II", "parallel")]
    path = write(tmp_path / "a.h5", Sweep(runs=runs, num_rounds=3))
    times = np.array([[1.0, 2.0, 4.0], [0.5, 1.0, 1.0]])
    run = summarise(load(edited(path, **{"timing/unet_s": (slice(None), times)}))).iloc[1]
    assert run["speedup"] == 2.0
    assert (run["low"], run["high"]) == (2.0, 4.0)
    assert run["num_rounds"] == 3


def test_what_the_program_recorded_comes_first(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        table = pd.DataFrame(file["runs"][:])
        table["unet_speedup"], table["psnr_to_full"] = np.nan, 12.5
        table.loc[1, "unet_speedup"] = 7.0
        table["baseline"] = [False, False, True] + [False] * (len(table) - 3)
        names = {"name": "S64", "strategy": "S32", "execution": "S16"}
        del file["runs"]
        file["runs"] = table.to_records(index=False, column_dtypes=names)
    results = load(path)
    runs = summarise(results)
    assert results.full == 2
    assert runs["speedup"].iloc[1] == 7.0
    assert runs["speedup"].iloc[2] == 1.0
    assert (runs["psnr"] == 12.5).all()


def test_capped_parallel_runs_have_a_row_of_their_own(ablation: Path) -> None:
    runs = summarise(load(ablation))
    more = runs.iloc[[2]].assign(max_parallel=4, speedup=3.0)
    table = strategy_table(pd.concat([runs, more], ignore_index=True)).set_index("plan")
    assert len(table) == 12
    assert table.loc["encoder/uniform_I (at most 4 a batch)", "parallel"].startswith("3.00")
    assert table.loc["encoder/uniform_I", "parallel"].startswith("1.60")


def test_unmeasured_rounds_do_not_count(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", Sweep(num_rounds=3))
    edited(path, **{"timing/unet_s": ((slice(None), 2), np.nan)})
    edited(path, **{"timing/unet_calls": ((slice(None), 2), -1)})
    runs = summarise(load(path))
    assert (runs["num_rounds"] == 2).all()
    assert (runs["unet_calls"] == 50).all()


def test_work_ratio_counts_the_layers_that_ran(ablation: Path) -> None:
    results = load(ablation)
    cost = results.layers["multiply_adds"].to_numpy()
    encoder = results.layers["role"].isin(["encoder", "bottleneck"]).to_numpy()
    expected = 50 * cost.sum() / (9 * cost[encoder].sum() + 50 * cost[~encoder].sum())
    run = pick(summarise(results), "encoder", "non_uniform_IV")
    assert run["work_ratio"] == pytest.approx(expected)


def test_key_sets_are_recognised_by_their_grid(ablation: Path) -> None:
    run = pick(summarise(load(ablation)), "encoder", "non_uniform_IV")
    assert run["keys"] == (50, 49, 48, 47, 45, 40, 35, 25, 15)
    assert paper.key_sets(20)["non_uniform_IV"] == (20, 19, 18, 16, 14, 10, 6)
    assert paper.key_set_name((50, 1), 50, "encoder/uniform_I") == ""
    assert paper.key_set_name((), 0, "encoder/uniform_I") == "uniform_I"


def test_strategy_table_sets_the_papers_numbers_beside_ours(ablation: Path) -> None:
    table = strategy_table(summarise(load(ablation))).set_index("plan")
    assert len(table) == 11
    row = table.loc["encoder/non_uniform_IV"]
    assert row["paper_fid"] == 21.08
    assert row["paper_speedup"] == pytest.approx(2.23 / 1.21)
    assert row["paper_work"] == pytest.approx(37050 / 27350)
    assert row["parallel"].startswith("1.9") and row["sequential"].startswith("1.5")
    assert table.loc["drop/non_uniform_IV", "paper_fid"] == 199.48
    assert np.isnan(table.loc["drop/non_uniform_IV", "paper_speedup"])
    assert table.loc["full", "sequential"] == "1"


def test_mean_psnr_leaves_identical_pictures_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5")
    edited(path, **{"pictures/psnr_to_full": (1, [np.inf, 30.0, 20.0, np.nan])})
    runs = summarise(load(path))
    assert runs["psnr"].iloc[1] == 25.0
    assert runs["num_identical"].iloc[1] == 1
    assert np.isposinf(runs["psnr"].iloc[0])


def test_claims_follow_the_numbers(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5")
    before = verdicts(path)
    assert before["non_uniform_IV is the best of the sets with nine of 50 key steps"] == [HOLDS] * 2
    assert before["Order of what is propagated by harm (paper: FID)"] == [HOLDS] * 2
    results = load(path)
    rival = pick(summarise(results), "encoder", "uniform_II").name
    edited(path, **{"pictures/latent_mse_to_full": (rival, 0.001)})
    after = verdicts(path)
    assert after["non_uniform_IV is the best of the sets with nine of 50 key steps"] == [
        HOLDS,
        FAILS,
    ]


def test_claims_stay_open_with_one_picture(tmp_path: Path) -> None:
    found = verdicts(write(tmp_path / "a.h5", Sweep(num_pictures=1)))
    assert found["non_uniform_IV is the best of the sets with nine of 50 key steps"] == [OPEN] * 2


def verdicts(path: Path) -> dict[str, list[str]]:
    results = load(path)
    found: dict[str, list[str]] = {}
    for finding in ablation_findings(results, summarise(results)):
        found.setdefault(finding.claim, []).append(finding.verdict)
    return found


def test_feature_claims_compare_encoder_and_decoder(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5")
    claim = "Decoder outputs change far more than encoder outputs"
    assert {f.claim: f.verdict for f in found_features(path)}[claim] == HOLDS
    with h5py.File(path, "r+") as file:
        file["features/mse"][0, :, 3, 1] = 99.0
    found = {f.claim: f for f in found_features(path)}
    assert found[claim].verdict == FAILS
    assert "99" in found["Encoder outputs hardly change between adjacent steps"].ours


def found_features(path: Path) -> list:
    features = block_features(load(path))
    return feature_findings(features[0] if features else None)


def test_layer_detail_is_shown_by_the_last_layer_of_each_block(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        rows = file["blocks"][:]
        rows["block"][:2] = b"conv_in"
        del file["blocks"]
        file["blocks"] = rows
        expected = file["features/frobenius"][0, :, :, 1]
    (features,) = block_features(load(path))
    assert features.blocks["name"].iloc[0] == "conv_in"
    assert len(features.blocks) == len(rows) - 1
    np.testing.assert_array_equal(features.frobenius[:, :, 0], expected)


def test_shorter_runs_are_read_without_their_padding(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", Sweep(num_steps=20))
    with h5py.File(path, "r+") as file:
        for name, padding in (("cells", 255), ("ran", 255)):
            array = file[f"plan/{name}"][:]
            array[1:, 10:] = padding
            file[f"plan/{name}"][...] = array
    runs = summarise(load(path))
    assert runs["num_steps"].tolist() == [20] + [10] * 17
    ratios = runs.set_index("name")["work_ratio"]
    assert ratios["encoder/non_uniform_IV/sequential"] > ratios["encoder/uniform_I/sequential"] == 2


def test_foreign_files_are_refused_in_one_line(tmp_path: Path, root: Path) -> None:
    foreign = tmp_path / "foreign.h5"
    with h5py.File(foreign, "w") as file:
        file["x"] = 1
    truncated = write(tmp_path / "truncated.h5")
    truncated.write_bytes(truncated.read_bytes()[:3000])
    text = tmp_path / "text.h5"
    text.write_text("not HDF5")
    newer = write(tmp_path / "newer.h5", Sweep(attributes={"schema_version": 99}))
    empty = write(tmp_path / "empty.h5", Sweep(without=("runs",)))
    cases = [(path, 2) for path in (tmp_path / "none.h5", tmp_path, text)]
    cases += [(path, 3) for path in (foreign, truncated, newer, empty)]
    for path, code in cases:
        with pytest.raises(ResultError) as error:
            load(path)
        assert str(path) in str(error.value) and "\n" not in str(error.value)
        assert error.value.exit_code == code
    command = [sys.executable, "-m", "analysis.report", str(foreign)]
    answer = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert answer.returncode == 3
    assert answer.stderr.count("\n") == 1 and "not an fdbench result" in answer.stderr


def test_an_array_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        array = file["plan/ran"][:, :, :-1]
        del file["plan/ran"]
        file["plan/ran"] = array
    with pytest.raises(ResultError, match="/plan/ran does not fit"):
        load(path)
