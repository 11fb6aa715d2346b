"""CLIP as a judge against transformers: both towers, the image processor, CLIPScore."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer

from tests.parity.reference import randomize
from tests.python.clip_vocabulary import write_clip_tokenizer

TOLERANCE = 1e-5  # of values near 1, in float32
PROMPTS = ["a photo of a cat", "two dogs, one of them black", "x"]
TEXT = {
    "vocab_size": 49408,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
VISION = {
    "hidden_size": 48,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "image_size": 32,
    "patch_size": 8,
}


@pytest.fixture
def clip_folder(tmp_path):
    """Saves a small random CLIPModel -> folder, model, processor."""

    def call(vision=None, processor=None, projection_dim=24, act="quick_gelu"):
        folder = tmp_path / "clip"
        text = TEXT | {"hidden_act": act}
        vision = VISION | {"hidden_act": act} | (vision or {})
        config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=projection_dim)
        torch.manual_seed(0)
        model = randomize(CLIPModel(config), 0)
        model.save_pretrained(folder)
        write_clip_tokenizer(folder, model_max_length=77)
        side = vision["image_size"]
        sizes = {"size": {"shortest_edge": side}, "crop_size": {"height": side, "width": side}}
        processor = CLIPImageProcessor(**sizes | (processor or {}))
        processor.save_pretrained(folder)
        return folder, model.eval(), processor

    return call


@pytest.fixture
def pictures(tmp_path):
    """A folder of pictures, some smooth, some noise -> the folder and the pictures."""

    def call(height, width):
        folder = tmp_path / "pictures"
        folder.mkdir()
        generator = np.random.default_rng(0)
        made = []
        for i in range(len(PROMPTS)):
            pixels = generator.integers(0, 256, (height, width, 3))
            slope = np.linspace(0, 255, width)[None, :, None]
            made.append((pixels * (i / 2) + slope * (1 - i / 2)).astype(np.uint8))
            Image.fromarray(made[-1]).save(folder / f"{i}.png")
        return folder, [Image.fromarray(pixels) for pixels in made]

    return call


def judge(fdbench, folder, clip, tmp_path, metrics):
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("\n".join(PROMPTS) + "\n")
    result = fdbench("judge", folder, "--clip", clip, "--prompts", prompts, "--metrics", metrics,
                     "--format", "json", "--bootstrap", 100)  # fmt: skip
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def image_embeds(fdbench, folder, clip, tmp_path):
    output = tmp_path / "x.npz"
    result = fdbench("stats", folder, "--clip", clip, "-o", output, "--keep-features")
    assert result.returncode == 0, result.stderr
    return np.load(output)["features"]


def embeds(output):
    """transformers 5 wraps what get_*_features gives."""
    return output if isinstance(output, torch.Tensor) else output.pooler_output


@torch.inference_mode()
def reference(model, processor, folder, made):
    pixels = processor(made, return_tensors="pt")["pixel_values"]
    images = embeds(model.get_image_features(pixel_values=pixels))
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    ids = tokenizer(PROMPTS, padding="max_length", max_length=77, return_tensors="pt")
    return images, embeds(model.get_text_features(**ids))


@pytest.mark.parametrize("size", [(32, 32), (64, 64), (70, 50), (20, 41), (33, 200)])
def test_scores_equal_transformers(fdbench, tmp_path, clip_folder, pictures, size):
    clip, model, processor = clip_folder()
    folder, made = pictures(*size)
    images, texts = reference(model, processor, clip, made)
    ours = image_embeds(fdbench, folder, clip, tmp_path)
    scale = images.abs().max()
    assert np.abs(ours - images.numpy()).max() < TOLERANCE * scale
    cosine = torch.nn.functional.cosine_similarity(images, texts)
    found = judge(fdbench, folder, clip, tmp_path, "clip_score,pick_score")
    assert found["clip_score"] == pytest.approx(
        2.5 * cosine.clamp(min=0).mean().item(), abs=TOLERANCE
    )
    picks = model.logit_scale.exp().item() * cosine.mean().item()
    assert found["pick_score"] == pytest.approx(picks, rel=1e-4, abs=1e-4)
    low, high = found["intervals"]["clip_score"]
    assert low <= found["clip_score"] <= high


@pytest.mark.parametrize(
    ("vision", "processor"),
    [
        ({"patch_size": 16}, {}),
        ({"num_attention_heads": 3, "layer_norm_eps": 1e-3}, {}),
        ({}, {"resample": 2}),
        ({}, {"resample": 1}),
        ({}, {"do_resize": False}),
        ({}, {"do_normalize": False}),
        ({}, {"size": {"height": 40, "width": 36}}),
        ({}, {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4]}),
        ({}, {"rescale_factor": 1 / 127.5}),
    ],
)
def test_configurations(fdbench, tmp_path, clip_folder, pictures, vision, processor):
    clip, model, reference_processor = clip_folder(vision, processor)
    folder, made = pictures(48, 56)
    images, _ = reference(model, reference_processor, clip, made)
    ours = image_embeds(fdbench, folder, clip, tmp_path)
    assert np.abs(ours - images.numpy()).max() < TOLERANCE * images.abs().max()


def test_gelu_and_other_projection(fdbench, tmp_path, clip_folder, pictures):
    clip, model, processor = clip_folder(projection_dim=7, act="gelu")
    folder, made = pictures(40, 40)
    images, texts = reference(model, processor, clip, made)
    cosine = torch.nn.functional.cosine_similarity(images, texts).clamp(min=0).mean().item()
    found = judge(fdbench, folder, clip, tmp_path, "clip_score")
    assert found["clip_score"] == pytest.approx(2.5 * cosine, abs=TOLERANCE)


def test_wrong_use_is_one_line(fdbench, tmp_path, clip_folder, pictures):
    clip, *_ = clip_folder()
    folder, _ = pictures(40, 40)
    prompts = tmp_path / "two.txt"
    prompts.write_text("a\nb\n")
    three = tmp_path / "three.txt"
    three.write_text("a\nb\nc\n")
    cases = [
        (["--clip", clip, "--prompts", prompts], "2 prompts for 3 pictures"),
        (["--clip", clip], "--prompts"),
        (["--prompts", prompts], "--clip"),
        (["--clip", tmp_path, "--prompts", three], "config.json"),
    ]
    for options, message in cases:
        result = fdbench("judge", folder, "--metrics", "clip_score", *options)
        assert result.returncode == 2, result.stdout
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
