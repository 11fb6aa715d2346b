"""A judged sweep of 1,000 pictures -> what is committed of it: runs.csv, comparison.md, figures.

comparison.md holds the paper's rows beside ours, and the differences of one run from all others
with paired bootstrap intervals (the same prompts and seeds on both sides), of each score that the
file has; FID needs `judges.keep_features`.

    .venv/bin/python -m experiments.tables.summarise results/table5.h5 --output experiments/table5 \
        --table 5 --against encoder/non_uniform_IV/noise_injection/parallel
"""

import argparse
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from analysis.figures.judged import draw_judged
from analysis.figures.tradeoff import draw_tradeoff
from analysis.load import load
from analysis.paper_tables import PAPER, paper_tables
from analysis.runs import summarise

RESAMPLES = 1000
KEPT = ("name", "strategy", "execution", "num_key_steps", "num_pictures", "num_rounds")
SCORES = ("fid", "clip_score", "objects_right", "pictures_right", "control_f1")
HEADINGS = {
    "fid": "FID",
    "clip_score": "CLIPScore",
    "objects_right": "objects right",
    "control_f1": "control F1",
}
FEATURES = "pictures/judged_features"


def frechet(features: np.ndarray, reference: tuple[np.ndarray, np.ndarray]) -> float:
    """FID: squared distance of the means + tr(A + B - 2 (A B)^(1/2)). features: [n, d]."""
    mean, root = reference
    covariance = np.cov(features, rowvar=False)
    values = np.linalg.eigvalsh(root @ covariance @ root)
    traces = np.trace(covariance) + np.trace(root @ root)
    shift = np.square(features.mean(0) - mean).sum()
    return float(shift + traces - 2 * np.sqrt(np.maximum(values, 0)).sum())


def load_reference(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Mean, and the square root of the covariance."""
    with np.load(path, allow_pickle=False) as arrays:
        values, vectors = np.linalg.eigh(arrays["sigma"])
        return arrays["mu"], (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def judged_columns(path: Path) -> dict[str, np.ndarray]:
    """Score -> [runs, pictures] ([runs, pictures, d] for FID: features), of those in the file."""
    places = {key: f"pictures/{key}" for key in HEADINGS} | {"fid": FEATURES}
    with h5py.File(path) as file:
        return {
            HEADINGS[key]: file[place][:].astype(np.float64)
            for key, place in places.items()
            if place in file
        }


def differences(path: Path, names: list[str], against: str, reference: Path) -> pd.DataFrame:
    """Each run less `against`, with 95% intervals over resampled pictures."""
    columns = judged_columns(path)
    root = load_reference(reference) if HEADINGS["fid"] in columns else None
    generator = np.random.default_rng(0)
    count = next(iter(columns.values())).shape[1]
    draws = [np.arange(count), *generator.integers(0, count, (RESAMPLES, count))]
    table = {}
    for heading, values in columns.items():
        score = (lambda rows: frechet(rows, root)) if heading == "FID" else np.mean
        scores = np.array([[score(run[draw]) for draw in draws] for run in values])
        shift = scores - scores[names.index(against)]
        low, high = np.quantile(shift[:, 1:], (0.025, 0.975), axis=1)
        table[heading] = [
            f"{value:+.3f} [{a:+.3f}, {b:+.3f}]" + ("" if a <= 0 <= b else " *")
            for value, a, b in zip(shift[:, 0], low, high, strict=True)
        ]
    frame = pd.DataFrame(table, index=pd.Index(names, name="run"))
    return frame.drop(index=against)


def markdown(heads: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def paper_text(comparison: dict) -> str:
    """One of the paper's tables: its columns, then ours."""
    columns = [key for key in ("fid", "clipscore", "speedup") if key in comparison["columns"]]
    judged = [key for key in HEADINGS if key in comparison["judged"]]
    heads = ["row", *(f"paper {PAPER[key]}" for key in columns)]
    heads += [*(HEADINGS[key] for key in judged), "UNet speedup"]
    rows = []
    for row in comparison["rows"]:
        cells = [row["label"], *(_text(row["paper"][key], 3) for key in columns)]
        ours = row["ours"]
        if ours is None:
            rows.append([*cells, *[""] * (len(judged) + 1)])
            continue
        speed = "1" if ours["baseline"] else f"{ours['speedup']:.2f}"
        speed += "" if ours["baseline"] else f" [{ours['low']:.2f}, {ours['high']:.2f}]"
        scores = [_text(ours[key], 3) for key in judged]
        rows.append([*cells, *scores, speed])
    return f"### {comparison['title']}\n\n" + markdown(heads, rows)


def _text(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--table", required=True, help="of the paper, such as 5")
    parser.add_argument("--against", required=True, help="run that the others are compared with")
    parser.add_argument(
        "--reference", type=Path, default=Path("models/mini-judge/reference.npz"),
        help="of the judge, for FID",
    )  # fmt: skip
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    results = load(args.file)
    table = summarise(results)
    scores = [f"{key}{end}" for key in SCORES for end in ("", "_low", "_high")]
    speeds = ["unet_s", "total_s", "unet_speedup", "unet_speedup_low", "unet_speedup_high"]
    rest = ["kid", "precision", "recall", "ftc", "psnr_to_full", "latent_mse_to_full"]
    wanted = [key for key in (*KEPT, *speeds, *scores, *rest) if key in results.runs]
    results.runs[wanted].to_csv(args.output / "runs.csv", index=False, float_format="%.6g")
    compared = differences(args.file, list(results.runs["name"]), args.against, args.reference)
    covered = {comparison["title"].split(":")[0]: comparison for comparison in paper_tables(table)}
    text = paper_text(covered[f"Table {args.table}"])
    text += f"\n### Each run less `{args.against}`\n\n"
    text += markdown(
        ["run", *compared.columns],
        [[name, *row] for name, row in zip(compared.index, compared.to_numpy(), strict=True)],
    )
    text += (
        f"\nThe same {results.num_pictures:,} prompts and seeds on both sides; 95% intervals of a "
        f"paired bootstrap of {RESAMPLES} resamples; *: beyond its interval.\n"
    )
    (args.output / "comparison.md").write_text(text)
    for drawing in (draw_judged(results.runs), draw_tradeoff(table)):
        if drawing is not None:
            _, svg = drawing.save(args.output)
            svg.unlink()  # the picture is enough in a repository


if __name__ == "__main__":
    main()
