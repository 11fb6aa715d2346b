"""Pictures of classes: `fdbench generate --class` and sweeps over `classes:`, against diffusers'
DiTPipeline and against the original's rules.
"""

from unittest.mock import patch

import h5py
import numpy as np
import pytest
import torch
from diffusers.pipelines.dit import pipeline_dit
from safetensors.torch import load_file, save_file

from tests.parity.reference import scaled_difference
from tests.python.dit_folders import SIDE, make_folder
from tests.python.sd_pipelines import SD1
from tests.python.sd_pipelines import make_folder as make_sd_folder

TOLERANCE = 1e-4
SWEEP = """
name: classes
model: {model}
guidance_scale: 4
classes: {classes}
steps: 6
sampler: ddim
features: {{similarity: true}}
timing: {{warmup: 0, rounds: 1}}
runs:
  - {{strategy: full}}
  - {{strategy: encoder, key_steps: uniform:2, execution: [sequential, parallel]}}
  - {{strategy: encoder, key_steps: all, name: all_keys}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("dit")


@pytest.fixture(scope="module")
def pipeline(folder):
    return make_folder(folder)


def noise(seed: int, pictures: int, draws: int = 1) -> list[torch.Tensor]:
    """What fdbench draws, a generator each picture: `draws` times [pictures, 4, h, w]."""
    generators = [torch.Generator().manual_seed(seed + i) for i in range(pictures)]
    return [
        torch.stack([torch.randn(4, SIDE, SIDE, generator=one) for one in generators])
        for _ in range(draws)
    ]


def generate(fdbench, folder, output, *options):
    done = fdbench("generate", folder, *options, "--save-latents", output)
    assert done.returncode == 0, done.stderr
    return load_file(output)["latents"]


@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_latents_equal_the_pipelines(fdbench, tmp_path, folder, pipeline, guidance):
    classes = [207, 1, 999]
    caught = {}

    def decode(latents):
        caught["latents"] = latents * pipeline.vae.config.scaling_factor
        return original(latents)

    original = pipeline.vae.decode
    (start,) = noise(5, 3)
    with (
        patch.object(pipeline_dit, "randn_tensor", lambda **_: start),
        patch.object(pipeline.vae, "decode", decode),
    ):
        pipeline(classes, guidance_scale=guidance, num_inference_steps=6)
    ours = generate(
        fdbench, folder, tmp_path / "x.safetensors", "--seed", 5, "--steps", 6,
        "--guidance", guidance, "--class", "golden retriever", "--class", 1,
        "--class", "toilet tissue",
    )  # fmt: skip
    assert scaled_difference(ours, caught["latents"]) < TOLERANCE


def respaced(betas: np.ndarray, steps: int) -> tuple[list[int], np.ndarray]:
    """The original's spacing: one section with a fractional stride, both ends used; the betas of
    the process that is left.
    """
    stride, at, used = (len(betas) - 1) / (steps - 1), 0.0, []
    for _ in range(steps):
        used.append(round(at))
        at += stride
    cumulated = np.cumprod(1 - betas)[used]
    return used, 1 - cumulated / np.concatenate([[1.0], cumulated[:-1]])


def original_rules(transformer, labels, null, guidance, steps, draws):
    """DDPM with a learned range as the original DiT samples it, in float64 but for the network."""
    used, betas = respaced(np.linspace(0.0001, 0.02, 1000), steps)
    alphas = np.cumprod(1 - betas)
    before = np.concatenate([[1.0], alphas[:-1]])
    posterior = betas * (1 - before) / (1 - alphas)
    least = np.log(np.concatenate([[posterior[1]], posterior[1:]]))
    x = draws[0].double()
    for draw, index in zip(draws[1:], reversed(range(steps)), strict=True):
        both = torch.cat([x, x]).float()
        step = torch.full((len(both),), used[index])
        with torch.no_grad():
            out = transformer(both, step, torch.cat([labels, null])).sample.double()
        conditional, unconditional = out.chunk(2)
        guided = unconditional + guidance * (conditional - unconditional)
        eps = torch.cat([guided[:, :3], conditional[:, 3:4]], 1)
        share = (conditional[:, 4:] + 1) / 2
        deviation = (0.5 * (share * np.log(betas[index]) + (1 - share) * least[index])).exp()
        clean = (x - np.sqrt(1 - alphas[index]) * eps) / np.sqrt(alphas[index])
        mean = betas[index] * np.sqrt(before[index]) / (1 - alphas[index]) * clean
        mean += (1 - before[index]) * np.sqrt(1 - betas[index]) / (1 - alphas[index]) * x
        x = mean + (deviation * draw.double() if index > 0 else 0)
    return x.float()


@pytest.mark.parametrize("steps", [5, 12])
def test_latents_equal_the_originals_rules(fdbench, tmp_path, folder, pipeline, steps):
    options = ["timestep_spacing=linspace", "variance_type=learned_range", "clip_sample=false"]
    ours = generate(
        fdbench, folder, tmp_path / "x.safetensors", "--seed", 2, "--steps", steps,
        "--guidance", 1.5, "--guidance-channels", 3, "--sampler", "ddpm",
        *[part for option in options for part in ("--sampler-option", option)],
        "--class", 7, "--class", 999,
    )  # fmt: skip
    labels, null = torch.tensor([7, 999]), torch.tensor([1000, 1000])
    draws = noise(2, 2, steps + 1)
    wanted = original_rules(pipeline.transformer, labels, null, 1.5, steps, draws)
    assert scaled_difference(ours, wanted) < TOLERANCE


def sweep(fdbench, tmp_path, folder, classes):
    (tmp_path / "c.yaml").write_text(SWEEP.format(model=folder, classes=classes))
    return fdbench("run", tmp_path / "c.yaml", "--out", tmp_path / "x.h5")


def test_a_sweep_over_classes(fdbench, tmp_path, folder, pipeline):
    done = sweep(fdbench, tmp_path, folder, "{list: [goldfish, 207], per_class: 2}")
    assert done.returncode == 0, done.stderr
    with h5py.File(tmp_path / "x.h5") as file:
        captions = file["prompts"]["caption"].astype(str).tolist()
        latents = file["pictures/latents"][:]
        names = file["runs"]["name"].astype(str).tolist()
    assert captions == ["goldfish", "207", "goldfish", "207"]
    full, sequential, parallel, all_keys = latents
    assert names[3] == "all_keys" and np.array_equal(full, all_keys)
    scale = np.abs(full).max()
    assert np.abs(sequential - parallel).max() < 1e-5 * scale
    assert np.abs(sequential - full).max() > 1e-3 * scale, "reuse changes something"
    assert not np.array_equal(full[0], full[2]), "each picture has noise of its own"


def test_encoder_propagation_equals_a_run_on_diffusers_blocks(fdbench, tmp_path, folder, pipeline):
    """The output of the last encoder block is held; the blocks behind it have their own step."""
    steps, split = 6, round(5 * 18 / 28)
    ours = generate(
        fdbench, folder, tmp_path / "x.safetensors", "--seed", 3, "--steps", steps, "--guidance", 4,
        "--class", 1, "--strategy", "encoder", "--key-steps", "uniform:3", "--sampler", "ddim",
    )  # fmt: skip
    transformer, scheduler = pipeline.transformer, pipeline.scheduler
    blocks = list(transformer.transformer_blocks)
    held = {}

    def keep(_, __, output):
        held["tokens"] = output

    class Held(torch.nn.Module):
        norm1 = blocks[0].norm1  # the head asks the first block for the embedding

        def forward(self, *_, **__):
            return held["tokens"]

    handle = blocks[split - 1].register_forward_hook(keep)
    scheduler.set_timesteps(steps)
    (x,) = noise(3, 1)
    labels = torch.tensor([1, 1000])
    for order, timestep in enumerate(scheduler.timesteps):
        if order % 3:
            reused = [Held() for _ in range(split)] + blocks[split:]
            transformer.transformer_blocks = torch.nn.ModuleList(reused)
        with torch.no_grad():
            out = transformer(torch.cat([x, x]), timestep.expand(2), labels).sample[:, :4]
        transformer.transformer_blocks = torch.nn.ModuleList(blocks)
        conditional, unconditional = out.chunk(2)
        eps = unconditional + 4 * (conditional - unconditional)
        x = scheduler.step(eps, timestep, x).prev_sample
    handle.remove()
    assert scaled_difference(ours, x) < TOLERANCE


FAULTS = {
    "range": (["--class", 1000], "class 1000 is not there: the model has 1000, from 0 to 999"),
    "negative": (["--class", "-1"], "class -1 is not there"),
    "name": (["--class", "goldfisch"], "did you mean 'goldfish'?"),
    "prompt": (["--prompt", "a dog"], "draws classes: give --class 207"),
    "nothing": ([], "nothing to draw: give --class"),
    "channels": (["--class", 1, "--guidance-channels", 5], "latents have 4 channels"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_wrong_classes_are_one_line(fdbench, tmp_path, folder, pipeline, name):
    options, text = FAULTS[name]
    done = fdbench("generate", folder, *options, "--steps", 2, "--output", tmp_path / "x.png")
    assert done.returncode == 2
    assert text in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "x.png").exists()


def test_the_wrong_kind_of_model_is_one_line(fdbench, tmp_path, folder, pipeline):
    config = SWEEP.format(model=folder, classes="[1]")
    (tmp_path / "p.yaml").write_text(config.replace("classes: [1]", "prompts: [a dog]"))
    done = fdbench("run", tmp_path / "p.yaml", "--dry-run")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "p.yaml:5" in done.stderr and "give 'classes' in place of 'prompts'" in done.stderr

    make_sd_folder(tmp_path / "sd", SD1)
    done = sweep(fdbench, tmp_path, tmp_path / "sd", "[1]")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "give 'prompts' in place of 'classes'" in done.stderr
    inputs = tmp_path / "i.safetensors"
    save_file({"latents": torch.zeros(1, 4, 16, 16)}, inputs)
    done = fdbench("generate", tmp_path / "sd", "--class", 1, "--inputs", inputs)
    assert done.returncode == 2 and "give --prompt in place of --class" in done.stderr

    done = sweep(fdbench, tmp_path, folder, "[1, goldfisch]")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "c.yaml:5" in done.stderr and "did you mean 'goldfish'?" in done.stderr


def test_a_folder_without_a_denoiser_is_told_at_its_place_in_the_config(fdbench, tmp_path):
    other = tmp_path / "other" / "transformer"
    other.mkdir(parents=True)
    (other / "config.json").write_text('{"_class_name": "FluxTransformer2DModel"}')
    (other.parent / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')
    done = sweep(fdbench, tmp_path, other.parent, "[1]")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "c.yaml:3:8: " in done.stderr and "is the folder of a FluxPipeline" in done.stderr
