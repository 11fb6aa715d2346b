"""Draws held-out scenes into a folder: what `fdbench stats` makes a reference of.

    python experiments/mini/draw_pictures.py --count 2000 --output results/drawn
    build/release/fdbench stats results/drawn --clip models/mini-judge --keep-features \
        -o models/mini-judge/reference.npz
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from scenes import draw, scenes

SEED = 60_000_000  # no scenes that anything was trained on or is judged by


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    source, pen = scenes(SEED, want_held_out=True), np.random.default_rng(SEED)
    for i in range(args.count):
        Image.fromarray(draw(next(source), pen)).save(args.output / f"{i:05}.png")


if __name__ == "__main__":
    main()
