"""Other autoencoders than AutoencoderKL in vae/."""

import json
import shutil

import numpy as np
import pytest
import torch
from diffusers import AsymmetricAutoencoderKL, AutoencoderTiny, StableDiffusionPipeline
from PIL import Image
from safetensors.torch import load_file

from tests.field.conftest import MODELS, edit, refused

TINY = {"encoder_block_out_channels": (16,) * 4, "decoder_block_out_channels": (16,) * 4}
VARIANTS = {
    "default": {},
    "scaled": {"scaling_factor": 0.7, "shift_factor": 0.3, "latent_shift": 0.2, "act_fn": "silu"},
    "blocks": {
        "encoder_block_out_channels": (8, 8, 8),
        "decoder_block_out_channels": (8, 8, 8),
        "num_encoder_blocks": (1, 1, 1),
        "num_decoder_blocks": (2, 1, 1),
        "upsample_fn": "bilinear",
    },
    "factor": {"upsampling_scaling_factor": 3, "upsample_fn": "bicubic"},
}


def with_vae(folder, vae):
    shutil.rmtree(folder / "vae")
    vae.save_pretrained(folder / "vae")
    edit(folder / "model_index.json", vae=["diffusers", type(vae).__name__])
    return folder


@pytest.fixture
def picture_of(fdbench, noise, tmp_path):
    """The picture that `fdbench generate` draws of a folder, and its latents."""

    def draw(folder):
        files = ("--output", tmp_path / "x.png", "--save-latents", tmp_path / "x.safetensors")
        start = ("--prompt", "a red circle", "--inputs", noise, "--steps", 2, "--guidance", 4)
        done = fdbench("generate", folder, *start, *files)
        assert done.returncode == 0, done.stderr
        return np.asarray(Image.open(tmp_path / "x.png")), load_file(tmp_path / "x.safetensors")[
            "latents"
        ]

    return draw


@pytest.mark.parametrize("variant", VARIANTS)
def test_pictures_are_those_of_diffusers(mini, picture_of, variant):
    torch.manual_seed(1)
    with_vae(mini, AutoencoderTiny(**{**TINY, **VARIANTS[variant]}))
    pipeline = StableDiffusionPipeline.from_pretrained(mini, dtype=torch.float32)
    drawn, latents = picture_of(mini)
    with torch.no_grad():
        decoded = pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor).sample
    theirs = pipeline.image_processor.postprocess(decoded, output_type="np")[0]
    assert drawn.shape == theirs.shape
    # Eight bits hide what is smaller; tests/parity compares the numbers themselves.
    assert np.abs(drawn / 255 - theirs).max() <= 0.501 / 255 + 1e-5


def test_latents_need_no_vae(fdbench, mini, latents_of, noise, tmp_path):
    """Whatever class stands in vae/, and whatever is wrong with its weights."""
    right = latents_of(MODELS / "mini")
    with_vae(mini, AutoencoderTiny(**TINY))
    assert torch.equal(latents_of(mini), right)
    with_vae(mini, AsymmetricAutoencoderKL(norm_num_groups=32))
    assert torch.equal(latents_of(mini), right)
    (mini / "vae/diffusion_pytorch_model.safetensors").unlink()
    assert torch.equal(latents_of(mini), right)
    start = ("--prompt", "a", "--steps", 1, "--output", tmp_path / "x.png")
    refused(
        fdbench("generate", mini, *start),
        "vae/config.json",
        "AsymmetricAutoencoderKL",
        "AutoencoderTiny",
    )


def test_a_sweep_with_another_vae_is_refused_before_it_begins(fdbench, mini, tmp_path):
    with_vae(mini, AsymmetricAutoencoderKL(norm_num_groups=32))
    config = tmp_path / "c.yaml"
    config.write_text(
        f"name: x\nmodel: {mini}\nsteps: 2\nprompts: [a]\nruns: [{{strategy: full}}]\n"
    )
    refused(fdbench("run", config, "--dry-run"), "AsymmetricAutoencoderKL")
    worker = fdbench("worker", config, input='{"run": "full"}\n')  # makes latents only
    assert worker.returncode == 0, worker.stderr
    assert "hash" in json.loads(worker.stdout.splitlines()[1])


def test_a_sweep_draws_with_it(fdbench, mini, tmp_path):
    h5py = pytest.importorskip("h5py")
    torch.manual_seed(1)
    with_vae(mini, AutoencoderTiny(**TINY))
    config = tmp_path / "c.yaml"
    config.write_text(
        f"name: x\nmodel: {mini}\nthreads: 1\nsteps: 2\nprompts: [a]\nfeatures: false\n"
        "timing: {warmup: 0, rounds: 0}\nruns: [{strategy: full}]\n"
    )
    done = fdbench("run", config, "--out", tmp_path / "r.h5")
    assert done.returncode == 0, done.stderr
    vae = AutoencoderTiny.from_pretrained(mini / "vae")
    with h5py.File(tmp_path / "r.h5") as file:
        latents, drawn = file["pictures/latents"][0], file["pictures/images"][0]
    with torch.no_grad():
        theirs = (vae.decode(torch.from_numpy(latents)).sample / 2 + 0.5).clamp(0, 1)
    theirs = theirs.permute(0, 2, 3, 1).numpy()
    assert np.abs(drawn / 255 - theirs).max() <= 0.501 / 255 + 1e-5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_decoder_blocks": [3, 3]}, ("num_decoder_blocks", "decoder_block_out_channels")),
        ({"upsample_fn": "area"}, ("upsample_fn", "nearest")),
        ({"latent_channels": 8}, ("decoder.layers.0.weight",)),
        ({"scaling_factor": 0}, ("scaling_factor",)),
    ],
)
def test_what_does_not_fit_is_named(fdbench, mini, tmp_path, change, words):
    with_vae(mini, AutoencoderTiny(**TINY))
    edit(mini / "vae/config.json", **change)
    done = fdbench("generate", mini, "--prompt", "a", "--steps", 1, "--output", tmp_path / "x.png")
    refused(done, *words, code=done.returncode or 2)
