"""Keys that diffusers' classes do not have are passed over with one warning; live ones are not."""

import json

import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.training_utils import EMAModel

from tests.field.conftest import edit, refused

SCHEDULER = "scheduler/scheduler_config.json"


def warnings(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith("warning: ")]


def test_ema_bookkeeping(mini, latents_of):
    plain = latents_of(mini, steps=1)
    unet = UNet2DConditionModel.from_pretrained(mini / "unet")
    average = EMAModel(unet.parameters(), model_cls=UNet2DConditionModel, model_config=unet.config)
    average.save_pretrained(mini / "unet")
    assert "decay" in json.loads((mini / "unet/config.json").read_text())
    assert torch.equal(latents_of(mini, steps=1), plain)
    assert len(warnings(latents_of.said)) == 1
    assert "'decay'" in latents_of.said


def test_dead_keys_of_all_files(mini, latents_of, tmp_path):
    plain = latents_of(mini, steps=1)
    edit(mini / "unet/config.json", use_xformers=True, num_heads_upsample=-1, note="fine-tuned")
    edit(mini / "vae/config.json", use_tiling=True, use_slicing=False, data_format="NCHW")
    edit(mini / SCHEDULER, tensor_format="pt", skip_prk_steps=True, _hidden=1)
    picture = ("--output", tmp_path / "x.png")  # which takes a VAE
    assert torch.equal(latents_of(mini, *picture, steps=1), plain)
    said = warnings(latents_of.said)
    for file, keys in (
        ("unet/config.json", "'note', 'num_heads_upsample', 'use_xformers'"),
        ("vae/config.json", "'data_format', 'use_slicing', 'use_tiling'"),
        (SCHEDULER, "'tensor_format'"),
    ):
        assert len([line for line in said if file in line and keys in line]) == 1, said
    assert len(said) == 3


@pytest.mark.parametrize("command", ["info", "profile"])
def test_every_command_says_so(mini, fdbench, command):
    edit(mini / "unet/config.json", note="fine-tuned")
    more = {"profile": ("--repeats", "1", "--warmup", "0")}
    done = fdbench(command, mini, *more.get(command, ()))
    assert done.returncode == 0, done.stderr
    assert "'note'" in done.stderr


@pytest.mark.parametrize(
    ("slip", "live"),
    [("down_sample_padding", "downsample_padding"), ("freq_shft", "freq_shift"),
     ("upcast_atention", "upcast_attention")],
)  # fmt: skip
def test_a_slip_of_the_pen_is_pointed_out(mini, fdbench, slip, live):
    edit(mini / "unet/config.json", **{live: None, slip: 0})
    assert f"did you mean '{live}' by '{slip}'?" in fdbench("info", mini).stderr


@pytest.mark.parametrize(
    ("key", "value"),
    [("class_embed_type", "timestep"), ("dual_cross_attention", True), ("num_class_embeds", 10),
     ("encoder_hid_dim", 32), ("resnet_out_scale_factor", 0.5)],
)  # fmt: skip
def test_live_keys_stay_errors(mini, fdbench, key, value):
    edit(mini / "unet/config.json", **{key: value})
    refused(fdbench("info", mini), "unet/config.json", f"'{key}'")


def test_scheduler_messages_name_the_file(mini, fdbench, tmp_path):
    options = ("--prompt", "a", "--steps", "1", "--save-latents", tmp_path / "x.safetensors")
    edit(mini / SCHEDULER, prediction_type="velocity")
    refused(fdbench("generate", mini, *options), SCHEDULER, "'prediction_type': 'velocity'")
    own = ("--sampler-option", "prediction_type=speed")
    message = refused(fdbench("generate", mini, *options, *own), "'prediction_type': 'speed'")
    assert SCHEDULER not in message  # the user's own
    config = f"name: a\nmodel: {mini}\nsteps: 2\nprompts: [a]\nruns: [{{strategy: full}}]\n"
    (tmp_path / "c.yaml").write_text(config)
    refused(fdbench("plan", tmp_path / "c.yaml"), SCHEDULER, "'prediction_type': 'velocity'")


def test_options_of_the_text_encoder(mini, latents_of, diffusers_latents, fdbench, tmp_path):
    plain = latents_of(mini, steps=1)
    edit(mini / "text_encoder/config.json", hidden_act="gelu", layer_norm_eps=0.1)
    changed = latents_of(mini, steps=1)
    assert not torch.allclose(changed, plain, atol=1e-3)
    torch.testing.assert_close(changed, diffusers_latents(mini, steps=1), rtol=1e-4, atol=1e-4)
    options = ("--prompt", "a", "--steps", "1", "--save-latents", tmp_path / "x.safetensors")
    for key, value in (("use_attention_mask", True), ("hidden_act", "swooshes")):
        edit(mini / "text_encoder/config.json", **{key: value})
        refused(fdbench("generate", mini, *options), "text_encoder/config.json", f"'{key}'")
        edit(mini / "text_encoder/config.json", **{key: None})
