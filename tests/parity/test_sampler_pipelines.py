"""Samplers of folders that diffusers saved: `fdbench generate` against StableDiffusionPipeline."""

import pytest
import torch

from tests.parity.reference import scaled_difference
from tests.parity.sampler_cases import SD
from tests.parity.test_sampler_parity import TOLERANCE, make_scheduler
from tests.python.sd_pipelines import (
    SD1,
    generate,
    make_folder,
    make_inputs,
    pipeline_of,
    reference_trajectory,
)

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

GENERATED = {
    "DDIMScheduler": {},
    "DDPMScheduler": {"variance_type": "fixed_large"},
    "DPMSolverMultistepScheduler": {"use_karras_sigmas": True, "solver_order": 3},
    "DPMSolverSinglestepScheduler": {"prediction_type": "v_prediction"},
    "EulerDiscreteScheduler": {"timestep_spacing": "leading"},
    "EulerAncestralDiscreteScheduler": {},
    "PNDMScheduler": {"skip_prk_steps": True},
    "UniPCMultistepScheduler": {"use_exponential_sigmas": True},
    "LCMScheduler": {},
}


@pytest.mark.parametrize("class_name", GENERATED)
def test_generate_follows_the_pipeline(fdbench, tmp_path, class_name):
    """A UNet with guidance and the scheduler of its folder; all noise from one seed."""
    unet = make_folder(tmp_path, SD1)
    make_scheduler(class_name, SD | GENERATED[class_name]).save_pretrained(tmp_path / "scheduler")
    inputs = make_inputs()
    del inputs["latents"]
    pipeline = pipeline_of(unet, SD1)
    pipeline.scheduler = make_scheduler(class_name, SD | GENERATED[class_name])
    seed = torch.Generator().manual_seed(11)
    expected = reference_trajectory(
        pipeline, **inputs, generator=seed, num_inference_steps=8, guidance_scale=3.0
    )
    options = ["--steps", 8, "--seed", 11, "--guidance", 3]
    made = generate(fdbench, tmp_path, tmp_path, *options, inputs=inputs)["trajectory"]
    assert len(made) == 1 + len(expected)
    for step, pair in enumerate(zip(made[1:], expected, strict=True)):
        difference = scaled_difference(*pair)
        print(f"{class_name}, step {step}: {difference:.1e}")
        assert difference < TOLERANCE, f"after {step + 1} steps: {difference}"
