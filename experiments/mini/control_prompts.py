"""Writes a prompt file whose prompts have control pictures: the edges of their drawn scenes.

    python experiments/mini/control_prompts.py --prompts configs/prompts/quick.json --count 16 \
        --output configs/prompts/edges.json
    python experiments/mini/control_prompts.py --prompts configs/prompts/quick.json --count 16 \
        --scribble --output configs/prompts/scribble.json

The pictures lie in a folder of the file's name beside it. Scribbles are the edges in broad strokes,
in place of HED's edges after the original's blur: models/mini-control was not trained on them.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from edges import canny
from PIL import Image
from prompts import write
from scenes import Scene, draw

SEED = 70_000_000  # of what captions leave open
STROKE = 1.0  # [pixels] sigma of the blur that makes strokes of edges


def strokes(edges: np.ndarray) -> np.ndarray:
    """Edges [64, 64] bool in broad strokes, bool."""
    return cv2.GaussianBlur(edges.astype(np.float32), (0, 0), STROKE) > 0.15


def with_controls(prompts: list[dict], folder: Path, scribble: bool) -> list[dict]:
    """The prompts with `control`, whose pictures are written into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    pen = np.random.default_rng(SEED)
    made = []
    for number, prompt in enumerate(prompts):
        edges = canny(draw(Scene.from_json(prompt["scene"]), pen))
        shown = strokes(edges) if scribble else edges
        path = folder / f"{number:04}.png"
        Image.fromarray(np.where(shown, np.uint8(255), np.uint8(0))).convert("1").save(path)
        made.append(prompt | {"control": f"{folder.name}/{path.name}"})
    return made


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompts", type=Path, required=True, help="with scenes")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--scribble", action="store_true", help="broad strokes in place of edges")
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()
    source = json.loads(args.prompts.read_text())
    prompts = with_controls(
        source["prompts"][: args.count], args.output.with_suffix(""), args.scribble
    )
    write(args.output, args.output.stem, source["seed"], prompts)


if __name__ == "__main__":
    main()
