"""`fdbench info` against a count of parameters and multiply-adds on diffusers' own modules."""

import json
import re
from collections import Counter

import pytest
import torch
from diffusers.models.attention_processor import Attention

from tests.parity.reference import make_unet, unet_forward, unet_inputs
from tests.parity.test_unet_parity import CROSS_DOWN, CROSS_UP, SD2, SDXL

CASES = {
    "sd1": {},
    "sd1_odd_size": {"sample_size": (17, 23)},
    "sd2": SD2,
    "sdxl": SDXL,
    "scale_shift": {"resnet_time_scale_shift": "scale_shift"},
    "padding_0": {"downsample_padding": 0, "sample_size": (18, 21)},
    "lists": {
        "layers_per_block": (1, 2),
        "block_out_channels": (32, 64),
        "down_block_types": (CROSS_DOWN, CROSS_DOWN),
        "up_block_types": (CROSS_UP, CROSS_UP),
    },
}


def layer_of(module: str) -> str:
    """Column of the plan that a module belongs to; "" for what begins a step."""
    if module.startswith("conv_norm_out"):
        return "conv_out"
    found = re.match(
        r"conv_in|conv_out|.*?(resnets|attentions|downsamplers|upsamplers)\.\d+", module
    )
    return found[0] if found else ""


def count_multiply_adds(model, inputs) -> Counter:
    """fvcore's rule: convolutions, linear layers and both attention products, each pair once."""
    counts = Counter()

    def watch(name, module):
        def hook(module, args, kwargs, output):
            if isinstance(module, torch.nn.Conv2d):
                per_output = module.weight[0].numel()
                counts[layer_of(name)] += output.numel() * per_output
            elif isinstance(module, torch.nn.Linear):
                counts[layer_of(name)] += output.numel() * module.in_features
            else:
                states = args[0]
                context = kwargs.get("encoder_hidden_states")
                context = states if context is None else context
                batch, queries = states.shape[:2]
                products = 2 * batch * queries * context.shape[1] * module.inner_dim
                counts[layer_of(name)] += products

        module.register_forward_hook(hook, with_kwargs=True)

    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear | Attention):
            watch(name, module)
    unet_forward(model, inputs)
    return counts


@pytest.mark.parametrize("name", CASES)
def test_layers_equal_diffusers(fdbench, tmp_path, name):
    model = make_unet(**CASES[name])
    model.save_pretrained(tmp_path / "unet")
    result = fdbench("info", tmp_path, "--format", "json", "--detail", "layer")
    assert result.returncode == 0, result.stderr
    info = json.loads(result.stdout)
    call = info["call"]
    size = (call["height"], call["width"])
    counts = count_multiply_adds(
        model, unet_inputs(model, batch=call["batch"], size=size, tokens=call["text_tokens"])
    )
    parameters = Counter()
    for key, parameter in model.named_parameters():
        parameters[layer_of(key)] += parameter.numel()
    step_parameters = parameters.pop("")
    counts.pop("")
    assert {row["name"]: row["multiply_adds"] for row in info["layers"]} == counts
    assert {row["name"]: row["parameters"] for row in info["layers"]} == parameters
    assert info["time_embedding_parameters"] == step_parameters
    assert info["parameters"] == sum(p.numel() for p in model.parameters())
    for table in ("blocks", "parts", "layers"):
        assert sum(row["multiply_adds"] for row in info[table]) == info["multiply_adds"]
        assert sum(row["num_layers"] for row in info[table]) == info["num_layers"]


def test_sd1_has_the_44_modules_of_the_paper_and_both_ends(fdbench, tmp_path):
    make_unet().save_pretrained(tmp_path / "unet")
    result = fdbench("info", tmp_path, "--format", "json", "--detail", "layer")
    info = json.loads(result.stdout)
    assert info["num_layers"] == 46
    assert [row["name"] for row in info["blocks"]] == [
        "conv_in",
        *(f"down_blocks.{i}" for i in range(4)),
        "mid_block",
        *(f"up_blocks.{i}" for i in range(4)),
        "conv_out",
    ]
    assert [row["name"] for row in info["parts"]] == ["encoder", "bottleneck", "decoder"]


def test_table_names_blocks_and_what_is_counted(fdbench, tmp_path):
    make_unet().save_pretrained(tmp_path / "unet")
    result = fdbench("info", tmp_path)
    assert result.returncode == 0, result.stderr
    assert "46 layers in 11 blocks" in result.stdout
    assert "batch 2 (guidance), latent 16x16, 77 text tokens" in result.stdout
    assert len(re.findall(r"^up_blocks\.\d ", result.stdout, re.M)) == 4
