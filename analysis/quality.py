"""How good a measurement was, for the first screen: what is not a number, which speedups are not
certain, what else a reader must know. The words are those of the terminal's table
(src/results/reading_notes.cpp).
"""

import numpy as np
import pandas as pd

from analysis.findings import span
from analysis.load import Results

WIDEST = 0.1  # of an interval, as a share of the speedup
MOST_NAMED = 3
TIMED = ("unet_s", "total_s")
COMPARED_TIMES = ("unet_speedup", "total_speedup")
DISTANCES = ("psnr_to_full", "latent_mse_to_full", "ssim_to_full", "perceptual_to_full")
SCORES = ("fid", "kid", "precision", "recall", "clip_score", "objects_right", "pictures_right")
SCORES += ("control_f1", "control_precision", "control_recall")


def is_certain(table: pd.DataFrame) -> pd.Series:
    """Of the rows of `summarise`: True where the speedup's interval is at most a tenth of it wide;
    False without an interval.
    """
    return (table["high"] - table["low"]) <= WIDEST * table["speedup"]


def line_of_uncertain(table: pd.DataFrame) -> str:
    """Names the runs whose interval is too wide, and says what to do; "" without any."""
    wide = table[~table["baseline"] & np.isfinite(table["low"]) & ~is_certain(table)]
    if wide.empty:
        return ""
    names = [
        f"{run['name']} {span(run['speedup'], run['low'], run['high'])}"
        for _, run in wide.iterrows()
    ]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return (
        "not certain, the interval is wider than a tenth of the speedup: "
        f"{', '.join(names[:MOST_NAMED])}{more}; measure again on a quieter machine, with more "
        "timing rounds, or on processors of its own (cpus:)"
    )


def not_numbers(results: Results) -> dict[str, list[str]]:
    """Names of the figures that a run must have and that are not numbers, by run. What was not
    measured is no such case; an infinite PSNR is that of identical pictures.
    """
    runs = results.runs
    columns = {name: runs[name].to_numpy(float) for name in runs.columns if _is_figure(name)}
    numbers = {
        name: np.isfinite(values) | ((name == "psnr_to_full") & np.isposinf(values))
        for name, values in columns.items()
    }
    none = np.zeros(len(runs), bool)
    timed = runs["num_rounds"].to_numpy() > 0 if "num_rounds" in runs else none
    baseline = runs["compared_with"].astype(str).to_numpy() if "compared_with" in runs else None
    found: dict[str, list[str]] = {}
    for name, good in numbers.items():
        compared = none if baseline is None else baseline != ""
        if name in TIMED:
            expected = timed
        elif name in COMPARED_TIMES:
            expected = timed & compared
        elif name in DISTANCES:
            expected = none if baseline is None else compared & np.isin(baseline, baseline[good])
        else:
            expected = np.full(len(runs), good.any())
        for run in np.flatnonzero(expected & ~good):
            found.setdefault(str(runs["name"].iloc[run]), []).append(name)
    for name, array in _rows(results).items():
        bad = np.isnan(array)
        for run in np.flatnonzero(bad.any(axis=1) & ~bad.all(axis=1)):
            names = found.setdefault(str(runs["name"].iloc[run]), [])
            names += [name] if name not in names else []
    return found


def _rows(results: Results) -> dict[str, np.ndarray]:
    """What the figures are made of: a number a picture or a round, [R, n]."""
    arrays = {"psnr_to_full": results.psnr, "latent_mse_to_full": results.latent_mse}
    arrays |= {name: results.timing.get(name) for name in TIMED}
    return {name: array for name, array in arrays.items() if array is not None and array.size}


def _is_figure(name: str) -> bool:
    return name in TIMED + COMPARED_TIMES + DISTANCES + SCORES


def warnings(results: Results) -> list[str]:
    """What stands above everything: figures that are not numbers, the file's own warnings."""
    lines = [
        f"{run}: {', '.join(names)} {'is' if len(names) == 1 else 'are'} not a number in this "
        "file: the run is wrecked, or the file was made by an older version or edited; do not use "
        "it, run it again"
        for run, names in not_numbers(results).items()
    ]
    return lines + str(results.attributes.get("warnings") or "").splitlines()
