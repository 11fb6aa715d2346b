"""Prior noise injection against a loop on diffusers' own blocks and schedulers."""

import diffusers
import pytest
import torch

from experiments.peers.encoder_propagation import embedding, run_decoder, run_encoder
from tests.parity.reference import scaled_difference
from tests.python.sd_pipelines import SD1, generate, make_folder, make_inputs

STEPS, TAU, GUIDANCE = 12, 7, 3.0
KEYS = [12, 11, 8, 5, 3]
# Far above the paper's: what the network of a key step sees of the noise must show in the end.
ALPHA = 1.0
# Of the largest value at each step. A tenth of the other parity tests' bound: with random weights
# the two placements end only 2e-4 apart. What is measured in float32 is below 1e-6.
TOLERANCE = 1e-5
SCHEDULERS = {
    "DDIMScheduler": {"clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1},
    "DPMSolverMultistepScheduler": {"solver_order": 2},
    "EulerDiscreteScheduler": {"timestep_spacing": "leading", "steps_offset": 1},
    "UniPCMultistepScheduler": {},
}
BETAS = {key: SD1[key] for key in ("beta_start", "beta_end", "beta_schedule")}


@torch.inference_mode()
def sample(unet, scheduler, inputs: dict, keys: list[int], placement: str | None) -> torch.Tensor:
    """Latents after each step, [steps, n, c, h, w]; encoder propagation between the key steps."""
    scheduler.set_timesteps(STEPS)
    start = latents = inputs["latents"] * scheduler.init_noise_sigma
    states = torch.cat([inputs["negative_prompt_embeds"], inputs["prompt_embeds"]])
    trajectory, features = [], None
    for order, timestep in enumerate(scheduler.timesteps):
        injected = STEPS - order < TAU
        if injected and placement == "before_unet":
            latents = latents + ALPHA * start
        emb = embedding(unet, timestep, len(states))
        scaled = scheduler.scale_model_input(latents, timestep)
        if STEPS - order in keys:
            features = run_encoder(unet, torch.cat([scaled] * 2), emb, states)
        negative, positive = run_decoder(unet, features, emb, states).chunk(2)
        prediction = negative + GUIDANCE * (positive - negative)
        if injected and placement == "before_step":
            latents = latents + ALPHA * start
        latents = scheduler.step(prediction, timestep, latents).prev_sample
        trajectory.append(latents)
    return torch.stack(trajectory)


def scheduler_of(name: str):
    return getattr(diffusers, name)(**BETAS, **SCHEDULERS[name])


def largest_difference(ours: torch.Tensor, expected: torch.Tensor) -> float:
    assert len(ours) == 1 + len(expected)  # ours begins with the starting latents
    return max(scaled_difference(*pair) for pair in zip(ours[1:], expected, strict=True))


@pytest.mark.parametrize("name", SCHEDULERS)
def test_both_placements_equal_the_loop(fdbench, tmp_path, name):
    unet = make_folder(tmp_path, SD1)
    scheduler_of(name).save_pretrained(tmp_path / "scheduler")
    inputs = make_inputs()
    options = ["--steps", STEPS, "--guidance", GUIDANCE, "--strategy", "encoder"]
    options += ["--key-steps", ",".join(map(str, KEYS))]
    plain = sample(unet, scheduler_of(name), inputs, KEYS, None)
    trajectories = {
        placement: sample(unet, scheduler_of(name), inputs, KEYS, placement)
        for placement in ("before_unet", "before_step")
    }
    apart = scaled_difference(trajectories["before_unet"][-1], trajectories["before_step"][-1])
    print(f"{name}: placements are {apart:.1e} apart")
    assert apart > 10 * TOLERANCE
    for placement, expected in trajectories.items():
        assert scaled_difference(expected[-1], plain[-1]) > 1000 * TOLERANCE
        injection = ["--noise-injection", ALPHA, "--noise-injection-tau", TAU]
        injection += ["--noise-injection-placement", placement]
        for execution in ("sequential", "parallel"):
            whole = [*options, *injection, "--execution", execution]
            ours = generate(fdbench, tmp_path, tmp_path, *whole, inputs=inputs)["trajectory"]
            difference = largest_difference(ours, expected)
            print(f"{name} {placement} {execution}: {difference:.1e}")
            assert difference < TOLERANCE


def test_a_full_run_and_the_default_placement(fdbench, tmp_path):
    unet = make_folder(tmp_path, SD1)
    scheduler_of("DDIMScheduler").save_pretrained(tmp_path / "scheduler")
    inputs = make_inputs(pictures=2)
    every = list(range(1, STEPS + 1))
    expected, other = (
        sample(unet, scheduler_of("DDIMScheduler"), inputs, every, placement)
        for placement in ("before_step", "before_unet")
    )
    options = ["--steps", STEPS, "--guidance", GUIDANCE, "--noise-injection", ALPHA]
    options += ["--noise-injection-tau", TAU]
    ours = generate(fdbench, tmp_path, tmp_path, *options, inputs=inputs)["trajectory"]
    assert largest_difference(ours, expected) < TOLERANCE
    assert largest_difference(ours, other) > 10 * TOLERANCE


def test_half_of_the_steps_is_the_default_and_nothing_is_off(fdbench, tmp_path):
    make_folder(tmp_path, SD1)
    inputs = make_inputs()
    options = ["--steps", STEPS, "--guidance", GUIDANCE]

    def made(*more):
        return generate(fdbench, tmp_path, tmp_path, *options, *more, inputs=inputs)["trajectory"]

    plain, half = made(), made("--noise-injection", ALPHA)
    assert torch.equal(made("--noise-injection", 0), plain)
    assert torch.equal(made("--noise-injection", ALPHA, "--noise-injection-tau", 6), half)
    # Steps 12 to 6 are untouched; the first that differs is 5, number 8 of the trajectory.
    assert torch.equal(half[:8], plain[:8])
    assert not torch.equal(half[8], plain[8])
