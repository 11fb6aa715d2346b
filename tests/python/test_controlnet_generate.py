"""`fdbench generate` with control networks against diffusers' ControlNet pipelines."""

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    StableDiffusionControlNetPipeline,
    StableDiffusionXLControlNetPipeline,
)
from PIL import Image
from safetensors.torch import save_file

from tests.parity.reference import scaled_difference
from tests.parity.test_controlnet_parity import make_controlnet
from tests.python.sd_pipelines import SD1, generate, make_folder, make_inputs
from tests.python.text_models import make_sdxl

TOLERANCE = 1e-4
STEPS = 6


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A tiny model and two control networks with a picture each."""
    folder = tmp_path_factory.mktemp("control")
    unet = make_folder(folder / "model", SD1)
    generator = np.random.default_rng(0)
    paths, images, controls = [], [], []
    for place in range(2):
        control = make_controlnet(unet, place)
        control.save_pretrained(folder / f"control_{place}")
        pixels = generator.integers(0, 256, (128, 128, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"image_{place}.png")
        controls.append(control)
        paths.append(folder / f"control_{place}")
        images.append(folder / f"image_{place}.png")
    return folder / "model", unet, controls, paths, images


def reference(unet, controls, images, inputs, **options) -> torch.Tensor:
    pipeline = StableDiffusionControlNetPipeline(
        vae=None, text_encoder=None, tokenizer=None, unet=unet,
        controlnet=controls if len(controls) > 1 else controls[0],
        scheduler=DDIMScheduler(**SD1), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip
    pipeline.scheduler = DDIMScheduler(**SD1)
    pipeline.set_progress_bar_config(disable=True)
    opened = [Image.open(path) for path in images]
    with torch.inference_mode():
        return pipeline(
            image=opened if len(opened) > 1 else opened[0], output_type="latent",
            num_inference_steps=STEPS, guidance_scale=4.0, **inputs, **options,
        ).images  # fmt: skip


def options_of(paths, images, **options) -> list[object]:
    flags: list[object] = []
    for path, image in zip(paths, images, strict=True):
        flags += ["--controlnet", path, "--control-image", image]
    for name, value in options.items():
        if value is True:
            flags.append(name)
            continue
        for one in value if isinstance(value, list) else [value]:
            flags += [name, str(one)]
    return flags


@pytest.mark.parametrize("execution", ["sequential", "parallel"])
@pytest.mark.parametrize(
    ("count", "ours", "theirs"),
    [
        (1, {}, {}),
        (1, {"--control-scale": 0.5}, {"controlnet_conditioning_scale": 0.5}),
        (
            1,
            {"--control-start": 0.2, "--control-end": 0.7},
            {"control_guidance_start": 0.2, "control_guidance_end": 0.7},
        ),
        (1, {"--guess-mode": True}, {"guess_mode": True}),
        (
            2,
            {"--control-scale": [0.5, 1.2], "--control-start": [0, 0.4]},
            {"controlnet_conditioning_scale": [0.5, 1.2], "control_guidance_start": [0.0, 0.4]},
        ),
        (
            2,
            {"--guess-mode": True},
            {"guess_mode": True, "controlnet_conditioning_scale": [1.0, 1.0]},
        ),
    ],
)
def test_latents_equal_the_pipelines(fdbench, tmp_path, models, count, ours, theirs, execution):
    folder, unet, controls, paths, images = models
    inputs = make_inputs()
    made = generate(
        fdbench, folder, tmp_path, "--steps", STEPS, "--guidance", 4, "--execution", execution,
        *options_of(paths[:count], images[:count], **ours), inputs=inputs,
    )  # fmt: skip
    expected = reference(unet, controls[:count], images[:count], inputs, **theirs)
    assert scaled_difference(made["latents"], expected) < TOLERANCE


def test_propagation_holds_the_control_with_the_encoder(fdbench, tmp_path, models):
    folder, _, _, paths, images = models
    inputs = make_inputs()
    flags = options_of(paths[:1], images[:1])

    def latents(*options: object) -> torch.Tensor:
        return generate(fdbench, folder, tmp_path, "--steps", STEPS, "--guidance", 4, *flags,
                        *options, inputs=inputs)["latents"]  # fmt: skip

    full = latents()
    every = latents("--strategy", "encoder", "--key-steps", "uniform:1")
    assert torch.equal(full, every)
    sequential = latents("--strategy", "encoder", "--key-steps", "uniform:3")
    parallel = latents("--strategy", "encoder", "--key-steps", "uniform:3", "--execution",
                       "parallel")  # fmt: skip
    assert scaled_difference(parallel, sequential) < 1e-5
    assert scaled_difference(sequential, full) > 1e-4


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--control-image", "{image}"], "need --controlnet DIR"),
        (["--controlnet", "{control}"], "want as many --control-image, not 0"),
        (["--controlnet", "{control}", "--control-image", "{small}"],
         "control picture of 64x64 pixels for pictures of 128x128"),
        (["--controlnet", "{control}", "--control-image", "{image}", "--control-scale", "nan"],
         "--control-scale"),
        (["--controlnet", "{control}", "--control-image", "{image}", "--control-start", "0.5",
          "--control-end", "0.5"], "--control-start must be below --control-end"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(fdbench, tmp_path, models, flags, words):
    folder, _, _, paths, images = models
    Image.new("RGB", (64, 64)).save(tmp_path / "small.png")
    names = {"image": images[0], "control": paths[0], "small": tmp_path / "small.png"}
    save_file({k: v for k, v in make_inputs().items() if k != "latents"}, tmp_path / "in")
    done = fdbench(
        "generate", folder, "--inputs", tmp_path / "in", "--guidance", 4, "--steps", 2,
        "--save-latents", tmp_path / "x.safetensors", *(flag.format(**names) for flag in flags),
    )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1 and words in done.stderr, done.stderr


@pytest.fixture(scope="module")
def xl(tmp_path_factory):
    """A tiny SDXL folder, diffusers' pipeline with two control networks, and their pictures."""
    folder = tmp_path_factory.mktemp("control_xl")
    base = make_sdxl(folder / "model")
    networks, paths, images = [], [], []
    for place in range(2):
        # Its VAE halves once.
        network = make_controlnet(base.unet, place, conditioning_embedding_out_channels=(8, 16))
        network.save_pretrained(folder / f"control_{place}")
        pixels = np.random.default_rng(place).integers(0, 256, (32, 32, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"image_{place}.png")
        networks.append(network)
        paths.append(folder / f"control_{place}")
        images.append(folder / f"image_{place}.png")
    return folder / "model", base, networks, paths, images


@pytest.mark.parametrize(
    ("count", "ours", "theirs"),
    [
        (1, {"--guess-mode": True}, {"guess_mode": True}),
        (
            1,
            {"--control-scale": 0.6, "--control-start": 0.2, "--control-end": 0.9},
            {
                "controlnet_conditioning_scale": 0.6,
                "control_guidance_start": 0.2,
                "control_guidance_end": 0.9,
            },
        ),
        (
            2,
            {"--control-scale": [0.5, 1.2], "--control-end": [1, 0.6]},
            {"controlnet_conditioning_scale": [0.5, 1.2], "control_guidance_end": [1.0, 0.6]},
        ),
    ],
)
def test_sdxl_latents_equal_the_pipelines(fdbench, tmp_path, xl, count, ours, theirs):
    folder, base, networks, paths, images = xl
    pipeline = StableDiffusionXLControlNetPipeline(
        **{k: v for k, v in base.components.items() if k not in ("image_encoder",)},
        controlnet=networks if count > 1 else networks[0],
        add_watermarker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    opened = [Image.open(path) for path in images[:count]]
    noise = make_inputs()["latents"]
    options = {"num_inference_steps": STEPS, "guidance_scale": 4.0, "output_type": "latent"}
    with torch.inference_mode():
        expected = pipeline(
            "a red circle", image=opened if count > 1 else opened[0], latents=noise.clone(),
            height=32, width=32, **options, **theirs,
        ).images  # fmt: skip
        plain = base("a red circle", latents=noise.clone(), height=32, width=32, **options).images
    made = generate(
        fdbench, folder, tmp_path, "--prompt", "a red circle", "--steps", STEPS, "--guidance", 4,
        *options_of(paths[:count], images[:count], **ours), inputs={"latents": noise},
    )["latents"]  # fmt: skip
    assert scaled_difference(made, expected) < TOLERANCE
    assert scaled_difference(plain, expected) > 100 * TOLERANCE
