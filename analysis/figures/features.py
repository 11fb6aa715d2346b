"""How block outputs of the full run move over the steps: the paper's figures 3a, 3b and 3c."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from analysis.features import BlockFeatures
from analysis.figures.look import MUTED, ROLE, Drawing, shade, short_block


def draw_features(features: BlockFeatures) -> list[Drawing]:
    """The drawings that the measured features of a stage allow."""
    drawings = (_evolution(features), _norms(features), _deviations(features))
    return [_of_stage(drawing, features.stage) for drawing in drawings if drawing]


def _of_stage(drawing: Drawing, stage: str) -> Drawing:
    """The drawing with the stage's name, where there are several."""
    if not stage:
        return drawing
    return replace(drawing, stem=f"{drawing.stem}_{stage}", title=f"{drawing.title}: {stage}")


def _evolution(features: BlockFeatures) -> Drawing | None:
    """Figure 3a: mean squared change to the previous step, [P, S, B], one panel a part of the
    network.
    """
    mse = features.mse
    if mse is None or not np.isfinite(mse).any():
        return None
    counts = np.arange(mse.shape[1], 0, -1)
    figure, axes = plt.subplots(1, 2, figsize=(9.6, 3.9), sharey=True, layout="constrained")
    for axis, (title, roles) in zip(
        axes,
        (("Encoder and bottleneck", ("encoder", "bottleneck")), ("Decoder", ("decoder",))),
        strict=True,
    ):
        for role in roles:
            _evolution_lines(axis, mse, features.blocks, role, counts)
        axis.set(title=title, yscale="log", xlabel="step (first sampled: " + f"{counts[0]})")
        axis.set_xlim(counts[0], counts[-1])
        axis.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.17))
    axes[0].set_ylabel("MSE to the previous step")
    return Drawing(
        "feature_evolution",
        "How much each block's output changes from step to step",
        "Line plot, logarithmic: mean squared change of every block's output over the sampling "
        "steps, "
        "encoder and bottleneck on the left, decoder on the right.",
        "The paper's Figure 3a, equation 2, on the full run. Lines: mean over "
        f"{len(mse)} picture{'s' * (len(mse) > 1)}"
        + ("; bands: the middle 80% of the pictures." if len(mse) > 1 else ".")
        + " Steps count downward as in the paper.",
        figure,
    )


def _evolution_lines(
    axis: plt.Axes, mse: np.ndarray, blocks: pd.DataFrame, role: str, counts: np.ndarray
) -> None:
    columns = np.flatnonzero(blocks["role"] == role)
    for place, column in enumerate(columns):
        values = np.where(mse[:, :, column] > 0, mse[:, :, column], np.nan)
        seen = np.isfinite(values).any(axis=0)
        if not seen.any():
            continue
        colour = shade(role, place, len(columns))
        low, high = np.nanquantile(values[:, seen], [0.1, 0.9], axis=0)
        axis.fill_between(counts[seen], low, high, color=colour, alpha=0.15, linewidth=0)
        label = short_block(blocks["name"].iloc[column])
        axis.plot(counts[seen], np.nanmean(values[:, seen], axis=0), color=colour, label=label)


def _norms(features: BlockFeatures) -> Drawing | None:
    """Figure 3b: box plot over steps of the Frobenius norm of the channel mean."""
    norms = features.frobenius
    if norms is None or not np.isfinite(norms).any():
        return None
    mean = np.nanmean(norms, axis=0)
    figure, axis = plt.subplots(figsize=(8.4, 3.9), layout="constrained")
    for place, role in enumerate(features.blocks["role"]):
        every = norms[:, :, place]
        every, values = every[np.isfinite(every)], mean[np.isfinite(mean[:, place]), place]
        if not len(values):
            continue
        colour = ROLE.get(role, MUTED)
        axis.vlines(place, *np.quantile(every, [0.05, 0.95]), color=colour, alpha=0.22, linewidth=9)
        axis.boxplot(
            [values],
            positions=[place],
            widths=0.5,
            whis=(0, 100),
            patch_artist=True,
            boxprops={"facecolor": "white", "edgecolor": colour},
            medianprops={"color": colour, "linewidth": 2},
            whiskerprops={"color": colour},
            capprops={"color": colour},
        )
    _name_blocks(axis, features.blocks)
    axis.set_ylabel("Frobenius norm of the channel mean")
    return Drawing(
        "feature_norms",
        "How far the norms of each block's output spread over the steps",
        "Box plot over steps of the Frobenius norm of each block's channel mean.",
        "The paper's Figure 3b on the full run. Boxes: quartiles over the steps, whiskers: least "
        "and greatest, of the mean over "
        "the pictures. Pale bars: the middle 90% of all pictures and steps.",
        figure,
    )


def _deviations(features: BlockFeatures) -> Drawing | None:
    """Figure 3c: standard deviation over steps of those norms, [P, B]."""
    deviations = features.frobenius_std
    if deviations is None or not np.isfinite(deviations).any():
        return None
    mean, spread = np.nanmean(deviations, axis=0), np.nanstd(deviations, axis=0)
    figure, axis = plt.subplots(figsize=(8.4, 3.6), layout="constrained")
    colours = [ROLE.get(role, MUTED) for role in features.blocks["role"]]
    places = np.arange(len(mean))
    axis.bar(places, mean, yerr=spread, color=colours, width=0.62, ecolor=MUTED, capsize=3)
    for place, value, above in zip(places, mean, spread, strict=True):
        if np.isfinite(value):
            axis.annotate(
                f"{value:.2g}",
                (place, value + above),
                (0, 3),
                textcoords="offset points",
                ha="center",
            )
    axis.margins(y=0.12)
    axis.grid(axis="x", visible=False)
    _name_blocks(axis, features.blocks)
    axis.set_ylabel("standard deviation over steps")
    return Drawing(
        "feature_deviations",
        "Standard deviation of those norms",
        "Bar chart: standard deviation over the steps of each block's norm.",
        "The paper's Figure 3c on the full run: mean over pictures, whiskers one standard "
        "deviation between pictures.",
        figure,
    )


def _name_blocks(axis: plt.Axes, blocks: pd.DataFrame) -> None:
    """Block names below the axis, coloured by role."""
    names = [short_block(name) for name in blocks["name"]]
    axis.set_xticks(range(len(names)), names, rotation=35 if len(names) > 8 else 0, ha="right")
    for label, role in zip(axis.get_xticklabels(), blocks["role"], strict=True):
        label.set_color(ROLE.get(role, MUTED))
