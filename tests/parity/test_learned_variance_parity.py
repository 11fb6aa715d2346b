"""Models that predict a variance beside the noise, against the loop of diffusers' IFPipeline."""

import diffusers
import pytest
import torch

from tests.parity.reference import scaled_difference
from tests.python.sd_pipelines import SD1, generate, make_folder, make_inputs

STEPS, SEED, CHANNELS = 8, 5, 4
# The bound for whole runs in float32, of the largest value at each step.
TOLERANCE = 1e-4
BETAS = {key: SD1[key] for key in ("beta_start", "beta_end", "beta_schedule")}
SCHEDULERS = {
    "learned_range": ("DDPMScheduler", {"variance_type": "learned_range", "clip_sample": False}),
    "fixed_small": ("DDPMScheduler", {"variance_type": "fixed_small", "clip_sample": False}),
    "solver": ("DPMSolverMultistepScheduler", {}),
    "ddim": ("DDIMScheduler", {"clip_sample": False, "steps_offset": 1}),
}


def make_scheduler(case: str):
    name, options = SCHEDULERS[case]
    return getattr(diffusers, name)(**BETAS, **options)


@torch.inference_mode()
def sample(unet, scheduler, inputs: dict, guidance: float) -> torch.Tensor:
    """Latents after each step, all noise from one generator."""
    generator = torch.Generator().manual_seed(SEED)
    scheduler.set_timesteps(STEPS)
    latents = torch.randn(1, CHANNELS, 16, 16, generator=generator) * scheduler.init_noise_sigma
    negative, positive = inputs["negative_prompt_embeds"], inputs["prompt_embeds"]
    trajectory = []
    for timestep in scheduler.timesteps:
        scaled = scheduler.scale_model_input(latents, timestep)
        mean, variance = unet(scaled, timestep, positive).sample.split(CHANNELS, 1)
        if guidance > 1:
            other = unet(scaled, timestep, negative).sample.split(CHANNELS, 1)[0]
            mean = other + guidance * (mean - other)
        learned = str(scheduler.config.get("variance_type")).startswith("learned")
        prediction = torch.cat([mean, variance], 1) if learned else mean
        arguments = {"generator": generator} if type(scheduler) is diffusers.DDPMScheduler else {}
        latents = scheduler.step(prediction, timestep, latents, **arguments).prev_sample
        trajectory.append(latents)
    return torch.stack(trajectory)


@pytest.mark.parametrize("guidance", [1.0, 4.0])
@pytest.mark.parametrize("case", SCHEDULERS)
def test_whole_runs_equal_the_loop(fdbench, tmp_path, case, guidance):
    unet = make_folder(tmp_path, SD1, {"out_channels": 2 * CHANNELS})
    make_scheduler(case).save_pretrained(tmp_path / "scheduler")
    inputs = make_inputs()
    del inputs["latents"]
    expected = sample(unet, make_scheduler(case), inputs, guidance)
    options = ["--steps", STEPS, "--seed", SEED, "--guidance", guidance]
    ours = generate(fdbench, tmp_path, tmp_path, *options, inputs=inputs)["trajectory"]
    difference = max(scaled_difference(*pair) for pair in zip(ours[1:], expected, strict=True))
    print(f"{case}, guidance {guidance}: {difference:.1e}")
    assert difference < TOLERANCE


def test_a_learned_variance_needs_its_channels(fdbench, tmp_path):
    make_folder(tmp_path, SD1)
    make_scheduler("learned_range").save_pretrained(tmp_path / "scheduler")
    (tmp_path / "c.yaml").write_text(
        f"name: a\nmodel: {tmp_path}\nprompts: [a]\nruns:\n  - {{strategy: full}}\n"
    )
    message = "a learned variance_type needs a model with 8 output channels, not 4"
    planned = fdbench("plan", tmp_path / "c.yaml")
    assert planned.returncode == 2
    assert f"c.yaml:5:5: sampler ddpm: {message}" in planned.stderr
    target = tmp_path / "x.safetensors"
    made = fdbench("generate", tmp_path, "--prompt", "a", "--save-latents", target)
    assert made.returncode == 2
    assert made.stderr.count("\n") == 1


def test_other_numbers_of_channels_are_refused(fdbench, tmp_path):
    make_folder(tmp_path, SD1, {"out_channels": 12})
    target = tmp_path / "x.safetensors"
    made = fdbench("generate", tmp_path, "--prompt", "a", "--save-latents", target)
    assert made.returncode == 2
    assert "'in_channels': 4 for latents of 12 channels" in made.stderr
