"""Every sampler against diffusers' scheduler: the whole trajectory, many options and step counts."""

import functools
import importlib
import json
import os
import subprocess
import types

import diffusers
import mpmath
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.parity.sampler_cases import CASES, STEP_ARGUMENTS, answer, is_learned
from tests.parity.reference import scaled_difference

STEPS = (5, 10, 20, 50)
# The bound, of the largest value at each step.
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def inputs() -> dict[str, torch.Tensor]:
    """Starting noise, noise on the way, and the mixing of channels."""
    generator = torch.Generator().manual_seed(0)
    draw = lambda *shape: torch.randn(shape, generator=generator)
    return {"latents": draw(2, 4, 6, 6), "noise": draw(60, 2, 4, 6, 6), "mix": 0.5 * draw(8, 4)}


@pytest.fixture(scope="module")
def ours(root, tmp_path_factory, inputs) -> dict[str, torch.Tensor]:
    """All cases in one call of the runner."""
    folder = tmp_path_factory.mktemp("samplers")
    cases = [
        {
            "id": f"{name}@{steps}",
            "sampler": "",
            "config": {"_class_name": class_name, **options},
            "overrides": {},
            "steps": steps,
            "learned": is_learned(options),
        }
        for name, (class_name, options) in CASES.items()
        for steps in STEPS
    ]
    (folder / "cases.json").write_text(json.dumps(cases))
    save_file(inputs, folder / "inputs.safetensors")
    program = root / os.environ.get("FDBENCH_BUILD", "build/release") / "tests/sampler_runner"
    assert program.exists(), f"{program} is not built: run `make build`"
    arguments = [folder / name for name in ("cases.json", "inputs.safetensors", "out.safetensors")]
    result = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return load_file(folder / "out.safetensors")


@functools.cache
def beta_quantile(probability: float, a: float, b: float) -> float:
    """scipy.stats.beta.ppf, for diffusers without SciPy."""
    if probability in (0, 1):
        return float(probability)
    with mpmath.workdps(25):
        miss = lambda x: mpmath.betainc(a, b, 0, x, regularized=True) - probability
        return float(mpmath.findroot(miss, (1e-12, 1 - 1e-12), solver="anderson", tol=1e-36))


@pytest.fixture(autouse=True)
def quantiles(monkeypatch):
    """SciPy is a large dependency for one function, which use_beta_sigmas needs."""
    stats = types.SimpleNamespace(beta=types.SimpleNamespace(ppf=beta_quantile))
    for class_name in {class_name for class_name, _ in CASES.values()}:
        module = importlib.import_module(getattr(diffusers, class_name).__module__)
        if hasattr(module, "is_scipy_available"):
            monkeypatch.setattr(module, "is_scipy_available", lambda: True)
            monkeypatch.setattr(
                module, "scipy", types.SimpleNamespace(stats=stats), raising=False
            )


def make_scheduler(class_name: str, options: dict):
    """diffusers' scheduler as from_config makes it from a folder's file."""
    config = {key: value for key, value in options.items() if key not in STEP_ARGUMENTS}
    return getattr(diffusers, class_name).from_config({"_class_name": class_name, **config})


def reference(scheduler, options: dict, inputs: dict, steps: int, monkeypatch):
    """Timesteps, trajectory and the number of noises drawn."""
    drawn = []

    def next_noise(*_, **__) -> torch.Tensor:
        drawn.append(len(drawn))
        return inputs["noise"][drawn[-1]]

    module = importlib.import_module(type(scheduler).__module__)
    if hasattr(module, "randn_tensor"):
        monkeypatch.setattr(module, "randn_tensor", next_noise)
    arguments = {key: options[key] for key in STEP_ARGUMENTS if key in options}
    scheduler.set_timesteps(steps)
    sample = inputs["latents"] * scheduler.init_noise_sigma
    trajectory = [sample]
    for timestep in scheduler.timesteps:
        scaled = scheduler.scale_model_input(sample, timestep)
        prediction = answer(inputs["mix"], scaled, timestep.item(), is_learned(options))
        sample = scheduler.step(prediction, timestep, sample, **arguments).prev_sample
        trajectory.append(sample)
    return scheduler.timesteps, torch.stack(trajectory), len(drawn)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("name", CASES)
def test_trajectory_equals_the_schedulers(ours, inputs, name, monkeypatch):
    class_name, options = CASES[name]
    worst = 0.0
    for steps in STEPS:
        scheduler = make_scheduler(class_name, options)
        timesteps, trajectory, draws = reference(scheduler, options, inputs, steps, monkeypatch)
        case = f"{name}@{steps}"
        assert torch.isfinite(trajectory).all(), f"{case}: diffusers is not finite"
        assert scaled_difference(ours[f"{case}.timesteps"], timesteps.float()) < 1e-6, case
        assert ours[f"{case}.draws"].item() == draws, case
        assert ours[f"{case}.trajectory"].shape == trajectory.shape, case
        for step, (mine, theirs) in enumerate(
            zip(ours[f"{case}.trajectory"], trajectory, strict=True)
        ):
            difference = scaled_difference(mine, theirs)
            worst = max(worst, difference)
            assert difference < TOLERANCE, f"{case}, after {step} calls: {difference}"
    print(f"{name}: {worst:.1e}")
