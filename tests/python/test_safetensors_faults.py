"""Damaged, missing and misfitting weights: one clear line, the right exit code, no crash."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file

WEIGHTS = "unet/diffusion_pytorch_model.safetensors"
FIRST = "conv_in.weight"


@pytest.fixture
def model(tmp_path) -> Path:
    """A model folder with a tiny UNet."""
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        cross_attention_dim=8,
        attention_head_dim=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )
    unet.save_pretrained(tmp_path / "model" / "unet")
    return tmp_path / "model"


def split(data: bytes) -> tuple[dict, bytes]:
    """-> header, bytes of the tensors."""
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def joined(header: dict, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def with_entry(data: bytes, **changes) -> bytes:
    """The file with a changed header entry of its first tensor."""
    header, tensors = split(data)
    header[FIRST].update(changes)
    return joined(header, tensors)


def with_shifted_offsets(data: bytes, shift: int) -> bytes:
    header, tensors = split(data)
    header[FIRST]["data_offsets"] = [offset + shift for offset in header[FIRST]["data_offsets"]]
    return joined(header, tensors)


def wide(header: int) -> Callable[[bytes], bytes]:
    return lambda data: struct.pack("<Q", header) + data[8:]


def refused(call, code: int, *words: str) -> None:
    """One line on standard error with all the words, nothing on standard output."""
    assert call.returncode == code, call.stderr
    assert call.stdout == ""
    assert call.stderr.startswith("fdbench: ") and call.stderr.count("\n") == 1, call.stderr
    for word in words:
        assert word in call.stderr, call.stderr


DAMAGE = {
    "empty": (lambda data: b"", "0 bytes"),
    "seven bytes": (lambda data: data[:7], "7 bytes"),
    "header cut": (lambda data: data[:100], "truncated"),
    "data cut": (lambda data: data[:-1], "outside the file"),
    "data cut by half": (lambda data: data[: len(data) // 2], "outside the file"),
    "longer": (lambda data: data + b"\0", "1 bytes behind the last tensor"),
    "header too long": (wide(2**40), "header's length"),
    "header of 2^64 - 1": (wide(2**64 - 1), "header's length"),
    "header too short": (wide(20), "not JSON"),
    "no JSON": (lambda data: data[:8] + b"x" + data[9:], "not JSON"),
    "unknown dtype": (lambda data: with_entry(data, dtype="F17"), "'F17'"),
    "dtype of another size": (lambda data: with_entry(data, dtype="F64"), "shape and dtype want"),
    "negative side": (lambda data: with_entry(data, shape=[-8, 4, 3, 3]), "not negative"),
    "overflowing shape": (lambda data: with_entry(data, shape=[2**62, 2**62]), "too large"),
    "offsets outside": (lambda data: with_shifted_offsets(data, 2**40), "outside the file"),
    "offsets overlap": (lambda data: with_shifted_offsets(data, -4), "overlap"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_file(fdbench, model, name):
    damage, word = DAMAGE[name]
    path = model / WEIGHTS
    path.write_bytes(damage(path.read_bytes()))
    refused(fdbench("info", model), 3, WEIGHTS, word)


def test_truncation_anywhere(fdbench, model):
    path = model / WEIGHTS
    data = path.read_bytes()
    for size in range(0, len(data), len(data) // 25):
        path.write_bytes(data[:size])
        refused(fdbench("info", model), 3, WEIGHTS)


def change(model: Path, edit: Callable[[dict], None]) -> None:
    tensors = load_file(model / WEIGHTS)
    edit(tensors)
    save_file(tensors, model / WEIGHTS)


def test_missing_tensor(fdbench, model):
    change(model, lambda tensors: tensors.update({"conv_in.wieght": tensors.pop(FIRST)}))
    refused(fdbench("info", model), 3, WEIGHTS, f"'{FIRST}' is missing", "'conv_in.wieght'")


def test_surplus_tensor(fdbench, model):
    change(model, lambda tensors: tensors.update({"zzz.weight": torch.zeros(2)}))
    refused(fdbench("info", model), 3, WEIGHTS, "'zzz.weight' is surplus")


def test_wrong_shape(fdbench, model):
    change(model, lambda tensors: tensors.update({FIRST: torch.zeros(8, 5, 3, 3)}))
    refused(fdbench("info", model), 3, f"'{FIRST}' has shape [8, 5, 3, 3]", "wants [8, 4, 3, 3]")


def test_integer_weight(fdbench, model):
    change(model, lambda tensors: tensors.update({FIRST: tensors[FIRST].int()}))
    refused(fdbench("info", model), 3, f"'{FIRST}'", "floating-point")


def test_missing_weights(fdbench, model):
    (model / WEIGHTS).unlink()
    refused(fdbench("info", model), 2, "unet", "diffusion_pytorch_model.safetensors")
    (model / WEIGHTS).with_suffix(".bin").write_bytes(b"")
    refused(fdbench("info", model), 2, "only safetensors are read", "save_pretrained")


def test_no_model_folder(fdbench, tmp_path):
    refused(fdbench("info", tmp_path / "none"), 2, "does not exist", "model_index.json")
    (tmp_path / "file").write_text("")
    refused(fdbench("info", tmp_path / "file"), 2, "not a folder")
    (tmp_path / "empty").mkdir()
    refused(fdbench("info", tmp_path / "empty"), 2, "not a model folder")


def test_shards(fdbench, model, tmp_path):
    """Shards give what the single file gives; a missing one is named."""
    whole = fdbench("info", model)
    unet = UNet2DConditionModel.from_pretrained(model / "unet")
    unet.save_pretrained(tmp_path / "sharded" / "unet", max_shard_size="20KB")
    shards = sorted((tmp_path / "sharded" / "unet").glob("*-of-*.safetensors"))
    assert len(shards) > 1
    sharded = fdbench("info", tmp_path / "sharded")
    assert sharded.returncode == 0 and sharded.stdout == whole.stdout
    shards[1].unlink()
    refused(fdbench("info", tmp_path / "sharded"), 3, shards[1].name, "missing")


def test_damaged_config(fdbench, model):
    (model / "unet" / "config.json").write_text('{\n  "in_channels": 4,\n  "out_channels" 4\n}')
    refused(fdbench("info", model), 2, "config.json:3:18", "not JSON")


@pytest.mark.parametrize("output", ["/dev/full", "/proc/out.safetensors", "/none/out.safetensors"])
def test_output_that_cannot_be_written(fdbench, model, tmp_path, output):
    inputs = {
        "sample": torch.zeros(1, 4, 8, 8),
        "timestep": torch.tensor([1.0]),
        "encoder_hidden_states": torch.zeros(1, 3, 8),
    }
    save_file(inputs, tmp_path / "in.safetensors")
    call = fdbench("forward", model, "--inputs", tmp_path / "in.safetensors", "--output", output)
    refused(call, 2 if output.startswith(("/none", "/proc")) else 3, output, "cannot")
