"""What the judges found of each run, with the plain run as a line to compare with."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator, NullLocator

from analysis.figures.look import INK, MUTED, STRATEGY, Drawing

SCORES = {  # field: axis label
    "fid": "FID by this file's judge, lower is better",
    "clip_score": "CLIPScore, higher is better",
    "objects_right": "share of objects right, higher is better",
    "control_f1": "edges as in the control picture (F1), higher is better",
}


def draw_judged(runs: pd.DataFrame) -> Drawing | None:
    """runs: the table /runs. Each score with its 95% interval; None where nobody judged."""
    scores = [key for key in SCORES if key in runs and bool(np.isfinite(runs[key]).any())]
    if not scores:
        return None
    height = 1.4 + 0.3 * len(runs)
    figure, axes = plt.subplots(
        1, len(scores), figsize=(4.2 * len(scores) + 1.5, height), sharey=True,
        layout="constrained", squeeze=False,
    )  # fmt: skip
    for axis, score in zip(axes[0], scores, strict=True):
        _dots(axis, runs, score)
    axes[0][0].set_yticks(range(len(runs)), runs["name"])
    axes[0][0].invert_yaxis()
    return Drawing(
        "judged",
        "What the judges say",
        "Dots with intervals: a row for each run, a panel for each score.",
        "Each run's score with its 95% bootstrap interval over pictures; hollow where the paired "
        "difference from the run it is compared with is within its interval. The line is the "
        "plain run. Logarithmic where runs differ by more than a factor of five.",
        figure,
    )


def _dots(axis: plt.Axes, runs: pd.DataFrame, score: str) -> None:
    baseline = runs[runs["baseline"].astype(bool)]
    if not baseline.empty:
        axis.axvline(baseline[score].iloc[0], color=INK, linewidth=1, linestyle="--", alpha=0.6)
    for place, (_, run) in enumerate(runs.iterrows()):
        colour = STRATEGY.get(str(run["strategy"]), MUTED)
        low, high = run[f"{score}_low"], run[f"{score}_high"]
        if np.isfinite(low):
            axis.plot([low, high], [place, place], color=colour, linewidth=1.6)
        same = run[f"{score}_change_low"] <= 0 <= run[f"{score}_change_high"]
        axis.plot(run[score], place, "o", color=colour, markerfacecolor="white" if same else colour)
    values = runs[score][runs[score] > 0]
    if len(values) and values.max() > 5 * values.min() and score == "fid":
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.xaxis.set_major_formatter("{x:g}")
    axis.set_xlabel(SCORES[score])
