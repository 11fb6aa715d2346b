"""Which strategy should I use? For each closeness to the full run's pictures the fastest run that
keeps it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.findings import span

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


def advice(table: pd.DataFrame) -> list[Advice]:
    """A line for each of LEVELS, the fastest by the lower end of its speedup's interval. A level at
    which a stricter one's run is still the fastest has no line of its own. Empty where no speedup
    with a distance to the full run was measured.
    """
    known = table[np.isfinite(table["speedup"]) & ~table["psnr"].isna() & ~table["baseline"]]
    known = known[~known["inactive"]]
    if known.empty:
        return []
    lines: list[Advice] = []
    for least, meaning in LEVELS:
        near = known[(known["psnr"] >= least) & (_certain(known) >= WORTHWHILE)]
        when = f"{meaning} ({least:.0f} dB or more)"
        if near.empty:
            lines.append(Advice(when, "", "", "no run is that close and faster"))
            continue
        best = near.loc[_certain(near).idxmax()]
        if lines and lines[-1].run == best["name"]:
            continue
        speed = span(best["speedup"], best["low"], best["high"])
        lines.append(Advice(when, str(best["name"]), speed, _evidence(best, table)))
    return lines


def _certain(table: pd.DataFrame) -> pd.Series:
    """Speedup that is certain: the lower end of its interval, where there is one."""
    return table["low"].where(np.isfinite(table["low"]), table["speedup"])


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
