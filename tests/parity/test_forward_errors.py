"""`fdbench forward` on wrong input: one clear line and exit code 2 or 3, never a crash."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.parity.reference import make_unet, unet_inputs
from tests.parity.test_unet_parity import SDXL

TINY = {
    "block_out_channels": (16, 32),
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "cross_attention_dim": 24,
    "attention_head_dim": 4,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    make_unet(**TINY).save_pretrained(folder / "unet")
    return folder


@pytest.fixture(scope="module")
def tiny_inputs():
    return unet_inputs(make_unet(**TINY), size=(8, 8))


def call(fdbench, model, inputs, folder, *options):
    save_file({k: v.contiguous() for k, v in inputs.items()}, folder / "in.safetensors")
    return fdbench(
        "forward",
        model,
        "--inputs",
        folder / "in.safetensors",
        "--output",
        folder / "out.safetensors",
        *options,
    )


def check_line(result, exit_code, *parts):
    assert result.returncode == exit_code, result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    for part in parts:
        assert part in result.stderr


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        ("sample", None, "has no tensor 'sample' [batch, 4, height, width]"),
        ("timestep", None, "has no tensor 'timestep'"),
        ("encoder_hidden_states", None, "has no tensor 'encoder_hidden_states'"),
        ("sample", torch.zeros(2, 3, 8, 8), "'sample' has shape [2, 3, 8, 8]; this UNet needs"),
        ("sample", torch.zeros(4, 8, 8), "'sample' has shape [4, 8, 8]"),
        ("sample", torch.zeros(2, 4, 0, 8), "'sample' has shape [2, 4, 0, 8]"),
        ("sample", torch.zeros(2, 4, 8, 8, dtype=torch.int32), "must hold floating-point numbers"),
        ("timestep", torch.zeros(3), "'timestep' has shape [3]"),
        ("timestep", torch.zeros(1, 2), "'timestep' has shape [1, 2]"),
        (
            "encoder_hidden_states",
            torch.zeros(2, 7, 23),
            "encoder_hidden_states has shape [2, 7, 23]; this UNet needs [2, tokens, 24]",
        ),
        ("encoder_hidden_states", torch.zeros(1, 7, 24), "has shape [1, 7, 24]"),
    ],
)
def test_inputs_that_do_not_fit(fdbench, tmp_path, tiny, tiny_inputs, name, tensor, message):
    inputs = dict(tiny_inputs)
    del inputs[name]
    if tensor is not None:
        inputs[name] = tensor
    check_line(call(fdbench, tiny, inputs, tmp_path), 2, "in.safetensors", message)


@pytest.mark.parametrize("name", ["text_embeds", "time_ids"])
def test_missing_added_conditions_are_named(fdbench, tmp_path, name):
    model = make_unet(**SDXL)
    model.save_pretrained(tmp_path / "unet")
    inputs = unet_inputs(model)
    del inputs[name]
    check_line(call(fdbench, tmp_path, inputs, tmp_path), 2, f"{name} is missing")


def test_added_conditions_of_a_wrong_width(fdbench, tmp_path):
    model = make_unet(**SDXL)
    model.save_pretrained(tmp_path / "unet")
    inputs = unet_inputs(model)
    inputs["time_ids"] = inputs["time_ids"][:, :5]
    message = "text_embeds (40 wide) and time_ids (5 ids of 16) make 120 values"
    check_line(call(fdbench, tmp_path, inputs, tmp_path), 2, message, "needs 136")


def test_a_prediction_that_is_not_finite(fdbench, tmp_path, tiny, tiny_inputs):
    inputs = {**tiny_inputs, "sample": torch.full((2, 4, 8, 8), 3e38)}
    check_line(call(fdbench, tiny, inputs, tmp_path), 3, "the prediction is not finite in float32")
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--dtype", "bf17"), "did you mean 'bf16'"),
        (("--device", "tpu"), "tpu"),
        (("--threads", "0"), "--threads"),
        (("--thread", "1"), "--thread"),
    ],
)
def test_options(fdbench, tmp_path, tiny, tiny_inputs, options, message):
    check_line(call(fdbench, tiny, tiny_inputs, tmp_path, *options), 2, message)


def test_missing_inputs_file(fdbench, tmp_path, tiny):
    result = fdbench(
        "forward", tiny, "--inputs", tmp_path / "none.safetensors", "--output", tmp_path / "x"
    )
    assert result.returncode in (2, 3)
    assert "none.safetensors" in result.stderr


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("class_embed_type", "timestep", "'class_embed_type': 'timestep' is not supported"),
        ("addition_embed_type", "text", "fdbench supports null and 'text_time'"),
        ("block_out_channel", [16, 32], "unknown key 'block_out_channel', did you mean 'block_out"),
        ("attention_head_dim", "four", "'attention_head_dim': must be a whole number"),
        ("norm_num_groups", 7, "'norm_num_groups': 7 does not divide the 16 channels"),
        ("layers_per_block", [1, 1, 1], "'layers_per_block': has 3 entries for 2 blocks"),
    ],
)
def test_config(fdbench, tmp_path, tiny, tiny_inputs, key, value, message):
    unet = tmp_path / "unet"
    unet.mkdir()
    config = json.loads((tiny / "unet" / "config.json").read_text())
    (unet / "config.json").write_text(json.dumps({**config, key: value}))
    weights = "diffusion_pytorch_model.safetensors"
    (unet / weights).symlink_to(tiny / "unet" / weights)
    result = call(fdbench, tmp_path, tiny_inputs, tmp_path)
    check_line(result, 2, "unet/config.json", message)


@pytest.mark.parametrize("fault", ["missing", "surplus", "misshapen"])
def test_weights_that_do_not_fit_the_config(fdbench, tmp_path, tiny, tiny_inputs, fault):
    unet = tmp_path / "unet"
    unet.mkdir()
    weights = "diffusion_pytorch_model.safetensors"
    (unet / "config.json").write_text((tiny / "unet" / "config.json").read_text())
    tensors = load_file(tiny / "unet" / weights)
    name = "mid_block.resnets.0.conv1.weight"
    if fault == "missing":
        del tensors[name]
    elif fault == "surplus":
        name = "mid_block.resnets.7.conv1.weight"
        tensors[name] = torch.zeros(1)
    else:
        tensors[name] = tensors[name][:, :5].contiguous()
    save_file(tensors, unet / weights)
    check_line(call(fdbench, tmp_path, tiny_inputs, tmp_path), 3, weights, name)
