"""The reference side of the generate tests: small folders and diffusers' pipeline on them."""

from pathlib import Path

import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors.torch import load_file, save_file

from tests.parity.reference import make_unet

SD1 = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
}
SD2_UNET = {"attention_head_dim": [2, 4, 6, 6], "use_linear_projection": True}


def make_folder(folder: Path, scheduler: dict, unet: dict | None = None) -> UNet2DConditionModel:
    """Writes unet/ and scheduler/ of a tiny model with random weights; gives back the UNet."""
    model = make_unet(**(unet or {}))
    model.save_pretrained(folder / "unet")
    DDIMScheduler(**scheduler).save_pretrained(folder / "scheduler")
    return model


def make_inputs(
    pictures: int = 1, size: tuple[int, int] = (16, 16), width: int = 40, seed: int = 7
) -> dict:
    """Unit noise and embeddings as `fdbench generate --inputs` reads them."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    return {
        "latents": draw(pictures, 4, *size),
        "prompt_embeds": draw(pictures, 7, width),
        "negative_prompt_embeds": draw(pictures, 7, width),
    }


def pipeline_of(unet: UNet2DConditionModel, scheduler: dict) -> StableDiffusionPipeline:
    """diffusers' pipeline around a UNet alone."""
    pipeline = StableDiffusionPipeline(
        vae=None,
        text_encoder=None,
        tokenizer=None,
        unet=unet,
        scheduler=DDIMScheduler(**SD1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    # Its constructor changes steps_offset and clip_sample of what it is given.
    pipeline.scheduler = DDIMScheduler(**scheduler)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def reference_trajectory(pipeline: StableDiffusionPipeline, **arguments) -> torch.Tensor:
    """Latents after each scheduler step, [steps, n, c, h, w]."""
    latents = []

    def collect(_, step, timestep, tensors):
        latents.append(tensors["latents"].clone())
        return tensors

    with torch.inference_mode():
        pipeline(output_type="latent", callback_on_step_end=collect, **arguments)
    return torch.stack(latents)


def generate(fdbench, model: Path, folder: Path, *options: object, inputs: dict | None = None):
    """Tensors that `fdbench generate --save-latents` writes; fails with the program's message."""
    output = folder / "output.safetensors"
    if inputs is not None:
        save_file(inputs, folder / "inputs.safetensors")
        options = (*options, "--inputs", folder / "inputs.safetensors")
    result = fdbench("generate", model, "--save-latents", output, *options)
    assert result.returncode == 0, result.stderr
    return load_file(output)
