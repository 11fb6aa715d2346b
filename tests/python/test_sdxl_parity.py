"""SDXL and SD 2 folders from prompts to pictures, against diffusers' pipelines."""

import json
import subprocess

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.conftest import program
from tests.parity.reference import scaled_difference
from tests.python.sd_pipelines import generate, reference_trajectory
from tests.python.text_models import make_sd2, make_sdxl, make_vae

# The bound of the issue; float32 on both sides gives about 1e-6.
TOLERANCE = 1e-4
PROMPTS = ["a photo of an astronaut riding a horse", "Ünïcode, 2 cats & a dog!!"]
NEGATIVE = "blurry, low quality"


@pytest.fixture(scope="module")
def sdxl(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdxl")
    return folder, make_sdxl(folder)


def noise(pictures: int, height: int = 16, width: int = 16) -> torch.Tensor:
    return torch.randn(pictures, 4, height, width, generator=torch.Generator().manual_seed(7))


def worker_inputs(folder, tmp_path, picture: int = 0, **config) -> dict[str, torch.Tensor]:
    """What a sweep conditions the UNet with."""
    config = {
        "name": "x",
        "model": str(folder),
        "prompts": PROMPTS,
        "steps": 2,
        "runs": [{"strategy": "full"}],
        **config,
    }
    (tmp_path / "c.yaml").write_text(json.dumps(config))
    request = {"inputs": str(tmp_path / "used.safetensors"), "picture": picture}
    done = subprocess.run(
        [program(), "worker", tmp_path / "c.yaml"],
        input=json.dumps(request) + "\n",
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "error" not in done.stdout, done.stdout
    assert done.returncode == 0, done.stderr
    return load_file(tmp_path / "used.safetensors")


@pytest.mark.parametrize("zeros", [True, False])
@pytest.mark.parametrize("eos_token_id", [2, 49407])
@pytest.mark.parametrize("picture", [0, 1])
def test_prompt_embeddings(tmp_path, zeros, eos_token_id, picture):
    pipeline = make_sdxl(tmp_path, eos_token_id, force_zeros_for_empty_prompt=zeros)
    ours = worker_inputs(tmp_path, tmp_path, picture, latent=[16, 24])
    with torch.inference_mode():
        reference = pipeline.encode_prompt(PROMPTS[picture])
    names = ["prompt_embeds", "negative_prompt_embeds", "text_embeds", "negative_text_embeds"]
    for name, expected in zip(names, reference, strict=True):
        assert ours[name].shape == expected.shape, name
        assert torch.equal(ours[name], expected) or (
            scaled_difference(ours[name], expected) < TOLERANCE
        ), name
    if zeros:
        assert ours["negative_prompt_embeds"].abs().max() == 0
    # The small VAE doubles each side.
    assert ours["time_ids"].tolist() == [[32, 48, 0, 0, 32, 48]]


def check_pictures(pipeline, latents: torch.Tensor, tmp_path) -> None:
    """PNG files x_0.png ... against diffusers' decoder and image processor."""
    config = pipeline.vae.config
    if getattr(config, "latents_mean", None) is not None:
        mean, std = (torch.tensor(config[f"latents_{k}"]).view(1, 4, 1, 1) for k in ("mean", "std"))
        latents = latents * std / config.scaling_factor + mean
    else:
        latents = latents / config.scaling_factor
    with torch.inference_mode():
        decoded = pipeline.vae.decode(latents).sample
    pictures = pipeline.image_processor.postprocess(decoded, output_type="pil")
    for i, picture in enumerate(pictures):
        drawn = np.asarray(Image.open(tmp_path / f"x_{i}.png")).astype(int)
        # Rounding to 8 bits may fall to either side.
        assert np.abs(drawn - np.asarray(picture).astype(int)).max() <= 1


@pytest.mark.parametrize("guidance", [1.0, 5.0])
@pytest.mark.parametrize("negative", [None, NEGATIVE])
def test_sdxl_from_prompts(fdbench, tmp_path, sdxl, guidance, negative):
    folder, pipeline = sdxl
    latents = noise(2)
    reference = reference_trajectory(
        pipeline,
        prompt=PROMPTS,
        negative_prompt=None if negative is None else [negative] * 2,
        latents=latents,
        guidance_scale=guidance,
        num_inference_steps=7,
    )
    options = ["--prompt", PROMPTS[0], "--prompt", PROMPTS[1], "--guidance", guidance]
    options += [] if negative is None else ["--negative-prompt", negative]
    options += ["--steps", 7, "--output", tmp_path / "x.png"]
    ours = generate(fdbench, folder, tmp_path, *options, inputs={"latents": latents})
    assert scaled_difference(ours["trajectory"][1:], reference) < TOLERANCE
    check_pictures(pipeline, reference[-1], tmp_path)


def test_an_empty_negative_prompt_that_was_given_is_encoded(fdbench, tmp_path, sdxl):
    """As in diffusers, only a missing one gives zeros."""
    folder, pipeline = sdxl
    reference = reference_trajectory(
        pipeline,
        prompt=PROMPTS[:1],
        negative_prompt=[""],
        latents=noise(1),
        num_inference_steps=3,
    )
    options = ["--prompt", PROMPTS[0], "--steps", 3, "--guidance", 5]
    with_it = generate(
        fdbench,
        folder,
        tmp_path,
        *options,
        "--negative-prompt",
        "",
        inputs={"latents": noise(1)},
    )
    without = generate(fdbench, folder, tmp_path, *options, inputs={"latents": noise(1)})
    assert scaled_difference(with_it["latents"], reference[-1]) < TOLERANCE
    assert scaled_difference(without["latents"], reference[-1]) > 0.01


@pytest.mark.parametrize("size", [(8, 8), (24, 20)])
def test_sdxl_is_told_the_size(fdbench, tmp_path, sdxl, size):
    folder, pipeline = sdxl
    height, width = 2 * size[0], 2 * size[1]
    reference = reference_trajectory(
        pipeline,
        prompt=PROMPTS[:1],
        generator=torch.Generator().manual_seed(11),
        height=height,
        width=width,
        num_inference_steps=3,
        guidance_scale=4.0,
    )
    options = ["--prompt", PROMPTS[0], "--steps", 3, "--guidance", 4, "--seed", 11]
    ours = generate(fdbench, folder, tmp_path, *options, "--height", height, "--width", width)
    assert scaled_difference(ours["latents"], reference[-1]) < TOLERANCE


def test_latents_with_a_mean_and_std(fdbench, tmp_path):
    own = {"latents_mean": [0.1, -0.2, 0.3, 0.0], "latents_std": [1.5, 0.7, 2.0, 1.0]}
    pipeline = make_sdxl(tmp_path, vae=own)
    latents = noise(2)
    prompts = ["--prompt", PROMPTS[0], "--prompt", PROMPTS[1], "--steps", 2, "--guidance", 1]
    ours = generate(
        fdbench,
        tmp_path,
        tmp_path,
        *prompts,
        "--output",
        tmp_path / "x.png",
        inputs={"latents": latents},
    )
    check_pictures(pipeline, ours["latents"], tmp_path)


@pytest.mark.parametrize("guidance", [1.0, 7.5])
def test_sd2_from_prompts(fdbench, tmp_path, guidance):
    pipeline = make_sd2(tmp_path)
    latents = noise(2)
    reference = reference_trajectory(
        pipeline,
        prompt=PROMPTS,
        negative_prompt=[NEGATIVE] * 2,
        latents=latents,
        guidance_scale=guidance,
        num_inference_steps=6,
    )
    options = ["--prompt", PROMPTS[0], "--prompt", PROMPTS[1], "--negative-prompt", NEGATIVE]
    options += ["--steps", 6, "--guidance", guidance, "--output", tmp_path / "x.png"]
    ours = generate(fdbench, tmp_path, tmp_path, *options, inputs={"latents": latents})
    assert scaled_difference(ours["trajectory"][1:], reference) < TOLERANCE
    check_pictures(pipeline, reference[-1], tmp_path)


def refused(fdbench, folder, *options) -> str:
    result = fdbench("generate", folder, "--prompt", "x", *options)
    assert result.returncode == 2, result.stderr
    assert result.stderr.count("\n") == 1
    return result.stderr


def edit(path, **values) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_folders_of_other_tasks_are_named(fdbench, tmp_path):
    make_sdxl(tmp_path)
    edit(tmp_path / "unet/config.json", in_channels=9)
    assert "'in_channels': 9 for latents of 4 channels: models for inpainting" in refused(
        fdbench, tmp_path
    )
    edit(tmp_path / "unet/config.json", in_channels=4)
    edit(tmp_path / "model_index.json", requires_aesthetics_score=True)
    assert "this is the SDXL refiner" in refused(fdbench, tmp_path)
    edit(tmp_path / "model_index.json", requires_aesthetics_score=False)
    (tmp_path / "text_encoder").rename(tmp_path / "away")
    assert "not all are there" in refused(fdbench, tmp_path)
    (tmp_path / "away").rename(tmp_path / "text_encoder")
    edit(tmp_path / "text_encoder_2/config.json", projection_dim=8)
    result = fdbench("generate", tmp_path, "--prompt", "x")
    assert result.returncode == 3
    assert "text_projection.weight" in result.stderr


def test_text_of_another_width_is_named(fdbench, tmp_path):
    make_sdxl(tmp_path)
    edit(tmp_path / "unet/config.json", cross_attention_dim=48)
    assert "takes text of width 48, the folder's text encoders make 40" in refused(
        fdbench, tmp_path
    )


def test_a_sweep_of_an_sdxl_folder(fdbench, tmp_path, sdxl):
    """run, plan and info take it as any other; guidance 1 too."""
    folder, _ = sdxl
    config = {
        "name": "x",
        "model": str(folder),
        "prompts": PROMPTS,
        "steps": 4,
        "guidance_scale": 1,
        "pictures": {"batch": 2, "chunk": 2},
        "timing": {"rounds": 1, "warmup": 0},
        "runs": [{"strategy": "full"}, {"strategy": "encoder", "key_steps": [4, 2]}],
    }
    (tmp_path / "c.yaml").write_text(json.dumps(config))
    done = fdbench("run", tmp_path / "c.yaml", "--out", tmp_path / "x.h5")
    assert done.returncode == 0, done.stderr
    assert fdbench("plan", tmp_path / "c.yaml").returncode == 0
    assert fdbench("info", folder).returncode == 0


def test_float16_decodes_in_float32_where_the_folder_asks_for_it(fdbench, tmp_path, sdxl):
    folder, pipeline = sdxl
    latents = noise(2)
    options = ["--prompt", PROMPTS[0], "--prompt", PROMPTS[1], "--steps", 2, "--guidance", 1]
    options += ["--dtype", "float16", "--output", tmp_path / "x.png"]
    ours = generate(fdbench, folder, tmp_path, *options, inputs={"latents": latents})
    pipeline_vae, pipeline.vae = pipeline.vae, make_vae(scaling_factor=0.13025).half().float()
    try:
        check_pictures(pipeline, ours["latents"].float(), tmp_path)
    finally:
        pipeline.vae = pipeline_vae
