"""The scenes of models/mini-dit: one large object in the centre, a class for each shape and colour.

    python experiments/mini/class_scenes.py --output configs/prompts/classes.json

writes the classes with their scenes, for `classes: {file: ...}` and the scene reader.
"""

import argparse
import random
from pathlib import Path

import numpy as np
from prompts import write
from scenes import BACKGROUNDS, COLOURS, SHAPES, Scene, Thing, draw

SIZE, PLACE = "large", "in the centre"
CLASSES = [(colour, shape) for shape in SHAPES for colour in COLOURS]
NAMES = [f"{colour} {shape}" for colour, shape in CLASSES]


def scene_of(label: int, background: str) -> Scene:
    """The scene of a class on a background."""
    colour, shape = CLASSES[label]
    return Scene((Thing(SIZE, colour, shape),), background, place=PLACE)


def rendered_classes(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels [count] and pictures [count, 64, 64, 3] uint8; classes in turn, backgrounds drawn."""
    rng, pen = random.Random(seed), np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    pictures = np.empty((count, 64, 64, 3), np.uint8)
    for i, label in enumerate(labels):
        pictures[i] = draw(scene_of(label, rng.choice(tuple(BACKGROUNDS))), pen)
    return labels, pictures


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()
    # The background is not part of a class: the reader's verdict on it means nothing.
    scenes = [scene_of(label, "white").to_json() for label in range(len(CLASSES))]
    prompts = [{"caption": n, "scene": s} for n, s in zip(NAMES, scenes, strict=True)]
    write(args.output, args.output.stem, 0, prompts)


if __name__ == "__main__":
    main()
