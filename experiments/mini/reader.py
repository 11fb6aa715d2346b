"""Reads a scene off a picture: what is where, in which colour, shape and size.

Knows where each object should be and how large, and nothing else of the caption. Pictures of
`scenes.draw` are read almost without error (tests/python/test_scenes.py), so a miss counts against
the model. Foreground is what differs from the background colour; each foreground pixel belongs to
the nearest expected object; shape and size are those of the template that overlaps best.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scenes import BACKGROUNDS, COLOURS, PICTURE, RADII, SHAPES, Scene, mask

LEAST_CONTRAST = 45.0  # distance in RGB from the background, which varies by less than 20
LEAST_AREA = 25  # pixels; the smallest object, a small star, has about 90
LEAST_OVERLAP = 0.65  # intersection over union
FARTHEST = 7.0  # pixels from the expected centre; training jitters by 2
CLEARANCE = 18.0  # pixels from every expected centre: there is background


@dataclass(frozen=True)
class Reading:
    """What was found at the place of one expected object, and whether it is right."""

    colour: str = ""
    shape: str = ""
    size: str = ""
    overlap: float = 0.0
    offset: float = float("inf")

    def judge(self, thing) -> dict[str, bool]:
        """One verdict for each attribute; `object` is right when all are."""
        found = self.overlap > 0
        verdicts = {
            "found": found,
            "colour": self.colour == thing.colour,
            "shape": self.shape == thing.shape and self.overlap >= LEAST_OVERLAP,
            "size": self.size == thing.size,
            "place": self.offset <= FARTHEST,
        }
        return verdicts | {"object": all(verdicts.values())}


def nearest(colour: np.ndarray, palette: dict[str, tuple[int, int, int]]) -> str:
    """The name of the palette's colour that is closest in RGB."""
    return min(palette, key=lambda name: float(np.linalg.norm(colour - np.array(palette[name]))))


@lru_cache(maxsize=2)
def templates(shapes: tuple[str, ...] = SHAPES, cover_of=mask) -> list[tuple[str, str, np.ndarray]]:
    """Every shape in every size, a little smaller and larger, as boolean masks."""
    middle = (PICTURE / 2, PICTURE / 2)
    return [
        (shape, size, cover_of(shape, middle, radius * scale, tilt) > 0.5)
        for shape in shapes
        for size, radius in RADII.items()
        for scale in (0.92, 1.0, 1.08)
        for tilt in (-0.1, 0.0, 0.1)
    ]


def box_centre(cover: np.ndarray) -> tuple[float, float]:
    """Centre (x, y) of the bounding box."""
    rows, columns = np.flatnonzero(cover.any(1)), np.flatnonzero(cover.any(0))
    return (columns[0] + columns[-1] + 1) / 2, (rows[0] + rows[-1] + 1) / 2


def best_template(cover: np.ndarray, known: list) -> tuple[float, str, str]:
    """Overlap, shape and size of the template in `known` that fits a boolean mask best."""
    x, y = box_centre(cover)
    best = (0.0, "", "")
    for shape, size, template in known:
        tx, ty = box_centre(template)
        for dx in {int(np.floor(x - tx)), int(np.ceil(x - tx))}:
            for dy in {int(np.floor(y - ty)), int(np.ceil(y - ty))}:
                moved = np.roll(template, (dy, dx), (0, 1))
                overlap = np.sum(moved & cover) / np.sum(moved | cover)
                best = max(best, (float(overlap), shape, size))
    return best


def background_of(picture: np.ndarray, scene: Scene) -> np.ndarray:
    """Median colour [3] of the pixels that no expected object is near."""
    y, x = np.mgrid[0:PICTURE, 0:PICTURE] + 0.5
    free = np.ones((PICTURE, PICTURE), bool)
    for cx, cy in scene.centres():
        free &= np.hypot(x - cx, y - cy) > CLEARANCE
    return np.median(picture[free], axis=0)


def read(picture: np.ndarray, scene: Scene, known: list | None = None) -> tuple[str, list[Reading]]:
    """The background's name and one reading for each object that `scene` expects.

    `known`: the templates it tells shapes by, those of `templates()` unless given.
    """
    known = templates() if known is None else known
    picture = picture.astype(np.float64)
    background = background_of(picture, scene)
    contrast = np.linalg.norm(picture - background, axis=-1)
    y, x = np.mgrid[0:PICTURE, 0:PICTURE] + 0.5
    gaps = [
        np.hypot(x - cx, y - cy) - RADII[thing.size]
        for thing, (cx, cy) in zip(scene.things, scene.centres(), strict=True)
    ]
    owner = np.argmin(gaps, axis=0)
    readings = []
    for index, (cx, cy) in enumerate(scene.centres()):
        mine = contrast * (owner == index)
        cover = mine > max(LEAST_CONTRAST, 0.5 * np.sort(mine, axis=None)[-LEAST_AREA])
        if cover.sum() < LEAST_AREA:
            readings.append(Reading())
            continue
        core = mine >= np.median(mine[cover])
        overlap, shape, size = best_template(cover, known)
        fx, fy = box_centre(cover)
        offset = float(np.hypot(fx - cx, fy - cy))
        colour = nearest(np.median(picture[core], axis=0), COLOURS)
        readings.append(Reading(colour, shape, size, overlap, offset))
    return nearest(background, BACKGROUNDS), readings
