"""Where a speedup comes from, and where the promised one goes.

speedup = arithmetic x layers x batching x rest, each a ratio of the full run to this one:
arithmetic  multiply-adds, with the savings of both runs;
layers      what the layers' own times promise beyond the arithmetic: the reused layers may be
            faster or slower per multiply-add than the others (predicted speedup / arithmetic);
batching    the sequential run of the same plan / this one, for parallel runs;
rest        what is left: handing tensors on, memory, noise.
"""

import numpy as np
import pandas as pd

APART = 0.10  # a promise is broken when predicted and measured differ by more, beyond the interval


def decomposition(table: pd.DataFrame) -> pd.DataFrame:
    """A row per run that was timed and saves anything: name, work_ratio, predicted, speedup with
    low and high, the factors `layers`, `batching`, `rest`, and `note`: what a reader should know
    ("" if nothing).
    """
    rows = []
    for _, run in table.iterrows():
        if not np.isfinite(run["speedup"]) or not np.isfinite(run.get("predicted", np.nan)):
            continue
        if run["strategy"] == "full" and abs(run["work_ratio"] - 1) < 1e-9:
            continue
        batching = _batching(table, run)
        rest = run["speedup"] / run["predicted"] / batching
        rows.append(
            {
                "name": run["name"],
                "work_ratio": run["work_ratio"],
                "predicted": run["predicted"],
                "speedup": run["speedup"],
                "low": run["low"],
                "high": run["high"],
                "layers": run["predicted"] / run["work_ratio"],
                "batching": batching,
                "rest": rest,
                "peak_memory": run.get("peak_memory", np.nan),
                "held_memory": run.get("held_memory", np.nan),
                "note": _note(run),
            }
        )
    return pd.DataFrame(rows)


def _batching(table: pd.DataFrame, run: pd.Series) -> float:
    """Time of the sequential run of the same plan / time of this one; 1 for a sequential run or
    without such a twin.
    """
    if run["execution"] != "parallel":
        return 1.0
    twins = table[(table["group"] == run["group"]) & (table["execution"] == "sequential")]
    twins = twins[np.isfinite(twins["unet_s"])]
    return 1.0 if twins.empty else float(twins.iloc[0]["unet_s"] / run["unet_s"])


def _note(run: pd.Series) -> str:
    promised, measured = run["predicted"], run["speedup"]
    low = run["low"] if np.isfinite(run["low"]) else measured
    high = run["high"] if np.isfinite(run["high"]) else measured
    if high < promised * (1 - APART):
        return f"slower than its layers promise by {1 - measured / promised:.0%}"
    if low > promised * (1 + APART):
        return f"faster than its layers promise by {measured / promised - 1:.0%}"
    if run["execution"] != "parallel" and high < run["work_ratio"] * (1 - APART):
        return "the arithmetic saved is in layers that are fast anyway"
    return ""
