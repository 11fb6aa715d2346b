"""Control networks against diffusers' ControlNetModel and the UNet with its residuals."""

from pathlib import Path

import pytest
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from safetensors.torch import load_file, save_file

from tests.parity.reference import TOLERANCE, make_unet, randomize, scaled_difference, unet_inputs

SDXL = {
    "block_out_channels": (32, 64),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "transformer_layers_per_block": (1, 2),
    "attention_head_dim": (2, 4),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 6 * 8 + 20,
}
SDXL_UP = {"up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D")}
SMALL_WIDTHS = {"conditioning_embedding_out_channels": (8, 16, 24, 40)}
CASES = {
    "sd1": ({}, {}, {}),
    "sd2": ({"attention_head_dim": (2, 4, 6, 6), "use_linear_projection": True}, {}, {}),
    "sdxl": (SDXL, SDXL_UP, {}),
    "bgr, pooled": ({}, {}, {"controlnet_conditioning_channel_order": "bgr",
                             "global_pool_conditions": True}),
    "no attention": ({}, {}, {"down_block_types": ("DownBlock2D",) * 4,
                              "mid_block_type": "UNetMidBlock2D"}),
    "small factor": ({}, {}, {"conditioning_embedding_out_channels": (8, 16)}),
}  # fmt: skip


def make_controlnet(unet: UNet2DConditionModel, seed: int, **config) -> ControlNetModel:
    """Of the UNet's configuration with random weights: its zero convolutions are none here."""
    torch.manual_seed(seed)
    model = ControlNetModel.from_unet(unet, load_weights_from_unet=False, **SMALL_WIDTHS)
    if config:
        own = {k: v for k, v in model.config.items() if not k.startswith("_")} | config
        model = ControlNetModel(**own)
    with torch.no_grad():
        zero = [*model.controlnet_down_blocks, model.controlnet_mid_block,
                model.controlnet_cond_embedding.conv_out]  # fmt: skip
        for layer in zero:
            layer.weight += 0.1 * torch.randn(layer.weight.shape)
    return randomize(model, seed)


def pictures(model: ControlNetModel, inputs: dict, seed: int) -> torch.Tensor:
    factor = 2 ** (len(model.config.conditioning_embedding_out_channels) - 1)
    batch, _, height, width = inputs["sample"].shape
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((batch, 3, factor * height, factor * width), generator=generator)


def reference(unet, controls, inputs, scales, guess_mode):
    """Residuals of each control network, and the UNet's prediction with their sum."""
    added = {key: inputs[key] for key in ("text_embeds", "time_ids") if key in inputs}
    common = {"encoder_hidden_states": inputs["encoder_hidden_states"], "added_cond_kwargs": added}
    all_residuals, total = [], None
    with torch.inference_mode():
        for place, control in enumerate(controls):
            picture = inputs["controlnet_cond" if place == 0 else f"controlnet_cond_{place}"]
            down, mid = control(
                inputs["sample"], inputs["timestep"], controlnet_cond=picture,
                conditioning_scale=scales[place], guess_mode=guess_mode, return_dict=False,
                **common,
            )  # fmt: skip
            plain = control(
                inputs["sample"], inputs["timestep"], controlnet_cond=picture, return_dict=False,
                **common,
            )  # fmt: skip
            all_residuals.append([*plain[0], plain[1]])
            parts = [*down, mid]
            total = parts if total is None else [a + b for a, b in zip(total, parts, strict=True)]
        prediction = unet(
            inputs["sample"], inputs["timestep"], down_block_additional_residuals=total[:-1],
            mid_block_additional_residual=total[-1], **common,
        ).sample  # fmt: skip
    return all_residuals, prediction


def save(folder: Path, unet, controls) -> list[Path]:
    unet.save_pretrained(folder / "model/unet")
    paths = [folder / f"control_{place}" for place in range(len(controls))]
    for control, path in zip(controls, paths, strict=True):
        control.save_pretrained(path)
    return paths


def program(fdbench, folder: Path, inputs: dict, paths: list[Path], *options: object) -> dict:
    save_file({k: v.contiguous() for k, v in inputs.items()}, folder / "in.safetensors")
    output = folder / "out.safetensors"
    flags = [flag for path in paths for flag in ("--controlnet", path)]
    done = fdbench("forward", folder / "model", "--inputs", folder / "in.safetensors",
                   "--output", output, *flags, *options)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return load_file(output)


@pytest.mark.parametrize("guess_mode", [False, True])
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("name", CASES)
def test_residuals_and_prediction(fdbench, tmp_path, name, count, guess_mode):
    both, of_unet, of_control = CASES[name]
    unet = make_unet(**both, **of_unet)
    controls = [make_controlnet(unet, seed, **of_control) for seed in range(count)]
    inputs = unet_inputs(unet, batch=2)
    scales = [0.7, 1.3][:count]
    for place, control in enumerate(controls):
        suffix = "" if place == 0 else f"_{place}"
        inputs[f"controlnet_cond{suffix}"] = pictures(control, inputs, place)
        inputs[f"conditioning_scale{suffix}"] = torch.full((2,), scales[place])
    paths = save(tmp_path, unet, controls)
    made = program(fdbench, tmp_path, inputs, paths, *(["--guess-mode"] if guess_mode else []))
    residuals, prediction = reference(unet, controls, inputs, scales, guess_mode)
    for place, expected in enumerate(residuals):
        prefix = "controlnet." if count == 1 else f"controlnets.{place}."
        names = [f"{prefix}controlnet_down_blocks.{i}" for i in range(len(expected) - 1)]
        for key, tensor in zip([*names, f"{prefix}controlnet_mid_block"], expected, strict=True):
            assert scaled_difference(made[key], tensor) < TOLERANCE, key
    assert scaled_difference(made["sample"], prediction) < TOLERANCE
    plain = unet_forward_plain(unet, inputs)
    assert scaled_difference(plain, prediction) > 0.01, "the control changes nothing"


def unet_forward_plain(unet, inputs):
    added = {key: inputs[key] for key in ("text_embeds", "time_ids") if key in inputs}
    with torch.inference_mode():
        return unet(inputs["sample"], inputs["timestep"], inputs["encoder_hidden_states"],
                    added_cond_kwargs=added).sample  # fmt: skip


def test_what_does_not_fit_is_one_line(fdbench, tmp_path):
    unet = make_unet()
    control = make_controlnet(unet, 0)
    inputs = unet_inputs(unet, batch=2)
    paths = save(tmp_path, unet, [control])
    small = make_unet(block_out_channels=(32, 64), down_block_types=("DownBlock2D",) * 2,
                      up_block_types=("UpBlock2D",) * 2)  # fmt: skip
    make_controlnet(small, 0).save_pretrained(tmp_path / "small")
    wide = make_unet(block_out_channels=(48, 64, 96, 96))
    make_controlnet(wide, 0).save_pretrained(tmp_path / "wide")
    make_controlnet(make_unet(cross_attention_dim=24), 0).save_pretrained(tmp_path / "text")
    cases = [
        (pictures(control, inputs, 0)[..., :-8], paths[0], "controlnet_cond"),
        (pictures(control, inputs, 0)[:, :1], paths[0], "controlnet_cond"),
        (None, paths[0], "'controlnet_cond') is missing"),
        (pictures(control, inputs, 0), tmp_path / "small", "of another base model"),
        (pictures(control, inputs, 0), tmp_path / "wide", "of another size than conv_in"),
        (pictures(control, inputs, 0), tmp_path / "text", "'encoder_hidden_states' of width 24"),
        (pictures(control, inputs, 0), tmp_path / "model/unet", "no controlnet"),
    ]
    for picture, path, words in cases:
        given = dict(inputs) if picture is None else inputs | {"controlnet_cond": picture}
        save_file({k: v.contiguous() for k, v in given.items()}, tmp_path / "in.safetensors")
        done = fdbench("forward", tmp_path / "model", "--inputs", tmp_path / "in.safetensors",
                       "--output", tmp_path / "o.safetensors", "--controlnet", path)  # fmt: skip
        assert done.returncode == 2, (words, done.stderr)
        assert len(done.stderr.strip().splitlines()) == 1 and words in done.stderr, done.stderr
