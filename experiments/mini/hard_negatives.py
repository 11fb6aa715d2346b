"""Scenes that differ from a scene in one respect only: what a judge must tell apart."""

import random
from dataclasses import replace

from scenes import BACKGROUNDS, COLOURS, DIRECTIONS, PLACES, RADII, SHAPES, Scene, Thing, crosses

ATTRIBUTES = {"colour": tuple(COLOURS), "shape": SHAPES, "size": tuple(RADII)}
OPPOSITE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}


def _with(scene: Scene, index: int, thing: Thing) -> Scene:
    things = list(scene.things)
    things[index] = thing
    return replace(scene, things=tuple(things))


def swapped(scene: Scene) -> list[Scene]:
    """Each pair of objects with one attribute exchanged, and relations turned round."""
    made = []
    for i in range(len(scene.things)):
        for j in range(i):
            for name in ATTRIBUTES:
                one, other = scene.things[i], scene.things[j]
                exchanged = _with(scene, i, replace(one, **{name: getattr(other, name)}))
                exchanged = _with(exchanged, j, replace(other, **{name: getattr(one, name)}))
                made.append(exchanged)
    if scene.relation:
        made.append(replace(scene, relation=OPPOSITE[scene.relation]))
    if scene.group:
        made.append(replace(scene, group=OPPOSITE[scene.group]))
    return [other for other in made if other != scene]


def changed(scene: Scene, rng: random.Random) -> list[Scene]:
    """One attribute of one object, the background or the place is another."""
    made = []
    for i, thing in enumerate(scene.things):
        for name, words in ATTRIBUTES.items():
            others = [word for word in words if word != getattr(thing, name)]
            made.append(_with(scene, i, replace(thing, **{name: rng.choice(others)})))
    others = [word for word in BACKGROUNDS if word != scene.background]
    made.append(replace(scene, background=rng.choice(others)))
    if scene.place:
        places = [place for place in PLACES if place != scene.place]
        made.append(replace(scene, place=rng.choice(places)))
    elif not scene.group:
        ways = [way for way in DIRECTIONS if crosses(scene.relation, way)]
        made.append(replace(scene, relation=rng.choice(ways)))
    return made


def shows(scene: Scene) -> tuple:
    """What its picture shows: equal for two captions of one picture."""
    return frozenset(zip(scene.things, scene.centres(), strict=True)), scene.background


def hard_negatives(scene: Scene, rng: random.Random) -> list[Scene]:
    """All of both kinds, in random order, none with the scene's own picture."""
    made = {other.caption(): other for other in swapped(scene) + changed(scene, rng)}
    found = [other for other in made.values() if shows(other) != shows(scene)]
    rng.shuffle(found)
    return found
