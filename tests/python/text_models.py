"""Small folders that read prompts: random weights behind the real CLIP vocabulary."""

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

from tests.parity.reference import make_unet, randomize
from tests.python.clip_vocabulary import write_clip_tokenizer
from tests.python.sd_pipelines import SD1, SD2_UNET

WIDTHS = (16, 24)  # of the two text encoders of SDXL
POOLED = 20
SDXL_UNET = {
    "block_out_channels": (32, 64),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": (2, 4),
    "transformer_layers_per_block": (1, 2),
    "use_linear_projection": True,
    "cross_attention_dim": sum(WIDTHS),
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 6 * 8 + POOLED,
}
SMALL_VAE = {
    "block_out_channels": (16, 32),
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
    "norm_num_groups": 8,
}


def make_text_encoder(kind: type, seed: int, **config) -> torch.nn.Module:
    """An encoder of three layers; `eos_token_id` 2 is what CLIP's first configs say."""
    small = {
        "vocab_size": 49408,
        "intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "eos_token_id": 2,
        "bos_token_id": 0,
        "pad_token_id": 1,
    }
    torch.manual_seed(seed)
    model = kind(CLIPTextConfig(**{**small, **config}))
    with torch.no_grad():  # transformers draws them so small that all texts look alike
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(5)
    return randomize(model, seed)


def make_tokenizer(folder: Path, pad_token: str) -> CLIPTokenizer:
    """The real vocabulary with a pad token of its own."""
    special = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>"}
    special["unk_token"] = "<|endoftext|>"
    write_clip_tokenizer(folder, model_max_length=77, pad_token=pad_token, **special)
    return CLIPTokenizer.from_pretrained(folder)


def make_vae(seed: int = 3, **config) -> AutoencoderKL:
    torch.manual_seed(seed)
    return randomize(AutoencoderKL(**{**SMALL_VAE, **config}), seed)


def make_sdxl(folder: Path, eos_token_id: int = 2, vae: dict | None = None, **options):
    """Writes an SDXL folder; gives back diffusers' pipeline of it."""
    second = {"hidden_act": "gelu", "projection_dim": POOLED, "eos_token_id": eos_token_id}
    pipeline = StableDiffusionXLPipeline(
        vae=make_vae(**{"scaling_factor": 0.13025, "force_upcast": True, **(vae or {})}),
        text_encoder=make_text_encoder(CLIPTextModel, 5, hidden_size=WIDTHS[0]),
        text_encoder_2=make_text_encoder(
            CLIPTextModelWithProjection, 6, hidden_size=WIDTHS[1], **second
        ),
        tokenizer=make_tokenizer(folder / "written", "<|endoftext|>"),
        tokenizer_2=make_tokenizer(folder / "written_2", "!"),
        unet=make_unet(**SDXL_UNET),
        scheduler=EulerDiscreteScheduler(
            **{k: SD1[k] for k in ("beta_start", "beta_end", "beta_schedule", "steps_offset")}
        ),
        add_watermarker=False,
        **options,
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.save_pretrained(folder)
    return pipeline


def make_sd2(folder: Path) -> StableDiffusionPipeline:
    """Writes a folder like SD 2.1's: gelu, pad token "!", v-prediction, heads of each block."""
    pipeline = StableDiffusionPipeline(
        vae=make_vae(),
        text_encoder=make_text_encoder(CLIPTextModel, 5, hidden_size=40, hidden_act="gelu"),
        tokenizer=make_tokenizer(folder / "written", "!"),
        unet=make_unet(**SD2_UNET),
        scheduler=DDIMScheduler(**SD1, prediction_type="v_prediction"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.save_pretrained(folder)
    return pipeline


def make_sd1(folder: Path) -> StableDiffusionPipeline:
    """Writes a folder like SD 1.5's: convolutions around the transformers, quick_gelu."""
    pipeline = StableDiffusionPipeline(
        vae=make_vae(),
        text_encoder=make_text_encoder(CLIPTextModel, 5, hidden_size=40),
        tokenizer=make_tokenizer(folder / "written", "<|endoftext|>"),
        unet=make_unet(),
        scheduler=DDIMScheduler(**SD1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.save_pretrained(folder)
    return pipeline
