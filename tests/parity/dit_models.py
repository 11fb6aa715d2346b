"""The reference side of the DiT tests: small DiTTransformer2DModels with random weights."""

import json
from pathlib import Path

import torch
from diffusers import DiTTransformer2DModel

from tests.parity.reference import randomize

SMALL = {
    "num_attention_heads": 2,
    "attention_head_dim": 12,
    "in_channels": 4,
    "out_channels": 8,
    "num_layers": 3,
    "sample_size": 16,
    "num_embeds_ada_norm": 10,
}


def share_embedder(model: DiTTransformer2DModel) -> DiTTransformer2DModel:
    """Gives all blocks a copy of the first one's embedder, as converted checkpoints have."""
    first = model.transformer_blocks[0].norm1.emb.state_dict()
    for block in model.transformer_blocks:
        block.norm1.emb.load_state_dict(first)
    return model


def make_dit(seed: int = 0, own_embedders: bool = False, **config) -> DiTTransformer2DModel:
    """own_embedders: blocks do not share the first one's, as they do in converted checkpoints."""
    torch.manual_seed(seed)
    model = randomize(DiTTransformer2DModel(**{**SMALL, **config}), seed)
    return model if own_embedders else share_embedder(model)


def save(model: DiTTransformer2DModel, folder: Path, old_name: bool = False) -> Path:
    """Writes transformer/ -> folder. old_name: with the class name and keys of older versions."""
    model.save_pretrained(folder / "transformer")
    if old_name:
        path = folder / "transformer/config.json"
        empty = dict.fromkeys(["cross_attention_dim", "num_vector_embeds", "caption_channels"])
        off = dict.fromkeys(["use_linear_projection", "only_cross_attention"], False)
        config = json.loads(path.read_text()) | empty | off | {"_class_name": "Transformer2DModel"}
        path.write_text(json.dumps(config))
    return folder


def dit_inputs(model: DiTTransformer2DModel, batch: int = 2, side: int | None = None) -> dict:
    """Inputs as `fdbench forward` reads them; the last class is the null class."""
    config = model.config
    side = side or config.sample_size
    generator = torch.Generator().manual_seed(1)
    classes = torch.randint(0, config.num_embeds_ada_norm, (batch,), generator=generator)
    classes[-1] = config.num_embeds_ada_norm
    return {
        "sample": torch.randn((batch, config.in_channels, side, side), generator=generator),
        "timestep": torch.tensor([521, *range(33, 33 + batch - 1)]),
        "class_labels": classes,
    }


def dit_forward(model: DiTTransformer2DModel, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """The reference's prediction in its own dtype."""
    with torch.inference_mode():
        sample, timestep = inputs["sample"].to(model.dtype), inputs["timestep"]
        return model(sample, timestep=timestep, class_labels=inputs["class_labels"]).sample
