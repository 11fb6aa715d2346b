"""Weights that a user brings: what is refused."""

import pytest
import torch
from safetensors.torch import save_file

from tests.parity.reference import make_unet
from tests.python.text_models import make_sd1, make_sdxl

LAYER = "mid_block.attentions.0.transformer_blocks.0.attn2.to_v"
KOHYA = "lora_unet_" + LAYER.replace(".", "_")
ATTENTION = LAYER.removesuffix(".to_v")
WIDTH, TEXT = 96, 40  # of the layer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("sd1")
    make_sd1(made)
    return made


@pytest.fixture(scope="module")
def sdxl(tmp_path_factory):
    made = tmp_path_factory.mktemp("sdxl")
    make_sdxl(made)
    return made


def factors(down=(4, TEXT), up=(WIDTH, 4), layer=f"unet.{LAYER}") -> dict[str, torch.Tensor]:
    return {
        f"{layer}.lora_A.weight": torch.ones(*down),
        f"{layer}.lora_B.weight": torch.ones(*up),
    }


def with_nan(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    next(iter(tensors.values())).view(-1)[0] = torch.nan
    return tensors


BAD_LORAS = {
    "another model's shapes": (
        factors(up=(320, 4), down=(4, 768)),
        "changes a weight of [320, 768], but unet/'s",
    ),
    "another model's layer": (
        factors(layer=f"unet.{LAYER.replace('0.attn2', '7.attn2')}"),
        f"has no such layer, the nearest name is '{LAYER}'",
    ),
    "a misspelt layer of kohya's": (
        {
            f"{KOHYA}x.lora_down.weight": torch.ones(4, TEXT),
            f"{KOHYA}x.lora_up.weight": torch.ones(WIDTH, 4),
        },
        f"has no such layer, the nearest name is '{KOHYA.removeprefix('lora_unet_')}'",
    ),
    "a second text encoder": (
        factors(layer="text_encoder_2.text_model.encoder.layers.0.mlp.fc1"),
        "the model has no text_encoder_2/",
    ),
    "ranks": (factors(up=(WIDTH, 3)), "the ranks disagree: down is [4, 40], up is [96, 3]"),
    "up alone": ({f"unet.{LAYER}.lora_B.weight": torch.ones(WIDTH, 4)}, "up without down"),
    "down alone": ({f"unet.{LAYER}.lora_A.weight": torch.ones(4, TEXT)}, "down without up"),
    "alpha alone": ({f"{KOHYA}.alpha": torch.tensor(1.0)}, "has neither a down nor an up"),
    "NaN": (with_nan(factors()), "holds values that are not finite"),
    "infinite alpha": (
        {
            f"{KOHYA}.lora_down.weight": torch.ones(4, TEXT),
            f"{KOHYA}.lora_up.weight": torch.ones(WIDTH, 4),
            f"{KOHYA}.alpha": torch.tensor(torch.inf),
        },
        "holds values that are not finite",
    ),
    "alpha of some": (
        {
            f"{KOHYA}.lora_down.weight": torch.ones(4, TEXT),
            f"{KOHYA}.lora_up.weight": torch.ones(WIDTH, 4),
            f"{KOHYA}.alpha": torch.tensor(1.0),
            f"{KOHYA[:-1]}k.lora_down.weight": torch.ones(4, TEXT),
            f"{KOHYA[:-1]}k.lora_up.weight": torch.ones(WIDTH, 4),
        },
        "the layer has no alpha, while others of the file have",
    ),
    "integers": (
        {key: tensor.int() for key, tensor in factors().items()},
        "a weight must be floating-point",
    ),
    "nothing": ({}, "holds no tensors, so nothing of it can be applied"),
    "DoRA": ({**factors(), f"{KOHYA}.dora_scale": torch.ones(4)}, "is a DoRA"),
    "PEFT's DoRA": ({f"unet.{LAYER}.lora_magnitude_vector": torch.ones(4)}, "is a DoRA"),
    "LoHa": ({f"{KOHYA}.hada_w1_a": torch.ones(4, 4)}, "is a LoHa"),
    "LoKr": ({f"{KOHYA}.lokr_w1": torch.ones(4, 4)}, "is a LoKr"),
    "difference": ({f"{KOHYA}.diff": torch.ones(4, 4)}, "is a full difference"),
    "biases": ({**factors(), f"unet.{LAYER}.lora_B.bias": torch.ones(4)}, "LoRA with biases"),
    "PEFT's file": (factors(layer=f"base_model.model.{LAYER}"), "adapter_config.json"),
    "no LoRA": ({f"{LAYER}.weight": torch.ones(WIDTH, TEXT)}, "is none of a LoRA"),
    "two of a layer": (
        {**factors(), **factors(layer=f"unet.{LAYER}".replace(".attn2.", ".attn2.processor."))},
        "a second one for the layer",
    ),
}


def refused(fdbench, text: str, *args: object) -> None:
    """One line on stderr, exit code 2."""
    result = fdbench(*args)
    assert result.returncode == 2, result.stdout + result.stderr
    assert len(result.stderr.strip().splitlines()) == 1 and text in result.stderr, result.stderr


@pytest.mark.parametrize("kind", BAD_LORAS)
def test_bad_loras(fdbench, tmp_path, folder, kind):
    tensors, text = BAD_LORAS[kind]
    save_file({key: tensor.clone() for key, tensor in tensors.items()}, tmp_path / "a.safetensors")
    refused(fdbench, text, "info", folder, "--lora", tmp_path / "a.safetensors")
    refused(fdbench, "a.safetensors", "info", folder, "--lora", tmp_path / "a.safetensors")


@pytest.mark.parametrize("scale", ["nan", ".nan", "inf", "x", ""])
def test_bad_scales(fdbench, tmp_path, folder, scale):
    save_file(factors(), tmp_path / "a.safetensors")
    option = f"{tmp_path / 'a.safetensors'}:{scale}"
    refused(fdbench, "the scale behind ':'", "info", folder, "--lora", option)


@pytest.mark.parametrize("ending", [".bin", ".ckpt", ".pt"])
@pytest.mark.parametrize("option", ["--lora", "--custom-diffusion", "--embedding"])
def test_pickles_are_refused_with_the_line_that_converts(fdbench, tmp_path, folder, option, ending):
    """The line is run, too: what it writes is read."""
    file = tmp_path / f"a{ending}"
    torch.save({"emb_params": torch.ones(2, TEXT)}, file)
    command = ("generate", folder, "--prompt", "x", option, file)
    refused(fdbench, "safetensors.torch as s; d = torch.load(", *command)


def test_the_line_that_converts_works(fdbench, tmp_path, folder):
    import shlex
    import subprocess
    import sys

    file = tmp_path / "a.pt"
    torch.save({"string_to_param": {"*": torch.ones(2, TEXT)}, "name": "x"}, file)
    result = fdbench("tokenize", folder, "--text", "<cat>", "--embedding", f"<cat>={file}")
    line = result.stderr.split("converts it: ")[1].strip()
    subprocess.run([sys.executable, *shlex.split(line)[1:]], check=True)
    option = f"<cat>={tmp_path / 'a.safetensors'}"
    result = fdbench("tokenize", folder, "--text", "<cat>", "--embedding", option)
    assert result.stdout.split()[1:3] == ["49408", "49409"], result.stderr


def custom(attention=ATTENTION, width=WIDTH, text=TEXT, layers=("k", "v")) -> dict:
    return {
        f"{attention}.processor.to_{layer}_custom_diffusion.weight": torch.ones(width, text)
        for layer in layers
    }


BAD_CUSTOM = {
    "shape": (custom(text=768), "is [96, 768], but unet/'s"),
    "layer": (custom(ATTENTION.replace("attn2", "attn5")), "has no such layer, the nearest name"),
    "keys alone": (custom(layers=("k",)), "but no to_v_custom_diffusion.weight"),
    "queries alone": ({**custom(), **custom(layers=("q",))}, "but no to_out_custom_diffusion.0"),
    "other keys": (factors(), "is none of Custom Diffusion"),
    "NaN": (with_nan(custom()), "holds values that are not finite"),
    "nothing": ({}, "holds no tensors"),
}


@pytest.mark.parametrize("kind", BAD_CUSTOM)
def test_bad_custom_diffusion(fdbench, tmp_path, folder, kind):
    tensors, text = BAD_CUSTOM[kind]
    save_file({key: tensor.clone() for key, tensor in tensors.items()}, tmp_path / "a.safetensors")
    refused(fdbench, text, "info", folder, "--custom-diffusion", tmp_path / "a.safetensors")


def test_two_files_that_replace_the_same_layer(fdbench, tmp_path, folder):
    for name in "ab":
        save_file(custom(), tmp_path / f"{name}.safetensors")
    first, second = (("--custom-diffusion", tmp_path / f"{name}.safetensors") for name in "ab")
    refused(fdbench, "a.safetensors already replaces", "info", folder, *first, *second)
    assert fdbench("info", folder, *first, *first).returncode == 0


BAD_WORDS = {
    "width": (
        "<cat>",
        {"<cat>": torch.ones(768)},
        "are 768 numbers wide, those of text_encoder/ 40",
    ),
    "known": (
        "cat</w>",
        {"x": torch.ones(TEXT)},
        "the token 'cat</w>' is already in the tokenizer",
    ),
    "the end": ("<|endoftext|>", {"x": torch.ones(TEXT)}, "is already in the tokenizer"),
    "SDXL's": (
        "<cat>",
        {"clip_l": torch.ones(1, TEXT), "clip_g": torch.ones(1, TEXT)},
        "holds vectors for two text encoders",
    ),
    "shape": ("<cat>", {"<cat>": torch.ones(1, 1, TEXT)}, "must be a vector [d] or several [n, d]"),
    "NaN": ("<cat>", {"<cat>": torch.full((TEXT,), torch.nan)}, "not finite"),
    "a LoRA": ("<cat>", factors(), "holds 2 tensors; a learned word is one"),
    "no name": ("", {"emb_params": torch.ones(1, TEXT)}, "does not name its token"),
}


@pytest.mark.parametrize("kind", BAD_WORDS)
def test_bad_words(fdbench, tmp_path, folder, kind):
    token, tensors, text = BAD_WORDS[kind]
    save_file(tensors, tmp_path / "a.safetensors")
    file = tmp_path / "a.safetensors"
    option = f"{token}={file}" if token else file
    command = ("generate", folder, "--prompt", "x", "--steps", 1, "--save-latents", tmp_path / "o")
    refused(fdbench, text, *command, "--embedding", option)


def test_words_of_one_encoder_for_sdxl(fdbench, tmp_path, sdxl):
    save_file({"<cat>": torch.ones(16)}, tmp_path / "a.safetensors")
    command = ("tokenize", sdxl, "--text", "x", "--embedding", tmp_path / "a.safetensors")
    refused(fdbench, "and the model has two", *command)


def test_a_token_given_twice(fdbench, tmp_path, folder):
    for name in "ab":
        save_file({"<cat>": torch.ones(TEXT)}, tmp_path / f"{name}.safetensors")
    first, second = (("--embedding", tmp_path / f"{name}.safetensors") for name in "ab")
    refused(fdbench, "would be one word", "tokenize", folder, "--text", "x", *first, *second)
    further = ("--embedding", f"<cat>_1={tmp_path / 'b.safetensors'}")
    refused(fdbench, "would be one word", "tokenize", folder, "--text", "x", *first, *further)
    assert fdbench("tokenize", folder, "--text", "x", *first, *first).returncode == 0


def test_bad_unets(fdbench, tmp_path, folder):
    refused(fdbench, "does not exist", "info", folder, "--unet", tmp_path / "none")
    refused(fdbench, f"give {folder / 'unet'}", "info", folder, "--unet", folder)
    refused(fdbench, "is not the folder of a UNet", "info", folder, "--unet", folder / "vae")
    refused(fdbench, "is itself the folder", "info", folder / "unet", "--unet", folder / "unet")


def test_random_weights_take_none(fdbench, tmp_path):
    save_file(factors(), tmp_path / "a.safetensors")
    command = ("info", "--architecture", "sd15", "--lora", tmp_path / "a.safetensors")
    refused(fdbench, "need a MODEL_DIR", *command)


def test_forward_and_generate_take_them_from_a_unet_folder(fdbench, tmp_path):
    make_unet().save_pretrained(tmp_path / "unet")
    save_file(factors(), tmp_path / "a.safetensors")
    assert fdbench("info", tmp_path / "unet", "--lora", tmp_path / "a.safetensors").returncode == 0
    text = factors(layer="text_encoder.text_model.encoder.layers.0.mlp.fc1")
    save_file({**factors(), **text}, tmp_path / "a.safetensors")
    refused(
        fdbench,
        "the model has no text_encoder/",
        "info",
        tmp_path / "unet",
        "--lora",
        tmp_path / "a.safetensors",
    )


def test_text_encoders_whose_states_are_given(fdbench, tmp_path, folder):
    """A change that the call cannot show is said."""
    text = factors((4, 40), (64, 4), "text_encoder.text_model.encoder.layers.0.mlp.fc1")
    save_file({**factors(), **text}, tmp_path / "both.safetensors")
    save_file(factors(), tmp_path / "unet.safetensors")
    inputs = {
        "sample": torch.ones(1, 4, 16, 16),
        "timestep": torch.tensor([5]),
        "encoder_hidden_states": torch.ones(1, 7, TEXT),
    }
    save_file(inputs, tmp_path / "in.safetensors")
    command = ["forward", folder, "--inputs", tmp_path / "in.safetensors"]
    command += ["--output", tmp_path / "out.safetensors", "--lora"]
    words = "changes text encoders, but their states are given"
    both = fdbench(*command, tmp_path / "both.safetensors")
    assert both.returncode == 0 and words in both.stderr
    assert words not in fdbench(*command, tmp_path / "unet.safetensors").stderr
