"""Single figures of a paper as PNG, SVG and PDF, as wide as its columns.

usage: python -m analysis.figures RESULT.h5 --figure 2 [--output DIR] [--width INCHES]
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from analysis.features import block_features
from analysis.figures.components import draw_components
from analysis.figures.features import draw_features
from analysis.figures.look import Drawing
from analysis.figures.predicted import draw_predicted
from analysis.figures.similarity import draw_similarity
from analysis.files import ResultError
from analysis.load import Results, load
from analysis.runs import summarise

TEXT_WIDTH = 5.5  # [inches] of NeurIPS's single column
KINDS = ("png", "svg", "pdf")


def features(results: Results) -> list[Drawing]:
    """Figure 3."""
    return [drawing for stage in block_features(results) for drawing in draw_features(stage)]


def components(results: Results) -> list[Drawing]:
    """Figures 2, 10 and 12: each picture that was drawn."""
    count = 0 if results.components is None else len(results.components.images)
    drawings = [draw_components(results, picture) for picture in range(count)]
    return [drawing for drawing in drawings if drawing]


def predicted(results: Results) -> list[Drawing]:
    """Figure 7: each picture that was drawn."""
    if results.predicted is None:
        return []
    table = summarise(results)
    drawings = [
        draw_predicted(results, table, picture)
        for picture in range(results.predicted.images.shape[1])
    ]
    return [drawing for drawing in drawings if drawing]


def similarity(results: Results) -> list[Drawing]:
    """No figure of the paper."""
    drawing = draw_similarity(results)
    return [drawing] if drawing else []


FIGURES: dict[str, tuple[Callable[[Results], list[Drawing]], str]] = {
    "2": (components, "features: {pca: true}"),
    "3": (features, "features: true"),
    "7": (predicted, "pictures: {predicted: true}"),
    "10": (components, "features: {pca: true}"),
    "12": (components, "features: {pca: true}"),
    "similarity": (similarity, "features: {similarity: true}"),
}


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0, 2 for wrong use and what the file does not hold, 3 for what cannot be done."""
    parser = argparse.ArgumentParser(prog="analysis.figures", description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path, help="result file (.h5) of `fdbench run`")
    parser.add_argument("--figure", required=True, choices=FIGURES, help="its number in the paper")
    parser.add_argument("--output", type=Path, default=Path(), help="folder (default: this one)")
    parser.add_argument(
        "--width", type=float, default=TEXT_WIDTH, help=f"inches (default: {TEXT_WIDTH})"
    )
    options = parser.parse_args(arguments)
    if not 1 <= options.width <= 50:
        parser.error(f"--width must be 1 to 50 inches, not {options.width:g}")
    draw, asked_by = FIGURES[options.figure]
    try:
        drawings = draw(load(options.file))
        if not drawings:
            raise ResultError(
                f"{options.file}: holds nothing for figure {options.figure}; the config wants "
                f"{asked_by}",
                exit_code=2,
            )
        options.output.mkdir(parents=True, exist_ok=True)
        for place, drawing in enumerate(drawings):
            several = len({drawing.stem for drawing in drawings}) < len(drawings)
            stem = drawing.stem + (f"_{place}" if several else "")
            for path in save(drawing.figure, options.output / stem, options.width):
                print(f"figure  {path}")
    except ResultError as error:
        print(f"figures: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        where = error.filename or options.output
        print(f"figures: cannot write {where}: {error.strerror}", file=sys.stderr)
        return 3
    return 0


def save(figure: Figure, stem: Path, width: float) -> list[Path]:
    """Writes STEM.png, .svg and .pdf, the whole drawing scaled to `width` inches; closes it."""
    scale(figure, width / figure.get_figwidth())
    paths = [stem.with_name(f"{stem.name}.{kind}") for kind in KINDS]
    dates = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    for path, kind in zip(paths, KINDS, strict=True):
        figure.savefig(path, dpi=300, metadata=dates[kind])
    plt.close(figure)
    return paths


def scale(figure: Figure, factor: float) -> None:
    """Makes everything in a figure that many times as large: size, letters and lines."""
    figure.set_size_inches(figure.get_size_inches() * factor)
    for text in figure.findobj(Text):
        text.set_fontsize(text.get_fontsize() * factor)
    for line in figure.findobj(Line2D):
        line.set_linewidth(line.get_linewidth() * factor)
        line.set_markersize(line.get_markersize() * factor)
    for collection in figure.findobj(Collection):
        collection.set_linewidth([w * factor for w in collection.get_linewidth()])


if __name__ == "__main__":
    sys.exit(main())
