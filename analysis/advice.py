"""Which strategy should I use? For each closeness to the full run's pictures the fastest run that
keeps it.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.findings import span
from analysis.quality import is_certain

LEVELS = (  # least PSNR [dB] on average over pictures; what that means to somebody who looks
    (40.0, "pictures must stay as they are"),
    (30.0, "details may change"),
    (20.0, "pictures may become others"),  # below that they are not what was asked for
)
WORTHWHILE = 1.02  # a speedup below this is none


@dataclass
class Advice:
    """One line of the answer."""

    when: str  # "pictures must stay as they are (40 dB or more)"
    run: str  # name; "" where no run is both that close and faster
    speed: str  # "2.44 [2.43, 2.46]"
    evidence: str  # distance, and scores of judges where there are any


def advice(table: pd.DataFrame, wrecked: Collection[str] = ()) -> list[Advice]:
    """A line for each of LEVELS, the fastest by the lower end of its speedup's interval. A level at
    which a stricter one's run is still the fastest has no line of its own. Runs whose speedup is
    not certain (analysis/quality.py) and those of `wrecked` (names; figures that are not numbers)
    are never advised. Empty where no speedup with a distance to the full run was measured.
    """
    known = table[np.isfinite(table["speedup"]) & ~table["psnr"].isna() & ~table["baseline"]]
    known = known[~known["inactive"] & ~known["name"].isin(list(wrecked))]
    if known.empty:
        return []
    all_known, known = known, known[is_certain(known)]
    lines: list[Advice] = []
    for least, meaning in LEVELS:
        near = known[(known["psnr"] >= least) & (known["low"] >= WORTHWHILE)]
        when = f"{meaning} ({least:.0f} dB or more)"
        if near.empty:
            seen = (all_known["psnr"] >= least) & (all_known["speedup"] >= WORTHWHILE)
            surely = " for certain" if seen.any() else ""
            lines.append(Advice(when, "", "", f"no run is that close and faster{surely}"))
            continue
        best = near.loc[near["low"].idxmax()]
        if lines and lines[-1].run == best["name"]:
            continue
        speed = span(best["speedup"], best["low"], best["high"])
        lines.append(Advice(when, str(best["name"]), speed, _evidence(best, table)))
    return lines


def _evidence(run: pd.Series, table: pd.DataFrame) -> str:
    text = "identical" if np.isposinf(run["psnr"]) else f"{run['psnr']:.1f} dB"
    full = table[table["name"] == run["compared_with"]]
    if full.empty:
        return text
    full = full.iloc[0]
    if np.isfinite(run["objects_right"]):
        text += f", {run['objects_right']:.1%} of objects right (full: {full['objects_right']:.1%})"
    if np.isfinite(run["fid"]):
        text += f", FID {run['fid']:.2f} (full: {full['fid']:.2f})"
    return text
