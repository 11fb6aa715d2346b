"""Strategies on a UNet with a control network against runs on diffusers' own blocks, and against
the library DeepCache, around which the control network runs at every step.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from DeepCache import DeepCacheSDHelper
from diffusers import DDIMScheduler
from PIL import Image

from tests.parity.reference import TOLERANCE, scaled_difference
from tests.parity.test_controlnet_parity import make_controlnet
from tests.python.sd_pipelines import SD1, generate, make_folder, make_inputs

STEPS, GUIDANCE, SCALE = 9, 4.0, 0.8
KEYS = {0, 1, 4}
VISIBLE = 1e-3


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A tiny model, a control network and its picture."""
    folder = tmp_path_factory.mktemp("control")
    unet = make_folder(folder / "model", SD1)
    control = make_controlnet(unet, 3)
    control.save_pretrained(folder / "control")
    pixels = np.random.default_rng(2).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(folder / "image.png")
    picture = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    return folder, unet, control, picture


def encoder(unet, sample, emb, states):
    """Skips and the output of the bottleneck."""
    h = unet.conv_in(sample)
    skips = [h]
    for block in unet.down_blocks:
        given = {"hidden_states": h, "temb": emb}
        if getattr(block, "has_cross_attention", False):
            given["encoder_hidden_states"] = states
        h, outputs = block(**given)
        skips += outputs
    return skips, unet.mid_block(h, emb, encoder_hidden_states=states)


def decoder(unet, skips, h, emb, states):
    """The prediction."""
    skips = list(skips)
    for block in unet.up_blocks:
        count = len(block.resnets)
        given = {"hidden_states": h, "temb": emb, "res_hidden_states_tuple": tuple(skips[-count:])}
        del skips[-count:]
        if getattr(block, "has_cross_attention", False):
            given["encoder_hidden_states"] = states
        h = block(**given)
    return unet.conv_out(unet.conv_act(unet.conv_norm_out(h)))


@torch.inference_mode()
def propagated(unet, control, picture, inputs, use):
    """Final latents of encoder propagation; use: of the control network between key steps."""
    scheduler = DDIMScheduler(**SD1)
    scheduler.set_timesteps(STEPS)
    states = torch.cat([inputs["negative_prompt_embeds"], inputs["prompt_embeds"]])
    latents, pictures = inputs["latents"], torch.cat([picture] * 2)
    plain, residuals = None, None
    for step, timestep in enumerate(scheduler.timesteps):
        sample = torch.cat([latents] * 2)
        emb = unet.time_embedding(unet.time_proj(timestep.expand(2)).to(sample.dtype))
        is_key = step in KEYS
        if is_key:
            skips, mid = encoder(unet, sample, emb, states)
            plain = [*skips, mid]
        if is_key or use == "compute":
            down, middle = control(
                sample, timestep, states, pictures, conditioning_scale=SCALE, return_dict=False
            )
            residuals = [*down, middle]
        if use == "drop" and not is_key:
            total = plain
        else:
            total = [a + b for a, b in zip(plain, residuals, strict=True)]
        prediction = decoder(unet, total[:-1], total[-1], emb, states)
        negative, positive = prediction.chunk(2)
        prediction = negative + GUIDANCE * (positive - negative)
        latents = scheduler.step(prediction, timestep, latents).prev_sample
    return latents


@torch.inference_mode()
def cached(unet, control, picture, inputs, interval, branch):
    """Final latents of the library's run, with the control network at every step."""
    scheduler = DDIMScheduler(**SD1)
    scheduler.set_timesteps(STEPS)
    helper = DeepCacheSDHelper(SimpleNamespace(unet=unet, scheduler=scheduler))
    helper.set_params(cache_interval=interval, cache_branch_id=branch)
    states = torch.cat([inputs["negative_prompt_embeds"], inputs["prompt_embeds"]])
    latents, pictures = inputs["latents"], torch.cat([picture] * 2)
    helper.enable()
    for timestep in scheduler.timesteps:
        sample = torch.cat([latents] * 2)
        down, middle = control(
            sample, timestep, states, pictures, conditioning_scale=SCALE, return_dict=False
        )
        prediction = unet(
            sample, timestep, states, down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
        ).sample  # fmt: skip
        negative, positive = prediction.chunk(2)
        prediction = negative + GUIDANCE * (positive - negative)
        latents = scheduler.step(prediction, timestep, latents).prev_sample
    helper.disable()
    return latents


def ours(fdbench, tmp_path, folder, *options):
    """Latents of `generate` with the control network."""
    return generate(
        fdbench, folder / "model", tmp_path, "--steps", STEPS, "--guidance", GUIDANCE,
        "--controlnet", folder / "control", "--control-image", folder / "image.png",
        "--control-scale", SCALE, *options, inputs=make_inputs(),
    )["latents"]  # fmt: skip


@pytest.mark.parametrize("use", ["hold", "compute", "drop"])
def test_encoder_propagation(fdbench, tmp_path, models, use):
    folder, unet, control, picture = models
    inputs = make_inputs()
    keys = ",".join(str(STEPS - order) for order in sorted(KEYS))
    flags = ["--strategy", "encoder", "--key-steps", keys, "--control-use", use]
    made = ours(fdbench, tmp_path, folder, *flags)
    expected = propagated(unet, control, picture, inputs, use)
    assert scaled_difference(made, expected) < TOLERANCE
    for other in {"hold", "compute", "drop"} - {use}:
        apart = scaled_difference(propagated(unet, control, picture, inputs, other), expected)
        assert apart > VISIBLE, other
    if use != "compute":
        parallel = ours(fdbench, tmp_path, folder, *flags, "--execution", "parallel")
        assert scaled_difference(parallel, made) < 1e-5


@pytest.mark.parametrize(("interval", "branch"), [(3, 0), (3, 2), (2, 4)])
def test_deepcache_with_a_live_network(fdbench, tmp_path, models, interval, branch):
    folder, unet, control, picture = models
    flags = ["--strategy", "deepcache", "--cache-interval", interval, "--cache-branch", branch]
    made = ours(fdbench, tmp_path, folder, *flags)
    expected = cached(unet, control, picture, make_inputs(), interval, branch)
    assert scaled_difference(made, expected) < TOLERANCE
    held = ours(fdbench, tmp_path, folder, *flags, "--control-use", "hold")
    assert scaled_difference(held, expected) > VISIBLE


def test_a_rule_that_always_refreshes_is_the_full_run(fdbench, tmp_path, models):
    folder = models[0]
    full = ours(fdbench, tmp_path, folder)
    rule = ours(fdbench, tmp_path, folder, "--strategy", "first_block_cache",
                "--cache-threshold", 0)  # fmt: skip
    assert torch.equal(full, rule)


def test_a_plain_model_refuses_the_option(fdbench, tmp_path, models):
    folder = models[0]
    done = fdbench("generate", folder / "model", "--prompt", "a", "--strategy", "encoder",
                   "--key-steps", "uniform:2", "--control-use", "compute", "--save-latents",
                   tmp_path / "x")  # fmt: skip
    assert done.returncode == 2
    assert "is for models with a control network" in done.stderr
    assert done.stderr.count("\n") == 1
