"""Principal components of block outputs over the steps: the paper's figures 2, 10 and 12."""

import matplotlib.pyplot as plt

from analysis.figures.look import MUTED, Drawing, short_block
from analysis.load import Results

CELL, GAP, LABEL, HEAD = 0.78, 0.06, 1.5, 0.3  # inches


def draw_components(results: Results, picture: int = 0) -> Drawing | None:
    """A row a block, a column a step, of one picture of the full run; None where there are none."""
    components = results.components
    if components is None or picture >= len(components.images):
        return None
    shown = [column for column, step in enumerate(components.steps) if step > 0]
    num_rows = len(components.names)
    width = LABEL + len(shown) * (CELL + GAP)
    height = HEAD + num_rows * (CELL + GAP)
    figure = plt.figure(figsize=(width, height))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.axis("off")
    for place, column in enumerate(shown):
        middle = place * (CELL + GAP) + CELL / 2
        axis.text(middle, -0.08, f"step {components.steps[column]}", ha="center", fontsize=8)
    for row, name in enumerate(components.names):
        top = row * (CELL + GAP)
        shares = components.explained[picture, row]
        axis.text(-0.1, top + CELL * 0.4, short_block(name), ha="right", va="center", fontsize=8)
        axis.text(
            -0.1,
            top + CELL * 0.72,
            " ".join(f"{100 * share:.0f}" for share in shares) + " %",
            ha="right",
            va="center",
            fontsize=7,
            color=MUTED,
        )
        for place, column in enumerate(shown):
            left = place * (CELL + GAP)
            axis.imshow(
                components.images[picture, row, column],
                extent=(left, left + CELL, top + CELL, top),
                aspect="auto",
                interpolation="nearest",
            )
    axis.set(xlim=(-LABEL, width - LABEL), ylim=(height - HEAD, -HEAD))
    return Drawing(
        "feature_components",
        "What each block sees: principal components over the steps",
        f"Grid of {num_rows} blocks by {len(shown)} steps, three principal components as colours.",
        "The paper's Figures 2, 10 and 12, on the first picture of the full run. Red, green and "
        "blue are the three leading principal components over a block's channels, fitted once over "
        "all steps of the row, so that a colour means the same along it; the numbers are the "
        "variance that each explains. Look for rows that stay the same from left to right (what "
        "can be reused) and for rows that do not.",
        figure,
        raster=True,
    )
