"""Noise injection in a sweep: what runs, what is recorded, and that it is part of the settings."""

import json
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.conftest import program

CONFIG = """\
name: injected
model: {model}
prompts: [a red circle]
steps: 6
sampler: {{name: ddpm}}
guidance_scale: 3
threads: 1
features: false
timing: {{warmup: 0, rounds: 1}}
noise_injection: {{alpha: 0.2, tau: 5}}
runs:
  - {{strategy: full}}
  - {{strategy: encoder, key_steps: [6, 4, 2], noise_injection: false}}
  - {{strategy: encoder, key_steps: [6, 4, 2], name: before_step}}
  - strategy: encoder
    key_steps: [6, 4, 2]
    execution: parallel
    name: before_unet
    noise_injection: {{alpha: 0.2, tau: 5, placement: before_unet}}
"""


@pytest.fixture(scope="module")
def config(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("injected") / "injected.yaml"
    path.write_text(CONFIG.format(model=tiny_model))
    return path


@pytest.fixture(scope="module")
def result(fdbench, config: Path) -> Path:
    """The file of the finished sweep."""
    path = config.with_name("injected.h5")
    done = fdbench("run", config, "--out", path)
    assert done.returncode == 0, done.stderr
    return path


def latents_by_run(result: Path) -> dict[str, np.ndarray]:
    with h5py.File(result) as file:
        names = [name.decode() for name in file["runs"]["name"]]
        return dict(zip(names, file["pictures/latents"][:], strict=True))


def test_the_sweep_makes_what_generate_makes(fdbench, tiny_model, result, tmp_path):
    keys = ["--strategy", "encoder", "--key-steps", "6,4,2"]
    injection = ["--noise-injection", "0.2", "--noise-injection-tau", "5"]
    wanted = {
        "full": [],
        "encoder/3_keys": keys,
        "before_step": [*keys, *injection],
        "before_unet": [*keys, *injection, "--noise-injection-placement", "before_unet"]
        + ["--execution", "parallel"],
    }
    made = latents_by_run(result)
    assert made.keys() == wanted.keys()
    for name, options in wanted.items():
        target = tmp_path / "latents.safetensors"
        common = ["--prompt", "a red circle", "--steps", 6, "--sampler", "ddpm", "--guidance", 3]
        common += ["--threads", 1, "--save-latents", target]
        done = fdbench("generate", tiny_model, *common, *options)
        assert done.returncode == 0, done.stderr
        assert np.array_equal(load_file(target)["latents"], made[name]), name
    others = [value.tobytes() for value in made.values()]
    assert len(set(others)) == len(others)


def test_timing_rounds_make_the_same_latents(config: Path, result: Path, tmp_path: Path):
    """The worker's latents are those that a timing round makes."""
    made = latents_by_run(result)
    requests = [{"run": name, "save": str(tmp_path / f"{i}.st")} for i, name in enumerate(made)]
    done = subprocess.run(
        [str(program()), "worker", str(config)],
        input="".join(json.dumps(request) + "\n" for request in requests),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    for i, (name, latents) in enumerate(made.items()):
        assert np.array_equal(load_file(tmp_path / f"{i}.st")["latents"], latents), name


def test_it_is_recorded_and_never_in_the_baseline(fdbench, config: Path, result: Path):
    with h5py.File(result) as file:
        runs = file["runs"][:]
    assert runs["noise_injection_alpha"].tolist() == [0, 0, 0.2, 0.2]
    assert runs["noise_injection_tau"].tolist() == [0, 0, 5, 5]
    assert runs["noise_injection_placement"].tolist() == [b"", b"", b"before_step", b"before_unet"]
    assert runs["baseline"].tolist() == [True, False, False, False]
    planned = fdbench("run", config, "--dry-run").stdout
    assert planned.count("noise injection 0.2 before_step at steps below 5\n") == 1
    assert planned.count("noise injection 0.2 before_unet at steps below 5\n") == 1


def test_another_injection_is_another_configuration(fdbench, config: Path, result: Path):
    changed = fdbench("run", config, "--out", result, "--set", "noise_injection.tau=4")
    assert changed.returncode == 2
    assert "is the result of another configuration: runs.before_step" in changed.stderr
