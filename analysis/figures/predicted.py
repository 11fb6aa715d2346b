"""Pictures along the steps: what the sampler takes the clean picture for, the paper's figure 7."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from analysis.figures.look import INK, MUTED, STRATEGY, Drawing
from analysis.figures.pictures import sheet_rows
from analysis.load import Predicted, Results

CELL, GAP, FOOT, LABEL, HEAD = 1.0, 0.08, 0.24, 1.9, 0.1  # inches
SEEN = 30  # [dB] two pictures this near are hard to tell apart


def draw_predicted(results: Results, table: pd.DataFrame, picture: int = 0) -> Drawing | None:
    """A row a plan, a column a step, of one picture; None where there are none."""
    predicted = results.predicted
    if predicted is None or picture >= predicted.images.shape[1]:
        return None
    rows = sheet_rows(results, table)
    num_columns = int((predicted.steps > 0).sum(axis=1).max())
    width = LABEL + num_columns * (CELL + GAP)
    height = HEAD + len(rows) * (CELL + FOOT + GAP)
    figure = plt.figure(figsize=(width, height))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.axis("off")
    for place, (run, title) in enumerate(rows):
        top = place * (CELL + FOOT + GAP)
        colour = STRATEGY.get(table["strategy"].iloc[run], INK)
        axis.text(-0.12, top + CELL / 2, title, ha="right", va="center", fontsize=8, color=colour)
        for column in np.flatnonzero(predicted.steps[run] > 0):
            left = column * (CELL + GAP)
            distance = _distance(predicted, table, run, (picture, column))
            if predicted.images[run, picture, column].any():
                axis.imshow(
                    predicted.images[run, picture, column],
                    extent=(left, left + CELL, top + CELL, top),
                    aspect="auto",
                    interpolation="nearest",
                )
            axis.text(
                left + CELL / 2,
                top + CELL + FOOT / 2,
                f"{predicted.steps[run, column]}: {distance}",
                ha="center",
                va="center",
                fontsize=7,
                color=MUTED,
            )
    axis.set(xlim=(-LABEL, width - LABEL), ylim=(height - HEAD, -HEAD))
    return Drawing(
        "pictures_along_steps",
        "Pictures along the steps",
        f"Grid of {len(rows)} plans by {num_columns} steps: estimates of the clean picture.",
        "The paper's Figure 7: what the sampler takes the clean picture for (its estimate of x0) "
        "at a step, decoded. Below each: the step, counted downward, and the PSNR to the full "
        "run's estimate at the same timestep. Look for the step from which a row keeps its "
        f"objects, and for where it leaves the full run's. {_finding(predicted, table)}",
        figure,
        raster=True,
    )


def _distance(predicted: Predicted, table: pd.DataFrame, run: int, place: tuple) -> str:
    """Below a picture. place: (picture, column)."""
    if not predicted.images[run][place].any():
        return "left out"
    if table["baseline"].iloc[run]:
        return "full run"
    psnr = predicted.psnr[run][place]
    if np.isnan(psnr):
        return "–"
    return "identical" if np.isposinf(psnr) else f"{psnr:.1f} dB"


def _finding(predicted: Predicted, table: pd.DataFrame) -> str:
    """What came out, over all pictures that are drawn: where runs leave the full run's way."""
    typical = np.median(predicted.psnr, axis=1)  # one that is identical is infinitely near
    others = [
        run
        for run in range(len(table))
        if not table["baseline"].iloc[run] and not np.isnan(typical[run]).all()
    ]
    if not others:
        return ""
    away = [(run, np.flatnonzero(typical[run] < SEEN)) for run in others]
    left = [
        (int(predicted.steps[run, columns[0]]), str(table["name"].iloc[run]))
        for run, columns in away
        if columns.size
    ]
    if not left:
        return f"What came out: no run's median estimate is farther than {SEEN} dB."
    (first_step, first), (last_step, last) = max(left), min(left)
    text = (
        f"What came out (median of {predicted.images.shape[1]} pictures): {len(left)} of "
        f"{len(others)} runs are seen to leave the full run's way (below {SEEN} dB), "
        f"{first} first, at step {first_step}"
    )
    return text + (f", {last} last, at step {last_step}." if len(left) > 1 else ".")
