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
    analysis = FlopCountAnalysis(unet, arguments).set_op_handle("aten::baddbmm", count_baddbmm)
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
