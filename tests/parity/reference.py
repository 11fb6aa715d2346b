"""The reference side of the parity tests: small diffusers models with random weights."""

from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file

# The bound is 1e-4 of the output's scale; what is measured in float32 is about 1e-6.
TOLERANCE = 1e-4


def randomize(model: torch.nn.Module, seed: int) -> torch.nn.Module:
    """Moves every bias and normalisation weight off its initial 0 or 1, so that a mix-up shows."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter += 0.2 * torch.randn(parameter.shape, generator=generator)
    return model.eval()


def make_unet(seed: int = 0, **config) -> UNet2DConditionModel:
    """A UNet with random weights; the config is SD 1.x at small width unless it says otherwise."""
    small = {
        "sample_size": 16,
        "block_out_channels": (32, 64, 96, 96),
        "norm_num_groups": 16,
        "cross_attention_dim": 40,
    }
    torch.manual_seed(seed)
    return randomize(UNet2DConditionModel(**{**small, **config}), seed)


def unet_inputs(model: UNet2DConditionModel, batch=2, size=(16, 16), tokens=7, timestep=None):
    """Inputs as `fdbench forward` reads them, with `text_embeds` and `time_ids` for SDXL."""
    config = model.config
    generator = torch.Generator().manual_seed(1)
    width = config.cross_attention_dim
    width = width if isinstance(width, int) else width[0]

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    inputs = {
        "sample": draw(batch, config.in_channels, *size),
        "timestep": torch.tensor([521]) if timestep is None else timestep,
        "encoder_hidden_states": draw(batch, tokens, width),
    }
    if config.addition_embed_type == "text_time":
        pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
        inputs["text_embeds"] = draw(batch, pooled)
        inputs["time_ids"] = torch.tensor([[1024.0, 768, 0, 64, 1024, 1024]]).repeat(batch, 1)
    return inputs


def unet_forward(model: UNet2DConditionModel, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """The reference's prediction in its own dtype."""
    floating = {k: v.to(model.dtype) if k != "timestep" else v for k, v in inputs.items()}
    added = {k: floating[k] for k in ("text_embeds", "time_ids") if k in floating}
    with torch.inference_mode():
        return model(
            floating["sample"],
            floating["timestep"],
            floating["encoder_hidden_states"],
            added_cond_kwargs=added,
        ).sample


def scaled_difference(ours: torch.Tensor, reference: torch.Tensor) -> float:
    """Largest absolute difference over the largest absolute value of the reference."""
    assert ours.shape == reference.shape, f"{ours.shape} is not {reference.shape}"
    ours, reference = ours.double(), reference.double()
    return ((ours - reference).abs().max() / reference.abs().max()).item()


def program_forward(fdbench, model: Path, inputs: dict[str, torch.Tensor], folder: Path, *options):
    """`fdbench forward` on the inputs; fails with the program's message."""
    save_file({k: v.contiguous() for k, v in inputs.items()}, folder / "inputs.safetensors")
    output = folder / "output.safetensors"
    result = fdbench(
        "forward", model, "--inputs", folder / "inputs.safetensors", "--output", output, *options
    )
    assert result.returncode == 0, result.stderr
    return load_file(output)["sample"]
