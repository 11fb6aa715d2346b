"""Plan grids: which layers really ran at which step."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch

from analysis.figures.look import MUTED, ROLE, Drawing, short_block
from analysis.load import COMPUTE, DROP, PADDING, Results
from analysis.runs import describe

REUSED, NOT_NEEDED, LEFT_OUT = "#dfe6ee", "#f6ead2", "#5b6570"
COLUMNS = 3


def draw_plans(results: Results, table: pd.DataFrame) -> Drawing | None:
    """One grid for each different plan; None when the file holds no plans."""
    if results.cells is None or results.ran is None:
        return None
    groups = table.groupby("group", sort=False).head(1).index.tolist()
    num_rows = -(-len(groups) // COLUMNS)
    columns = min(COLUMNS, len(groups))
    figure, axes = plt.subplots(
        num_rows, columns, figsize=(3.5 * columns + 0.9, 2.15 * num_rows + 0.6), squeeze=False
    )
    for axis in axes.flat[len(groups) :]:
        axis.set_axis_off()
    for place, run in enumerate(groups):
        _grid(axes.flat[place], results, run, describe(table.iloc[run]), place % columns == 0)
    kinds = [Patch(color=colour, label=f"{role} ran") for role, colour in ROLE.items()]
    kinds += [
        Patch(color=REUSED, label="reused"),
        Patch(color=NOT_NEEDED, label="not needed, so not run"),
        Patch(color=LEFT_OUT, label="step left out"),
    ]
    figure.tight_layout(rect=(0, 0.45 / figure.get_figheight(), 1, 1))
    figure.legend(handles=kinds, loc="lower center", ncols=len(kinds), fontsize=8)
    return Drawing(
        "plans",
        "What really ran",
        f"{len(groups)} grids of layers by steps, coloured where a layer ran.",
        "Columns: sampling steps from the noisiest (left), counted downward; rows: the layers of "
        "the network from the first (top) to the last. "
        "Recorded during the run, not derived from the configuration.",
        figure,
        raster=True,
    )


def plan_colours(cells: np.ndarray, ran: np.ndarray, roles: list[str]) -> np.ndarray:
    """RGB grid [L, S, 3] of a plan [S, L]; white where a stage has fewer steps than others."""
    colours = np.ones((*cells.shape, 3))
    colours[:] = to_rgb(REUSED)
    colours[(cells == COMPUTE) & (ran == 0)] = to_rgb(NOT_NEEDED)
    colours[cells == DROP] = to_rgb(LEFT_OUT)
    colours[cells == PADDING] = 1.0
    for layer, role in enumerate(roles):
        colours[ran[:, layer] == 1, layer] = to_rgb(ROLE.get(role, MUTED))
    return colours.transpose(1, 0, 2)


def _grid(axis: plt.Axes, results: Results, run: int, title: str, name_blocks: bool) -> None:
    cells = results.cells[run]
    cells = cells[(cells != PADDING).any(axis=1)]
    roles = results.layers["role"].tolist()
    colours = plan_colours(cells, results.ran[run, : len(cells)], roles)
    axis.imshow(colours, aspect="auto", interpolation="nearest")
    num_layers, num_steps = colours.shape[:2]
    axis.set_title(title, fontsize=8.5)
    axis.grid(visible=False)
    gap = max(1, round(num_steps / 5))
    ticks = np.array([*range(0, num_steps - gap // 2, gap), num_steps - 1])
    axis.set_xticks(ticks, num_steps - ticks, fontsize=7)
    blocks = results.layers["block"]
    starts = [rows[0] for rows in blocks.groupby(blocks, sort=False).indices.values()]
    axis.hlines(np.array(starts[1:]) - 0.5, -0.5, num_steps - 0.5, color="white", linewidth=0.8)
    ends = [*starts[1:], num_layers]
    middles = [(start + end - 1) / 2 for start, end in zip(starts, ends, strict=True)]
    names = [short_block(blocks.iloc[start]) for start in starts] if name_blocks else []
    axis.set_yticks(middles if name_blocks else [], names, fontsize=6)
    axis.tick_params(length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)
