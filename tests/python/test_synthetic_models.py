"""Models without weights: the architectures that come with fdbench, and small ones like them."""

import json
from pathlib import Path

import h5py
import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from tests.parity.reference import make_unet
from tests.python.sd_pipelines import SD1
from tests.python.text_models import SDXL_UNET, SMALL_VAE

NAMES = ["sd15", "sd21", "sdxl"]
# Parameters of the published UNets.
PARAMETERS = {"sd15": 859_520_964, "sd21": 865_910_724, "sdxl": 2_567_463_684}


def read(path: Path) -> dict:
    return json.loads(path.read_text())


@pytest.mark.parametrize("name", NAMES)
def test_architectures_are_those_of_diffusers(fdbench, root, name):
    folder = root / "models/architectures" / name
    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(read(folder / "unet/config.json"))
    assert unet.num_parameters() == PARAMETERS[name]
    done = fdbench("info", "--architecture", name, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["parameters"] == PARAMETERS[name]


@pytest.mark.parametrize("name", NAMES)
def test_their_other_parts_fit(root, name):
    folder = root / "models/architectures" / name
    unet = read(folder / "unet/config.json")
    widths = 0
    with torch.device("meta"):
        vae = AutoencoderKL.from_config(read(folder / "vae/config.json"))
        for part, kind in (
            ("text_encoder", CLIPTextModel),
            ("text_encoder_2", CLIPTextModelWithProjection),
        ):
            if not (folder / part).exists():
                continue
            model = kind(CLIPTextConfig(**read(folder / part / "config.json")))
            widths += model.config.hidden_size
    assert vae.num_parameters() == 83_653_863
    assert widths == unet["cross_attention_dim"]
    assert read(folder / "vae/config.json")["sample_size"] == 8 * unet["sample_size"]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Path:
    """A folder to start fdbench in, with small architectures like SD 1.5 and SDXL."""
    folder = tmp_path_factory.mktemp("shelf")
    for name, unet in {"tiny": {}, "tiny_xl": SDXL_UNET}.items():
        parts = folder / "models/architectures" / name
        config = {k: v for k, v in make_unet(**unet).config.items() if not k.startswith("_")}
        write(parts / "unet/config.json", {"_class_name": "UNet2DConditionModel", **config})
        write(parts / "vae/config.json", {"_class_name": "AutoencoderKL", **SMALL_VAE})
        scheduler = {"_class_name": "DDIMScheduler", **SD1}
        write(parts / "scheduler/scheduler_config.json", scheduler)
    return folder


def write(path: Path, value: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def latents(fdbench, shelf, tmp_path, *options, steps: int = 3) -> torch.Tensor:
    """What generate makes; its note is checked on the way."""
    made = tmp_path / "x.safetensors"
    done = fdbench(
        "generate",
        *("--save-latents", made, "--output", tmp_path / "x.png", "--steps", steps),
        *options,
        cwd=shelf,
    )
    assert done.returncode == 0, done.stderr
    assert "note: the weights are random, so what is drawn means nothing" in done.stdout
    tensor = load_file(made)["latents"]
    assert torch.isfinite(tensor).all()
    return tensor


@pytest.mark.parametrize("name", ["tiny", "tiny_xl"])
def test_pictures_follow_seed_and_prompt(fdbench, shelf, tmp_path, name):
    def make(prompt: str, seed: int = 0) -> torch.Tensor:
        options = ["--architecture", name, "--prompt", prompt, "--seed", seed]
        return latents(fdbench, shelf, tmp_path, *options)

    first = make("a cat")
    assert torch.equal(make("a cat"), first)
    assert not torch.allclose(make("a dog"), first, rtol=0.01)
    assert not torch.allclose(make("a cat", seed=1), first, rtol=0.01)


@pytest.mark.parametrize("name", ["tiny", "tiny_xl"])
@pytest.mark.parametrize("guidance", [1, 7.5])
@pytest.mark.parametrize("side", [32, 48, 96])
def test_latents_of_many_sizes(fdbench, shelf, tmp_path, name, guidance, side):
    options = ["--architecture", name, "--prompt", "x", "--guidance", guidance]
    made = latents(fdbench, shelf, tmp_path, *options, "--height", 2 * side, "--width", 64)
    assert made.shape == (1, 4, side, 32)


@pytest.mark.parametrize("name", ["tiny", "tiny_xl"])
@pytest.mark.parametrize("guidance", [1, 7.5])
@pytest.mark.parametrize("count", [2, 8])
def test_a_picture_does_not_depend_on_its_batch(fdbench, shelf, tmp_path, name, guidance, count):
    options = ["--architecture", name, "--guidance", guidance]
    prompts = [f"prompt {i}" for i in range(count)]
    every = [word for prompt in prompts for word in ("--prompt", prompt)]
    together = latents(fdbench, shelf, tmp_path, *options, *every)
    assert together.shape[0] == count
    # Weights follow the seed too, so only the first picture can be made again alone.
    alone = latents(fdbench, shelf, tmp_path, *options, "--prompt", prompts[0])
    assert (together[:1] - alone).abs().max() < 1e-4 * alone.abs().max()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["tiny", "tiny_xl"])
def test_half_precision_stays_finite(fdbench, shelf, tmp_path, name, dtype):
    options = ["--architecture", name, "--prompt", "x", "--dtype", dtype]
    latents(fdbench, shelf, tmp_path, *options, steps=50)


def sweep(fdbench, shelf, tmp_path, **changes):
    config = {
        "name": "x",
        "model": {"architecture": "tiny_xl", "weights": "random", "seed": 0},
        "prompts": [f"prompt {i}" for i in range(8)],
        "steps": 3,
        "latent": [32, 48],
        "pictures": {"batch": 1, "chunk": 8},
        "timing": {"rounds": 0},
        "features": False,
        "runs": [{"strategy": "full"}],
        **changes,
    }
    write(tmp_path / "c.yaml", config)
    return fdbench("run", tmp_path / "c.yaml", "--out", tmp_path / "x.h5", "--fresh", cwd=shelf)


@pytest.mark.parametrize("guidance", [1, 5])
def test_sweeps_of_any_size_and_batch(fdbench, shelf, tmp_path, guidance):
    found = []
    for batch in (1, 3, 8):
        pictures = {"batch": batch, "chunk": 8}
        done = sweep(fdbench, shelf, tmp_path, guidance_scale=guidance, pictures=pictures)
        assert done.returncode == 0, done.stderr
        assert "tiny_xl (random weights, seed 0)" in done.stdout
        with h5py.File(tmp_path / "x.h5") as file:
            found.append(torch.from_numpy(file["pictures/latents"][0]))
            assert file["pictures/images"].shape == (1, 8, 64, 96, 3)
    assert found[0].shape == (8, 4, 32, 48)
    for other in found[1:]:
        assert (other - found[0]).abs().max() < 1e-4 * found[0].abs().max()


def test_a_sampler_with_more_calls_than_steps(fdbench, shelf, tmp_path):
    """PNDM makes its first step in two calls; SD 1.5 folders name it."""
    runs = [{"strategy": "full"}, {"strategy": "encoder", "key_steps": [3, 1]}]
    done = sweep(
        fdbench, shelf, tmp_path, sampler={"name": "pndm", "skip_prk_steps": True}, runs=runs
    )
    assert done.returncode == 0, done.stderr
    with h5py.File(tmp_path / "x.h5") as file:
        calls = file["plan/ran"].shape[1]
        assert calls == len(file["timesteps"][0, 0]) > 3
        assert file["runs"]["unet_calls"][0] == calls


def test_a_result_of_other_weights_or_size_is_another(fdbench, shelf, tmp_path):
    assert sweep(fdbench, shelf, tmp_path).returncode == 0
    run = ["run", tmp_path / "c.yaml", "--out", tmp_path / "x.h5"]
    assert "complete already" in fdbench(*run, cwd=shelf).stdout
    for change in ("model.seed=1", "latent=32"):
        other = fdbench(*run, "--set", change, cwd=shelf)
        assert other.returncode == 2
        assert "another configuration" in other.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--architecture", "sd16"], "did you mean 'sd15'?"),
        (["models/mini", "--architecture", "sd15"], "both given"),
        ([], "no model: give MODEL_DIR, or --architecture sd15"),
    ],
)
@pytest.mark.parametrize("command", ["generate", "info"])
def test_wrong_use_is_one_clear_line(fdbench, command, options, message):
    result = fdbench(command, *options)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
