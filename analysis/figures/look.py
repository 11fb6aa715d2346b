"""What all figures share: colours of roles and strategies, block names, saving as PNG and SVG."""

from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend is chosen first)
from matplotlib.figure import Figure  # noqa: E402

INK, MUTED, GRID = "#1f2933", "#66727f", "#e3e8ee"
ROLE = {"encoder": "#2f6db5", "bottleneck": "#3b9a78", "decoder": "#d9622b"}
STRATEGY = {
    "full": INK,
    "encoder": "#2f6db5",
    "decoder": "#d9622b",
    "encoder_decoder": "#9150a8",
    "drop": "#a3333d",
    "deepcache": "#3b9a78",
    "custom": "#8a6d1f",
}
SHADES = {"encoder": "Blues", "bottleneck": "Greens", "decoder": "Oranges"}

plt.rcParams.update(
    {
        "figure.facecolor": "white",
        "font.size": 9,
        "font.family": "DejaVu Sans",
        "text.color": INK,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": INK,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "legend.frameon": False,
        "legend.fontsize": 8,
        "svg.hashsalt": "fdbench",
    }
)


@dataclass
class Drawing:
    """A figure with what the page says about it."""

    stem: str
    title: str
    alt: str
    caption: str
    figure: Figure
    raster: bool = False  # the page embeds the PNG instead of the SVG

    def save(self, folder: Path) -> tuple[Path, Path]:
        """Writes STEM.png and STEM.svg and closes the figure."""
        png, svg = folder / f"{self.stem}.png", folder / f"{self.stem}.svg"
        self.figure.savefig(png, dpi=150, bbox_inches="tight", metadata={"Software": None})
        self.figure.savefig(svg, dpi=150, bbox_inches="tight", metadata={"Date": None})
        plt.close(self.figure)
        return png, svg


def shade(role: str, place: int, count: int) -> tuple:
    """Colour of the place-th of `count` blocks of a role, from light to dark."""
    colours = matplotlib.colormaps[SHADES.get(role, "Greys")]
    return colours(0.75 if count == 1 else 0.42 + 0.5 * place / (count - 1))


def short_block(name: str) -> str:
    """`down_blocks.0` -> `down 0`."""
    return name.replace("_blocks.", " ").replace("_block", "")
