"""`fdbench forward` and `info` of DiT folders against diffusers' DiTTransformer2DModel."""

import json

import pytest
import torch
from diffusers import DiTTransformer2DModel, Transformer2DModel
from safetensors.torch import load_file, save_file

from tests.parity.dit_models import dit_forward, dit_inputs, make_dit, save
from tests.parity.reference import program_forward, scaled_difference
from tests.parity.test_forward_errors import call, check_line

# float32 rounds at some hundred places in another order; measured is about 1e-6.
TOLERANCE = 1e-5
# bfloat16 keeps 8 bits; both sides round after each operation, here after fused ones.
BFLOAT16_TOLERANCE = 3e-2

# name: (config, how it is made and saved, side of the sample)
CASES = {
    "learned_sigma": ({}, {}, None),
    "no_sigma": ({"out_channels": None}, {}, None),
    "wide_heads": ({"num_attention_heads": 3, "attention_head_dim": 72}, {}, None),
    "patch_4": ({"patch_size": 4}, {}, None),
    "patch_1": ({"patch_size": 1, "sample_size": 6}, {}, None),
    "one_block": ({"num_layers": 1}, {}, None),
    "28_blocks": ({"num_layers": 28, "attention_head_dim": 8}, {}, None),
    "one_class": ({"num_embeds_ada_norm": 1, "in_channels": 3, "out_channels": 6}, {}, None),
    "1001_classes": ({"num_embeds_ada_norm": 1001, "norm_eps": 1e-3}, {}, None),
    "old_name": ({"attention_bias": False}, {"old_name": True}, None),
    "own_embedders": ({"activation_fn": "gelu"}, {"own_embedders": True}, None),
    "larger_sample": ({"sample_size": 12, "upcast_attention": True}, {}, 20),
}


def saved(folder, config, options):
    model = make_dit(own_embedders=options.get("own_embedders", False), **config)
    save(model, folder, options.get("old_name", False))
    return model


@pytest.mark.parametrize("name", CASES)
def test_prediction_equals_diffusers(fdbench, tmp_path, name):
    config, options, side = CASES[name]
    model = saved(tmp_path, config, options)
    # The class that a user of the old name asks for is loaded as the new one.
    wanted = Transformer2DModel if options.get("old_name") else DiTTransformer2DModel
    loaded = wanted.from_pretrained(tmp_path / "transformer")
    assert type(loaded) is DiTTransformer2DModel
    inputs = dit_inputs(model, side=side)
    reference = dit_forward(loaded.eval(), inputs)
    ours = program_forward(fdbench, tmp_path, inputs, tmp_path)
    assert scaled_difference(ours, reference) < TOLERANCE


def test_bfloat16(fdbench, tmp_path):
    model = saved(tmp_path, {"num_attention_heads": 3, "attention_head_dim": 72}, {})
    inputs = dit_inputs(model)
    ours = program_forward(fdbench, tmp_path, inputs, tmp_path, "--dtype", "bfloat16")
    assert ours.dtype == torch.bfloat16
    exact = dit_forward(model, inputs)
    assert scaled_difference(ours, exact) < BFLOAT16_TOLERANCE
    # No further from the exact numbers than diffusers' own rounding, by more than a half.
    theirs = scaled_difference(dit_forward(model.bfloat16(), inputs), exact)
    assert scaled_difference(ours, exact) < 1.5 * theirs


def test_a_whole_folder_and_the_part_alone(fdbench, tmp_path, root):
    model = saved(tmp_path, {}, {})
    index = (root / "models/architectures/dit_xl_2_256/model_index.json").read_text()
    (tmp_path / "model_index.json").write_text(index)
    inputs = dit_inputs(model)
    whole = program_forward(fdbench, tmp_path, inputs, tmp_path)
    assert torch.equal(whole, program_forward(fdbench, tmp_path / "transformer", inputs, tmp_path))


def test_one_timestep_stands_for_all(fdbench, tmp_path):
    model = saved(tmp_path, {}, {})
    inputs = dit_inputs(model, batch=3) | {"timestep": torch.tensor(7)}
    reference = dit_forward(model, inputs | {"timestep": torch.tensor([7, 7, 7])})
    ours = program_forward(fdbench, tmp_path, inputs, tmp_path)
    assert scaled_difference(ours, reference) < TOLERANCE


FAULTS = {
    "missing": ({"class_labels": None}, "has no tensor 'class_labels' [batch]"),
    "too_high": (
        {"class_labels": torch.tensor([3, 11])},
        "class_labels holds 11; this transformer knows classes 0 to 9, and 10 for none",
    ),
    "negative": ({"class_labels": torch.tensor([-1, 3])}, "class_labels holds -1"),
    "floating": ({"class_labels": torch.zeros(2)}, "'class_labels' must hold whole numbers"),
    "too_few": ({"class_labels": torch.tensor([3])}, "class_labels has shape [1]"),
    "channels": (
        {"sample": torch.zeros(2, 3, 16, 16)},
        "'sample' has shape [2, 3, 16, 16]; this transformer needs [batch, 4, height, width]",
    ),
    "no_square": ({"sample": torch.zeros(2, 4, 8, 16)}, "a latent of 8x16"),
    "no_patches": ({"sample": torch.zeros(2, 4, 15, 15)}, "multiples of 2 ('patch_size')"),
    "text": (
        {"encoder_hidden_states": torch.zeros(2, 7, 24)},
        "encoder_hidden_states is given, but this transformer takes none",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_inputs_that_do_not_fit_are_one_line(fdbench, tmp_path, name):
    changes, message = FAULTS[name]
    inputs = dit_inputs(saved(tmp_path, {}, {})) | changes
    given = {key: tensor for key, tensor in inputs.items() if tensor is not None}
    check_line(call(fdbench, tmp_path, given, tmp_path), 2, "in.safetensors", message)


def test_options_that_do_not_fit_are_one_line(fdbench, tmp_path):
    inputs = dit_inputs(saved(tmp_path, {}, {}))
    merging = call(fdbench, tmp_path, inputs, tmp_path, "--tome-ratio", 0.5)
    check_line(merging, 2, "token merging is for UNets")
    control = fdbench("info", tmp_path, "--controlnet", "sd15")
    check_line(control, 2, "a control network goes beside a UNet: a DiTTransformer2DModel")
    path = tmp_path / "transformer/config.json"
    path.write_text(path.read_text().replace('"ada_norm_zero"', '"ada_norm_single"'))
    check_line(call(fdbench, tmp_path, inputs, tmp_path), 2, "config.json", "'norm_type'")


def test_weights_are_taken_strictly(fdbench, tmp_path):
    inputs = dit_inputs(saved(tmp_path, {}, {}))
    path = tmp_path / "transformer/diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    surplus = "transformer_blocks.3.norm1.linear.bias"
    save_file(tensors | {surplus: torch.zeros(3)}, path)
    check_line(call(fdbench, tmp_path, inputs, tmp_path), 3, surplus)
    missing = "transformer_blocks.1.norm1.emb.class_embedder.embedding_table.weight"
    save_file({key: value for key, value in tensors.items() if key != missing}, path)
    check_line(call(fdbench, tmp_path, inputs, tmp_path), 3, missing)


def test_a_unet_takes_no_classes(fdbench, tmp_path, root):
    inputs = {
        "sample": torch.zeros(1, 4, 8, 8),
        "timestep": torch.tensor([1]),
        "encoder_hidden_states": torch.zeros(1, 7, 64),
        "class_labels": torch.tensor([1]),
    }
    width = json.loads((root / "models/mini/unet/config.json").read_text())["cross_attention_dim"]
    inputs["encoder_hidden_states"] = torch.zeros(1, 7, width)
    result = call(fdbench, "models/mini", inputs, tmp_path)
    check_line(result, 2, "class_labels is given, but this UNet takes none")


def test_profile_says_what_it_is(fdbench, tmp_path):
    save(make_dit(), tmp_path)
    result = fdbench("profile", tmp_path)
    check_line(result, 2, "its denoiser is a transformer (DiTTransformer2DModel), no UNet")


def test_prompts_for_the_public_models_are_refused(fdbench, tmp_path):
    result = fdbench("generate", "--architecture", "dit_xl_2_256", "--prompt", "a")
    check_line(result, 2, "draws classes: give --class 207")
    config = tmp_path / "sweep.yaml"
    config.write_text(
        "name: dit\nmodel: {architecture: dit_xl_2_256}\nsteps: 2\nprompts: [a]\n"
        "runs: [{strategy: full}]\n"
    )
    for command in ("plan", "run"):
        result = fdbench(command, config)
        check_line(result, 2, "sweep.yaml:4:10: the model draws classes: give 'classes'")


@pytest.mark.parametrize(("name", "side", "giga"), [("256", 32, 118.667), ("512", 64, 524.584)])
def test_info_of_the_public_models(fdbench, root, name, side, giga):
    architecture = f"dit_xl_2_{name}"
    result = fdbench(
        "info", "--architecture", architecture, "--format", "json", "--detail", "layer"
    )
    assert result.returncode == 0, result.stderr
    info = json.loads(result.stdout)
    assert info["class"] == "DiTTransformer2DModel"
    assert info["call"] == {"batch": 2, "height": side, "width": side, "text_tokens": 0}
    names = [f"transformer_blocks.{i}" for i in range(28)]
    assert [row["name"] for row in info["layers"]] == ["pos_embed", *names, "head"]
    parts = {row["name"]: row["num_layers"] for row in info["parts"]}
    assert parts == {"encoder": 19, "decoder": 11}
    # Of both halves of guidance.
    assert info["multiply_adds"] / 2e9 == pytest.approx(giga, abs=5e-4)
    config = json.loads(
        (root / "models/architectures" / architecture / "transformer/config.json").read_text()
    )
    with torch.device("meta"):
        model = DiTTransformer2DModel.from_config(config)
    copies = 27 * sum(p.numel() for p in model.transformer_blocks[0].norm1.emb.parameters())
    assert info["parameters"] == model.num_parameters() - copies
