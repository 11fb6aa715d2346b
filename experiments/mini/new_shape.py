"""Scenes with a shape that scenes.py does not know: a cross, for train_personal.py to teach.

In scenes and captions the shape's word is `TOKEN`; `caption_with` puts another word in its place.
"""

import math
import random
from dataclasses import replace

import numpy as np
from reader import templates
from scenes import PICTURE, SHAPES, SUPERSAMPLING, Scene, draw, held_out, mask, random_scene

TOKEN = "<new1>"  # Custom Diffusion's modifier token, and the LoRA's: a new row of the vocabulary
RARE_WORD = "x"  # of DreamBooth: one token of the byte fallback, never trained
LENGTH, THICKNESS = 1.15, 0.38  # half length and half thickness of the bars, in radii
SINGLE_SHARE = 0.6  # of the scenes; the others have a second object of an old shape


def cover_of(shape: str, centre, radius: float, tilt: float = 0.0) -> np.ndarray:
    """`scenes.mask` for the five old shapes and the cross: coverage [64, 64] in 0..1."""
    if shape != TOKEN:
        return mask(shape, centre, radius, tilt)
    side = PICTURE * SUPERSAMPLING
    y, x = (np.mgrid[0:side, 0:side] + 0.5) / SUPERSAMPLING
    x, y = x - centre[0], y - centre[1]
    along = np.abs(x * math.cos(tilt) + y * math.sin(tilt))
    across = np.abs(y * math.cos(tilt) - x * math.sin(tilt))
    bars = (np.maximum(along, across) <= LENGTH * radius) & (
        np.minimum(along, across) <= THICKNESS * radius
    )
    blocks = bars.reshape(PICTURE, SUPERSAMPLING, PICTURE, SUPERSAMPLING)
    return blocks.mean(axis=(1, 3), dtype=np.float32)


def picture_of(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """The picture [64, 64, 3] uint8 of a scene that may hold crosses."""
    return draw(scene, rng, cover_of)


def known_shapes() -> list[tuple[str, str, np.ndarray]]:
    """The reader's templates with those of the cross."""
    return templates((*SHAPES, TOKEN), cover_of)


def new_scenes(seed: int, want_held_out: bool):
    """Endless scenes with one cross, alone or beside an old shape, of one side of the split."""
    rng = random.Random(seed)
    while True:
        count = 1 if rng.random() < SINGLE_SHARE else 2
        scene = random_scene(rng)
        while len(scene.things) != count:
            scene = random_scene(rng)
        things = list(scene.things)
        at = rng.randrange(count)
        things[at] = replace(things[at], shape=TOKEN)
        scene = replace(scene, things=tuple(things))
        if held_out(scene.caption()) == want_held_out:
            yield scene


def caption_with(scene: Scene, word: str) -> str:
    """The scene's caption, with `word` for the cross."""
    return scene.caption().replace(TOKEN, word)
