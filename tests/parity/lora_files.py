"""LoRA files with random factors, in each of the ways in which programs write them."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file

PREFIXES = {"unet": "lora_unet_", "text_encoder": "lora_te1_", "text_encoder_2": "lora_te2_"}
# What diffusers' first files called the text encoder's layers.
OLD_TEXT_LAYERS = {"q_proj": "to_q", "k_proj": "to_k", "v_proj": "to_v", "out_proj": "to_out"}
Key = tuple[str, str]


@dataclass
class Factors:
    """A change of one layer; `alpha` None: the file names none."""

    down: torch.Tensor
    up: torch.Tensor
    mid: torch.Tensor | None = None
    alpha: float | None = None

    def change(self) -> torch.Tensor:
        """In the shape of a kernel, [out, in, h, w], or [out, in]."""
        rank = self.down.shape[0]
        scale = 1.0 if self.alpha is None else self.alpha / rank
        up = self.up.flatten(1).double()
        if self.mid is not None:  # LyCORIS' rebuild_tucker
            product = torch.einsum(
                "ijkl,jr,pi->prkl", self.mid.double(), self.down.flatten(1).double(), up
            )
        else:
            shape = (up.shape[0], *self.down.shape[1:])
            product = (up @ self.down.flatten(1).double()).reshape(shape)
        return scale * product


def draw(model: torch.nn.Module, layers: list[str], rank: int, alpha=None, seed: int = 0) -> dict:
    """Factors of layers, {layer: Factors}; a change is about a quarter of the layer's weight."""
    generator = torch.Generator().manual_seed(seed)
    drawn = {}
    for layer in layers:
        weight = model.get_submodule(layer).weight
        down = torch.randn(rank, *weight.shape[1:], generator=generator)
        up = torch.randn(weight.shape[0], rank, *(1,) * (weight.dim() - 2), generator=generator)
        size = 0.25 * weight.std().item() / rank**0.5
        drawn[layer] = Factors(down * size**0.5, up * size**0.5, None, alpha)
    return drawn


def with_mid(factors: Factors, seed: int = 0) -> Factors:
    """LoCon's: the kernel lies between a pointwise down and up."""
    rank, _, height, width = factors.down.shape
    generator = torch.Generator().manual_seed(seed)
    mid = torch.randn(rank, rank, height, width, generator=generator) / rank**0.5
    return Factors(factors.down[:, :, :1, :1], factors.up, mid, factors.alpha)


def kohya(factors: dict[Key, Factors], prefixes: dict = PREFIXES) -> dict[str, torch.Tensor]:
    tensors = {}
    for (part, layer), one in factors.items():
        name = layer if part == "unet" or layer == "text_projection" else f"text_model.{layer}"
        start = prefixes[part] + name.replace(".", "_")
        tensors[f"{start}.lora_down.weight"] = one.down
        tensors[f"{start}.lora_up.weight"] = one.up
        if one.mid is not None:
            tensors[f"{start}.lora_mid.weight"] = one.mid
        if one.alpha is not None:
            tensors[f"{start}.alpha"] = torch.tensor(one.alpha)
    return tensors


def original(factors: dict[Key, Factors], layers_per_block: int) -> dict[str, torch.Tensor]:
    """kohya's for SDXL: the UNet's layers under the names of the original code."""
    renamed = {}
    for (part, layer), one in factors.items():
        renamed[part, original_layer(layer, layers_per_block) if part == "unet" else layer] = one
    return kohya(renamed)


def original_layer(layer: str, layers_per_block: int) -> str:
    """Of a UNet's layer in a block; upsamplers of blocks with attention alone."""
    side, block, kind, index, *inner = layer.split(".")
    if side == "mid_block":
        kind, index, *inner = layer.split(".")[1:]
        place = f"middle_block.{1 if kind == 'attentions' else 2 * int(index)}"
    else:
        per_block, sampled = layers_per_block + 1, kind in ("downsamplers", "upsamplers")
        number = int(block) * per_block + (layers_per_block if sampled else int(index))
        slot = {"resnets": 0, "attentions": 1, "downsamplers": 0, "upsamplers": 2}[kind]
        first = f"input_blocks.{number + 1}" if side == "down_blocks" else f"output_blocks.{number}"
        place = f"{first}.{slot}"
    names = {
        "conv1": "in_layers.2",
        "conv2": "out_layers.3",
        "time_emb_proj": "emb_layers.1",
        "conv_shortcut": "skip_connection",
    }
    name = ".".join(inner)
    if kind == "resnets":
        name = names[name]
    return f"{place}.{'op' if kind == 'downsamplers' else name}"


def peft(factors: dict[Key, Factors]) -> dict[str, torch.Tensor]:
    tensors = {}
    for (part, layer), one in factors.items():
        start = f"{part}.{layer}" if part == "unet" else f"{part}.text_model.{layer}"
        tensors[f"{start}.lora_A.weight"] = one.down
        tensors[f"{start}.lora_B.weight"] = one.up
    return tensors


def diffusers(factors: dict[Key, Factors]) -> dict[str, torch.Tensor]:
    """What diffusers wrote before PEFT: "lora.down", and "lora_linear_layer" of text encoders."""
    tensors = {}
    for (part, layer), one in factors.items():
        start = f"{part}.{layer}.lora" if part == "unet" else f"{part}.text_model.{layer}"
        start = start if part == "unet" else f"{start}.lora_linear_layer"
        tensors[f"{start}.down.weight"] = one.down
        tensors[f"{start}.up.weight"] = one.up
    return tensors


def old(factors: dict[Key, Factors]) -> dict[str, torch.Tensor]:
    """diffusers' first files: attention layers alone, as parts of processors."""
    tensors = {}
    for (part, layer), one in factors.items():
        attention, _, name = layer.removesuffix(".0").rpartition(".")
        if part == "unet":
            start = f"unet.{attention}.processor.{name}_lora"
        else:
            start = f"{part}.text_model.{attention}.{OLD_TEXT_LAYERS[name]}_lora"
        tensors[f"{start}.down.weight"] = one.down
        tensors[f"{start}.up.weight"] = one.up
    return tensors


def save(tensors: dict[str, torch.Tensor], path: Path, metadata: dict | None = None) -> Path:
    save_file({k: v.contiguous() for k, v in tensors.items()}, path, metadata=metadata)
    return path
