"""How alike a block's outputs of different steps are: how far a key step reaches."""

import math

import matplotlib.pyplot as plt
import numpy as np

from analysis.figures.look import Drawing, short_block
from analysis.load import Results
from analysis.reach import ALLOWED

COLUMNS = 4


def draw_similarity(results: Results) -> Drawing | None:
    """A map of steps by steps for each block of the full run; None where it was not measured."""
    distance = results.similarity.get("distance")
    if distance is None:
        return None
    names = list(results.blocks["name"])
    num_rows = math.ceil(len(names) / COLUMNS)
    figure, axes = plt.subplots(
        num_rows, COLUMNS, figsize=(9.6, 2.35 * num_rows), layout="constrained", squeeze=False
    )
    image = None
    for block, axis in enumerate(axes.flat):
        if block >= len(names):
            axis.axis("off")
            continue
        there = np.isfinite(distance[block]).any(axis=1)
        values = distance[block][there][:, there]
        count = len(values)
        edges = (count + 0.5, 0.5, 0.5, count + 0.5)
        image = axis.imshow(values, extent=edges, vmin=0, vmax=1, cmap="viridis")
        steps = np.arange(count, 0, -1)
        if count > 1 and (values > ALLOWED).any() and (values < ALLOWED).any():
            axis.contour(steps, steps, values, levels=[ALLOWED], colors="white", linewidths=0.8)
        axis.set_title(short_block(names[block]), fontsize=9)
        axis.grid(visible=False)
    for axis in axes[:, 0]:
        axis.set_ylabel("reused at step")
    for axis in axes[-1]:
        axis.set_xlabel("computed at step")
    figure.colorbar(image, ax=axes, shrink=0.7, label="distance, share of the features")
    return Drawing(
        "feature_similarity",
        "How far a key step reaches",
        f"Heat maps of {len(names)} blocks: distance of the features of every two steps.",
        "Distance between a block's features at two steps of the full run, as a share of those of "
        "the step that reuses them, mean over the first pictures. Dark along the diagonal: a wide "
        "band means that an output can stand in for many steps, a narrow one that it cannot. White "
        f"lines: {ALLOWED:g}.",
        figure,
        raster=True,
    )
