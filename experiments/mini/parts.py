"""The untrained parts of the model: tokenizer files, text encoder, UNet, autoencoder, scheduler."""

import json
from pathlib import Path

from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from scenes import vocabulary
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

WIDTH = 128
MAX_TOKENS = 32
START, END = "<|startoftext|>", "<|endoftext|>"


def byte_letters() -> list[str]:
    """The 256 letters that byte-level BPE writes bytes with, in the order of the vocabulary.

    A byte that prints as Latin-1 is its own letter; the others take letters from U+0100 on.
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(byte) for byte in printable] + [chr(256 + i) for i in range(256 - len(printable))]


def merges_for(words: list[str]) -> list[tuple[str, str]]:
    """Byte-pair merges, in order of rank, with which each of the words becomes one token.

    The words are merged from the left, a pair at a time. A merge learnt for one word may pair up
    letters inside another, so each word is run through the merges so far before it adds its own.
    """
    merges: list[tuple[str, str]] = []
    rank: dict[tuple[str, str], int] = {}
    for word in words:
        pieces = apply_merges(word, rank)
        while len(pieces) > 1:
            pair = (pieces[0], pieces[1])
            rank[pair] = len(merges)
            merges.append(pair)
            pieces = apply_merges(word, rank)
    return merges


def apply_merges(word: str, rank: dict[tuple[str, str], int]) -> list[str]:
    """Byte-pair encoding of one lower-case ASCII word, the last letter marked with '</w>'."""
    pieces = [*word[:-1], word[-1] + "</w>"]
    while len(pieces) > 1:
        pairs = list(zip(pieces, pieces[1:], strict=False))
        best = min(pairs, key=lambda pair: rank.get(pair, len(rank)))
        if best not in rank:
            break
        at = pairs.index(best)
        pieces[at : at + 2] = ["".join(best)]
    return pieces


def write_tokenizer(folder: Path) -> None:
    """vocab.json, merges.txt and the two configuration files of a CLIP tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = byte_letters()
    words = vocabulary()
    merges = merges_for(words)
    tokens = letters + [letter + "</w>" for letter in letters]
    tokens += ["".join(pair) for pair in merges] + [START, END]
    tokens = list(dict.fromkeys(tokens))
    vocab = {token: index for index, token in enumerate(tokens)}
    rank = {pair: index for index, pair in enumerate(merges)}
    assert all(apply_merges(word, rank) == [word + "</w>"] for word in words)
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False) + "\n")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}
    config = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": MAX_TOKENS,
        "do_lower_case": True,
        "add_prefix_space": False,
        "errors": "replace",
        **special,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2) + "\n")


def load_tokenizer(folder: Path) -> CLIPTokenizer:
    """The tokenizer of `folder`, whose files are written first if they are not there."""
    if not (folder / "special_tokens_map.json").exists():
        write_tokenizer(folder)
    return CLIPTokenizer.from_pretrained(folder)


def encode_text(tokenizer: CLIPTokenizer, captions: list[str]):
    """Token ids [n, 32], padded with the end token as the pipeline does."""
    return tokenizer(
        captions, padding="max_length", max_length=MAX_TOKENS, truncation=True, return_tensors="pt"
    ).input_ids


def new_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Two causal layers of width 128."""
    end = tokenizer.eos_token_id
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=MAX_TOKENS,
        hidden_act="quick_gelu",
        pad_token_id=end,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=end,
    )
    return CLIPTextModel(config)


def new_unet() -> UNet2DConditionModel:
    """The block types of Stable Diffusion 1.5, a sixth as wide or less."""
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        block_out_channels=(48, 64, 96, 128),
        layers_per_block=2,
        norm_num_groups=16,
        attention_head_dim=4,
        cross_attention_dim=WIDTH,
    )


def new_vae() -> AutoencoderKL:
    """Three levels, so that a 64x64 picture has 16x16x4 latents."""
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(32, 48, 64),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=16,
        sample_size=64,
        force_upcast=False,
    )


def new_scheduler() -> DDIMScheduler:
    """As Stable Diffusion 1.5 has it."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="epsilon",
        steps_offset=1,
        clip_sample=False,
        set_alpha_to_one=False,
    )
