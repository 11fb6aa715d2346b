"""Result file -> one self-contained page with tables and figures. usage: python -m analysis.report
F.h5 [--output DIR]
"""

import argparse
import base64
import os
import re
import sys
from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup, escape

from analysis import findings as claims
from analysis import paper, summary, tables
from analysis.advice import advice
from analysis.complexity import complexity, network_layers
from analysis.decomposition import decomposition
from analysis.disturbances import disturbances
from analysis.feature_findings import feature_findings
from analysis.features import block_features
from analysis.figures.components import draw_components
from analysis.figures.features import draw_features
from analysis.figures.judged import draw_judged
from analysis.figures.look import Drawing
from analysis.figures.pictures import draw_contact_sheet
from analysis.figures.plans import draw_plans
from analysis.figures.predicted import draw_predicted
from analysis.figures.similarity import draw_similarity
from analysis.figures.spectra import draw_spectra
from analysis.figures.tradeoff import draw_times, draw_tradeoff
from analysis.files import ResultError
from analysis.judged import judged_runs
from analysis.load import Results, load
from analysis.paper_tables import paper_tables
from analysis.preferences import preferences
from analysis.quality import line_of_uncertain, not_numbers, warnings
from analysis.reach import ALLOWED, reach
from analysis.runs import summarise
from analysis.spectra import Spectra, high_frequencies, spectra

LONGEST_FACT = 200  # [characters] longer attributes are folded away
KINDS = {".png": "image/png", ".svg": "image/svg+xml"}


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0, 2 for a file that is not there, 3 for one that cannot be used or written."""
    parser = argparse.ArgumentParser(prog="analysis.report", description=__doc__.split(" usage")[0])
    parser.add_argument("file", type=Path, help="result file (.h5) of `fdbench run`")
    parser.add_argument("--output", type=Path, help="folder (default: beside the file, its name)")
    parser.add_argument(
        "--pictures", type=int, default=8, help="prompts on the contact sheet (default: 8)"
    )
    options = parser.parse_args(arguments)
    output = options.output or options.file.with_suffix("")
    try:
        page = write_report(load(options.file, options.pictures), output)
    except ResultError as error:
        print(f"report: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"report: cannot write {error.filename or output}: {error.strerror}", file=sys.stderr)
        return 3
    try:
        print(f"report  {page}", flush=True)
    except OSError as error:
        print(f"report: standard output cannot be written ({error.strerror})", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python writes what is left at its end
        return 3
    return 0


def write_report(results: Results, folder: Path) -> Path:
    """Writes index.html, strategies.csv and every figure as PNG and SVG into the folder; returns
    the page's path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    runs = summarise(results)
    features = block_features(results)
    found_spectra = spectra(results)
    found = {
        "key steps and propagation": claims.ablation_findings(results, runs),
        "block outputs": feature_findings(features[0] if len(features) == 1 else None),
    }
    strategies = tables.strategy_table(runs, not_numbers(results))
    strategies.drop(columns=["num_identical", "highlight", "front"]).to_csv(
        folder / "strategies.csv", index=False
    )
    drawings = [
        draw_tradeoff(runs),
        draw_times(runs),
        draw_judged(results.runs),
        draw_components(results),
        *(drawing for of_stage in features for drawing in draw_features(of_stage)),
        draw_similarity(results),
        draw_contact_sheet(results, runs),
        draw_predicted(results, runs),
        draw_spectra(results, runs, found_spectra),
        draw_plans(results, runs),
    ]
    figures = {d.stem: _embedded(d, folder) for d in drawings if d}
    page = folder / "index.html"
    page.write_text(
        _render(results, runs, strategies, found, figures, high_table(results, found_spectra)),
        encoding="utf-8",
    )
    return page


def high_table(results: Results, found: dict[str, Spectra]) -> pd.DataFrame:
    """Of the pictures, else of the latents; empty without either."""
    one = found.get("pictures") or found.get("latents")
    return high_frequencies(results, one) if one else pd.DataFrame()


def count_text(count: float) -> str:
    """ "7.5 M", "0.82 G"."""
    power, letter = next(
        ((power, letter) for power, letter in ((9, "G"), (6, "M"), (3, "k")) if count >= 10**power),
        (0, ""),
    )
    return f"{count / 10**power:.3g} {letter}".rstrip()


def _embedded(drawing: Drawing, folder: Path) -> dict[str, str]:
    """Saves a drawing; what the template needs to show it without a file beside the page."""
    png, svg = drawing.save(folder)
    source = png if drawing.raster else svg
    data = base64.b64encode(source.read_bytes()).decode()
    return {
        "stem": drawing.stem,
        "title": drawing.title,
        "alt": drawing.alt,
        "caption": drawing.caption,
        "data": f"data:{KINDS[source.suffix]};base64,{data}",
    }


def _render(
    results: Results,
    runs: pd.DataFrame,
    strategies: pd.DataFrame,
    found: dict[str, list[claims.Finding]],
    figures: dict[str, dict[str, str]],
    high: pd.DataFrame,
) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["breakable"] = lambda text: escape(text).replace("/", Markup("/<wbr>"))
    environment.filters["capital"] = lambda text: text[:1].upper() + text[1:]
    environment.filters["count"] = count_text
    environment.filters["slug"] = lambda text: re.sub(r"\W+", "-", text)
    everything = [finding for group in found.values() for finding in group]
    attributes = dict(results.attributes)
    folded = {"Configuration": attributes.pop("config", "")}
    long = [key for key, value in attributes.items() if len(str(value)) > LONGEST_FACT]
    folded |= {f"Attribute {key}": attributes.pop(key) for key in long}
    return environment.get_template("page.html.j2").render(
        results=results,
        attributes=attributes,
        folded={title: text for title, text in folded.items() if text},
        advice=advice(runs, not_numbers(results)),
        uncertain=line_of_uncertain(runs),
        warnings=warnings(results),
        num_timed=max((len(values) for values in results.rounds.values()), default=0),
        sentence=summary.sentence(results, runs),
        numbers=summary.key_numbers(results, runs, everything),
        disturbed=disturbances(results),
        missing=summary.missing(results, runs),
        variant_sentence=summary.variant_sentence(runs),
        inactive=runs.loc[runs["inactive"], "name"].tolist(),
        columns=tables.COLUMNS,
        num_paper_columns=tables.NUM_PAPER_COLUMNS,
        strategies=strategies.to_dict("records"),
        cell=tables.cell,
        paper_tables=paper_tables(runs),
        findings={title: group for title, group in found.items() if group},
        figures=figures,
        of_features=[stem for stem in figures if stem.startswith("feature_")],
        complexity=complexity(results).to_dict("records"),
        network_layers=network_layers(results).to_dict("records"),
        high=high.to_dict("records"),
        gives_back=bool(high.get("restored", pd.Series(dtype=float)).notna().any()),
        reach=reach(results).to_dict("records"),
        allowed=ALLOWED,
        parts=decomposition(runs).to_dict("records"),
        judged=judged_runs(results),
        preferences=preferences(results),
        paper_preferences=paper.numbers()["table15"],
        runs=runs.to_dict("records"),
        span=claims.span,
        memory=tables.memory_text,
        source=paper.numbers()["source"],
    )


if __name__ == "__main__":
    sys.exit(main())
