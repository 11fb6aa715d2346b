"""A toy cascade: models/mini draws, a small UNet with random weights is shown its latents at twice
the size.
"""

import json
import shutil
from pathlib import Path

from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

from tests.conftest import ROOT
from tests.parity.reference import make_unet

MINI = ROOT / "models/mini"
SIDE = 32  # of the second stage's latents


def make_second_stage(folder: Path) -> UNet2DConditionModel:
    """Writes a folder whose UNet takes 4 channels of its sample and 4 of the stage before."""
    width = json.loads((MINI / "unet/config.json").read_text())["cross_attention_dim"]
    unet = make_unet(
        sample_size=SIDE,
        in_channels=8,
        cross_attention_dim=width,
        block_out_channels=(32, 64),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )
    unet.save_pretrained(folder / "unet")
    for part in ("scheduler", "vae"):
        shutil.copytree(MINI / part, folder / part)
    return unet


def config_text(second: Path) -> str:
    """A sweep over the cascade: the second stage with steps, guidance and strategies of its own."""
    return f"""
name: cascade
model:
  stages:
    - {{name: base, folder: {MINI}}}
    - {{name: upscale, folder: {second}, guidance_scale: 2}}
prompts: ["a red circle on a blue background", "a green square above a yellow triangle"]
steps: 6
guidance_scale: 4
seed: 3
threads: 2
pictures: {{chunk: 1}}
timing: {{warmup: 1, rounds: 5}}
runs:
  - {{strategy: full, name: full, stages: {{upscale: {{strategy: full, steps: 4}}}}}}
  - strategy: encoder
    name: both
    key_steps: [6, 4, 2]
    stages: {{upscale: {{strategy: encoder, steps: 4, key_steps: [4, 2]}}}}
  - strategy: full
    name: second only
    stages: {{upscale: {{strategy: deepcache, steps: 4, cache_interval: 2}}}}
"""
