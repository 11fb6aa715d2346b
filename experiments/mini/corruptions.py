"""Ways to spoil drawn pictures and their captions, each in four levels from clean on."""

import random
from types import SimpleNamespace

import numpy as np
from hard_negatives import hard_negatives
from PIL import Image, ImageFilter
from scenes import Scene, draw

NOISE = (0.0, 20.0, 40.0, 80.0)  # standard deviation, of 255
BLUR = (0.0, 1.0, 2.0, 4.0)  # radius in pixels
SHARES = (0.0, 0.25, 0.5, 1.0)  # of the pictures


def noisy(pictures: np.ndarray, sigma: float, seed: int = 0) -> np.ndarray:
    """Gaussian noise on every channel, clipped."""
    noise = np.random.default_rng(seed).normal(0, 1, pictures.shape)
    return np.clip(np.rint(pictures + sigma * noise), 0, 255).astype(np.uint8)


def blurred(pictures: np.ndarray, radius: float) -> np.ndarray:
    """Gaussian blur."""
    if radius == 0:
        return pictures
    blur = ImageFilter.GaussianBlur(radius)
    return np.stack([np.asarray(Image.fromarray(picture).filter(blur)) for picture in pictures])


def with_other_captions(drawn: list[Scene], share: float, seed: int = 0) -> list[Scene]:
    """The first `share` of the scenes as one of their hard negatives."""
    rng = random.Random(seed)
    others = [rng.choice(hard_negatives(scene, rng)) for scene in drawn]
    return others[: round(share * len(drawn))] + drawn[round(share * len(drawn)) :]


def with_missing_objects(drawn: list[Scene], share: float, seed: int = 0) -> np.ndarray:
    """Pictures of the scenes; in the first `share` of them the first object is left out."""
    pictures = []
    for i, scene in enumerate(drawn):
        pen = np.random.default_rng((seed, i))
        missing = i < round(share * len(drawn))
        pictures.append(_without_first(scene, pen) if missing else draw(scene, pen))
    return np.stack(pictures)


def _without_first(scene: Scene, pen: np.random.Generator) -> np.ndarray:
    """The picture of what is left, each object at its own place."""
    rest = SimpleNamespace(
        background=scene.background,
        things=scene.things[1:],
        centres=lambda: scene.centres()[1:],
    )
    return draw(rest, pen)
