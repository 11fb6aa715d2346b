"""negative_prompt, guidance_rescale and clip_skip, as diffusers has them."""

import json

import h5py
import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from safetensors.torch import load_file
from transformers import CLIPTextModel

from tests.field.conftest import MODELS, refused
from tests.parity.reference import scaled_difference
from tests.python.text_models import make_sdxl

TOLERANCE = 1e-4
MINI = MODELS / "mini"
CASES = {
    "negative": ({"negative_prompt": "a blue square"}, ("--negative-prompt", "a blue square")),
    "rescale": ({"guidance_rescale": 0.7}, ("--guidance-rescale", 0.7)),
    "skip": ({"clip_skip": 1}, ("--clip-skip", 1)),
    "skip all": ({"clip_skip": 2}, ("--clip-skip", 2)),
    "no skip": ({"clip_skip": 0}, ("--clip-skip", 0)),
    "all three": (
        {"negative_prompt": "a blue square", "guidance_rescale": 1.0, "clip_skip": 1},
        ("--negative-prompt", "a blue square", "--guidance-rescale", 1, "--clip-skip", 1),
    ),
}


@pytest.fixture(autouse=True)
def text_model(monkeypatch):
    """diffusers 0.42's clip_skip asks for the norm of `text_encoder.text_model`; in transformers
    5.23 it stands in the encoder itself.
    """
    monkeypatch.setattr(CLIPTextModel, "text_model", property(lambda self: self), raising=False)


@pytest.mark.parametrize("case", CASES)
def test_generate(latents_of, diffusers_latents, case):
    theirs, ours = CASES[case]
    assert scaled_difference(latents_of(MINI, *ours), diffusers_latents(MINI, **theirs)) < TOLERANCE


@pytest.mark.parametrize("case", ["negative", "rescale", "skip", "all three"])
def test_generate_sdxl(latents_of, tmp_path, noise, case):
    """There clip_skip counts from the layer before the last, and spares the negative prompt."""
    theirs, ours = CASES[case]
    make_sdxl(tmp_path / "xl")
    pipeline = StableDiffusionXLPipeline.from_pretrained(tmp_path / "xl", dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    expected = pipeline(
        "a red circle",
        latents=load_file(noise)["latents"],
        num_inference_steps=3,
        guidance_scale=4.0,
        height=32,
        width=32,
        output_type="latent",
        **theirs,
    ).images
    assert scaled_difference(latents_of(tmp_path / "xl", *ours), expected) < TOLERANCE


@pytest.fixture
def sweep(tmp_path):
    """Writes a config with more lines; -> its path."""

    def write(
        more: str, runs: str = "[{strategy: full}]", prompts: str = "[a red circle, nothing]"
    ):
        config = tmp_path / "c.yaml"
        config.write_text(
            f"name: x\nmodel: {MINI}\nthreads: 1\nsteps: 3\nguidance_scale: 4\nseed: 3\n"
            f"prompts: {prompts}\nfeatures: false\ntiming: {{warmup: 0, rounds: 0}}\n"
            f"runs: {runs}\n{more}\n"
        )
        return config

    return write


def latents_of_run(done, path, run=0):
    assert done.returncode == 0, done.stderr
    with h5py.File(path) as file:
        return torch.from_numpy(file["pictures/latents"][run])


def test_run(fdbench, sweep, tmp_path, diffusers_latents):
    """Each picture with its own negative prompt; the file says what was done."""
    output = tmp_path / "r.h5"
    more = "negative_prompt: [a blue square, '']\nguidance_rescale: 0.7\nclip_skip: 1"
    runs = (
        "[{strategy: full}, {strategy: encoder, key_steps: all, execution: [sequential, parallel]}]"
    )
    done = fdbench("run", sweep(more, runs), "--out", output)
    for run in range(3):
        ours = latents_of_run(done, output, run)
        for i, (prompt, negative) in enumerate(
            [("a red circle", "a blue square"), ("nothing", "")]
        ):
            noise = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(3 + i))
            theirs = diffusers_latents(
                MINI,
                prompt,
                negative_prompt=negative,
                guidance_rescale=0.7,
                clip_skip=1,
                latents=noise,
            )
            assert scaled_difference(ours[i : i + 1], theirs) < TOLERANCE
    with h5py.File(output) as file:
        assert [row["negative_prompt"] for row in file["prompts"][:]] == [b"a blue square", b""]
        assert file.attrs["guidance_rescale"] == 0.7
        assert file.attrs["clip_skip"] == 1
    changed = fdbench("run", sweep(more.replace("0.7", "0.5"), runs), "--out", output)
    refused(changed, "guidance_rescale (was 0.7", "now 0.5)")
    changed = fdbench("run", sweep(more.replace("blue", "green"), runs), "--out", output)
    refused(changed, "prompts.negative")
    changed = fdbench("run", sweep(more.replace("clip_skip: 1", ""), runs), "--out", output)
    refused(changed, "clip_skip (gone)")


def test_one_text_is_for_all_prompts(fdbench, sweep, tmp_path):
    one = fdbench("run", sweep("negative_prompt: a blue square"), "--out", tmp_path / "one.h5")
    each = fdbench(
        "run",
        sweep("negative_prompt: [a blue square, a blue square]"),
        "--out",
        tmp_path / "each.h5",
    )
    without = fdbench("run", sweep(""), "--out", tmp_path / "without.h5")
    one = latents_of_run(one, tmp_path / "one.h5")
    assert torch.equal(one, latents_of_run(each, tmp_path / "each.h5"))
    assert not torch.equal(one, latents_of_run(without, tmp_path / "without.h5"))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("negative_prompt: [a]", ("c.yaml:11:18", "1 negative prompt", "2 prompts")),
        ("negative_prompt: {a: b}", ("c.yaml:11:18", "negative_prompt")),
        ("guidance_rescale: 1.5", ("c.yaml:11:19", "guidance_rescale", "0 to 1")),
        ("guidance_rescale: -0.1", ("c.yaml:11:19", "guidance_rescale")),
        ("clip_skip: -1", ("c.yaml:11:12", "clip_skip")),
        ("clip_skip: 0.5", ("c.yaml:11:12", "clip_skip", "whole number")),
        ("clip_skip: 3", ("c.yaml:11:12", "clip_skip", "2 layers")),
    ],
)
def test_ranges(fdbench, sweep, more, words):
    refused(fdbench("run", sweep(more), "--dry-run"), *words)


def test_ranges_of_generate(fdbench, tmp_path):
    start = ("generate", MINI, "--prompt", "a", "--steps", 1, "--output", tmp_path / "x.png")
    assert "--guidance-rescale" in fdbench(*start, "--guidance-rescale", 1.5).stderr
    assert fdbench(*start, "--guidance-rescale", 1.5).returncode == 2
    assert fdbench(*start, "--clip-skip", -1).returncode == 2
    refused(fdbench(*start, "--clip-skip", 3), "clip_skip", "2 layers")
    sdxl = ("generate", "--architecture", "sd15", "--prompt", "a", "--steps", 1, "--clip-skip", 1)
    refused(fdbench(*sdxl, "--output", tmp_path / "x.png"), "clip_skip", "random")


def test_without_guidance_they_say_that_they_do_nothing(fdbench, sweep, tmp_path):
    more = "negative_prompt: a blue square\nguidance_rescale: 0.5"
    done = fdbench("run", sweep(more), "--dry-run", "--set", "guidance_scale=1")
    assert done.returncode == 0, done.stderr
    for key in ("negative_prompt", "guidance_rescale"):
        assert f"{key} has no effect" in done.stderr
    assert "has no effect" not in fdbench("run", sweep(more), "--dry-run").stderr
    done = fdbench(
        *("generate", MINI, "--prompt", "a", "--steps", 1, "--guidance", 1),
        *("--negative-prompt", "b", "--guidance-rescale", 0.5, "--output", tmp_path / "x.png"),
    )
    assert done.returncode == 0, done.stderr
    assert "--negative-prompt has no effect" in done.stderr
    assert "--guidance-rescale has no effect" in done.stderr


def test_dry_run_says_them(fdbench, sweep):
    more = "negative_prompt: a blue square\nguidance_rescale: 0.5\nclip_skip: 1"
    line = fdbench("run", sweep(more), "--dry-run").stdout
    assert "guidance 4 rescaled by 0.5" in line
    assert "negative prompt" in line and "clip_skip 1" in line


def test_the_worker_knows_them(fdbench, sweep, tmp_path):
    def inputs(more):
        path = tmp_path / "used.safetensors"
        request = json.dumps({"inputs": str(path), "picture": 1})
        done = fdbench("worker", sweep(more), input=request + "\n")
        assert done.returncode == 0, done.stderr
        return load_file(path)

    plain, changed = inputs(""), inputs("negative_prompt: a blue square\nclip_skip: 1")
    for name in ("prompt_embeds", "negative_prompt_embeds"):
        assert not torch.equal(plain[name], changed[name])
