"""Encoder propagation against a second implementation, written on diffusers' own blocks."""

import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline

from experiments.peers.encoder_propagation import embedding, run_decoder, run_encoder
from tests.parity.reference import scaled_difference
from tests.python.sd_pipelines import SD1, SD2_UNET, generate, make_folder, make_inputs

STEPS = 20
GUIDANCE = 7.5
KEYS = [20, 19, 18, 15, 10, 6]
# Between our two executions (the bound), and to diffusers over a whole run in float32.
EXECUTION_TOLERANCE, PARITY_TOLERANCE = 1e-5, 1e-4


def newton(points, x):
    """Divided differences, in float64: the polynomial through points [(x_i, tensor)], at x."""
    places = [place for place, _ in points]
    table = [value.double() for _, value in points]
    total, factor = table[0].clone(), 1.0
    for degree in range(1, len(points)):
        table = [
            (table[i] - table[i + 1]) / (places[i] - places[i + degree])
            for i in range(len(table) - 1)
        ]
        factor *= x - places[degree - 1]
        total += factor * table[0]
    return total.float()


def forecast(history, order):
    """The bottleneck's output and the skips, each from its own history."""
    mid = newton([(place, features[0]) for place, features in history], order)
    count = len(history[0][1][1])
    return mid, [newton([(place, f[1][i]) for place, f in history], order) for i in range(count)]


@torch.inference_mode()
def propagate(unet, scheduler_config, inputs, strategy, keys, num_sources=1):
    """Final latents of a run in which `strategy` is reused at the steps that are not in `keys`:
    held, or the encoder's features forecast from the last `num_sources` computed ones.
    """
    scheduler = DDIMScheduler(**scheduler_config)
    scheduler.set_timesteps(STEPS)
    latents = inputs["latents"]
    states = torch.cat([inputs["negative_prompt_embeds"], inputs["prompt_embeds"]])
    features = prediction = None
    history = []
    for order, timestep in enumerate(scheduler.timesteps):
        is_key = STEPS - order in keys
        if strategy == "drop" and not is_key:
            continue
        emb = embedding(unet, timestep, len(states))
        if is_key:
            features = run_encoder(unet, torch.cat([latents] * 2), emb, states)
            history = [(order, features), *history][:num_sources]
        elif len(history) > 1:
            features = forecast(history, order)
        if is_key or strategy == "encoder":
            negative, positive = run_decoder(unet, features, emb, states).chunk(2)
            prediction = negative + GUIDANCE * (positive - negative)
        latents = scheduler.step(prediction, timestep, latents).prev_sample
    return latents


def run_ours(fdbench, folder, inputs, *options):
    return generate(
        fdbench, folder, folder, "--steps", STEPS, "--guidance", GUIDANCE, *options, inputs=inputs
    )


@pytest.fixture
def model(tmp_path):
    """A tiny SD 1.x-like folder with its UNet."""
    return make_folder(tmp_path, SD1)


@pytest.mark.parametrize("strategy", ["encoder", "decoder", "encoder_decoder", "drop"])
def test_strategies_equal_the_second_implementation(fdbench, tmp_path, model, strategy):
    inputs = make_inputs(pictures=2)
    expected = propagate(model, SD1, inputs, strategy, KEYS)
    keys = ",".join(map(str, KEYS))
    runs = {}
    for execution in ("sequential", "parallel"):
        options = ["--strategy", strategy, "--key-steps", keys, "--execution", execution]
        runs[execution] = run_ours(fdbench, tmp_path, inputs, *options)["latents"]
        assert scaled_difference(runs[execution], expected) < PARITY_TOLERANCE
    assert scaled_difference(runs["parallel"], runs["sequential"]) < EXECUTION_TOLERANCE


@pytest.mark.parametrize(("reuse", "num_sources"), [("linear", 2), ("taylor2", 3)])
def test_forecasts_equal_the_second_implementation(fdbench, tmp_path, model, reuse, num_sources):
    inputs = make_inputs(pictures=2)
    expected = propagate(model, SD1, inputs, "encoder", KEYS, num_sources)
    held = propagate(model, SD1, inputs, "encoder", KEYS)
    assert scaled_difference(held, expected) > 10 * PARITY_TOLERANCE
    options = ["--strategy", "encoder", "--key-steps", ",".join(map(str, KEYS)), "--reuse", reuse]
    runs = [
        run_ours(fdbench, tmp_path, inputs, *options, "--execution", execution)["latents"]
        for execution in ("sequential", "parallel")
    ]
    for ours in runs:
        print(f"{reuse}: {scaled_difference(ours, expected):.1e}")
        assert scaled_difference(ours, expected) < PARITY_TOLERANCE


@pytest.mark.parametrize("max_parallel", [1, 2, 3])
def test_cap_of_the_batch_leaves_the_result(fdbench, tmp_path, model, max_parallel):
    inputs = make_inputs()
    options = ["--strategy", "encoder", "--key-steps", "uniform:6", "--execution", "parallel"]
    free = run_ours(fdbench, tmp_path, inputs, *options)
    capped = run_ours(fdbench, tmp_path, inputs, *options, "--max-parallel", max_parallel)
    assert scaled_difference(capped["trajectory"], free["trajectory"]) < EXECUTION_TOLERANCE


def test_v_prediction_model(fdbench, tmp_path):
    scheduler = SD1 | {"prediction_type": "v_prediction"}
    unet = make_folder(tmp_path, scheduler, SD2_UNET)
    inputs = make_inputs(size=(16, 24))
    expected = propagate(unet, scheduler, inputs, "encoder", [20, 14, 8, 2])
    options = ["--strategy", "encoder", "--key-steps", "uniform:6", "--execution", "parallel"]
    ours = run_ours(fdbench, tmp_path, inputs, *options)["latents"]
    assert scaled_difference(ours, expected) < PARITY_TOLERANCE


def test_embedded_model(fdbench, root, tmp_path):
    """At trained weights and a real prompt, where the features mean something."""
    folder = root / "models/mini"
    pipeline = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    with torch.inference_mode():
        positive, negative = pipeline.encode_prompt(
            "a red circle left of a blue square", "cpu", 1, True
        )
    inputs = make_inputs() | {"prompt_embeds": positive, "negative_prompt_embeds": negative}
    scheduler = dict(pipeline.scheduler.config)
    expected = propagate(pipeline.unet, scheduler, inputs, "encoder", KEYS)
    options = ["--strategy", "encoder", "--key-steps", ",".join(map(str, KEYS))]
    options += ["--steps", STEPS, "--guidance", GUIDANCE, "--execution"]
    sequential, parallel = (
        generate(fdbench, folder, tmp_path, *options, execution, inputs=inputs)["latents"]
        for execution in ("sequential", "parallel")
    )
    assert scaled_difference(sequential, expected) < PARITY_TOLERANCE
    assert scaled_difference(parallel, sequential) < EXECUTION_TOLERANCE


@pytest.mark.parametrize("execution", ["sequential", "parallel"])
@pytest.mark.parametrize("strategy", ["encoder", "decoder", "encoder_decoder", "drop"])
def test_every_step_a_key_step_is_full_bit_for_bit(fdbench, tmp_path, model, strategy, execution):
    inputs = make_inputs()
    full = run_ours(fdbench, tmp_path, inputs)
    options = ["--strategy", strategy, "--key-steps", "all", "--execution", execution]
    keyed = run_ours(fdbench, tmp_path, inputs, *options)
    assert torch.equal(keyed["trajectory"], full["trajectory"])
