"""What is no model folder is called what it is, and the remedy stands in the message."""

import os
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from tests.field.conftest import MODELS, edit, refused

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 15100096\n"
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"
ORIGINAL = "model.diffusion_model.input_blocks.0.0.weight"
FILES = {
    "checkpoint.safetensors": (
        {ORIGINAL: (8, 4, 3, 3), "first_stage_model.decoder.conv_in.weight": (8, 4, 3, 3)},
        ("single-file checkpoint", "import StableDiffusionPipeline", "from_single_file(",
         "save_pretrained("),
    ),
    "xl.safetensors": (
        {ORIGINAL: (8, 4, 3, 3), "conditioner.embedders.1.model.ln_final.weight": (8,),
         "first_stage_model.decoder.conv_in.bias": (8,)},
        ("single-file checkpoint", "import StableDiffusionXLPipeline"),
    ),
    "inpainting.safetensors": ({ORIGINAL: (8, 9, 3, 3), "a": (1,), "b": (1,)}, ("9 channels",)),
    "flux.safetensors": (
        {"double_blocks.0.img_attn.qkv.weight": (8, 8), "a": (1,), "b": (1,)}, ("transformer",)
    ),
    "lora.safetensors": (
        {"lora_unet_mid_block.lora_down.weight": (8, 8), "a": (1,), "b": (1,)},
        ("LoRA", "and --lora"),
    ),
    "part.safetensors": ({"conv_in.weight": (8,), "a": (1,), "b": (1,)}, ("config.json",)),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_single_files(fdbench, tmp_path, name):
    shapes, words = FILES[name]
    save_file({key: torch.zeros(shape) for key, shape in shapes.items()}, tmp_path / name)
    for given in (tmp_path / name, tmp_path):  # a folder that holds nothing else, too
        refused(fdbench("generate", given, "--prompt", "a"), name, *words)
    refused(fdbench("info", tmp_path / name), name, *words)


@pytest.mark.parametrize("name", ["v1-5.ckpt", "model.pt", "pytorch_model.bin"])
def test_pickles(fdbench, tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\3\4")
    refused(fdbench("info", tmp_path / name), "single-file checkpoint", "from_single_file(")


@pytest.mark.parametrize(
    ("name", "word"),
    [("model.gguf", "GGUF"), ("model.zip", "unpack"), ("model_index.json", "give the folder")],
)
def test_other_files(fdbench, tmp_path, name, word):
    (tmp_path / name).write_bytes(b"GGUF")
    refused(fdbench("info", tmp_path / name), name, word)


STAND_INS = {
    "pointer": (POINTER, "git lfs pull"),
    "page": ("<!DOCTYPE html>\n<html><head></head></html>", "web page"),
    "xml": ('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "web page"),
}


@pytest.mark.parametrize("kind", STAND_INS)
@pytest.mark.parametrize(
    "file",
    [WEIGHTS, "text_encoder/model.safetensors", "unet/config.json", "model_index.json",
     "scheduler/scheduler_config.json", "tokenizer/vocab.json", "tokenizer/merges.txt",
     "tokenizer/tokenizer_config.json", "vae/diffusion_pytorch_model.safetensors"],
)  # fmt: skip
def test_stand_ins_for_files(mini, fdbench, tmp_path, file, kind):
    content, word = STAND_INS[kind]
    (mini / file).write_text(content)
    options = ("--prompt", "a", "--steps", "1", "--output", tmp_path / "x.png")
    refused(fdbench("generate", mini, *options), file, word)


@pytest.mark.parametrize("kind", STAND_INS)
def test_stand_ins_for_judged_files(fdbench, tmp_path, kind):
    content, word = STAND_INS[kind]
    (tmp_path / "a.npz").write_text(content)
    reference = MODELS / "mini-judge/reference.npz"
    refused(fdbench("judge", tmp_path / "a.npz", "--reference", reference), "a.npz", word)
    clip = Path(shutil.copytree(MODELS / "mini-judge", tmp_path / "clip"))
    (clip / "model.safetensors").write_text(content)
    (tmp_path / "p").mkdir()
    Image.new("RGB", (64, 64)).save(tmp_path / "p/0.png")
    (tmp_path / "prompts.json").write_text('["a red circle"]')
    judge = ("judge", tmp_path / "p", "--clip", clip, "--metrics", "clip_score")
    refused(fdbench(*judge, "--prompts", tmp_path / "prompts.json"), "model.safetensors", word)
    (tmp_path / "p/0.png").write_text(content)
    (clip / "model.safetensors").write_bytes((MODELS / "mini-judge/model.safetensors").read_bytes())
    refused(fdbench(*judge, "--prompts", tmp_path / "prompts.json"), "0.png", word)


def cache(mini: Path, *commits: str) -> Path:
    """The model as the Hugging Face libraries keep it: links into blobs/."""
    folder = mini.parent / "models--x--y"
    for commit in commits:
        snapshot = folder / "snapshots" / commit
        for file in (path for path in mini.rglob("*") if path.is_file()):
            target = snapshot / file.relative_to(mini)
            target.parent.mkdir(parents=True, exist_ok=True)
            blob = folder / "blobs" / str(abs(hash(str(file))))
            blob.parent.mkdir(exist_ok=True)
            if not blob.exists():
                shutil.copy(file, blob)
            target.symlink_to(os.path.relpath(blob, target.parent))
    (folder / "refs").mkdir()
    return folder


def test_hub_cache(mini, latents_of, fdbench):
    plain = latents_of(mini, steps=1)
    folder = cache(mini, "0123abcd", "4567cdef")
    message = refused(fdbench("info", folder), "0123abcd, 4567cdef")
    assert "no refs/main" in message
    (folder / "refs/main").write_text("4567cdef")
    assert torch.equal(latents_of(folder, steps=1), plain)
    assert "snapshots/4567cdef, which refs/main names" in latents_of.said
    (folder / "refs/main").write_text("89")
    refused(fdbench("info", folder), "snapshot 89, which is not there", "0123abcd, 4567cdef")
    (folder / "refs/main").unlink()
    shutil.rmtree(folder / "snapshots/4567cdef")
    assert torch.equal(latents_of(folder, steps=1), plain)
    assert "snapshots/0123abcd, the only one" in latents_of.said
    refused(fdbench("info", folder.parent), "give one of them", "models--x--y")
    shutil.rmtree(folder / "blobs")
    refused(fdbench("info", folder), "is a link to", "cp -rL")


@pytest.mark.parametrize(
    "file",
    [
        WEIGHTS,
        "unet",
        "unet/config.json",
        "tokenizer/vocab.json",
        "tokenizer/merges.txt",
        "tokenizer/tokenizer_config.json",
        "model_index.json",
    ],
)
def test_links_to_nothing(mini, fdbench, tmp_path, file):
    path = mini / file
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.symlink_to("../gone/there")
    options = ("--prompt", "a", "--save-latents", tmp_path / "x.safetensors")
    refused(fdbench("generate", mini, *options), file, "is a link to ../gone/there")
    (tmp_path / "link").symlink_to("gone")
    refused(fdbench("info", tmp_path / "link"), "is a link to gone")


@pytest.mark.parametrize(
    "name",
    ["runwayml/stable-diffusion-v1-5", "https://huggingface.co/runwayml/stable-diffusion-v1-5"],
)
def test_hub_names(fdbench, tmp_path, name):
    environment = {**os.environ, "HF_HUB_CACHE": str(tmp_path)}
    message = refused(fdbench("info", name, env=environment), "name of a model on the Hugging Face")
    assert "hf download runwayml/stable-diffusion-v1-5 --local-dir stable-diffusion-v1-5" in message
    cached = tmp_path / "models--runwayml--stable-diffusion-v1-5"
    cached.mkdir()
    refused(fdbench("info", name, env=environment), f"in the local cache, give {cached}")
    (tmp_path / "c.yaml").write_text(
        f"name: a\nmodel: {name}\nsteps: 1\nprompts: [a]\nruns: [{{strategy: full}}]\n"
    )
    refused(fdbench("plan", tmp_path / "c.yaml"), "c.yaml:2", "Hugging Face Hub")


def test_paths_with_a_slip(fdbench):
    refused(fdbench("info", "models/mimi"), "did you mean 'models/mini'?")


def test_incomplete_folders(mini, fdbench):
    for part in ("unet", "vae", "text_encoder", "tokenizer", "scheduler"):
        shutil.rmtree(mini / part)
    refused(fdbench("info", mini), "model_index.json", "not complete")
    edit(mini / "model_index.json", _class_name="StableCascadeDecoderPipeline")
    (mini / "vae").mkdir()
    refused(fdbench("info", mini), "StableCascadeDecoderPipeline")


@pytest.mark.parametrize(
    ("name", "word"),
    [("diffusion_pytorch_model.bin", "save_pretrained"), ("my_unet.safetensors", "rename it"),
     ("diffusion_flax_model.msgpack", "Flax"), ("model.onnx", "ONNX"),
     ("diffusion_pytorch_model-00001-of-00002.safetensors", "index.json")],
)  # fmt: skip
def test_only_other_weights(mini, fdbench, name, word):
    (mini / WEIGHTS).rename(mini / "unet" / name)
    refused(fdbench("info", mini), name, word)
