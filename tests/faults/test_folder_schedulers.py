"""A folder's own scheduler, as diffusers saves it, is the one that runs."""

import json
import os
from pathlib import Path

import diffusers
import h5py
import numpy as np
import pytest

STEPS = 6
# diffusers' class, its options here, our name of the sampler.
SCHEDULERS = {
    "DDIMScheduler": ({"clip_sample": False, "steps_offset": 1}, "ddim"),
    "DDPMScheduler": ({"clip_sample": False, "variance_type": "fixed_large"}, "ddpm"),
    "DPMSolverMultistepScheduler": ({"use_karras_sigmas": True}, "dpm_solver++"),
    "DPMSolverSinglestepScheduler": ({}, "dpm_solver_singlestep"),
    "EulerDiscreteScheduler": ({"timestep_spacing": "leading"}, "euler"),
    "EulerAncestralDiscreteScheduler": ({}, "euler_ancestral"),
    "PNDMScheduler": ({"skip_prk_steps": True}, "pndm"),
    "UniPCMultistepScheduler": ({}, "unipc"),
    "LCMScheduler": ({}, "lcm"),
}


@pytest.fixture(params=SCHEDULERS)
def scheduler(request: pytest.FixtureRequest):
    """One of diffusers'."""
    return getattr(diffusers, request.param)(**SCHEDULERS[request.param][0])


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path, scheduler) -> Path:
    """The tiny model with this scheduler."""
    folder = tmp_path / "model"
    folder.mkdir()
    for part in ("unet", "vae", "text_encoder", "tokenizer"):
        os.symlink(tiny_model / part, folder / part)
    scheduler.save_pretrained(folder / "scheduler")
    return folder


def test_run_takes_the_folders_scheduler(fdbench, folder: Path, tmp_path: Path, scheduler):
    config = {"name": "a", "model": str(folder), "prompts": ["a circle"], "steps": STEPS}
    config |= {"timing": {"warmup": 0, "rounds": 0}, "features": False}
    config |= {"runs": [{"strategy": "full"}]}
    (tmp_path / "c.yaml").write_text(json.dumps(config))
    done = fdbench("run", tmp_path / "c.yaml", "--out", tmp_path / "a.h5")
    assert done.returncode == 0, done.stderr
    name = SCHEDULERS[type(scheduler).__name__][1]
    assert f"1 prompts, {name} {STEPS} steps" in done.stdout
    scheduler.set_timesteps(STEPS)
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["runs"]["sampler"][0].decode() == name
        # Fractions of Euler's timesteps are float32 in diffusers.
        np.testing.assert_allclose(file["timesteps"][0, 0], scheduler.timesteps, rtol=1e-6)
        assert np.isfinite(file["pictures/latents"][:]).all()


def test_generate_takes_the_folders_scheduler(fdbench, folder: Path, tmp_path: Path, scheduler):
    options = ["--prompt", "a circle", "--steps", STEPS, "--output", tmp_path / "a.png"]
    done = fdbench("generate", folder, *options)
    assert done.returncode == 0, done.stderr
    scheduler.set_timesteps(STEPS)
    assert f"{len(scheduler.timesteps)} network calls" in done.stdout


def test_infinity_is_read_as_diffusers_writes_it(tiny_model: Path, fdbench, tmp_path: Path):
    """The default of lambda_min_clipped, and a number in its place: other timesteps."""
    found = {}
    for value in (-float("inf"), -2.0):
        folder = tmp_path / str(value)
        folder.mkdir()
        os.symlink(tiny_model / "unet", folder / "unet")
        scheduler = diffusers.DPMSolverMultistepScheduler(lambda_min_clipped=value)
        scheduler.save_pretrained(folder / "scheduler")
        text = (folder / "scheduler/scheduler_config.json").read_text()
        assert ("-Infinity" in text) == (value < -2)
        config = {"name": "a", "model": str(folder), "prompts": ["a"], "steps": STEPS}
        (folder / "c.yaml").write_text(json.dumps(config | {"runs": [{"strategy": "full"}]}))
        done = fdbench("plan", folder / "c.yaml", "--format", "json")
        assert done.returncode == 0, done.stderr
        scheduler.set_timesteps(STEPS)
        found[value] = json.loads(done.stdout)[0]["timesteps"]
        assert found[value] == scheduler.timesteps.tolist()
    assert found[-2.0] != found[-float("inf")]
