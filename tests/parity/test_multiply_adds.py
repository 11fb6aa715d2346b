"""Multiply-adds equal fvcore's count on the diffusers module.

fvcore's rule: one multiply-add counts as one, in convolutions, linear layers and matrix products.
It has no handler for `baddbmm`, with which diffusers multiplies queries and keys: by default
it misses one of attention's two products (the paper's Table 10 does); here it is given one. It also
counts some operations per element of norms and enlargements, which are no multiply-adds of a
matrix: they are left out on both sides.
"""

import json
from pathlib import Path

import pytest
import torch
from diffusers import ControlNetModel
from diffusers.models.attention_processor import AttnProcessor
from fvcore.nn import FlopCountAnalysis

from tests.parity.reference import make_unet, unet_inputs

MATRIX_OPERATORS = ("conv", "linear", "addmm", "bmm", "baddbmm", "matmul")
BATCH, TOKENS = 2, 77  # what `fdbench info` counts: one picture with guidance


def count_baddbmm(inputs: list, outputs: list) -> int:
    """Multiply-adds of a batch of products: [b, n, k] x [b, k, m]."""
    batch, rows, inner = inputs[1].type().sizes()
    return batch * rows * inner * inputs[2].type().sizes()[2]


def fvcore_count(unet: torch.nn.Module, size: int) -> dict[str, int]:
    """Multiply-adds of matrix operators by top-level block."""
    unet.set_attn_processor(AttnProcessor())
    inputs = unet_inputs(unet, batch=BATCH, size=(size, size), tokens=TOKENS)
    added = {key: inputs[key] for key in ("text_embeds", "time_ids") if key in inputs}
    arguments = (inputs["sample"], inputs["timestep"], inputs["encoder_hidden_states"])
    arguments += (None,) * 4 + ((added,) if added else ())
    return matrix_counts(unet, arguments)


def matrix_counts(model: torch.nn.Module, arguments: tuple) -> dict[str, int]:
    """Multiply-adds of matrix operators by module."""
    analysis = FlopCountAnalysis(model, arguments).set_op_handle("aten::baddbmm", count_baddbmm)
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    with torch.no_grad():
        by_module = analysis.by_module_and_operator()
    return {
        name: sum(int(counts.get(operator, 0)) for operator in MATRIX_OPERATORS)
        for name, counts in by_module.items()
    }


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"attention_head_dim": [2, 4, 6, 6], "use_linear_projection": True},
    ],
)
def test_counts_equal_fvcore(fdbench, tmp_path: Path, options: dict) -> None:
    unet = make_unet(**options)
    unet.save_pretrained(tmp_path / "unet")
    result = fdbench("info", tmp_path, "--format", "json")
    assert result.returncode == 0, result.stderr
    info = json.loads(result.stdout)
    assert info["call"]["batch"] == BATCH and info["call"]["text_tokens"] == TOKENS
    counts = fvcore_count(unet, info["call"]["height"])
    blocks = {block["name"]: block["multiply_adds"] for block in info["blocks"]}
    for name, count in blocks.items():
        assert count == counts[name], name
    assert sum(blocks.values()) == info["multiply_adds"]
    assert sum(blocks.values()) == counts[""] - counts["time_embedding"]


class Residuals(torch.nn.Module):
    """A control network that gives its residuals as one list, so that it can be traced."""

    def __init__(self, control: ControlNetModel):
        super().__init__()
        self.control = control

    def forward(self, *inputs):
        down, mid = self.control(*inputs, return_dict=False)
        return [*down, mid]


def test_counts_of_a_control_network_equal_fvcore(fdbench, tmp_path: Path) -> None:
    unet = make_unet()
    control = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(8, 16, 24, 40))
    unet.save_pretrained(tmp_path / "model/unet")
    control.save_pretrained(tmp_path / "control")
    result = fdbench("info", tmp_path / "model", "--controlnet", tmp_path / "control", "--format",
                     "json")  # fmt: skip
    assert result.returncode == 0, result.stderr
    info = json.loads(result.stdout)
    size = info["call"]["height"]
    inputs = unet_inputs(unet, batch=BATCH, size=(size, size), tokens=TOKENS)
    control.set_attn_processor(AttnProcessor())
    arguments = (inputs["sample"], inputs["timestep"], inputs["encoder_hidden_states"])
    picture = torch.zeros(BATCH, 3, 8 * size, 8 * size)
    counts = matrix_counts(Residuals(control), (*arguments, picture))
    blocks = {block["name"]: block["multiply_adds"] for block in info["blocks"]}
    own = {name: count for name, count in blocks.items() if name.startswith("controlnet.")}
    embedding = counts["control.controlnet_cond_embedding"]
    assert own.pop("controlnet.conv_in") == counts["control.conv_in"] + embedding > embedding
    for name, count in own.items():
        assert count == counts[name.replace("controlnet.", "control.", 1)] > 0, name
    parts = {part["name"]: part["multiply_adds"] for part in info["parts"]}
    assert parts["control"] == counts[""] - counts["control.time_embedding"]
    assert blocks["control_add"] == 0
