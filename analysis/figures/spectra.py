"""At which frequencies runs take or add power."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from analysis.figures.look import INK, Drawing
from analysis.load import Results
from analysis.runs import describe
from analysis.spectra import HIGH, Spectra

MOST_LINES = 8


def draw_spectra(results: Results, runs: pd.DataFrame, found: dict[str, Spectra]) -> Drawing | None:
    """Ratio of each plan's spectrum to the full run's, one panel for pictures and one for latents;
    None without other plans. Of the executions of a plan the first is drawn.
    """
    plans = runs.drop_duplicates("group")
    others = [run for run in plans.index if run != results.full][:MOST_LINES]
    if not found or not others:
        return None
    figure, axes = plt.subplots(
        1, len(found), figsize=(4.8 * len(found), 3.9), layout="constrained", squeeze=False
    )
    colours = plt.colormaps["tab10"](np.arange(len(others)))
    for axis, (name, one) in zip(axes[0], found.items(), strict=True):
        axis.axhline(1, color=INK, linewidth=1)
        axis.axvline(HIGH, color=INK, linewidth=0.8, linestyle=":")
        for run, colour in zip(others, colours, strict=True):
            middle, low, high = one.ratio(run, results.full)
            if len(one.power[run]) > 1:
                axis.fill_between(one.frequencies, low, high, color=colour, alpha=0.13, linewidth=0)
            label = describe(runs.loc[run]).replace("\n", " ")
            axis.plot(one.frequencies, middle, color=colour, linewidth=1.4, label=label)
        axis.set(title=name.capitalize(), xlabel="frequency [cycles a pixel]", yscale="log")
    axes[0][0].set_ylabel("power, ratio to the full run")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    left_out = len(plans) - 1 - len(others)
    return Drawing(
        "spectra",
        "At which frequencies runs lose or add power",
        "Lines over frequency: power of each plan's pictures and latents over the full run's.",
        "Radially averaged power spectra, mean over pictures, as a ratio to the full run's; bands: "
        "95% over pictures. Below 1 on the right of the dotted line: texture is lost; above 1: "
        "something is added there (noise, edges of wrong colour)."
        + (f" {left_out} more plans are in the table alone." if left_out > 0 else ""),
        figure,
    )
