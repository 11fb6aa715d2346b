"""models/mini-control and models/mini-personal, as diffusers loads them."""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "experiments" / "mini"))

import edges  # noqa: E402
import evaluate_control  # noqa: E402
import evaluate_personal  # noqa: E402
import new_shape  # noqa: E402
import scenes  # noqa: E402
from evaluate import load, pictures_of, quality  # noqa: E402
from PIL import Image  # noqa: E402

MODEL, CONTROL, PERSONAL = (ROOT / "models" / n for n in ("mini", "mini-control", "mini-personal"))
COUNT = 8
SETTINGS = argparse.Namespace(steps=15, guidance=4.0, seed=0, batch=COUNT)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_weights_are_small():
    sizes = {path: path.stat().st_size for path in CONTROL.glob("*.safetensors")}
    assert len(sizes) == 1 and sum(sizes.values()) <= 4_000_000
    sizes = {path.name: path.stat().st_size for path in PERSONAL.glob("*.safetensors")}
    expected = ("<new1>", "pytorch_custom_diffusion_weights", "pytorch_lora_weights")
    assert set(sizes) == {f"{name}.safetensors" for name in expected}
    assert max(sizes.values()) <= 1_000_000


def test_edges_agree_within_one_pixel():
    wanted = np.zeros((64, 64), bool)
    wanted[10, 10:20] = True
    assert edges.agreement(wanted, wanted) == (1, 1, 1)
    assert edges.agreement(np.roll(wanted, 1, axis=0), wanted) == (1, 1, 1)
    assert edges.agreement(np.roll(wanted, 2, axis=0), wanted) == (0, 0, 0)
    half = wanted.copy()
    half[10, 15:] = False
    precision, recall, f1 = edges.agreement(half, wanted)
    assert (precision, recall) == (1, 0.6) and f1 == pytest.approx(0.75)
    assert edges.agreement(~wanted & False, wanted) == (0, 0, 0)


def test_control_makes_pictures_follow_their_edges():
    _, maps = evaluate_control.drawn(COUNT)
    images = [Image.fromarray(picture) for picture in edges.control_picture(maps)]
    captions = [""] * COUNT  # which leave everything to the edges
    pipeline = load(MODEL)
    controlled = evaluate_control.with_control(pipeline, CONTROL)
    with_control = pictures_of(controlled, captions, SETTINGS, images)
    without = pictures_of(pipeline, captions, SETTINGS)
    scores = [evaluate_control.edge_scores(made, maps) for made in (with_control, without)]
    assert scores[0]["edge_f1"] > 0.8, scores
    assert scores[0]["edge_f1"] > scores[1]["edge_f1"] + 0.4, scores


def test_the_cross_is_new_and_read_as_itself():
    source, rng = new_shape.new_scenes(5, want_held_out=True), np.random.default_rng(5)
    chosen = [next(source) for _ in range(50)]
    pictures = np.stack([new_shape.picture_of(scene, rng) for scene in chosen])
    known = new_shape.known_shapes()
    assert quality(pictures, chosen, known)["object"] == 1
    with pytest.raises(ValueError):
        scenes.draw(chosen[0])
    ordinary = [next(scenes.scenes(seed, want_held_out=True)) for seed in range(50)]
    pictures = np.stack([scenes.draw(scene, rng) for scene in ordinary])
    assert quality(pictures, ordinary, known)["object"] > 0.98


@pytest.mark.parametrize(("kind", "least"), [("lora", 0.3), ("custom_diffusion", 0.5)])
def test_personal_weights_draw_the_cross(kind, least):
    # Over 32 captions: 56% with the LoRA, 69% with Custom Diffusion, none without.
    source = new_shape.new_scenes(7, want_held_out=True)
    wanted = [next(source) for _ in range(COUNT)]
    captions = [scene.caption() for scene in wanted]
    pipeline = getattr(evaluate_personal, f"with_{kind}")(MODEL, PERSONAL)
    made = pictures_of(pipeline, captions, SETTINGS)
    assert evaluate_personal.crosses(made, wanted)["cross_in_its_place"] > least


def test_the_base_model_does_not_know_the_cross():
    source = new_shape.new_scenes(7, want_held_out=True)
    wanted = [next(source) for _ in range(COUNT)]
    captions = [new_shape.caption_with(scene, new_shape.RARE_WORD) for scene in wanted]
    made = pictures_of(load(MODEL), captions, SETTINGS)
    assert evaluate_personal.crosses(made, wanted)["cross_anywhere"] < 0.2


def test_cards_quote_the_evaluations():
    control = json.loads((CONTROL / "evaluation.json").read_text())
    card = (CONTROL / "README.md").read_text()
    for row in ("with_control", "without_control"):
        assert f"{control[row]['edge_f1']:.3f}" in card
    personal = json.loads((PERSONAL / "evaluation.json").read_text())
    card = (PERSONAL / "README.md").read_text()
    for method in ("base", "lora", "custom_diffusion", "dreambooth"):
        share = personal[method]["new_shape"]["cross_in_its_place"]
        assert f"{100 * share:.0f}%" in card
