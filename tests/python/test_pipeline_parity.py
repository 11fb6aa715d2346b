"""`fdbench generate` against diffusers' StableDiffusionPipeline from the same noise."""

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from tests.parity.reference import scaled_difference
from tests.python.sd_pipelines import (
    SD1,
    SD2_UNET,
    generate,
    make_folder,
    make_inputs,
    pipeline_of,
    reference_trajectory,
)

# The issue asks for 1e-3 on final latents; float32 on both sides gives about 1e-6 of the scale.
# Dividing by a quantile at each step amplifies rounding: diffusers in float32 and in float64 differ
# by 2e-4 there.
# Clipping at guidance 7.5: diffusers' own float32 is 5.4e-5 from its float64 (on an Intel Xeon), so
# two float32 programs may be twice as far from each other.
TOLERANCE = {"thresholding": 1e-3, "clipped": 2e-4}
DEFAULT_TOLERANCE = 1e-4
PROMPTS = [
    "a small red circle above a large blue square on a beige background",
    "a green triangle",
]

SCHEDULERS = {
    "sd1": {},
    "trailing": {"timestep_spacing": "trailing"},
    "linspace": {"timestep_spacing": "linspace"},
    "alpha_to_one": {"set_alpha_to_one": True, "steps_offset": 0},
    "linear": {"beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02},
    "squaredcos": {"beta_schedule": "squaredcos_cap_v2"},
    "trained_betas": {"trained_betas": [0.001 + 0.00001 * i for i in range(1000)]},
    "clipped": {"clip_sample": True, "clip_sample_range": 1.5},
    "thresholding": {"thresholding": True, "sample_max_value": 2.0},
    "sample": {"prediction_type": "sample"},
    "v_prediction": {"prediction_type": "v_prediction"},
    "zero_snr": {
        "prediction_type": "v_prediction",
        "rescale_betas_zero_snr": True,
        "timestep_spacing": "trailing",
    },
}


def check_trajectory(ours: dict, noise: torch.Tensor, reference: torch.Tensor, name="") -> None:
    """The starting noise, every step, and the final latents."""
    assert torch.equal(ours["trajectory"][0], noise)
    assert torch.equal(ours["trajectory"][-1], ours["latents"])
    assert scaled_difference(ours["trajectory"][1:], reference) < TOLERANCE.get(
        name, DEFAULT_TOLERANCE
    )


@pytest.mark.parametrize("guidance", [1.0, 7.5])
@pytest.mark.parametrize("name", SCHEDULERS)
def test_trajectory_equals_the_pipelines(fdbench, tmp_path, name, guidance):
    scheduler = SD1 | SCHEDULERS[name]
    unet = make_folder(tmp_path, scheduler)
    inputs = make_inputs()
    reference = reference_trajectory(
        pipeline_of(unet, scheduler), **inputs, guidance_scale=guidance, num_inference_steps=9
    )
    ours = generate(
        fdbench, tmp_path, tmp_path, "--steps", 9, "--guidance", guidance, inputs=inputs
    )
    check_trajectory(ours, inputs["latents"], reference, name)


def test_sd2_like_model_and_several_pictures(fdbench, tmp_path):
    scheduler = SD1 | {"prediction_type": "v_prediction"}
    unet = make_folder(tmp_path, scheduler, SD2_UNET)
    inputs = make_inputs(pictures=3, size=(16, 24))
    reference = reference_trajectory(
        pipeline_of(unet, scheduler),
        **inputs,
        height=128,
        width=192,
        guidance_scale=7.5,
        num_inference_steps=10,
    )
    ours = generate(fdbench, tmp_path, tmp_path, "--steps", 10, inputs=inputs)
    check_trajectory(ours, inputs["latents"], reference)


@pytest.mark.parametrize("eta", [0.0, 0.7])
def test_noise_of_a_seed_is_diffusers(fdbench, tmp_path, eta):
    unet = make_folder(tmp_path, SD1)
    inputs = make_inputs()
    del inputs["latents"]
    reference = reference_trajectory(
        pipeline_of(unet, SD1),
        **inputs,
        generator=torch.Generator().manual_seed(11),
        num_inference_steps=6,
        eta=eta,
    )
    ours = generate(
        fdbench, tmp_path, tmp_path, "--steps", 6, "--seed", 11, "--eta", eta, inputs=inputs
    )
    assert scaled_difference(ours["trajectory"][1:], reference) < DEFAULT_TOLERANCE


def test_a_picture_does_not_depend_on_its_batch(fdbench, tmp_path):
    make_folder(tmp_path, SD1)
    both = make_inputs(pictures=2)
    del both["latents"]
    second = {key: value[1:].clone() for key, value in both.items()}
    ours = generate(fdbench, tmp_path, tmp_path, "--steps", 5, "--seed", 3, inputs=both)
    alone = generate(fdbench, tmp_path, tmp_path, "--steps", 5, "--seed", 4, inputs=second)
    assert scaled_difference(ours["latents"][1:], alone["latents"]) < 1e-5


def test_old_scheduler_configs_are_read_as_the_pipeline_reads_them(fdbench, tmp_path):
    """StableDiffusionPipeline sets steps_offset to 1 and clip_sample to false."""
    old = SD1 | {"steps_offset": 0, "clip_sample": True}
    unet = make_folder(tmp_path, old)
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    inputs = make_inputs()
    reference = reference_trajectory(pipeline_of(unet, SD1), **inputs, num_inference_steps=5)
    ours = generate(fdbench, tmp_path, tmp_path, "--steps", 5, inputs=inputs)
    check_trajectory(ours, inputs["latents"], reference)


@pytest.fixture(scope="module")
def mini(root):
    """The embedded model in diffusers."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        root / "models/mini", torch_dtype=torch.float32
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.mark.parametrize("guidance", [1.0, 7.5])
def test_embedded_model_from_prompts(fdbench, root, tmp_path, mini, guidance):
    noise = make_inputs(pictures=2)["latents"]
    reference = reference_trajectory(
        mini,
        prompt=PROMPTS,
        negative_prompt=["red"] * 2,
        latents=noise,
        guidance_scale=guidance,
        num_inference_steps=50,
    )
    options = ["--prompt", PROMPTS[0], "--prompt", PROMPTS[1], "--negative-prompt", "red"]
    options += ["--guidance", guidance, "--output", tmp_path / "x.png"]
    ours = generate(fdbench, root / "models/mini", tmp_path, *options, inputs={"latents": noise})
    check_trajectory(ours, noise, reference)
    with torch.inference_mode():
        decoded = mini.vae.decode(reference[-1] / mini.vae.config.scaling_factor).sample
    pictures = mini.image_processor.postprocess(decoded, output_type="pil")
    for i, picture in enumerate(pictures):
        drawn = np.asarray(Image.open(tmp_path / f"x_{i}.png")).astype(int)
        # Rounding to 8 bits may fall to either side.
        assert np.abs(drawn - np.asarray(picture).astype(int)).max() <= 1
