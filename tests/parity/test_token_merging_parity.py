"""Token merging against tomesd 0.1.3 on diffusers' UNet, use_rand off: calls, whole runs, encoder
propagation, multiply-adds.
"""

import json

import pytest
import torch

from tests.parity.reference import (
    TOLERANCE,
    make_unet,
    program_forward,
    scaled_difference,
    unet_forward,
    unet_inputs,
)
from tests.parity.test_multiply_adds import fvcore_count
from tests.parity.test_unet_parity import SDXL
from tests.parity.token_merging import MIN_GAP, command_options, merged
from tests.python.sd_pipelines import (
    SD1,
    SD2_UNET,
    generate,
    make_folder,
    make_inputs,
    pipeline_of,
    reference_trajectory,
)
from tests.python.test_propagation_parity import EXECUTION_TOLERANCE, propagate

STEPS, GUIDANCE = 20, 7.5  # propagate's own
KEYS = [20, 19, 18, 15, 10, 6]
SEEDS = range(8)  # of inputs to choose from

SD2_SCHEDULER = SD1 | {"prediction_type": "v_prediction"}
MODELS = {"sd1": ({}, SD1), "sd2": (SD2_UNET, SD2_SCHEDULER)}
SIZES = [(16, 16), (24, 16), (12, 20), (15, 21), (17, 23)]
EVERYTHING = {"merge_crossattn": True, "merge_mlp": True}
OPTIONS = {
    "defaults": {},
    "deep": {"ratio": 0.75, "max_downsample": 2},
    "windows": {"ratio": 0.3, "sx": 3, "sy": 2, "max_downsample": 4, **EVERYTHING},
    "tall_windows": {"ratio": 0.6, "sx": 1, "sy": 4, "merge_crossattn": True},
    "mlp_only": {"ratio": 0.5, "merge_attn": False, "merge_mlp": True},
    "more_than_there_are": {"ratio": 0.99, "sx": 4, "sy": 4},  # tomesd merges all sources, too
    "one_token": {"ratio": 0.008},
}


def options_of(*names: str) -> pytest.MarkDecorator:
    """A test for each of these entries of OPTIONS, all without names."""
    return pytest.mark.parametrize("options", [OPTIONS[n] for n in names or OPTIONS], ids=str)


def well_defined_inputs(draw, reference) -> tuple[dict, torch.Tensor]:
    """The first inputs at which no decision of the reference was as close as rounding, and its
    result. draw: seed -> inputs; reference: inputs -> (result, matchings).
    """
    for seed in SEEDS:
        inputs = draw(seed)
        result, matchings = reference(inputs)
        assert matchings.count > 0, "the reference merged nothing"
        if matchings.gap > MIN_GAP:
            return inputs, result
    pytest.fail("no seed gives a well defined matching")


def seeded_call_inputs(unet, size):
    """Inputs of one call by seed."""

    def draw(seed: int) -> dict:
        inputs = unet_inputs(unet, size=size)
        generator = torch.Generator().manual_seed(seed)
        return inputs | {"sample": torch.randn(inputs["sample"].shape, generator=generator)}

    return draw


def compare_call(fdbench, tmp_path, unet, size, options) -> float:
    """Difference of one call, after a check that merging made one."""

    def reference(inputs):
        with merged(unet, **options) as matchings:
            return unet_forward(unet, inputs), matchings

    unet.save_pretrained(tmp_path / "unet")
    inputs, expected = well_defined_inputs(seeded_call_inputs(unet, size), reference)
    assert scaled_difference(unet_forward(unet, inputs), expected) > 10 * TOLERANCE
    ours = program_forward(fdbench, tmp_path, inputs, tmp_path, *command_options(**options))
    return scaled_difference(ours, expected)


@options_of()
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("model", MODELS)
def test_one_call(fdbench, tmp_path, model, size, options):
    unet = make_unet(seed=3, **MODELS[model][0])
    assert compare_call(fdbench, tmp_path, unet, size, options) < TOLERANCE / 10


@pytest.mark.parametrize("size", [(16, 16), (15, 21)], ids=str)
def test_several_blocks_of_one_feature_map_match_anew(fdbench, tmp_path, size):
    """SDXL's transformers: each block merges by what it is given."""
    options = {"ratio": 0.5, "max_downsample": 4, **EVERYTHING}
    unet = make_unet(seed=3, **SDXL)
    assert compare_call(fdbench, tmp_path, unet, size, options) < TOLERANCE / 10


@options_of("defaults", "deep", "windows")
@pytest.mark.parametrize("size", [(16, 16), (12, 20), (15, 21)], ids=str)
@pytest.mark.parametrize("model", MODELS)
def test_whole_run(fdbench, tmp_path, model, size, options):
    config, scheduler = MODELS[model]
    unet = make_folder(tmp_path, scheduler, config)
    pipeline = pipeline_of(unet, scheduler)

    def reference(inputs):
        with merged(unet, **options) as matchings:
            arguments = {"num_inference_steps": STEPS, "guidance_scale": GUIDANCE}
            return reference_trajectory(pipeline, **arguments, **inputs), matchings

    inputs, expected = well_defined_inputs(
        lambda seed: make_inputs(size=size, seed=seed), reference
    )
    command = ["--steps", STEPS, "--guidance", GUIDANCE, *command_options(**options)]
    ours = generate(fdbench, tmp_path, tmp_path, *command, inputs=inputs)["trajectory"]
    assert scaled_difference(ours[1:], expected) < TOLERANCE


@options_of("defaults", "windows", "mlp_only")
@pytest.mark.parametrize("size", [(16, 16), (24, 16)], ids=str)
@pytest.mark.parametrize("model", MODELS)
def test_with_encoder_propagation(fdbench, tmp_path, model, size, options):
    """The second implementation of the propagation, with tomesd's blocks in it."""
    config, scheduler = MODELS[model]
    unet = make_folder(tmp_path, scheduler, config)

    def reference(inputs):
        with merged(unet, **options) as matchings:
            unet._tome_info["size"] = (
                size  # which its hook sets where the UNet is called as a whole
            )
            return propagate(unet, scheduler, inputs, "encoder", KEYS), matchings

    inputs, expected = well_defined_inputs(
        lambda seed: make_inputs(size=size, seed=seed), reference
    )
    command = ["--steps", STEPS, "--guidance", GUIDANCE, *command_options(**options)]
    command += ["--strategy", "encoder", "--key-steps", ",".join(map(str, KEYS)), "--execution"]
    sequential, parallel = (
        generate(fdbench, tmp_path, tmp_path, *command, execution, inputs=inputs)["latents"]
        for execution in ("sequential", "parallel")
    )
    assert scaled_difference(sequential, expected) < TOLERANCE
    assert scaled_difference(parallel, expected) < TOLERANCE
    assert scaled_difference(parallel, sequential) < EXECUTION_TOLERANCE


@options_of()
@pytest.mark.parametrize("model", MODELS)
def test_multiply_adds_equal_fvcore(fdbench, tmp_path, model, options):
    """Of one call with the matching's scores, which fvcore finds in tomesd's code."""
    unet = make_folder(tmp_path, MODELS[model][1], MODELS[model][0])
    config = tmp_path / "c.yaml"
    config.write_text(
        f"name: c\nmodel: {tmp_path}\nprompts: [a]\nsteps: 1\nsavings: none\nruns:\n"
        "  - {strategy: full}\n"
        f"  - {{strategy: full, name: merged, tome: {json.dumps(options | {'use_rand': False})}}}\n"
    )
    result = fdbench("plan", config, "--format", "json")
    assert result.returncode == 0, result.stderr
    plain, ours = (run["multiply_adds"] for run in json.loads(result.stdout))
    counts = fvcore_count(unet, unet.config.sample_size)
    with merged(unet, **options):
        merged_counts = fvcore_count(unet, unet.config.sample_size)
    assert plain == counts[""] - counts["time_embedding"]
    assert ours == merged_counts[""] - merged_counts["time_embedding"]
    assert ours != plain
