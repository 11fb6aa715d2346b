"""Inputs as people bring them, made small from copies of the embedded models; a file a kind.

Right answers are computed by the reference implementations here, or are an error that says what to
do.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import torch
from safetensors.torch import load_file, save_file

MODELS = Path(__file__).resolve().parent.parent.parent / "models"


def edit(path: Path, **changes: object) -> None:
    """Sets keys of a JSON file; None takes a key out."""
    values = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in values.items() if value is not None}))


def refused(done: CompletedProcess, *words: str, code: int = 2) -> str:
    """The one line of an error, which holds all words; fails on any other exit code."""
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    errors = [line for line in done.stderr.splitlines() if line.startswith("fdbench: ")]
    assert len(errors) == 1, done.stderr
    for word in words:
        assert word in errors[0], errors[0]
    return errors[0]


@pytest.fixture
def mini(tmp_path: Path) -> Path:
    """A copy of models/mini, to be changed."""
    return Path(shutil.copytree(MODELS / "mini", tmp_path / "mini"))


@pytest.fixture(scope="session")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unit noise for one picture of models/mini, as --inputs takes it."""
    path = tmp_path_factory.mktemp("noise") / "noise.safetensors"
    generator = torch.Generator().manual_seed(7)
    save_file({"latents": torch.randn(1, 4, 16, 16, generator=generator)}, path)
    return path


@pytest.fixture
def latents_of(fdbench, noise: Path, tmp_path: Path) -> Callable[..., torch.Tensor]:
    """Latents that `fdbench generate` makes of a folder from the noise; fails with its message."""

    def make(
        folder: Path,
        *options: object,
        prompt: str = "a red circle",
        steps: int = 3,
        guidance: float | None = 4,
    ):
        output = tmp_path / "latents.safetensors"
        start = ("--prompt", prompt, "--inputs", noise, "--steps", steps)
        start += () if guidance is None else ("--guidance", guidance)
        done = fdbench("generate", folder, *start, "--save-latents", output, *options)
        assert done.returncode == 0, done.stderr
        make.said = done.stderr
        return load_file(output)["latents"]

    return make


@pytest.fixture(scope="session")
def diffusers_latents(noise: Path) -> Callable[..., torch.Tensor]:
    """Latents that diffusers makes of the folder from the same noise."""
    from diffusers import StableDiffusionPipeline

    def make(folder: Path, prompt: str = "a red circle", steps: int = 3, **options):
        pipeline = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32)
        pipeline.set_progress_bar_config(disable=True)
        start = load_file(noise)["latents"]
        options = {"guidance_scale": 4.0, "latents": start} | options
        return pipeline(
            prompt,
            num_inference_steps=steps,
            output_type="latent",
            **options,
        ).images

    return make


SMALL_SWEEP = """name: field
model: {model}
threads: 1
prompts: [a red square, a blue circle, a green triangle]
steps: 2
sampler: {{name: ddim}}
guidance_scale: 4
pictures: {{chunk: 1}}
timing: {{warmup: 0, rounds: 6}}
runs:
  - {{strategy: full}}
  - {{strategy: encoder, key_steps: {{list: [2]}}, name: e}}
"""


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of two runs, three pictures and two steps."""
    path = tmp_path_factory.mktemp("config") / "field.yaml"
    path.write_text(SMALL_SWEEP.format(model=MODELS / "mini"))
    return path


@pytest.fixture(scope="session")
def base(fdbench, config: Path) -> Path:
    """That sweep, finished."""
    path = config.parent / "base.h5"
    done = fdbench("run", config, "--out", path, "--fresh", "--quiet")
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture
def copied(base: Path, tmp_path: Path) -> Path:
    """Its result, to be changed."""
    return Path(shutil.copy(base, tmp_path / "copied.h5"))


def said(done: CompletedProcess, *words: str, code: int) -> None:
    """One line of fault with all words, of the program or of the report."""
    assert done.returncode == code, (done.args, done.stdout, done.stderr)
    line = done.stderr.strip()
    assert "\n" not in line and line.startswith(("fdbench: ", "report: ")), line
    for word in words:
        assert word in line, (done.args, line)
