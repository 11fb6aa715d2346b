"""One row a run: what it computed, how fast it was, how far its pictures are from the full run."""

import json

import numpy as np
import pandas as pd

from analysis.load import COMPUTE, PADDING, Results
from analysis.paper import TEXT_TO_IMAGE, key_set_name
from analysis.pareto import on_front

NUM_RESAMPLES = 2000
SETTINGS = (
    "strategy",
    "reuse",
    "sampler",
    "sampler_options",
    "noise_injection_alpha",
    "noise_injection_tau",
    "noise_injection_placement",
    "skip_hoisting",
    "prefix_sharing",
    "text_caching",
    "tome_ratio",
    "tome_options",
)
PAPER_TASKS = ("edges", "scribble", "dreambooth", "custom_diffusion")
RECORDED = {  # our name: the field of /runs
    "unet_s": "unet_s",
    "total_s": "total_s",
    "text_encoder_s": "text_encoder_s",
    "vae_s": "vae_s",
    "speedup": "unet_speedup",
    "low": "unet_speedup_low",
    "high": "unet_speedup_high",
    "total_speedup": "total_speedup",
    "total_low": "total_speedup_low",
    "total_high": "total_speedup_high",
    "work_ratio": "multiply_adds_ratio",
    "predicted": "predicted_speedup",
    "peak_memory": "peak_memory",
    "held_memory": "held_memory",
    "psnr": "psnr_to_full",
    "latent_mse": "latent_mse_to_full",
    "fid": "fid",
    "clip_score": "clip_score",
    "objects_right": "objects_right",
    "control_f1": "control_f1",
}


def summarise(results: Results) -> pd.DataFrame:
    """Table with a row per run, in the file's order. What was not measured is NaN (or "").

    name, strategy ("+linear" or "+taylor2" at its end for forecasts, "+tome" where
    tokens were merged), execution, max_parallel,
    num_steps, keys (tuple, downward), key_set (the paper's name), sampler, injects (prior noise),
    task, variant (whose reading of the method: paper or authors), baseline (compared with itself),
    compared_with (a run's name), inactive, work_ratio (multiply-adds of the baseline / of this
    one), unet_s and other times, speedup with low and high
    (95%), num_rounds, psnr, num_identical, latent_mse, group (equal for runs of the same plan,
    which differ in execution only) and front: no run beats it in speed and latent MSE.
    """
    rows = [_run(results, run) for run in range(len(results.runs))]
    table = pd.DataFrame(rows)
    signatures = [_signature(results, run, row) for run, row in enumerate(rows)]
    table["group"] = pd.factorize(pd.Series(signatures, dtype=object))[0]
    table["front"] = on_front(table)
    return table


def _run(results: Results, run: int) -> dict:
    name = str(_field(results, run, "name", ""))
    num_steps, keys = _key_steps(results, run)
    strategy = str(_field(results, run, "strategy", name.split("/")[0]))
    row = {
        "name": name,
        "strategy": strategy + _additions(results, run),
        "execution": str(_field(results, run, "execution", "")),
        "max_parallel": int(_field(results, run, "max_parallel", 0)),
        "num_steps": num_steps,
        "keys": keys,
        "key_set": key_set_name(keys, num_steps, name),
        "sampler": str(_field(results, run, "sampler", "")),
        "task": _task(results),
        "variant": str(_field(results, run, "variant", "")),
        "injects": float(_field(results, run, "noise_injection_alpha", 0)) > 0,
        "baseline": bool(_field(results, run, "baseline", run == results.full)),
        "compared_with": str(_field(results, run, "compared_with", "")),
        "inactive": _inactive(results, run),
        "work_ratio": _work_ratio(results, run),
    }
    row |= {"fid": np.nan, "clip_score": np.nan, "objects_right": np.nan}
    row |= {"control_f1": np.nan}
    row |= {"predicted": np.nan, "peak_memory": np.nan, "held_memory": np.nan}
    row |= _times(results, run) | _quality(results, run)
    return row | _recorded(results, run)


def _task(results: Results) -> str:
    """The paper's task that a sweep is of: that of its config's `tasks` (the end of its name), else
    ControlNet with edges where its model has a control network, else text to picture.
    """
    sweep = str(results.attributes.get("name", ""))
    for task in PAPER_TASKS:
        if sweep.endswith("_" + task):
            return task
    has_control = "role" in results.layers and (results.layers["role"] == "control").any()
    return "edges" if has_control else TEXT_TO_IMAGE


def _recorded(results: Results, run: int) -> dict:
    """What the program itself put into /runs: it comes before what is derived from the arrays."""
    found = {ours: _field(results, run, theirs, np.nan) for ours, theirs in RECORDED.items()}
    return {key: float(value) for key, value in found.items() if not np.isnan(value)}


def _field(results: Results, run: int, name: str, default: object) -> object:
    return results.runs[name].iloc[run] if name in results.runs else default


def _steps(results: Results, run: int) -> np.ndarray | None:
    """Plan of a run, [S, L], with the steps of its longest stage."""
    if results.cells is None:
        return None
    cells = results.cells[run]
    return cells[(cells != PADDING).any(axis=1)]


def _key_steps(results: Results, run: int) -> tuple[int, tuple[int, ...]]:
    """Number of steps, and the steps at which every layer computes, counted downward."""
    cells = _steps(results, run)
    if cells is None:
        return int(_field(results, run, "num_steps", 0)), ()
    orders = np.flatnonzero(((cells == COMPUTE) | (cells == PADDING)).all(axis=1))
    return len(cells), tuple(len(cells) - int(order) for order in orders)


def _additions(results: Results, run: int) -> str:
    """What a strategy is combined with, so that it is not taken for the paper's."""
    reuse = str(_field(results, run, "reuse", ""))
    forecast = "" if reuse in ("", "hold") else f"+{reuse}"
    options = str(_field(results, run, "strategy_options", "")) or "{}"
    control = json.loads(options).get("control", "")
    controlled = f"+control_{control}" if control else ""
    return forecast + ("+tome" if _merges(results, run) else "") + controlled


def _merges(results: Results, run: int) -> bool:
    return float(_field(results, run, "tome_ratio", 0)) > 0


def _inactive(results: Results, run: int) -> bool:
    """True for a strategy other than full under which every layer ran at every step and no token
    was merged: nothing was saved.
    """
    if _merges(results, run):
        return False
    cells = _steps(results, run)
    if cells is None or results.ran is None or _field(results, run, "strategy", "") == "full":
        return False
    everything = (results.ran[run, : len(cells)] == 1) | (cells == PADDING)
    return bool(everything.all()) and run != results.full


def _work_ratio(results: Results, run: int) -> float:
    if results.ran is None or results.full is None or "multiply_adds" not in results.layers:
        return np.nan
    cost = results.layers["multiply_adds"].to_numpy(dtype=float)
    ours, full = (float(((results.ran[r] == 1) * cost).sum()) for r in (run, results.full))
    return full / ours if ours > 0 else np.nan


def _times(results: Results, run: int) -> dict:
    row = {}
    for key in ("text_encoder_s", "unet_s", "vae_s", "total_s", "unet_calls"):
        values = _finite(results.timing[key][run]) if key in results.timing else np.empty(0)
        row[key] = float(np.median(values)) if len(values) else np.nan
    for prefix, key in (("", "unet_s"), ("total_", "total_s")):
        speedup, low, high, rounds = _speedup(results, run, key)
        row |= {f"{prefix}speedup": speedup, f"{prefix}low": low, f"{prefix}high": high}
        row.setdefault("num_rounds", rounds)
    return row


def _speedup(results: Results, run: int, key: str) -> tuple[float, float, float, int]:
    """Median over rounds of full / this run, its 95% bootstrap interval, and the number of rounds
    with both.
    """
    if key not in results.timing or results.full is None:
        return np.nan, np.nan, np.nan, 0
    times = results.timing[key]
    ratios = _finite(times[results.full] / np.where(times[run] > 0, times[run], np.nan))
    if not len(ratios):
        return np.nan, np.nan, np.nan, 0
    low, high = interval(ratios, np.median)
    return float(np.median(ratios)), low, high, len(ratios)


def interval(samples: np.ndarray, statistic=np.mean) -> tuple[float, float]:
    """95% bootstrap interval of `statistic` (taking an axis) of one-dimensional samples; NaN with
    fewer than two.
    """
    if len(samples) < 2:
        return np.nan, np.nan
    picks = np.random.default_rng(0).integers(0, len(samples), (NUM_RESAMPLES, len(samples)))
    low, high = np.quantile(statistic(samples[picks], axis=1), [0.025, 0.975])
    return float(low), float(high)


def _quality(results: Results, run: int) -> dict:
    """Mean PSNR over the pictures that differ from the full run's (inf when none does) and mean
    latent MSE.
    """
    row = {"psnr": np.nan, "psnr_low": np.nan, "psnr_high": np.nan, "num_identical": 0}
    row |= {"latent_mse": np.nan, "latent_mse_low": np.nan, "latent_mse_high": np.nan}
    if results.psnr is not None:
        psnr, finite = results.psnr[run], _finite(results.psnr[run])
        row["num_identical"] = int(np.isposinf(psnr).sum())
        if len(finite):
            row["psnr"] = float(finite.mean())
            row["psnr_low"], row["psnr_high"] = interval(finite)
        elif row["num_identical"]:
            row["psnr"] = np.inf
    if results.latent_mse is not None and len(errors := _finite(results.latent_mse[run])):
        row["latent_mse"] = float(errors.mean())
        row["latent_mse_low"], row["latent_mse_high"] = interval(errors)
    return row


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def _signature(results: Results, run: int, row: dict) -> tuple:
    """What two runs of the same plan have in common: settings and grid."""
    settings = tuple(str(_field(results, run, key, "")) for key in SETTINGS)
    cells = _steps(results, run)
    if cells is None:
        return (*settings, plan_name(row["name"]))
    return (*settings, cells.shape, cells.tobytes())


def describe(row: pd.Series) -> str:
    """Short name of a run's plan without its execution: `encoder/non_uniform_IV`."""
    return plan_name(row["name"])


def plan_name(name: str) -> str:
    """`encoder/non_uniform_IV/parallel` -> `encoder/non_uniform_IV`."""
    parts = [part for part in name.split("/") if part not in ("sequential", "parallel", "auto")]
    return "/".join(parts) or name
