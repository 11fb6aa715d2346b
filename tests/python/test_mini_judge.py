"""The embedded judge: loads in transformers and in fdbench, and tells good pictures from bad."""

import json
import random
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPModel, CLIPProcessor

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "models" / "mini-judge"
sys.path.insert(0, str(ROOT / "experiments" / "mini"))

import corruptions  # noqa: E402
from hard_negatives import hard_negatives, swapped  # noqa: E402
from scenes import draw, parse, scenes  # noqa: E402

COUNT = 64


@pytest.fixture(scope="module")
def drawn():
    source = scenes(90_000_000, want_held_out=True)
    return [next(source) for _ in range(COUNT)]


@pytest.fixture(scope="module")
def pictures(drawn):
    pen = np.random.default_rng(0)
    return np.stack([draw(scene, pen) for scene in drawn])


@pytest.fixture
def clip_score(fdbench, tmp_path):
    """Mean CLIPScore of pictures and captions, by the program."""

    def call(pictures, told, name):
        folder = tmp_path / name
        folder.mkdir()
        for i, picture in enumerate(pictures):
            Image.fromarray(picture).save(folder / f"{i:04}.png")
        prompts = tmp_path / f"{name}.txt"
        prompts.write_text("\n".join(scene.caption() for scene in told) + "\n")
        result = fdbench("judge", folder, "--clip", FOLDER, "--prompts", prompts,
                         "--metrics", "clip_score", "--format", "json")  # fmt: skip
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)["clip_score"]

    return call


def test_the_program_scores_as_transformers_does(drawn, pictures, clip_score):
    model = CLIPModel.from_pretrained(FOLDER, dtype=torch.float32).eval()
    processor = CLIPProcessor.from_pretrained(FOLDER)
    inputs = processor(
        text=[scene.caption() for scene in drawn],
        images=[Image.fromarray(picture) for picture in pictures],
        padding="max_length",
        return_tensors="pt",
    )
    with torch.no_grad():
        output = model(**inputs)
    cosines = (output.image_embeds * output.text_embeds).sum(1)
    wanted = float(2.5 * cosines.clamp(min=0).mean())
    assert clip_score(pictures, drawn, "drawn") == pytest.approx(wanted, abs=1e-5)


def strictly_falling(values):
    return bool((np.diff(values) < 0).all())


def test_worse_pictures_score_worse(drawn, pictures, clip_score):
    noise = [
        clip_score(corruptions.noisy(pictures, sigma), drawn, f"noise{sigma:.0f}")
        for sigma in corruptions.NOISE
    ]
    missing = [
        clip_score(corruptions.with_missing_objects(drawn, share), drawn, f"missing{share}")
        for share in corruptions.SHARES
    ]
    blur = [
        clip_score(corruptions.blurred(pictures, radius), drawn, f"blur{radius}")
        for radius in corruptions.BLUR
    ]
    assert strictly_falling(noise), noise
    assert strictly_falling(missing), missing
    assert strictly_falling(blur), blur


def test_hard_negatives_score_worse_than_the_caption(drawn, pictures, clip_score):
    told = [
        clip_score(pictures, corruptions.with_other_captions(drawn, share), f"told{share}")
        for share in corruptions.SHARES
    ]
    assert strictly_falling(told), told


def test_a_hard_negative_has_another_picture():
    source, rng = scenes(1, want_held_out=False), random.Random(0)
    for _ in range(200):
        scene = next(source)
        for other in hard_negatives(scene, rng):
            assert parse(other.caption()) == other != scene
            here = set(zip(scene.things, scene.centres(), strict=True))
            there = set(zip(other.things, other.centres(), strict=True))
            assert here != there or other.background != scene.background
    assert swapped(parse("a small red circle above a large blue square on a mint background"))
