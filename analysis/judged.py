"""What the sweep's judges found: a row a run, each difference with its paired interval."""

import json

import numpy as np
import pandas as pd

from analysis.load import Results

SCORES = {  # field: (heading, digits, what it says)
    "fid": ("FID", 3, "Fréchet distance of the judge's features to the reference; lower is better"),
    "clip_score": ("CLIPScore", 3, "2.5 max(0, cosine) of picture and caption; higher is better"),
    "objects_right": ("objects right", 3, "share of objects, right in every attribute; higher"),
    "control_f1": ("control F1", 3, "agreement of edges with the control picture's; higher"),
}
OTHERS = {
    "kid": ("KID", 5, "kernel distance of the features; lower is better"),
    "precision": ("precision", 3, "share of pictures within the reference's manifold"),
    "recall": ("recall", 3, "share of the reference within the run's manifold"),
    "pictures_right": ("pictures right", 3, "share of pictures right in every respect"),
    "control_precision": ("control precision", 3, "share of edges near one of the control"),
    "control_recall": ("control recall", 3, "share of the control's edges near one"),
    "ssim_to_full": ("SSIM", 3, "structural similarity to the baseline's pictures; 1: identical"),
    "perceptual_to_full": (
        "perceptual",
        4,
        "LPIPS's distance, on the states of the judge's CLIP, to the baseline's pictures; lower",
    ),
    "ftc": ("FTC", 3, "FID x time of a picture / CLIPScore; lower is better"),
}


def judged_runs(results: Results) -> dict | None:
    """`columns` (heading and help), `rows` (name, cells; a cell is text, interval, change and
    `same`: True where the difference from the baseline is within its interval) and `judges` (which
    files judged); None where nobody judged.
    """
    judges = _judges(results)
    if not judges:
        return None
    runs = results.runs
    scores = {key: value for key, value in SCORES.items() if _measured(runs, key)}
    others = {key: value for key, value in OTHERS.items() if _measured(runs, key)}
    rows = [
        {
            "name": str(run["name"]),
            "compared_with": str(run["compared_with"]),
            "num_pictures": int(run["num_pictures"]),
            "scores": [_score(run, key, digits) for key, (_, digits, _) in scores.items()],
            "others": [_number(run[key], digits) for key, (_, digits, _) in others.items()],
        }
        for _, run in runs.iterrows()
    ]
    heads = [(heading, text) for heading, _, text in scores.values()]
    tails = [(heading, text) for heading, _, text in others.values()]
    return {"scores": heads, "others": tails, "rows": rows, "judges": judges}


def _measured(runs: pd.DataFrame, key: str) -> bool:
    return key in runs and bool(np.isfinite(runs[key]).any())


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"


def _score(run: pd.Series, key: str, digits: int) -> dict:
    low, high = run[f"{key}_change_low"], run[f"{key}_change_high"]
    compared = np.isfinite(run[f"{key}_change"])
    interval = f"[{run[f'{key}_low']:.{digits}f}, {run[f'{key}_high']:.{digits}f}]"
    return {
        "text": _number(run[key], digits),
        "interval": interval if np.isfinite(run[f"{key}_low"]) else "",
        "change": f"{run[f'{key}_change']:+.{digits}f}" if compared else "",
        "change_interval": f"[{low:+.{digits}f}, {high:+.{digits}f}]" if np.isfinite(low) else "",
        "same": bool(compared and low <= 0 <= high),
    }


def _judges(results: Results) -> list[str]:
    """What judged, from the settings (hashes, thresholds): others do not compare."""
    settings = json.loads(results.attributes.get("settings") or "{}")
    parts = ("clip", "network", "scenes", "reference")
    named = {part: settings.get(f"judges.{part}") for part in parts}
    judges = [f"{part} {value[:12]}" for part, value in named.items() if value]
    control = settings.get("judges.control_f1")  # thresholds in place of a hash
    return judges + [f"control_f1 {control}"] * bool(control)
