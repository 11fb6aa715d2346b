"""What scorers of human preference say of the runs: the paper's Table 15."""

import numpy as np
import pandas as pd

from analysis.load import Results

NUMBERS = ("mean", "change", "win_rate")
COLUMNS = ("run", "scorer", "num_pictures", *NUMBERS)


def preferences(results: Results) -> list[dict]:
    """A group a scorer, in the file's order: `scorer`, and `rows` with run, num_pictures, mean,
    change and win_rate, each number with its 95% interval `_low` and `_high` (NaN: not measured),
    and `same`: the win rate's interval holds one half. Empty without scorers.
    """
    scores = results.scores
    if scores.empty or not set(COLUMNS) <= set(scores.columns):
        return []
    return [
        {"scorer": str(scorer), "rows": [_row(row) for _, row in rows.iterrows()]}
        for scorer, rows in scores.groupby("scorer", sort=False)
    ]


def _row(row: pd.Series) -> dict:
    low, high = (float(row.get(f"win_rate_{end}", np.nan)) for end in ("low", "high"))
    numbers = {
        key: float(row.get(key, np.nan))
        for name in NUMBERS
        for key in (name, f"{name}_low", f"{name}_high")
    }
    return {
        "run": str(row["run"]),
        "num_pictures": int(row["num_pictures"]),
        **numbers,
        "same": bool(low <= 0.5 <= high),
    }
