"""Contact sheet: a row per plan, a column per prompt, the distance to the full run's picture below
each.
"""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from analysis.figures.look import INK, MUTED, STRATEGY, Drawing
from analysis.load import Results
from analysis.runs import describe

CELL, GAP, FOOT = 1.0, 0.08, 0.2  # in widths of a picture
LABEL = 1.9
SAME = 0.5  # [levels of 255] mean difference below which two executions count as the same pictures


def draw_contact_sheet(results: Results, table: pd.DataFrame) -> Drawing | None:
    """The pictures that were loaded; None without any."""
    if results.images is None or not results.images.size:
        return None
    rows = sheet_rows(results, table)
    num_columns = results.images.shape[1]
    captions = _captions(results, num_columns)
    head = 0.11 * max(text.count("\n") + 1 for text in captions) + 0.12
    width = LABEL + num_columns * (CELL + GAP)
    height = head + len(rows) * (CELL + FOOT + GAP)
    figure = plt.figure(figsize=(width, height))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(-LABEL, width - LABEL), ylim=(height - head, -head))
    axis.axis("off")
    for column, caption in enumerate(captions):
        left = column * (CELL + GAP)
        axis.text(left, -0.06, caption, va="bottom", fontsize=6.5, linespacing=1.15)
    for place, (run, title) in enumerate(rows):
        top = place * (CELL + FOOT + GAP)
        colour = STRATEGY.get(table["strategy"].iloc[run], INK)
        axis.text(-0.12, top + CELL / 2, title, ha="right", va="center", fontsize=8, color=colour)
        for column in range(num_columns):
            left = column * (CELL + GAP)
            picture = results.images[run, column]
            axis.imshow(picture, extent=(left, left + CELL, top + CELL, top), aspect="auto")
            below = _distance(results, run, column)
            middle = left + CELL / 2
            axis.text(
                middle, top + CELL + 0.1, below, ha="center", va="center", fontsize=7, color=MUTED
            )
    axis.set(xlim=(-LABEL, width - LABEL), ylim=(height - head, -head))
    return Drawing(
        "contact_sheet",
        "Pictures by strategy",
        f"Contact sheet of {len(rows)} plans by {num_columns} prompts.",
        "Rows: plans; columns: prompts, the same starting noise down a column. Below each "
        "picture: PSNR to the full run's picture. "
        "Sequential and parallel runs share a row where their pictures are the same.",
        figure,
        raster=True,
    )


def sheet_rows(results: Results, table: pd.DataFrame) -> list[tuple[int, str]]:
    """(run, label) of the rows: runs of one plan share a row when their pictures are the same, the
    full run comes first.
    """
    rows: list[tuple[int, list[int]]] = []
    for run in range(len(table)):
        twin = next((members for first, members in rows if _same(results, table, first, run)), None)
        if twin is None:
            rows.append((run, [run]))
        else:
            twin.append(run)
    rows.sort(key=lambda row: row[0] != results.full)
    titles = []
    for first, members in rows:
        label = describe(table.iloc[first]).replace("/", "\n")
        ways = [way for way in table["execution"].iloc[members] if way]
        titles.append((first, f"{label}\n{' = '.join(ways)}" if ways else label))
    return titles


def _same(results: Results, table: pd.DataFrame, first: int, second: int) -> bool:
    if table["group"].iloc[first] != table["group"].iloc[second]:
        return False
    if results.images is None or not results.images.size:
        return False
    a, b = (results.images[run].astype(float) for run in (first, second))
    return float(np.abs(a - b).mean()) < SAME


def _captions(results: Results, count: int) -> list[str]:
    if "caption" in results.prompts:
        texts = results.prompts["caption"].iloc[:count]
    else:
        texts = [f"prompt {i}" for i in range(count)]
    return [textwrap.fill(str(text), 22, max_lines=4, placeholder=" …") for text in texts]


def _distance(results: Results, run: int, picture: int) -> str:
    if run == results.full:
        return "full run"
    if results.psnr is None or np.isnan(results.psnr[run, picture]):
        return "not measured"
    psnr = results.psnr[run, picture]
    return "identical" if np.isposinf(psnr) else f"{psnr:.1f} dB"
