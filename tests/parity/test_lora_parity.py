"""`--lora` against diffusers' load_lora_weights and fuse_lora, from prompts to latents."""

import copy
import json

import pytest
import torch
from safetensors.torch import load_file

from tests.parity import lora_files
from tests.parity.lora_files import Factors, draw, with_mid
from tests.parity.reference import TOLERANCE, scaled_difference
from tests.python.sd_pipelines import generate, reference_trajectory
from tests.python.text_models import make_sd1, make_sdxl

PROMPT = "a photo of an astronaut riding a horse"
STEPS = 3
ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
TEXT = ("q_proj", "k_proj", "v_proj", "out_proj")


@pytest.fixture(scope="module")
def sd1(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sd1")
    return folder, make_sd1(folder)


@pytest.fixture(scope="module")
def sdxl(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdxl")
    return folder, make_sdxl(folder)


def layers_of(model: torch.nn.Module, *endings: str) -> list[str]:
    """Layers of blocks with one of these endings."""
    return [
        name
        for name, module in model.named_modules()
        if name.endswith(endings) and getattr(module, "weight", None) is not None
    ]


def unet_factors(pipeline, *endings: str, **options) -> dict:
    drawn = draw(pipeline.unet, layers_of(pipeline.unet, *endings), **options)
    return {("unet", layer): one for layer, one in drawn.items()}


def text_factors(pipeline, part: str, *endings: str, **options) -> dict:
    model = getattr(pipeline, part)
    drawn = draw(model, layers_of(model, *endings), **options)
    return {(part, layer.removeprefix("text_model.")): one for layer, one in drawn.items()}


def noise() -> torch.Tensor:
    return torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(7))


def reference(pipeline) -> torch.Tensor:
    return reference_trajectory(
        pipeline,
        prompt=[PROMPT],
        latents=noise(),
        guidance_scale=3.0,
        num_inference_steps=STEPS,
    )


def ours(fdbench, folder, tmp_path, *options) -> torch.Tensor:
    options = ["--prompt", PROMPT, "--guidance", 3, "--steps", STEPS, *options]
    made = generate(fdbench, folder, tmp_path, *options, inputs={"latents": noise()})
    return made["trajectory"][1:]


def fused(pipeline, *files) -> object:
    """A copy of diffusers' pipeline with LoRAs, (file, scale) each, fused."""
    pipeline = copy.deepcopy(pipeline)
    for i, (file, _) in enumerate(files):
        pipeline.load_lora_weights(str(file), adapter_name=f"a{i}")
    pipeline.set_adapters([f"a{i}" for i in range(len(files))], [scale for _, scale in files])
    components = [
        name
        for name in ("unet", "text_encoder", "text_encoder_2")
        if getattr(pipeline, name, None) is not None
    ]
    pipeline.fuse_lora(components=components)
    return pipeline


def check(fdbench, base, tmp_path, *files) -> None:
    """Latents as diffusers' with the LoRAs, and other ones than without."""
    folder, pipeline = base
    expected = reference(fused(pipeline, *files))
    options = [o for file, scale in files for o in ("--lora", f"{file}:{scale}")]
    made = ours(fdbench, folder, tmp_path, *options)
    assert scaled_difference(made, expected) < TOLERANCE
    assert scaled_difference(made, reference(pipeline)) > 20 * TOLERANCE


@pytest.mark.parametrize("rank", [1, 4, 32])
def test_peft_attention(fdbench, tmp_path, sd1, rank):
    factors = unet_factors(sd1[1], *ATTENTION, rank=rank)
    file = lora_files.save(lora_files.peft(factors), tmp_path / "a.safetensors")
    check(fdbench, sd1, tmp_path, (file, 0.7))


def test_peft_with_text_encoder(fdbench, tmp_path, sd1):
    factors = unet_factors(sd1[1], *ATTENTION, "ff.net.0.proj", "ff.net.2", rank=4)
    factors |= text_factors(sd1[1], "text_encoder", *TEXT, "fc1", "fc2", rank=4, seed=1)
    file = lora_files.save(lora_files.peft(factors), tmp_path / "a.safetensors")
    check(fdbench, sd1, tmp_path, (file, 1))


def test_peft_with_ranks_and_alphas_of_its_metadata(fdbench, tmp_path, sd1):
    factors = unet_factors(sd1[1], "to_q", "to_out.0", rank=4)
    factors |= unet_factors(sd1[1], "to_v", rank=8, seed=3)
    first = next(layer for _, layer in factors if layer.endswith("to_q"))
    config = {
        "r": 4,
        "lora_alpha": 6,
        "rank_pattern": {"to_v": 8},
        "alpha_pattern": {first: 1, "to_v": 12},
        "target_modules": ["to_q", "to_out.0", "to_v"],
    }
    metadata = {"lora_adapter_metadata": json.dumps({f"unet.{k}": v for k, v in config.items()})}
    tensors = lora_files.peft(factors)
    file = lora_files.save(tensors, tmp_path / "a.safetensors", metadata)
    check(fdbench, sd1, tmp_path, (file, 1))


def test_peft_with_rank_stabilised_scaling(fdbench, tmp_path, sd1):
    config = {"r": 4, "lora_alpha": 6, "use_rslora": True, "target_modules": list(ATTENTION)}
    metadata = {"lora_adapter_metadata": json.dumps({f"unet.{k}": v for k, v in config.items()})}
    tensors = lora_files.peft(unet_factors(sd1[1], *ATTENTION, rank=4))
    check(
        fdbench, sd1, tmp_path, (lora_files.save(tensors, tmp_path / "a.safetensors", metadata), 1)
    )


def test_diffusers_of_different_ranks(fdbench, tmp_path, sd1):
    factors = unet_factors(sd1[1], "to_q", "proj_in", rank=4)
    factors |= unet_factors(sd1[1], "to_k", "proj_out", rank=16, seed=2)
    factors |= text_factors(sd1[1], "text_encoder", *TEXT, rank=4, seed=1)
    file = lora_files.save(lora_files.diffusers(factors), tmp_path / "a.safetensors")
    check(fdbench, sd1, tmp_path, (file, -0.5))


def test_old_processors(fdbench, tmp_path, sd1):
    factors = unet_factors(sd1[1], *ATTENTION, rank=4)
    factors |= text_factors(sd1[1], "text_encoder", *TEXT, rank=4, seed=1)
    file = lora_files.save(lora_files.old(factors), tmp_path / "a.safetensors")
    check(fdbench, sd1, tmp_path, (file, 0.8))


@pytest.mark.parametrize("alpha", [None, 1.0, 16.0])
def test_kohya(fdbench, tmp_path, sd1, alpha):
    options = {"rank": 8, "alpha": alpha}
    factors = unet_factors(sd1[1], *ATTENTION, "ff.net.0.proj", "ff.net.2", **options)
    factors |= text_factors(sd1[1], "text_encoder", *TEXT, "fc1", "fc2", seed=1, **options)
    prefixes = {"unet": "lora_unet_", "text_encoder": "lora_te_"}
    tensors = lora_files.kohya(factors, prefixes)
    check(fdbench, sd1, tmp_path, (lora_files.save(tensors, tmp_path / "a.safetensors"), 0.6))


def test_kohya_convolutions(fdbench, tmp_path, sd1):
    endings = ("conv1", "conv2", "conv_shortcut", "proj_in", "proj_out", "samplers.0.conv")
    factors = unet_factors(sd1[1], *endings, rank=4, alpha=2.0)
    # The most common alpha is that of the attention layers: see the next test.
    factors |= unet_factors(sd1[1], "time_emb_proj", *ATTENTION, rank=8, alpha=3.0, seed=2)
    file = lora_files.save(lora_files.kohya(factors), tmp_path / "a.safetensors")
    check(fdbench, sd1, tmp_path, (file, 1))


def test_alphas_that_diffusers_loses(fdbench, tmp_path, sd1):
    """Each layer's own alpha counts, as in kohya's scripts; where diffusers differs, a note."""
    folder, pipeline = sd1
    factors = unet_factors(pipeline, "conv1", "conv2", "ff.net.2", rank=4, alpha=2.0)
    factors |= unet_factors(pipeline, "attn2.to_q", rank=4, alpha=3.0, seed=2)
    file = lora_files.save(lora_files.kohya(factors), tmp_path / "a.safetensors")
    expected = reference(with_changes(pipeline, factors))
    assert scaled_difference(ours(fdbench, folder, tmp_path, "--lora", file), expected) < TOLERANCE
    assert scaled_difference(reference(fused(pipeline, (file, 1))), expected) > TOLERANCE
    result = fdbench("info", folder, "--lora", file)
    assert "diffusers 0.42.1 takes 2, the most common one of unet" in result.stderr


def with_changes(pipeline, factors: dict) -> object:
    """A copy of the pipeline with the changes added by the formula: of kinds diffusers lacks."""
    pipeline = copy.deepcopy(pipeline)
    with torch.no_grad():
        for (part, layer), one in factors.items():
            weight = getattr(pipeline, part).get_submodule(layer).weight
            weight += one.change().reshape(weight.shape)
    return pipeline


def test_locon_with_mid(fdbench, tmp_path, sd1):
    folder, pipeline = sd1
    drawn = unet_factors(pipeline, "conv1", "conv2", rank=4, alpha=2.0)
    factors = {key: with_mid(one, seed=i) for i, (key, one) in enumerate(drawn.items())}
    file = lora_files.save(lora_files.kohya(factors), tmp_path / "a.safetensors")
    expected = reference(with_changes(pipeline, factors))
    made = ours(fdbench, folder, tmp_path, "--lora", file)
    assert scaled_difference(made, expected) < TOLERANCE
    assert scaled_difference(made, reference(pipeline)) > 20 * TOLERANCE


def test_pointwise_convolutions_written_as_linear_layers(fdbench, tmp_path, sd1):
    folder, pipeline = sd1
    drawn = unet_factors(pipeline, "proj_in", "proj_out", rank=4)
    factors = {k: Factors(one.down.flatten(1), one.up.flatten(1)) for k, one in drawn.items()}
    file = lora_files.save(lora_files.peft(factors), tmp_path / "a.safetensors")
    expected = reference(with_changes(pipeline, factors))
    assert scaled_difference(ours(fdbench, folder, tmp_path, "--lora", file), expected) < TOLERANCE


def test_two_at_once(fdbench, tmp_path, sd1):
    first = unet_factors(sd1[1], *ATTENTION, rank=4)
    second = unet_factors(sd1[1], *ATTENTION, "conv1", rank=2, alpha=1.0, seed=5)
    second |= text_factors(sd1[1], "text_encoder", *TEXT, rank=2, alpha=1.0, seed=6)
    files = (
        (lora_files.save(lora_files.peft(first), tmp_path / "a.safetensors"), 0.7),
        (lora_files.save(lora_files.kohya(second), tmp_path / "b.safetensors"), -1.2),
    )
    check(fdbench, sd1, tmp_path, *files)


def test_the_same_file_twice_counts_twice(fdbench, tmp_path, sd1):
    factors = unet_factors(sd1[1], *ATTENTION, rank=4)
    file = lora_files.save(lora_files.peft(factors), tmp_path / "a.safetensors")
    check(fdbench, sd1, tmp_path, (file, 0.5), (file, 0.25))


def test_half_precision_factors(fdbench, tmp_path, sd1):
    tensors = lora_files.kohya(unet_factors(sd1[1], *ATTENTION, rank=4, alpha=2.0))
    halves = {key: tensor.half() for key, tensor in tensors.items()}
    check(fdbench, sd1, tmp_path, (lora_files.save(halves, tmp_path / "a.safetensors"), 1))


def sdxl_factors(pipeline, *extra: str, **options) -> dict:
    factors = unet_factors(pipeline, *ATTENTION, *extra, **options)
    for i, part in enumerate(("text_encoder", "text_encoder_2")):
        factors |= text_factors(pipeline, part, *TEXT, "fc1", "fc2", seed=i + 1, **options)
    return factors


def test_sdxl_peft(fdbench, tmp_path, sdxl):
    file = lora_files.save(
        lora_files.peft(sdxl_factors(sdxl[1], "proj_in", rank=4)), tmp_path / "a.safetensors"
    )
    check(fdbench, sdxl, tmp_path, (file, 0.9))


def test_sdxl_kohya_of_the_original_code(fdbench, tmp_path, sdxl):
    """input_blocks, middle_block, output_blocks."""
    extra = ("conv1", "conv2", "conv_shortcut", "time_emb_proj", "proj_out", "samplers.0.conv")
    factors = sdxl_factors(sdxl[1], *extra, rank=4, alpha=2.0)
    tensors = lora_files.original(factors, layers_per_block=2)
    assert any("output_blocks" in key for key in tensors)
    check(fdbench, sdxl, tmp_path, (lora_files.save(tensors, tmp_path / "a.safetensors"), 0.9))


@pytest.mark.parametrize("part", ["unet", "text_encoder"])
def test_a_change_that_is_left_out_shows(fdbench, tmp_path, sd1, part):
    """A single layer's change, at a scale at which it shows in the latents."""
    folder, pipeline = sd1
    factors = unet_factors(
        pipeline, "mid_block.attentions.0.transformer_blocks.0.attn2.to_v", rank=4
    )
    factors |= text_factors(pipeline, "text_encoder", "layers.2.mlp.fc2", rank=4)
    whole = lora_files.save(lora_files.peft(factors), tmp_path / "whole.safetensors")
    others = {key: one for key, one in factors.items() if key[0] != part}
    less = lora_files.save(lora_files.peft(others), tmp_path / "less.safetensors")
    made = [ours(fdbench, folder, tmp_path, "--lora", f"{file}:40") for file in (whole, less)]
    assert scaled_difference(made[1], made[0]) > TOLERANCE


def test_weights_in_bfloat16_are_merged_before_they_are_rounded(fdbench, tmp_path, sd1):
    """A change below bfloat16's resolution, twice: rounding in between would lose it."""
    folder, pipeline = sd1
    layers = layers_of(pipeline.unet, "to_q", "to_v", "conv1")
    weights = {layer: pipeline.unet.get_submodule(layer).weight for layer in layers}
    factors = {("unet", k): one for k, one in draw(pipeline.unet, layers, rank=1).items()}
    for (_, layer), one in factors.items():
        one.up = one.up * 1e-3 * weights[layer].std() / one.change().std()
    file = lora_files.save(lora_files.peft(factors), tmp_path / "a.safetensors")
    many = [o for _ in range(40) for o in ("--lora", file)]
    once = ours(fdbench, folder, tmp_path, "--dtype", "bfloat16", "--lora", f"{file}:40")
    repeated = ours(fdbench, folder, tmp_path, "--dtype", "bfloat16", *many)
    assert scaled_difference(repeated, once) < 0.02
    assert (tmp_path / "output.safetensors").exists() and load_file(file)
