"""Latent consistency models: the guidance scale is an input of the network, without halves."""

import json
from pathlib import Path

import pytest
import torch
from diffusers import (
    LatentConsistencyModelPipeline,
    LCMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import load_file, save_file

from tests.field.conftest import MODELS, edit, refused
from tests.parity.reference import scaled_difference
from tests.python.text_models import make_sdxl

TOLERANCE = 1e-4  # of the latents' scale, float32 on both sides
PROJECTION = 32
WEIGHTS = "diffusion_pytorch_model.safetensors"


@torch.no_grad()
def embed_guidance(unet: Path) -> None:
    """Gives a UNet's folder an input for the guidance scale, with weights that matter."""
    torch.manual_seed(0)
    config = json.loads((unet / "config.json").read_text())
    model = UNet2DConditionModel.from_config({**config, "time_cond_proj_dim": PROJECTION})
    model.load_state_dict(load_file(unet / WEIGHTS), strict=False)
    model.time_embedding.cond_proj.weight.mul_(20)
    model.save_pretrained(unet)


@pytest.fixture
def lcm(mini: Path) -> Path:
    """models/mini as a latent consistency model: random guidance projection, LCMScheduler."""
    embed_guidance(mini / "unet")
    LCMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        set_alpha_to_one=True,
        steps_offset=0,
        clip_sample=False,
        timestep_spacing="leading",
    ).save_pretrained(mini / "scheduler")
    edit(mini / "model_index.json", scheduler=["diffusers", "LCMScheduler"])
    return mini


@pytest.mark.parametrize("guidance", [1.0, 8.5])
def test_latents_are_those_of_both_pipelines(lcm, latents_of, diffusers_latents, noise, guidance):
    seed = torch.Generator().manual_seed(0)  # of the noise between steps
    ours = latents_of(lcm, "--guidance", guidance, "--seed", 0, guidance=None, steps=4)
    theirs = diffusers_latents(lcm, steps=4, guidance_scale=guidance, generator=seed)
    assert scaled_difference(ours, theirs) < TOLERANCE
    edit(lcm / "model_index.json", _class_name="LatentConsistencyModelPipeline")
    ours = latents_of(lcm, "--guidance", guidance, "--seed", 0, guidance=None, steps=4)
    pipeline = LatentConsistencyModelPipeline.from_pretrained(lcm, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(
        "a red circle",
        latents=load_file(noise)["latents"],
        num_inference_steps=4,
        guidance_scale=guidance,
        generator=torch.Generator().manual_seed(0),
        output_type="latent",
    ).images
    assert scaled_difference(ours, theirs) < TOLERANCE


@pytest.mark.parametrize("execution", ["sequential", "parallel"])
def test_reuse_keeps_the_guidance(lcm, latents_of, diffusers_latents, execution):
    """With every step a key step a strategy is the plain sampler, in one batch a step."""
    options = ("--strategy", "encoder", "--key-steps", "all", "--execution", execution)
    ours = latents_of(lcm, "--sampler", "ddim", *options)
    edit(lcm / "model_index.json", scheduler=["diffusers", "DDIMScheduler"])
    edit(
        lcm / "scheduler/scheduler_config.json",
        _class_name="DDIMScheduler",
        original_inference_steps=None,
        timestep_scaling=None,
    )
    assert scaled_difference(ours, diffusers_latents(lcm)) < TOLERANCE


def test_savings_and_parallel_groups_agree(lcm, latents_of):
    options = ("--sampler", "ddim", "--strategy", "encoder", "--key-steps", "uniform:2")
    one = latents_of(lcm, *options, steps=5)
    for other in (("--savings", "none"), ("--execution", "parallel")):
        assert scaled_difference(latents_of(lcm, *options, *other, steps=5), one) < 1e-5


def test_sdxl(fdbench, tmp_path, latents_of):
    make_sdxl(tmp_path / "xl")
    embed_guidance(tmp_path / "xl/unet")
    pipeline = StableDiffusionXLPipeline.from_pretrained(tmp_path / "xl", dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    start = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(7))
    theirs = pipeline(
        "a red circle",
        latents=start,
        num_inference_steps=3,
        guidance_scale=4.0,
        height=32,
        width=32,
        output_type="latent",
    ).images
    assert scaled_difference(latents_of(tmp_path / "xl"), theirs) < TOLERANCE


def test_forward_takes_timestep_cond(fdbench, lcm, tmp_path):
    generator = torch.Generator().manual_seed(3)
    tensors = {
        "sample": torch.randn(2, 4, 16, 16, generator=generator),
        "timestep": torch.tensor(500),
        "encoder_hidden_states": torch.randn(2, 5, 128, generator=generator),
        "timestep_cond": torch.randn(2, PROJECTION, generator=generator),
    }
    files = tmp_path / "in.safetensors", tmp_path / "out.safetensors"

    def call(folder, given):
        save_file(given, files[0])
        return fdbench("forward", folder, "--inputs", files[0], "--output", files[1])

    unet = UNet2DConditionModel.from_pretrained(lcm / "unet", dtype=torch.float32)
    without = {name: tensor for name, tensor in tensors.items() if name != "timestep_cond"}
    for given in (tensors, without):
        done = call(lcm, given)
        assert done.returncode == 0, done.stderr
        with torch.no_grad():
            theirs = unet(**given).sample
        assert scaled_difference(load_file(files[1])["sample"], theirs) < TOLERANCE
    refused(call(lcm, {**tensors, "timestep_cond": torch.zeros(2, 5)}), "timestep_cond", "[2, 5]")
    refused(call(lcm, {**tensors, "timestep_cond": torch.zeros(3, 32)}), "timestep_cond")
    refused(call(MODELS / "mini", tensors), "timestep_cond", "time_cond_proj_dim")


def test_one_call_has_no_halves(fdbench, lcm):
    call = {}
    for folder in (MODELS / "mini", lcm):
        told = fdbench("info", folder, "--format", "json")
        assert told.returncode == 0, told.stderr
        call[folder] = json.loads(told.stdout)
    plain, embedded = call.values()
    assert (plain["call"]["batch"], embedded["call"]["batch"]) == (2, 1)
    assert plain["multiply_adds"] == 2 * embedded["multiply_adds"]
    more = embedded["time_embedding_parameters"] - plain["time_embedding_parameters"]
    assert more == PROJECTION * 48
    told = fdbench("info", lcm)
    assert "guidance is an input of the network" in told.stdout
    done = fdbench("profile", lcm, "--latent", 4, "--repeats", 1, "--warmup", 0, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["batch"] == 1


def test_run(fdbench, lcm, tmp_path):
    """A sweep: the same latents, half of the guided work, a negative prompt that is told off."""
    h5py = pytest.importorskip("h5py")
    config = tmp_path / "c.yaml"
    config.write_text(
        f"name: lcm\nmodel: {lcm}\nthreads: 1\nsteps: 2\nguidance_scale: 4\n"
        "prompts: [a red circle]\nnegative_prompt: a blue square\nseed: 5\nfeatures: false\n"
        "timing: {warmup: 0, rounds: 1}\n"
        "runs: [{strategy: full}, {strategy: full, sampler: ddim, name: d}]\n"
    )
    done = fdbench("run", config, "--out", tmp_path / "r.h5")
    assert done.returncode == 0, done.stderr
    assert "negative_prompt has no effect" in done.stderr
    info = json.loads(fdbench("info", lcm, "--format", "json").stdout)
    pipeline = StableDiffusionPipeline.from_pretrained(lcm, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(5)
    theirs = pipeline(
        "a red circle",
        latents=torch.randn(1, 4, 16, 16, generator=generator),
        num_inference_steps=2,
        guidance_scale=4.0,
        generator=generator,
        output_type="latent",
    ).images
    with h5py.File(tmp_path / "r.h5") as file:
        ours = torch.from_numpy(file["pictures/latents"][0])
        assert scaled_difference(ours, theirs) < TOLERANCE
        assert file["runs"][0]["multiply_adds"] <= 2 * info["multiply_adds"]
