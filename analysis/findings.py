"""Do the paper's claims about key steps and propagation hold on our data? Answered from the numbers
alone.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.load import Results
from analysis.paper import numbers, table5, table14
from analysis.runs import describe, interval

HOLDS, FAILS, PARTLY, OPEN = "holds", "does not hold", "partly", "undecided"
METRICS = {"psnr": "PSNR", "latent_mse": "latent MSE"}


@dataclass
class Finding:
    """One claim of the paper and what our numbers say."""

    claim: str
    paper: str
    ours: str
    verdict: str


def ablation_findings(results: Results, table: pd.DataFrame) -> list[Finding]:
    """Claims of Tables 5, 8 and 14 that the sweep can answer; those whose runs are not in the file
    are left out.
    """
    findings = [_faster(table), _parallel(table), _cost_order(table)]
    findings += [_best_of_nine(results, table, metric) for metric in METRICS]
    findings += [_key_set_order(table, metric) for metric in METRICS]
    findings += [_encoder_best(results, table, metric) for metric in METRICS]
    findings += [_variant_order(table, metric) for metric in METRICS]
    return [finding for finding in findings if finding]


def pick(table: pd.DataFrame, strategy: str, key_set: str, execution: str = "") -> pd.Series | None:
    """The run of a strategy and key set, the sequential one unless told; None without any."""
    rows = table[table["strategy"] == strategy]
    if strategy != "full":
        rows = rows[rows["key_set"] == key_set]
    if execution:
        rows = rows[rows["execution"] == execution]
    else:
        rows = rows.sort_values("execution", key=lambda ways: ways != "sequential", kind="stable")
    return None if rows.empty else rows.iloc[0]


def span(value: float, low: float, high: float, digits: int = 2) -> str:
    """`1.42 [1.40, 1.43]`, without the interval where there is none."""
    text = f"{value:.{digits}f}"
    return text + (f" [{low:.{digits}f}, {high:.{digits}f}]" if np.isfinite(low) else "")


def _speedup(row: pd.Series, prefix: str = "") -> str:
    return span(*(row[prefix + key] for key in ("speedup", "low", "high"))) + "x"


def _measured(row: pd.Series | None, column: str) -> bool:
    return row is not None and bool(np.isfinite(row[column]))


def _faster(table: pd.DataFrame) -> Finding | None:
    runs = {
        way: pick(table, "encoder", "non_uniform_IV", way) for way in ("sequential", "parallel")
    }
    runs = {way: row for way, row in runs.items() if _measured(row, "speedup")}
    if not runs:
        return None
    best = max(runs.values(), key=lambda row: row["speedup"])
    verdict = HOLDS if best["low"] > 1 else FAILS if best["high"] < 1 else OPEN
    return Finding(
        "Encoder propagation with the key set non_uniform_IV speeds the UNet up",
        f"{table5()['non_uniform_IV']['speedup']:.2f}x, parallel",
        ", ".join(f"{_speedup(row)} {way}" for way, row in runs.items()),
        verdict,
    )


def _parallel(table: pd.DataFrame) -> Finding | None:
    one, many = (
        pick(table, "encoder", "non_uniform_IV", way) for way in ("sequential", "parallel")
    )
    if not (_measured(one, "total_speedup") and _measured(many, "total_speedup")):
        return None
    times = {row["method"]: row["total_s"] for row in numbers()["table8"]}
    apart = many["total_low"] > one["total_high"], many["total_high"] < one["total_low"]
    return Finding(
        "Running the decoder of many steps as one batch is faster still (whole pipeline)",
        f"{times['full'] / times['sequential']:.2f}x sequential, "
        f"{times['full'] / times['parallel']:.2f}x parallel",
        f"{_speedup(one, 'total_')} sequential, {_speedup(many, 'total_')} parallel",
        HOLDS if apart[0] else FAILS if apart[1] else OPEN,
    )


def _pairs(paper: dict[str, float], ours: dict[str, float]) -> tuple[int, int]:
    """How many pairs both order the same way, of those that both order."""
    names = [name for name in paper if np.isfinite(ours.get(name, np.nan))]
    products = [
        (paper[a] - paper[b]) * (ours[a] - ours[b])
        for a, b in combinations(names, 2)
        if paper[a] != paper[b]
    ]
    return sum(product > 0 for product in products), len(products)


def _order(
    claim: str, paper: dict[str, float], ours: dict[str, float], unit: str
) -> Finding | None:
    """Rank agreement; both dictionaries grow with harm or cost."""
    same, total = _pairs(paper, ours)
    if total < 3:
        return None
    ranked = sorted((name for name in paper if np.isfinite(ours.get(name, np.nan))), key=ours.get)
    verdict = HOLDS if same == total else PARTLY if same > total / 2 else FAILS
    tau = 2 * same / total - 1
    return Finding(
        claim,
        " < ".join(sorted(ranked, key=paper.get)),
        f"by {unit}, least first: {' < '.join(ranked)}. "
        f"{same} of {total} pairs agree (Kendall's tau {tau:.2f})",
        verdict,
    )


def _cost_order(table: pd.DataFrame) -> Finding | None:
    """Sets with equally many key steps do equal work and are not compared."""
    paper = {name: row["gflops"] for name, row in table5().items() if name != "full"}
    for way in ("parallel", "sequential"):
        runs = {name: pick(table, "encoder", name, way) for name in paper}
        ours = {name: 1 / row["speedup"] for name, row in runs.items() if _measured(row, "speedup")}
        claim = "The fewer key steps, the less UNet time"
        finding = _order(claim, paper, ours, f"UNet time, {way}")
        if finding:
            times = {len(row["keys"]): [] for row in table5().values() if "keys" in row}
            for row in table5().values():
                times.get(len(row.get("keys", ())), []).append(row["unet_s"])
            finding.paper = ", ".join(
                f"{keys} keys {' to '.join(f'{t} s' for t in sorted({min(all_), max(all_)}))}"
                for keys, all_ in times.items()
            )
            return finding
    return None


def _harm(row: pd.Series | None, metric: str) -> float:
    """Distance from the full run, growing with harm; NaN when not measured."""
    if row is None:
        return np.nan
    return -row["psnr"] if metric == "psnr" else row["latent_mse"]


def _key_set_order(table: pd.DataFrame, metric: str) -> Finding | None:
    paper = {name: row["fid"] for name, row in table5().items() if name != "full"}
    ours = {name: _harm(pick(table, "encoder", name), metric) for name in paper}
    return _order("Order of the seven key sets by harm (paper: FID)", paper, ours, METRICS[metric])


def _variant_order(table: pd.DataFrame, metric: str) -> Finding | None:
    paper = {name: row["fid"] for name, row in table14().items() if name != "full"}
    ours = {name: _harm(pick(table, name, "non_uniform_IV"), metric) for name in paper}
    return _order("Order of what is propagated by harm (paper: FID)", paper, ours, METRICS[metric])


def _differences(
    results: Results, favourite: pd.Series, rivals: list[pd.Series], metric: str
) -> dict[str, tuple[float, float, float]]:
    """By rival's key set or strategy: how much more harm it does than the favourite; mean and 95%
    interval over pictures.
    """
    array = results.psnr if metric == "psnr" else results.latent_mse
    if array is None:
        return {}
    sign = -1 if metric == "psnr" else 1
    compared = {}
    for rival in rivals:
        more = sign * (array[rival.name] - array[favourite.name])
        more = more[np.isfinite(more)]
        if len(more):
            compared[describe(rival)] = (float(more.mean()), *interval(more))
    return compared


def _against(claim: str, paper: str, differences: dict, metric: str) -> Finding | None:
    """The favourite does least harm: clearly (every interval above 0), clearly not (one below 0),
    or undecided.
    """
    if not differences:
        return None
    rival, (mean, low, high) = min(differences.items(), key=lambda item: item[1][0])
    lows, highs = (np.array([value[place] for value in differences.values()]) for place in (1, 2))
    verdict = HOLDS if (lows > 0).all() else FAILS if (highs < 0).any() else OPEN
    unit = " dB" if metric == "psnr" else ""
    digits = 2 if metric == "psnr" else 4
    if mean >= 0:
        gap = f"{span(mean, low, high, digits)}{unit} worse"
    else:
        gap = f"{span(-mean, -high, -low, digits)}{unit} better"
    ours = f"by {METRICS[metric]}: its strongest rival, {rival}, is {gap} (paired over pictures)"
    return Finding(claim, paper, ours, verdict)


def _best_of_nine(results: Results, table: pd.DataFrame, metric: str) -> Finding | None:
    paper = table5()
    nine = [name for name, row in paper.items() if len(row.get("keys", ())) == 9]
    favourite = pick(table, "encoder", "non_uniform_IV")
    rivals = [pick(table, "encoder", name) for name in nine if name != "non_uniform_IV"]
    rivals = [rival for rival in rivals if rival is not None]
    if favourite is None or not rivals:
        return None
    fids = ", ".join(f"{name} {paper[name]['fid']}" for name in nine)
    claim = "non_uniform_IV is the best of the sets with nine of 50 key steps"
    differences = _differences(results, favourite, rivals, metric)
    return _against(claim, f"FID {fids}", differences, metric)


def _encoder_best(results: Results, table: pd.DataFrame, metric: str) -> Finding | None:
    paper = table14()
    favourite = pick(table, "encoder", "non_uniform_IV")
    names = [name for name in paper if name not in ("full", "encoder")]
    rivals = [pick(table, name, "non_uniform_IV") for name in names]
    rivals = [rival for rival in rivals if rival is not None]
    if favourite is None or not rivals:
        return None
    fids = ", ".join(f"{name} {row['fid']}" for name, row in paper.items() if name != "full")
    claim = "Propagating the encoder does less harm than decoder, both, or dropping"
    differences = _differences(results, favourite, rivals, metric)
    return _against(claim, f"FID {fids}", differences, metric)
