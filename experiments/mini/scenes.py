"""Captioned scenes: one to three coloured shapes on a lightly shaded background.

A scene is data (a frozen dataclass that converts to and from JSON), its caption is a sentence of a
closed vocabulary, and `parse` reads the caption back into the same scene. `draw` renders the scene
at 64x64; what a caption leaves open (exact place, size, shade, tilt) is drawn from the generator.
"""

import math
import random
import re
import zlib
from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image, ImageDraw

PICTURE = 64
SUPERSAMPLING = 4
SHAPES = ("circle", "square", "triangle", "star", "ring")
RADII = {"small": 7.0, "large": 13.0}
COLOURS = {
    "red": (215, 30, 35),
    "orange": (250, 135, 10),
    "yellow": (245, 220, 20),
    "green": (30, 145, 50),
    "cyan": (20, 190, 205),
    "blue": (30, 60, 205),
    "purple": (125, 35, 160),
    "black": (22, 22, 26),
}
BACKGROUNDS = {
    "white": (246, 246, 246),
    "grey": (150, 150, 154),
    "beige": (222, 202, 168),
    "mint": (176, 226, 190),
    "lilac": (206, 186, 230),
    "pink": (246, 188, 204),
}
NEAR, MIDDLE, FAR = 17.0, 32.0, 47.0
PLACES = {
    "at the top left": (NEAR, NEAR),
    "at the top": (MIDDLE, NEAR),
    "at the top right": (FAR, NEAR),
    "at the left": (NEAR, MIDDLE),
    "in the centre": (MIDDLE, MIDDLE),
    "at the right": (FAR, MIDDLE),
    "at the bottom left": (NEAR, FAR),
    "at the bottom": (MIDDLE, FAR),
    "at the bottom right": (FAR, FAR),
}
DIRECTIONS = {"left of": (-1, 0), "right of": (1, 0), "above": (0, -1), "below": (0, 1)}
COUNT_WEIGHTS = (0.40, 0.45, 0.15)  # scenes with one, two and three objects
HELD_OUT_BUCKETS = 5  # one caption in five is never trained on


@dataclass(frozen=True)
class Thing:
    """One object of a scene, all in words of the vocabulary."""

    size: str
    colour: str
    shape: str

    def words(self) -> str:
        return f"a {self.size} {self.colour} {self.shape}"


@dataclass(frozen=True)
class Scene:
    """One object at a `place`; or two in a `relation`; or such a pair in a relation to a third.

    `relation` holds how the first object lies to the second, `group` how both lie to the third.
    """

    things: tuple[Thing, ...]
    background: str
    place: str | None = None
    relation: str | None = None
    group: str | None = None

    def caption(self) -> str:
        """The one sentence that describes this scene."""
        words = [thing.words() for thing in self.things]
        text = words[0]
        if self.place:
            text += f" {self.place}"
        if self.relation:
            text += f" {self.relation} {words[1]}"
        if self.group:
            text += f" , both {self.group} {words[2]}"
        return f"{text} on a {self.background} background"

    def centres(self) -> list[tuple[float, float]]:
        """Nominal centre (x, y) of each object in pixels, origin at the top left."""
        if self.place:
            return [PLACES[self.place]]
        dx, dy = DIRECTIONS[self.relation]
        gx, gy = DIRECTIONS[self.group] if self.group else (0, 0)
        step = FAR - MIDDLE
        first = (MIDDLE + step * (dx + gx), MIDDLE + step * (dy + gy))
        second = (MIDDLE + step * (gx - dx), MIDDLE + step * (gy - dy))
        third = (MIDDLE - step * gx, MIDDLE - step * gy)
        return [first, second] + ([third] if self.group else [])

    def to_json(self) -> dict:
        """Plain data, with the nominal centre and radius of each object in pixels."""
        things = [
            asdict(thing) | {"centre": list(centre), "radius": RADII[thing.size]}
            for thing, centre in zip(self.things, self.centres(), strict=True)
        ]
        rest = {"place": self.place, "relation": self.relation, "group": self.group}
        return {"background": self.background, "objects": things} | {
            key: value for key, value in rest.items() if value
        }

    @staticmethod
    def from_json(data: dict) -> "Scene":
        """The inverse of `to_json`."""
        things = tuple(Thing(o["size"], o["colour"], o["shape"]) for o in data["objects"])
        extra = {key: data.get(key) for key in ("place", "relation", "group")}
        return Scene(things, data["background"], **extra)


def _alternatives(words) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_THING = rf"a ({_alternatives(RADII)}) ({_alternatives(COLOURS)}) ({_alternatives(SHAPES)})"
_WAY = f"({_alternatives(DIRECTIONS)})"
_SENTENCE = re.compile(
    rf"{_THING}(?: ({_alternatives(PLACES)})| {_WAY} {_THING}(?: , both {_WAY} {_THING})?)"
    rf" on a ({_alternatives(BACKGROUNDS)}) background"
)


def parse(caption: str) -> Scene:
    """The scene that a caption describes. Raises ValueError for any other sentence."""
    match = _SENTENCE.fullmatch(caption)
    if not match:
        raise ValueError(f"not a caption of this vocabulary: {caption!r}")
    part = match.groups()
    things = [Thing(*part[i : i + 3]) for i in (0, 5, 9) if part[i]]
    scene = Scene(tuple(things), part[12], part[3], part[4], part[8])
    if scene.caption() != caption or (scene.group and not crosses(scene.relation, scene.group)):
        raise ValueError(f"the relations do not fit together: {caption!r}")
    return scene


def crosses(relation: str, group: str) -> bool:
    """Whether the pair's axis and the axis towards the third object are at right angles."""
    return DIRECTIONS[relation][0] * DIRECTIONS[group][0] == 0 and (
        DIRECTIONS[relation][1] * DIRECTIONS[group][1] == 0
    )


def random_scene(rng: random.Random) -> Scene:
    """One scene of the distribution."""
    count = rng.choices((1, 2, 3), COUNT_WEIGHTS)[0]
    things = tuple(
        Thing(rng.choice(tuple(RADII)), rng.choice(tuple(COLOURS)), rng.choice(SHAPES))
        for _ in range(count)
    )
    background = rng.choice(tuple(BACKGROUNDS))
    if count == 1:
        return Scene(things, background, place=rng.choice(tuple(PLACES)))
    relation = rng.choice(tuple(DIRECTIONS))
    group = None
    if count == 3:
        group = rng.choice([way for way in DIRECTIONS if crosses(relation, way)])
    return Scene(things, background, relation=relation, group=group)


def held_out(caption: str) -> bool:
    """Whether a caption belongs to the fifth that training never sees."""
    return zlib.crc32(caption.encode()) % HELD_OUT_BUCKETS == 0


def scenes(seed: int, want_held_out: bool):
    """Endless scenes of one side of the split, in an order fixed by the seed."""
    rng = random.Random(seed)
    while True:
        scene = random_scene(rng)
        if held_out(scene.caption()) == want_held_out:
            yield scene


def vocabulary() -> list[str]:
    """Every word of every caption, sorted."""
    phrases = [*SHAPES, *RADII, *COLOURS, *BACKGROUNDS, *PLACES, *DIRECTIONS]
    phrases += ["a", "on", "both", "background"]
    return sorted({word for phrase in phrases for word in phrase.split()})


def mask(shape: str, centre, radius: float, tilt: float = 0.0) -> np.ndarray:
    """Coverage of one shape, [64, 64] in 0..1, antialiased by supersampling."""
    side = PICTURE * SUPERSAMPLING
    image = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(image)
    cx, cy, r = (SUPERSAMPLING * value for value in (*centre, radius))

    def polygon(radii, start):
        step = 2 * math.pi / len(radii)
        angles = [start + tilt + i * step for i in range(len(radii))]
        points = zip(angles, radii, strict=True)
        pen.polygon([(cx + q * math.cos(a), cy + q * math.sin(a)) for a, q in points], fill=255)

    def disc(q, fill):
        pen.ellipse((cx - q, cy - q, cx + q, cy + q), fill=fill)

    if shape == "circle":
        disc(r, 255)
    elif shape == "ring":
        disc(r, 255)
        disc(r * 0.52, 0)
    elif shape == "square":
        polygon([r * 1.22] * 4, math.pi / 4)
    elif shape == "triangle":
        cy += r * 0.22
        polygon([r * 1.22] * 3, -math.pi / 2)
    elif shape == "star":
        polygon([r * 1.22, r * 0.52] * 5, -math.pi / 2)
    else:
        raise ValueError(f"unknown shape {shape!r}")
    return np.asarray(image.reduce(SUPERSAMPLING), np.float32) / 255


def draw(scene: Scene, rng: np.random.Generator | None = None, cover_of=mask) -> np.ndarray:
    """The picture of a scene, [64, 64, 3] uint8. Without a generator: the nominal picture.

    `cover_of` draws the shapes, as `mask` does.
    """
    jitter = rng.uniform if rng is not None else (lambda low, high: (low + high) / 2)
    y, x = np.mgrid[0:PICTURE, 0:PICTURE] / (PICTURE - 1) - 0.5
    angle = jitter(0.0, 2 * math.pi)
    shade = 14 * (x * math.cos(angle) + y * math.sin(angle)) + jitter(-5, 5)
    picture = np.array(BACKGROUNDS[scene.background], np.float32) + shade[..., None]
    for thing, (cx, cy) in zip(scene.things, scene.centres(), strict=True):
        centre = (cx + jitter(-2.0, 2.0), cy + jitter(-2.0, 2.0))
        radius = RADII[thing.size] * jitter(0.93, 1.07)
        cover = cover_of(thing.shape, centre, radius, jitter(-0.12, 0.12))[..., None]
        colour = np.array([c + jitter(-8, 8) for c in COLOURS[thing.colour]], np.float32)
        picture = picture * (1 - cover) + colour * cover
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
