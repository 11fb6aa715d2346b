"""UNet2DConditionModel against diffusers, through `fdbench forward`."""

import json

import pytest
import torch
from diffusers import UNet2DConditionModel

from tests.parity.reference import (
    TOLERANCE,
    make_unet,
    program_forward,
    scaled_difference,
    unet_forward,
    unet_inputs,
)

CROSS_DOWN, DOWN = "CrossAttnDownBlock2D", "DownBlock2D"
CROSS_UP, UP = "CrossAttnUpBlock2D", "UpBlock2D"

SD2 = {"use_linear_projection": True, "attention_head_dim": (2, 4, 6, 6), "cross_attention_dim": 48}
SDXL = {
    "block_out_channels": (32, 64, 128),
    "down_block_types": (DOWN, CROSS_DOWN, CROSS_DOWN),
    "up_block_types": (CROSS_UP, CROSS_UP, UP),
    "transformer_layers_per_block": (1, 2, 4),
    "attention_head_dim": (2, 4, 8),
    "use_linear_projection": True,
    "cross_attention_dim": 56,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 16,
    "projection_class_embeddings_input_dim": 6 * 16 + 40,
}
TWO_LEVELS = {
    "block_out_channels": (32, 64),
    "down_block_types": (CROSS_DOWN, CROSS_DOWN),
    "up_block_types": (CROSS_UP, CROSS_UP),
}

# name: (config, inputs)
CASES = {
    "sd1": ({}, {}),
    "sd1_odd_size": ({}, {"size": (17, 23)}),
    "sd1_tiny_odd_size": ({}, {"size": (9, 3), "tokens": 1}),
    "sd1_non_square_batch_3": ({}, {"size": (24, 40), "batch": 3}),
    "sd1_timestep_per_sample": ({}, {"batch": 3, "timestep": torch.tensor([999, 500, 1])}),
    "sd1_scalar_timestep": ({}, {"timestep": torch.tensor(0)}),
    "sd1_float_timesteps": ({}, {"timestep": torch.tensor([12.5, 730.25], dtype=torch.float64)}),
    "sd1_77_tokens": ({}, {"batch": 1, "tokens": 77}),
    "sd1_inpainting": ({"in_channels": 9}, {}),
    "sd2": (SD2, {}),
    "sd2_odd_size": (SD2, {"size": (15, 21)}),
    "sd2_upcast_attention": ({**SD2, "upcast_attention": True}, {}),
    "sdxl": (SDXL, {}),
    "sdxl_odd_size": (SDXL, {"size": (13, 18), "batch": 1}),
    "layers_per_block_list": ({"layers_per_block": (1, 2, 3, 1)}, {"size": (16, 24)}),
    "transformer_layers_list": ({"transformer_layers_per_block": (1, 3, 2, 1)}, {}),
    "transformer_layers_nested": (
        {
            **TWO_LEVELS,
            "transformer_layers_per_block": ((1, 2), (2, 1)),
            "reverse_transformer_layers_per_block": ((1, 2, 1), (2, 1, 3)),
        },
        {},
    ),
    "heads_that_do_not_divide": ({"attention_head_dim": 5}, {}),
    "cross_attention_dim_list": ({"cross_attention_dim": (24, 24, 24, 24)}, {}),
    "no_mid_block": ({"mid_block_type": None}, {}),
    "mid_block_without_attention": ({"mid_block_type": "UNetMidBlock2D"}, {}),
    "all_blocks_with_attention": (
        {"down_block_types": (CROSS_DOWN,) * 4, "up_block_types": (CROSS_UP,) * 4},
        {},
    ),
    "one_level": (
        {
            "block_out_channels": (32,),
            "down_block_types": (CROSS_DOWN,),
            "up_block_types": (CROSS_UP,),
        },
        {"size": (5, 7)},
    ),
    "downsample_padding_0": ({"downsample_padding": 0}, {"size": (19, 30)}),
    "scale_shift": (
        {"resnet_time_scale_shift": "scale_shift", "mid_block_scale_factor": 1.4142135},
        {},
    ),
    "time_embedding_options": (
        {"flip_sin_to_cos": False, "freq_shift": 1, "time_embedding_dim": 72},
        {},
    ),
    "ends": (
        {"center_input_sample": True, "conv_in_kernel": 5, "conv_out_kernel": 1, "out_channels": 8},
        {},
    ),
    "mish_and_norm_eps": ({"act_fn": "mish", "norm_eps": 1e-3, "norm_num_groups": 8}, {}),
    "sample_size_list": ({"sample_size": (16, 24)}, {"size": (16, 24)}),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_diffusers(fdbench, tmp_path, name):
    config, inputs_options = CASES[name]
    model = make_unet(seed=len(name), **config)
    model.save_pretrained(tmp_path / "unet")
    inputs = unet_inputs(model, **inputs_options)
    ours = program_forward(fdbench, tmp_path, inputs, tmp_path)
    assert ours.dtype == torch.float32
    assert scaled_difference(ours, unet_forward(model, inputs)) < TOLERANCE / 10


def test_the_unet_folder_itself_is_enough(fdbench, tmp_path):
    model = make_unet()
    model.save_pretrained(tmp_path / "only_the_network")
    inputs = unet_inputs(model)
    ours = program_forward(fdbench, tmp_path / "only_the_network", inputs, tmp_path)
    assert scaled_difference(ours, unet_forward(model, inputs)) < TOLERANCE


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("variant", [None, "fp16"])
def test_half_precision_weights_run_in_float32(fdbench, tmp_path, dtype, variant):
    model = make_unet(**SD2).to(dtype)
    model.save_pretrained(tmp_path / "unet", variant=variant)
    inputs = unet_inputs(model)
    ours = program_forward(fdbench, tmp_path, inputs, tmp_path)
    assert scaled_difference(ours, unet_forward(model.float(), inputs)) < TOLERANCE


def test_sharded_weights(fdbench, tmp_path):
    model = make_unet(**SDXL)
    model.save_pretrained(tmp_path / "unet", max_shard_size="2MB")
    assert len(list((tmp_path / "unet").glob("*.safetensors"))) > 3
    inputs = unet_inputs(model)
    ours = program_forward(fdbench, tmp_path, inputs, tmp_path)
    assert scaled_difference(ours, unet_forward(model, inputs)) < TOLERANCE


@pytest.mark.parametrize(
    # Rounding of one operation: 2^-11 and 2^-8; a network adds up some tens of them.
    ("dtype", "tolerance"),
    [("float16", 0.01), ("bfloat16", 0.06)],
)
@pytest.mark.parametrize("config", [{}, {**SD2, "upcast_attention": True}, SDXL], ids=str)
def test_runs_in_half_precision(fdbench, tmp_path, dtype, tolerance, config):
    model = make_unet(**config)
    model.save_pretrained(tmp_path / "unet")
    inputs = unet_inputs(model)
    ours = program_forward(fdbench, tmp_path, inputs, tmp_path, "--dtype", dtype)
    assert ours.dtype == getattr(torch, dtype)
    assert scaled_difference(ours, unet_forward(model, inputs)) < tolerance


def test_old_config_with_few_keys(fdbench, tmp_path):
    """Checkpoints of 2022 name only what differed then; the rest are diffusers' defaults."""
    model = make_unet()
    model.save_pretrained(tmp_path / "unet")
    path = tmp_path / "unet" / "config.json"
    config = json.loads(path.read_text())
    kept = ("_class_name", "block_out_channels", "norm_num_groups", "cross_attention_dim")
    path.write_text(json.dumps({key: config[key] for key in kept}))
    inputs = unet_inputs(model)
    ours = program_forward(fdbench, tmp_path, inputs, tmp_path)
    assert scaled_difference(ours, unet_forward(model, inputs)) < TOLERANCE


@pytest.mark.parametrize("size", [(16, 16), (19, 26)])
def test_the_embedded_model(fdbench, root, tmp_path, size):
    folder = root / "models" / "mini"
    model = UNet2DConditionModel.from_pretrained(
        folder, subfolder="unet", torch_dtype=torch.float32
    )
    inputs = unet_inputs(model.eval(), size=size, batch=4, tokens=32)
    ours = program_forward(fdbench, folder, inputs, tmp_path)
    assert scaled_difference(ours, unet_forward(model, inputs)) < TOLERANCE
