"""The strategy table: the paper's numbers beside ours, a row per plan, sequential and parallel side
by side.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from analysis.findings import span
from analysis.paper import TEXT_TO_IMAGE, paper_row
from analysis.runs import describe

COLUMNS = {  # column: (heading, what it says)
    "plan": ("strategy", "what is propagated, with which key steps"),
    "keys": ("key steps", "steps at which everything runs"),
    "unet_s": ("UNet s", "seconds a picture, sequential, median"),
    "sequential": ("speedup, sequential", "UNet, with 95% interval"),
    "parallel": ("speedup, parallel", "UNet, with 95% interval"),
    "work": ("multiply-adds", "full run / this one, of the layers that ran"),
    "psnr": ("PSNR [dB]", "to the full run's picture, mean"),
    "latent_mse": ("latent MSE", "to the full run's final latents, mean"),
    "paper_fid": ("FID", "paper, lower is better"),
    "paper_clipscore": ("Clipscore", "paper, higher is better"),
    "paper_unet_s": ("UNet s", "paper, seconds a picture on an A40"),
    "paper_speedup": ("speedup", "paper, UNet time of the full run / this one (parallel)"),
    "paper_work": ("GFLOPs", "paper, full run / this one"),
}
NUM_PAPER_COLUMNS = sum(column.startswith("paper_") for column in COLUMNS)


def strategy_table(
    table: pd.DataFrame, no_numbers: Mapping[str, Collection[str]] = MappingProxyType({})
) -> pd.DataFrame:
    """Numbers with COLUMNS, a row per plan; speedups as text, `inactive`, `strategy` and the key
    list beside them. no_numbers: fields that are not numbers, by run; they are shown as "NaN".
    """
    rows = []
    for ways in _side_by_side(table):
        first = ways.get("sequential", next(iter(ways.values())))
        wrecked = no_numbers.get(first["name"], ())
        shown = {
            ours: "NaN" if field in wrecked else first[ours]
            for ours, field in (
                ("unet_s", "unet_s"),
                ("psnr", "psnr_to_full"),
                ("latent_mse", "latent_mse_to_full"),
            )
        }
        paper = paper_row(first["strategy"], first["key_set"]) if _as_in_paper(first) else {}
        rows.append(
            {
                "plan": _title(first),
                "strategy": first["strategy"],
                "highlight": (first["strategy"], first["key_set"]) == ("encoder", "non_uniform_IV"),
                "front": any(bool(row["front"]) for row in ways.values()),
                "inactive": any(bool(row["inactive"]) for row in ways.values()),
                "keys": len(first["keys"]) or np.nan,
                "key_list": " ".join(map(str, first["keys"])),
                **{
                    f"paper_{key}": paper.get(key, np.nan)
                    for key in ("fid", "clipscore", "unet_s", "speedup")
                },
                "paper_work": paper.get("work_ratio", np.nan),
                "unet_s": shown["unet_s"],
                "sequential": speedup_text(ways.get("sequential")),
                "parallel": speedup_text(ways.get("parallel")),
                "work": first["work_ratio"],
                "psnr": shown["psnr"],
                "num_identical": first["num_identical"],
                "latent_mse": shown["latent_mse"],
            }
        )
    return pd.DataFrame(rows)


def _as_in_paper(run: pd.Series) -> bool:
    """True for the task and the sampler of the paper's Tables 5 and 14; a full run must be the
    baseline.
    """
    is_plain = run.get("task", TEXT_TO_IMAGE) == TEXT_TO_IMAGE and run["sampler"] in ("ddim", "")
    return is_plain and (run["strategy"] != "full" or run["baseline"])


def _side_by_side(table: pd.DataFrame) -> list[dict[str, pd.Series]]:
    """Runs by execution, a dictionary a row: runs of one plan share it, one of each execution."""
    rows: list[tuple[int, dict[str, pd.Series]]] = []
    for _, run in table.iterrows():
        way = run["execution"] or "sequential"
        row = next(
            (ways for group, ways in rows if group == run["group"] and way not in ways), None
        )
        if row is None:
            rows.append((run["group"], {way: run}))
        else:
            row[way] = run
    return [ways for _, ways in rows]


def _title(run: pd.Series) -> str:
    capped = run["execution"] == "parallel" and run["max_parallel"]
    return describe(run) + (f" (at most {run['max_parallel']} a batch)" if capped else "")


def speedup_text(row: pd.Series | None) -> str:
    """Speedup with its interval, "1" for the full run, "" when it was not measured."""
    if row is None or not np.isfinite(row["speedup"]):
        return ""
    return "1" if row["baseline"] else span(row["speedup"], row["low"], row["high"])


def cell(column: str, value: object) -> str:
    """A number as the page prints it; "–" where there is none."""
    if isinstance(value, str):
        return value or "–"
    if value is None or np.isnan(value):
        return "–"
    if np.isposinf(value):
        return "identical"
    formats = {"keys": "{:.0f}", "psnr": "{:.1f}", "unet_s": "{:.3f}"}
    formats |= {"paper_clipscore": "{:.3f}", "paper_gflops": "{:.0f}"}
    formats |= {"clip_score": "{:.3f}", "objects_right": "{:.3f}"}
    if column == "latent_mse":
        return "0" if value == 0 else f"{value:.3g}"
    return formats.get(column, "{:.2f}").format(value)


def memory_text(size: float) -> str:
    """Bytes as "12 MB" or "1.3 GB"; a dash where nothing was measured."""
    if not np.isfinite(size) or size < 0:
        return "–"
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
