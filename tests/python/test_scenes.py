"""Scenes, captions, prompt lists and the scene reader of experiments/mini."""

import itertools
import json
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "experiments" / "mini"))

import prompts  # noqa: E402
import reader  # noqa: E402
import scenes  # noqa: E402


def some(count, seed=5, held_out=False):
    return list(itertools.islice(scenes.scenes(seed, held_out), count))


def test_caption_and_json_give_the_scene_back():
    for scene in some(300):
        assert scenes.parse(scene.caption()) == scene
        assert scenes.Scene.from_json(json.loads(json.dumps(scene.to_json()))) == scene


@pytest.mark.parametrize(
    "caption",
    [
        "",
        "a red circle",
        "a small red circle at the top on a white background.",
        "a small red circle above a small red ring , both below a small red star "
        "on a white background",
    ],
)
def test_other_sentences_are_refused(caption):
    with pytest.raises(ValueError):
        scenes.parse(caption)


def test_words_are_those_of_the_vocabulary():
    words = set(scenes.vocabulary()) | {","}
    assert all(set(scene.caption().split()) <= words for scene in some(300))


def test_a_picture_depends_on_the_generator_only():
    scene = some(1)[0]
    first, second = (scenes.draw(scene, np.random.default_rng(3)) for _ in range(2))
    assert first.shape == (64, 64, 3) and first.dtype == np.uint8
    assert np.array_equal(first, second)


def test_relations_place_the_objects():
    caption = (
        "a small red circle left of a large blue square , both above a small green star "
        "on a beige background"
    )
    (x1, y1), (x2, y2), (_, y3) = scenes.parse(caption).centres()
    assert x1 < x2 and y1 == y2 and y3 > y1


def test_training_and_prompts_share_no_caption():
    trained = {scene.caption() for scene in some(2000)}
    prompted = {scene.caption() for scene in some(2000, held_out=True)}
    assert not trained & prompted


@pytest.mark.parametrize("name, count", [("quick", 64), ("full_1000", 1000)])
def test_shipped_prompts_are_what_the_program_writes(name, count, tmp_path):
    shipped = ROOT / "configs" / "prompts" / f"{name}.json"
    listed = prompts.prompt_list(count, prompts.PROMPT_SEED)
    prompts.write(tmp_path / "list.json", name, prompts.PROMPT_SEED, listed)
    assert (tmp_path / "list.json").read_text() == shipped.read_text()
    for prompt in json.loads(shipped.read_text())["prompts"]:
        assert scenes.held_out(prompt["caption"])
        assert scenes.Scene.from_json(prompt["scene"]).caption() == prompt["caption"]


def test_the_reader_reads_what_was_drawn():
    rng = np.random.default_rng(11)
    objects = right = 0
    for scene in some(150):
        background, readings = reader.read(scenes.draw(scene, rng), scene)
        assert background == scene.background
        for thing, reading in zip(scene.things, readings, strict=True):
            objects += 1
            right += reading.judge(thing)["object"]
    assert right / objects > 0.99


def test_the_reader_sees_what_is_wrong():
    scene = scenes.parse("a large red circle above a small blue star on a white background")
    other = scenes.parse("a large red square above a small green star on a pink background")
    background, readings = reader.read(scenes.draw(other), scene)
    first, second = (r.judge(t) for r, t in zip(readings, scene.things, strict=True))
    assert background == "pink"
    assert first["colour"] and not first["shape"] and not first["object"]
    assert second["shape"] and not second["colour"] and not second["object"]
    empty = np.full((64, 64, 3), 240, np.uint8)
    assert not any(
        reading.judge(scene.things[0])["found"] for reading in reader.read(empty, scene)[1]
    )
