"""Small DiT folders with random weights, as diffusers writes them."""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, DiTPipeline, DiTTransformer2DModel

from tests.parity.reference import randomize

SIDE = 8  # of the latents
NAMES = {0: "tench, Tinca tinca", 1: "goldfish", 207: "golden retriever", 999: "toilet tissue"}
SCHEDULER = {
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "beta_schedule": "linear",
    "clip_sample": False,
}


def make_transformer(num_layers: int = 5, classes: int = 1000) -> DiTTransformer2DModel:
    """A DiT whose layers all do something: those of adaLN-Zero start at zero."""
    torch.manual_seed(0)
    model = DiTTransformer2DModel(
        num_attention_heads=2,
        attention_head_dim=16,
        in_channels=4,
        out_channels=8,
        num_layers=num_layers,
        norm_num_groups=1,
        sample_size=SIDE,
        patch_size=2,
        num_embeds_ada_norm=classes,
    ).eval()
    randomize(model, 0)
    # diffusers keeps a copy of the embedder in every block; a trained file has equal ones.
    first = model.transformer_blocks[0].norm1.emb
    for block in model.transformer_blocks[1:]:
        block.norm1.emb.load_state_dict(first.state_dict())
    return model


def make_folder(folder: Path, **options) -> DiTPipeline:
    """Writes a folder of DiTPipeline; -> the pipeline."""
    transformer = make_transformer(**options)
    torch.manual_seed(1)
    vae = AutoencoderKL(
        block_out_channels=(16, 32),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=8,
        latent_channels=4,
        sample_size=2 * SIDE,
    ).eval()
    names = {
        number: name for number, name in NAMES.items() if number < options.get("classes", 1000)
    }
    pipeline = DiTPipeline(transformer, vae, DDIMScheduler(**SCHEDULER), id2label=names)
    pipeline.save_pretrained(folder)
    # The public folders have the names; diffusers does not write them back.
    index = json.loads((folder / "model_index.json").read_text())
    index["id2label"] = {str(number): name for number, name in names.items()}
    (folder / "model_index.json").write_text(json.dumps(index))
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
