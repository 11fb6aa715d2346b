"""The paper's tables row by row, each row's numbers beside the run of ours that it belongs to."""

import numpy as np
import pandas as pd

from analysis.paper import TEXT_TO_IMAGE, numbers

LEAST_SHARE = 0.5  # of the rows with a run of ours: a table with less is not shown
PAPER = {  # column: heading
    "fid": "FID",
    "clipscore": "Clipscore",
    "gflops": "GFLOPs",
    "unet_s": "UNet s",
    "total_s": "total s",
    "memory_gb": "memory GB",
    "speedup": "speedup",
}
JUDGED = {
    "fid": "FID",
    "clip_score": "CLIPScore",
    "objects_right": "objects right",
    "control_f1": "control F1",
}
OURS = ("unet_s", "total_s", "speedup", "low", "high", "total_speedup", "total_low", "total_high")
OURS += ("work_ratio", "psnr", "latent_mse", "peak_memory", "baseline", *JUDGED)


def paper_tables(table: pd.DataFrame) -> list[dict]:
    """Of each table with a run for at least LEAST_SHARE of its rows: `title`, `columns` (of
    the paper, those that it prints), `judged` (ours, where judges looked) and `rows`: `label`,
    `paper` (numbers by column) and `ours` (the run's name and OURS; None where no run belongs to
    the row). Rows that no file of ours can have stay, so that nothing of the paper is left out.
    """
    judged = {
        key: heading for key, heading in JUDGED.items() if bool(np.isfinite(table[key]).any())
    }
    shown = []
    tasks = set(table["task"])
    for comparison in numbers()["comparisons"]:
        if comparison.get("task", TEXT_TO_IMAGE) not in tasks:
            continue
        rows = [_row(row, comparison["rows"], table) for row in comparison["rows"]]
        if sum(row["ours"] is not None for row in rows) < LEAST_SHARE * len(rows):
            continue
        columns = {
            column: heading
            for column, heading in PAPER.items()
            if any(np.isfinite(row["paper"][column]) for row in rows)
        }
        shown.append(
            {"title": comparison["title"], "columns": columns, "judged": judged, "rows": rows}
        )
    return shown


def _row(row: dict, rows: list[dict], table: pd.DataFrame) -> dict:
    printed = {column: float(row.get(column, np.nan)) for column in PAPER}
    base = next((other for other in rows if other["label"] == row.get("baseline")), None)
    if base is not None:
        clock = "unet_s" if "unet_s" in row else "total_s"
        printed["speedup"] = base[clock] / row[clock]
    run = belongs(row["run"], row.get("prefer", {}), table)
    ours = None if run is None else {"name": run["name"]} | {key: run[key] for key in OURS}
    return {"label": row["label"], "paper": printed, "ours": ours}


def belongs(wanted: dict, preferred: dict, table: pd.DataFrame) -> pd.Series | None:
    """The first run with all of `wanted` and most of `preferred`; None where no run has all of
    `wanted`.
    """
    candidates = [run for _, run in table.iterrows() if _agreement(wanted, run) == len(wanted)]
    if not candidates:
        return None
    return max(candidates, key=lambda run: _agreement(preferred, run))


def _agreement(wanted: dict, run: pd.Series) -> int:
    """How many of the wanted values the run has."""
    return sum(
        run[key] == (tuple(value) if isinstance(value, list) else value)
        for key, value in wanted.items()
    )
