"""Which strategy the page recommends."""

import numpy as np
import pandas as pd

from analysis.advice import advice


def table(*rows: dict) -> pd.DataFrame:
    """Runs compared with "full", which comes first."""
    plain = {
        "name": "full", "compared_with": "full", "baseline": True, "inactive": False,
        "speedup": 1.0, "low": 1.0, "high": 1.0, "psnr": np.inf,
        "objects_right": np.nan, "fid": np.nan,
    }  # fmt: skip
    return pd.DataFrame([plain, *(plain | {"baseline": False} | row for row in rows)])


def run(name: str, speedup: float, psnr: float, spread: float = 0.01, **scores: float) -> dict:
    low, high = speedup - spread, speedup + spread
    return {"name": name, "speedup": speedup, "low": low, "high": high, "psnr": psnr} | scores


def test_each_closeness_has_its_fastest_run() -> None:
    lines = advice(
        table(
            run("a", 1.2, 45),
            run("b", 1.5, 42),
            run("c", 2, 33),
            run("d", 5, 24),
            run("wreck", 6, 15),
        )
    )
    assert [line.run for line in lines] == ["b", "c", "d"]
    assert lines[0].speed == "1.50 [1.49, 1.51]"
    assert "42.0 dB" in lines[0].evidence


def test_the_certain_end_of_the_interval_decides() -> None:
    lines = advice(table(run("wild", 2.5, 45, spread=1.5), run("steady", 2.0, 45)))
    assert lines[0].run == "steady"


def test_a_run_that_is_best_at_two_levels_is_named_once() -> None:
    assert [line.run for line in advice(table(run("a", 3, 45), run("b", 2, 21)))] == ["a"]


def test_what_is_not_faster_is_not_recommended() -> None:
    lines = advice(table(run("a", 1.01, 45), run("b", 2, 21)))
    assert [line.run for line in lines] == ["", "", "b"]
    assert "no run is that close" in lines[0].evidence


def test_identical_pictures_and_runs_that_reused_nothing() -> None:
    same = run("same", 1.5, np.inf)
    idle = run("idle", 9, np.inf) | {"inactive": True}
    lines = advice(table(same, idle))
    assert [line.run for line in lines] == ["same"]
    assert lines[0].evidence.startswith("identical")


def test_scores_of_judges_are_told_beside_the_plain_runs() -> None:
    runs = table(run("a", 2, 35, objects_right=0.88, fid=5.0))
    runs.loc[0, ["objects_right", "fid"]] = (0.91, 4.5)
    told = advice(runs)[-1].evidence
    assert "88.0% of objects right (full: 91.0%)" in told
    assert "FID 5.00 (full: 4.50)" in told


def test_without_times_there_is_no_advice() -> None:
    assert advice(table(run("a", np.nan, 35))) == []
    assert advice(table(run("a", 2, np.nan))) == []
