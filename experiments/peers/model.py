"""The model folder that both sides load, and what they are given to denoise."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from safetensors.torch import load_file

# What differs from the defaults of UNet2DConditionModel, which are Stable Diffusion 1.x at width.
ARCHITECTURES = {"sd15": {"cross_attention_dim": 768, "attention_head_dim": 8}}
SD1_SCHEDULE = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
}


def write_random_model(folder: Path, architecture: str, latent: int, dtype: torch.dtype) -> None:
    """Writes unet/ (random weights, seed 0) and scheduler/.

    The last layer is scaled so that predictions have a standard deviation near 1, as trained ones
    have: then the latents stay finite over any number of steps, and a mistake in the network moves
    them.
    """
    config = ARCHITECTURES[architecture] | {"sample_size": latent}
    torch.manual_seed(0)
    unet = UNet2DConditionModel(**config).eval()
    with torch.no_grad():
        side = 2 ** (len(unet.config.block_out_channels) - 1)
        text = torch.randn(1, 77, unet.config.cross_attention_dim)
        sample = torch.randn(1, unet.config.in_channels, 2 * side, 2 * side)
        spread = unet(sample, 500, text).sample.std()
        unet.conv_out.weight /= spread
        unet.conv_out.bias /= spread
    unet.to(dtype).save_pretrained(folder / "unet")
    DDIMScheduler(**SD1_SCHEDULE).save_pretrained(folder / "scheduler")


def link_model(folder: Path, model: Path, latent: int) -> None:
    """Makes `folder` the user's model at another latent size, out of links to its files."""
    for part in model.iterdir():
        if part.name != "unet":
            (folder / part.name).symlink_to(part.resolve())
    (folder / "unet").mkdir()
    for file in (model / "unet").iterdir():
        if file.name != "config.json":
            (folder / "unet" / file.name).symlink_to(file.resolve())
    config = json.loads((model / "unet/config.json").read_text())
    (folder / "unet/config.json").write_text(json.dumps(config | {"sample_size": latent}))


def load_scheduler(folder: Path) -> DDIMScheduler:
    """DDIM with the folder's settings, as diffusers' pipeline for the folder uses them."""
    config = json.loads((folder / "scheduler/scheduler_config.json").read_text())
    index = folder / "model_index.json"
    if index.exists():
        kind = json.loads(index.read_text()).get("_class_name")
        if kind == "StableDiffusionPipeline":  # its constructor corrects what old folders carry
            config |= {"steps_offset": 1, "clip_sample": False}
    return DDIMScheduler.from_config(config)


@dataclass
class Inputs:
    """What every method starts from, in the run's dtype."""

    latents: torch.Tensor  # [1, c, h, w] unit noise
    states: torch.Tensor  # [2, l, d]: unconditional, conditional
    added: dict[str, torch.Tensor] | None  # SDXL's pooled text and time ids, [2, ...]

    @staticmethod
    def load(path: Path, dtype: torch.dtype) -> "Inputs":
        """Reads what `fdbench worker` saved."""
        tensors = {name: tensor.to(dtype) for name, tensor in load_file(path).items()}

        def pair(name: str) -> torch.Tensor:
            return torch.cat([tensors[f"negative_{name}"], tensors[name]])

        added = None
        if "text_embeds" in tensors:
            added = {
                "text_embeds": pair("text_embeds"),
                "time_ids": tensors["time_ids"].repeat(2, 1),
            }
        return Inputs(tensors["latents"], pair("prompt_embeds"), added)
