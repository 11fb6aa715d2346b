"""Every sampler against diffusers' scheduler: the whole trajectory, many options, step counts."""

import functools
import importlib
import json
import math
import os
import subprocess
import types

import diffusers
import mpmath
import pytest
import torch
from diffusers.schedulers.scheduling_utils import KarrasDiffusionSchedulers
from diffusers.utils.import_utils import DummyObject
from safetensors.torch import load_file, save_file

from tests.parity.reference import scaled_difference
from tests.parity.sampler_cases import (
    CASES,
    SD,
    STEP_ARGUMENTS,
    ZERO_SNR,
    answer,
    case_name,
    channels,
    is_learned,
)

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
STEPS = (5, 10, 20, 50)
# Fewer than an order-3 solver has answers for.
FEW_STEPS = (1, 2, 3)
# The bound, of the largest value at each step. What is measured in float32 is below 1e-6,
# but for the first steps from sigma 4096 (rescale_betas_zero_snr) and for clipping (4e-5).
TOLERANCE = 1e-4

NAMES = {
    "ddim": "DDIMScheduler",
    "ddpm": "DDPMScheduler",
    "dpm_solver++": "DPMSolverMultistepScheduler",
    "dpm_solver": "DPMSolverMultistepScheduler",
    "dpm_solver++_sde": "DPMSolverMultistepScheduler",
    "dpm_solver_sde": "DPMSolverMultistepScheduler",
    "dpm_solver_singlestep": "DPMSolverSinglestepScheduler",
    "euler": "EulerDiscreteScheduler",
    "euler_ancestral": "EulerAncestralDiscreteScheduler",
    "pndm": "PNDMScheduler",
    "unipc": "UniPCMultistepScheduler",
    "lcm": "LCMScheduler",
}
# What a short name means beyond its class.
IMPLIED = {
    "dpm_solver++": {"algorithm_type": "dpmsolver++"},
    "dpm_solver": {"algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min"},
    "dpm_solver++_sde": {"algorithm_type": "sde-dpmsolver++"},
    "dpm_solver_sde": {"algorithm_type": "sde-dpmsolver", "final_sigmas_type": "sigma_min"},
}
# Networks trained for EDM's noise levels are refused: tests/field/test_model_folders.py.
# LMSDiscreteScheduler and DPMSolverSDEScheduler need packages that are not installed.
FOLDERS = [
    member.name
    for member in KarrasDiffusionSchedulers
    if not isinstance(getattr(diffusers, member.name), DummyObject)
    and not member.name.startswith("EDM")
]
FOLDERS += ["LCMScheduler", "TCDScheduler"]
# Two steps from sigma 4096 lose all but four digits in float32: 1.4e-4 was measured.
NOT_COMPARABLE = [(case_name("euler", ZERO_SNR), 2)]
IMPOSSIBLE = [
    # Its lower_order_final false makes no numbers of UniPC's last step to sigma 0; an error here.
    ("unipc", "DPMSolverSinglestepScheduler"),
    # diffusers reads "deis" as "dpmsolver++", then refuses to end it at sigma 0; works here.
    ("dpm_solver_singlestep", "DEISMultistepScheduler"),
]


@pytest.fixture(scope="module")
def inputs() -> dict[str, torch.Tensor]:
    """Starting noise, noise on the way, and the mixing of channels."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    return {"latents": draw(2, 4, 6, 6), "noise": draw(60, 2, 4, 6, 6), "mix": 0.5 * draw(8, 4)}


@pytest.fixture(scope="module")
def run_cases(root, tmp_path_factory, inputs):
    """Runs many cases in one call of the runner."""

    def call(cases: list[dict]) -> dict[str, torch.Tensor]:
        folder = tmp_path_factory.mktemp("samplers")
        (folder / "cases.json").write_text(json.dumps(cases))
        save_file(inputs, folder / "inputs.safetensors")
        program = root / os.environ.get("FDBENCH_BUILD", "build/release") / "tests/sampler_runner"
        assert program.exists(), f"{program} is not built: run `make build`"
        files = [folder / name for name in ("cases.json", "inputs.safetensors", "out.safetensors")]
        result = subprocess.run([program, *files], capture_output=True, text=True, timeout=300)
        assert result.returncode == 0, result.stderr
        return load_file(files[-1])

    return call


def refuses(name: str, steps: int) -> bool:
    """Few steps of which diffusers makes an exception or no numbers, and fdbench an error."""
    return ("skip_prk_steps=False" in name and steps < 4) or (
        "shift_terminal" in name and steps < 2
    )


def cases_to_run() -> list[tuple[str, int]]:
    """Every case with each of its step counts."""
    return [
        (name, steps)
        for name in CASES
        for steps in FEW_STEPS + STEPS
        if not refuses(name, steps) and (name, steps) not in NOT_COMPARABLE
    ]


@pytest.fixture(scope="module")
def ours(run_cases) -> dict[str, torch.Tensor]:
    """All cases by options."""
    return run_cases(
        [
            {
                "id": f"{name}@{steps}",
                "sampler": "",
                "config": {"_class_name": CASES[name][0], **CASES[name][1]},
                "overrides": {},
                "steps": steps,
                "channels": channels(*CASES[name]),
                "learned": is_learned(CASES[name][1]),
            }
            for name, steps in cases_to_run()
        ]
    )


def folder_config(class_name: str) -> dict:
    """The scheduler_config.json that diffusers writes for a scheduler; SD's where it has that."""
    scheduler = getattr(diffusers, class_name)
    has = {key: value for key, value in SD.items() if key in scheduler._get_init_keys(scheduler)}
    if class_name == "PNDMScheduler":
        has["skip_prk_steps"] = True
    return json.loads(scheduler(**has).to_json_string())


@pytest.fixture(scope="module")
def from_folders(run_cases) -> dict[str, torch.Tensor]:
    """Every sampler on every scheduler's folder."""

    def readable(config: dict) -> dict:
        return {k: "-Infinity" if v == -math.inf else v for k, v in config.items()}

    return run_cases(
        [
            {
                "id": f"{name}@{folder}",
                "sampler": name,
                "config": readable(folder_config(folder)),
                "overrides": {},
                "steps": 10,
                "channels": 4,
                "learned": False,
            }
            for name in NAMES
            for folder in FOLDERS
            if (name, folder) not in IMPOSSIBLE
        ]
    )


@functools.cache
def beta_quantile(probability: float, a: float, b: float) -> float:
    """scipy.stats.beta.ppf, for diffusers without SciPy."""
    if probability in (0, 1):
        return float(probability)
    with mpmath.workdps(25):

        def miss(x):
            return mpmath.betainc(a, b, 0, x, regularized=True) - probability

        return float(mpmath.findroot(miss, (1e-12, 1 - 1e-12), solver="anderson", tol=1e-36))


@pytest.fixture(autouse=True)
def quantiles(monkeypatch):
    """SciPy is a large dependency for one function, which use_beta_sigmas needs."""
    stats = types.SimpleNamespace(beta=types.SimpleNamespace(ppf=beta_quantile))
    for class_name in set(NAMES.values()):
        module = importlib.import_module(getattr(diffusers, class_name).__module__)
        if hasattr(module, "is_scipy_available"):
            monkeypatch.setattr(module, "is_scipy_available", lambda: True)
            scipy = types.SimpleNamespace(stats=stats)
            monkeypatch.setattr(module, "scipy", scipy, raising=False)


def make_scheduler(class_name: str, config: dict):
    """diffusers' scheduler as from_config makes it from a folder's file."""
    own = {key: value for key, value in config.items() if key not in STEP_ARGUMENTS}
    return getattr(diffusers, class_name).from_config({"_class_name": class_name, **own})


def original_sample(scheduler, output, answered, timestep, sample) -> torch.Tensor:
    """What diffusers takes the clean picture for at a step that it has just made. answered: by the
    network; output: of step(). sample: before the step.
    """
    if "denoised" in output:
        return output.denoised
    if "pred_original_sample" in output:
        return output.pred_original_sample
    if hasattr(scheduler, "convert_model_output"):
        # Of the step before: step() counted on.
        scheduler._step_index -= 1
        converted = scheduler.convert_model_output(answered, sample=sample)
        sigma = scheduler.sigmas[scheduler.step_index]
        scheduler._step_index += 1
        config = scheduler.config
        is_unipc = isinstance(scheduler, diffusers.UniPCMultistepScheduler)
        if config.predict_x0 if is_unipc else config.algorithm_type.endswith("++"):
            return converted
        alpha, sigma = scheduler._sigma_to_alpha_sigma_t(sigma)
        return (sample - sigma * converted) / alpha
    # PNDM tells none; formula (4) of DDIM's paper with its schedule.
    assert isinstance(scheduler, diffusers.PNDMScheduler)
    alpha = scheduler.alphas_cumprod[min(int(timestep), len(scheduler.alphas_cumprod) - 1)]
    if scheduler.config.prediction_type == "v_prediction":
        return alpha.sqrt() * sample - (1 - alpha).sqrt() * answered
    return (sample - (1 - alpha).sqrt() * answered) / alpha.sqrt()


def reference(scheduler, options: dict, inputs: dict, steps: int, monkeypatch):
    """Timesteps, trajectory, original samples and the number of noises drawn."""
    count = channels(type(scheduler).__name__, options)
    mix = inputs["mix"][: 2 * count, :count]
    drawn = []

    def next_noise(*_, **__) -> torch.Tensor:
        drawn.append(len(drawn))
        return inputs["noise"][drawn[-1]][:, :count]

    module = importlib.import_module(type(scheduler).__module__)
    if hasattr(module, "randn_tensor"):
        monkeypatch.setattr(module, "randn_tensor", next_noise)
    arguments = {key: options[key] for key in STEP_ARGUMENTS if key in options}
    scheduler.set_timesteps(steps)
    if hasattr(scheduler, "set_begin_index"):
        # Else diffusers looks the first timestep up, finds the second of two equal ones (some
        # spreads begin with them) and runs past the end.
        scheduler.set_begin_index(0)
    sample = inputs["latents"][:, :count] * scheduler.init_noise_sigma
    trajectory, estimates = [sample], []
    for timestep in scheduler.timesteps:
        scaled = scheduler.scale_model_input(sample, timestep)
        prediction = answer(mix, scaled, timestep.item(), is_learned(options))
        made = scheduler.step(prediction, timestep, sample, **arguments)
        estimates.append(original_sample(scheduler, made, prediction, timestep, sample))
        sample = made.prev_sample
        trajectory.append(sample)
    return scheduler.timesteps, torch.stack(trajectory), torch.stack(estimates), len(drawn)


def check(ours: dict, case: str, expected: tuple) -> None:
    """Timesteps, every step of the trajectory and its original sample, and how often noise was
    drawn.
    """
    timesteps, trajectory, estimates, draws = expected
    assert torch.isfinite(trajectory).all(), f"{case}: diffusers is not finite"
    # Plus 1: a single timestep 0 has no scale.
    assert scaled_difference(ours[f"{case}.timesteps"] + 1, timesteps.float() + 1) < 1e-6, case
    assert ours[f"{case}.draws"].item() == draws, case
    made = ours[f"{case}.trajectory"]
    assert made.shape == trajectory.shape, case
    differences = [scaled_difference(*pair) for pair in zip(made, trajectory, strict=True)]
    print(f"{case}: {max(differences):.1e}")
    assert max(differences) < TOLERANCE, f"{case}: {differences}"
    if "s_churn" in case:
        # diffusers adds noise to the sample that the network saw, and estimates from that.
        return
    made = ours[f"{case}.original_sample"]
    differences = [scaled_difference(*pair) for pair in zip(made, estimates, strict=True)]
    print(f"{case}: original samples {max(differences):.1e}")
    assert max(differences) < TOLERANCE, f"{case}: original samples {differences}"


@pytest.mark.parametrize("name", CASES)
def test_trajectory_equals_the_schedulers(ours, inputs, name, monkeypatch):
    class_name, options = CASES[name]
    for steps in (steps for case, steps in cases_to_run() if case == name):
        scheduler = make_scheduler(class_name, options)
        expected = reference(scheduler, options, inputs, steps, monkeypatch)
        check(ours, f"{name}@{steps}", expected)


@pytest.mark.parametrize("name", NAMES)
def test_another_schedulers_folder_is_read_as_from_config_reads_it(
    from_folders, inputs, name, monkeypatch
):
    for folder in FOLDERS:
        if (name, folder) in IMPOSSIBLE:
            continue
        config = folder_config(folder) | IMPLIED.get(name, {})
        scheduler = getattr(diffusers, NAMES[name]).from_config(config)
        check(from_folders, f"{name}@{folder}", reference(scheduler, {}, inputs, 10, monkeypatch))
