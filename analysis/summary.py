"""What the top of the page says: one sentence with the key numbers, a few figures to remember, what
is missing.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.findings import FAILS, HOLDS, Finding, pick, span
from analysis.load import Results
from analysis.paper import TEXT_TO_IMAGE, paper_row, paper_steps
from analysis.quality import is_certain


@dataclass
class KeyNumber:
    """A number in large type with what it is."""

    value: str
    label: str


def hero(table: pd.DataFrame) -> pd.Series | None:
    """The run the page opens with: the paper's own method if it is there, else the first that saved
    anything.
    """
    run = pick(table, "encoder", "non_uniform_IV")
    if run is not None:
        return run
    others = table[(table["strategy"] != "full") & ~table["inactive"]]
    return None if others.empty else others.iloc[0]


def sentence(results: Results, table: pd.DataFrame) -> str:
    """The result in one or two sentences."""
    run = hero(table)
    if run is None:
        return "This file holds no run that reuses anything, so there is nothing to compare yet."
    keys = f" with {len(run['keys'])} key steps of {run['num_steps']}" if run["keys"] else ""
    kind = {"encoder": "Encoder propagation"}.get(
        run["strategy"], f"The strategy {run['strategy']}"
    )
    named = f" ({run['key_set']})" if run["key_set"] else ""
    twins = table[table["group"] == run["group"]]
    speeds = [
        f"{span(row['speedup'], row['low'], row['high'])} times as fast"
        + (f" ({row['execution']})" if row["execution"] else "")
        for _, row in twins.iterrows()
        if np.isfinite(row["speedup"])
    ]
    text = f"{kind}{keys}{named}"
    text += f" runs the UNet {' and '.join(speeds)}" if speeds else " was not timed"
    if np.isfinite(run["work_ratio"]):
        text += f", with {run['work_ratio']:.2f} times fewer multiply-adds"
    text += "."
    if np.isfinite(run["psnr"]):
        text += f" Its pictures are {run['psnr']:.1f} dB (PSNR) from the full run's"
        text += (
            f", its latents {run['latent_mse']:.3g} (MSE)."
            if np.isfinite(run["latent_mse"])
            else "."
        )
    elif np.isposinf(run["psnr"]):
        text += " Its pictures are identical to the full run's."
    speedup = paper_row(run["strategy"], run["key_set"]).get("speedup")
    is_of_paper = run.get("task", TEXT_TO_IMAGE) == TEXT_TO_IMAGE
    if speedup and is_of_paper and run["strategy"] != "full":
        text += f" The paper reports {speedup:.2f} times for this key set (SD v1.5, parallel)."
    return text


def variant_sentence(table: pd.DataFrame) -> str:
    """Whose reading of the method ran: the paper's text or the authors' code; "" of files that do
    not say it.
    """
    methods = table[(table["strategy"] != "full") & (table["variant"] != "")]
    theirs = methods.loc[methods["variant"] == "authors", "name"].tolist()
    if methods.empty:
        return ""
    if not theirs:
        return "All runs follow the paper's text (variant: paper)."
    named = f"Named key steps and noise injection of {', '.join(theirs)} are the authors' code's"
    rest = "" if len(theirs) == len(methods) else ", of the other runs the paper's (variant: paper)"
    return f"{named} (variant: authors){rest}."


def key_numbers(results: Results, table: pd.DataFrame, findings: list[Finding]) -> list[KeyNumber]:
    """At most four."""
    numbers, run = [], hero(table)
    if run is not None:
        twins = table[(table["group"] == run["group"]) & np.isfinite(table["speedup"])]
        if not twins.empty:
            certain = twins[is_certain(twins)]
            best = (twins if certain.empty else certain)["speedup"].idxmax()
            best = twins.loc[best]
            label = f"UNet speedup, {best['name']}" + (", not certain" if certain.empty else "")
            numbers.append(KeyNumber(f"{best['speedup']:.2f}x", label))
        if np.isfinite(run["psnr"]):
            numbers.append(KeyNumber(f"{run['psnr']:.1f} dB", "PSNR to the full run's pictures"))
    if findings:
        held = sum(finding.verdict == HOLDS for finding in findings)
        failed = sum(finding.verdict == FAILS for finding in findings)
        rest = len(findings) - held - failed
        label = f"checks of the paper's claims hold; {failed} fail, {rest} partly or undecided"
        numbers.append(KeyNumber(f"{held} of {len(findings)}", label))
    if results.num_pictures:
        numbers.append(KeyNumber(f"{len(table)} × {results.num_pictures}", "runs by pictures"))
    else:
        numbers.append(KeyNumber(f"{len(table)}", "runs"))
    return numbers


def missing(results: Results, table: pd.DataFrame) -> list[str]:
    """What the page cannot show or compare plainly, and why."""
    gaps = []
    if results.full is None:
        gaps.append("No full run: no speedups and no distances to it.")
    if not results.features:
        gaps.append("No features were watched: Figure 3 and its claims are left out.")
    if "unet_s" not in results.timing or not np.isfinite(results.timing["unet_s"]).any():
        gaps.append("No timing rounds: no speedups.")
    elif (rounds := int(table["num_rounds"].max())) < 2:
        gaps.append(f"{rounds} timing round only: speedups have no interval.")
    if results.images is None or not results.images.size:
        gaps.append("No pictures are stored: no contact sheet.")
    if results.cells is None or results.ran is None:
        gaps.append("No plans are stored: key steps, multiply-adds and plan grids are left out.")
    if results.num_pictures == 1:
        gaps.append(
            "One picture only: distances have no interval and claims about pictures stay open."
        )
    other = sorted(set(table["num_steps"]) - {0, paper_steps()})
    if other:
        counts = " and ".join(map(str, other))
        gaps.append(
            f"The paper samples {paper_steps()} steps, runs here {counts}: "
            "its key sets are rescaled."
        )
    return gaps
