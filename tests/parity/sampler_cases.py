"""What the sampler parity test runs: options by sampler, and the stand-in for the network."""

import math

import torch

SD = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "set_alpha_to_one": False,
    "clip_sample": False,
}
LINEAR = {"beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear"}
TRAINED = {"trained_betas": [0.001 + 0.00001 * i for i in range(1000)]}
COSINE = {"beta_schedule": "squaredcos_cap_v2"}
V = {"prediction_type": "v_prediction"}
CONTINUOUS = {"timestep_type": "continuous", **V}
X0 = {"prediction_type": "sample"}
FLOW = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}
THRESHOLD = {"thresholding": True, "sample_max_value": 2.0}
ZERO_SNR = {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing", **V}
KARRAS = {"use_karras_sigmas": True}
EXPONENTIAL = {"use_exponential_sigmas": True}
BETA = {"use_beta_sigmas": True}
NOT_ZERO = {"final_sigmas_type": "sigma_min"}
HEUN = {"solver_type": "heun"}
SPACINGS = [{"timestep_spacing": name} for name in ("leading", "trailing", "linspace")]
SCHEDULES = [LINEAR, TRAINED, COSINE]
SPREADS = [KARRAS, EXPONENTIAL, BETA]


def order(count: int) -> dict:
    """The solver_order."""
    return {"solver_order": count}


def algorithm(name: str, **more) -> dict:
    """A DPM-Solver's algorithm_type; those without ++ cannot end at sigma 0."""
    return {"algorithm_type": name, **({} if name.endswith("++") else NOT_ZERO), **more}


DPM_ALGORITHMS = ("dpmsolver++", "dpmsolver", "sde-dpmsolver++", "sde-dpmsolver")

# Sampler -> diffusers' class and the options that differ from SD.
OPTIONS: dict[str, tuple[str, list[dict]]] = {
    "ddim": (
        "DDIMScheduler",
        [{}, {"eta": 1.0}, {"eta": 0.5, **V}, {"eta": 0.7, **X0}, ZERO_SNR, THRESHOLD]
        + [{"clip_sample": True, "clip_sample_range": 1.5}, {"set_alpha_to_one": True}]
        + [{**ZERO_SNR, "prediction_type": "epsilon", "clip_sample": True}]
        + SPACINGS
        + SCHEDULES,
    ),
    "ddpm": (
        "DDPMScheduler",
        [{"variance_type": f"fixed_{size}"} for size in ("small", "small_log", "large")]
        + [{"variance_type": "learned"}, {"variance_type": "learned_range"}]
        + [V, X0, ZERO_SNR, THRESHOLD, {"clip_sample": True}, {"beta_schedule": "sigmoid"}]
        + [{"beta_schedule": "laplace"}, {"steps_offset": 0}]
        + SPACINGS
        + SCHEDULES,
    ),
    "dpm_multistep": (
        "DPMSolverMultistepScheduler",
        [algorithm(name, **order(o)) for name in DPM_ALGORITHMS for o in (1, 2, 3)][:-1]
        + [algorithm(name, **HEUN) for name in DPM_ALGORITHMS]
        + [algorithm(name, **X0) for name in DPM_ALGORITHMS[:2]]
        + [algorithm(name, **V) for name in DPM_ALGORITHMS[:2]]
        + [algorithm(name, **THRESHOLD) for name in DPM_ALGORITHMS[:2]]
        + [{**spread, **order(o)} for spread in SPREADS for o in (2, 3)]
        + [{**KARRAS, **NOT_ZERO}, {**KARRAS, **COSINE}, {"use_lu_lambdas": True, **order(3)}]
        + [{**KARRAS, "sigma_min": 0.1, "sigma_max": 10.0}]
        + [{**FLOW, "flow_shift": 3.0}, {**FLOW, **order(3)}, {"euler_at_final": True, **NOT_ZERO}]
        + [{"lower_order_final": False, **order(3)}, {"lower_order_final": False, **NOT_ZERO}]
        + [algorithm(name, variance_type="learned") for name in DPM_ALGORITHMS[:2]]
        + [{"use_lu_lambdas": True, **ZERO_SNR}]
        + [{"lambda_min_clipped": -5.1, **COSINE}, {"lambda_min_clipped": -2.0}, ZERO_SNR]
        + SPACINGS
        + SCHEDULES,
    ),
    "dpm_singlestep": (
        "DPMSolverSinglestepScheduler",
        [algorithm(name, **order(o)) for name in DPM_ALGORITHMS[:3] for o in (1, 2, 3)]
        + [algorithm(name, **HEUN, **order(o)) for name in DPM_ALGORITHMS[:3] for o in (2, 3)]
        + [{**order(o), **NOT_ZERO} for o in (2, 3)]
        + [{**order(o), "lower_order_final": True, **NOT_ZERO} for o in (2, 3)]
        + [{"variance_type": "learned_range"}, {**V, **algorithm("dpmsolver")}]
        + [V, X0, {**X0, **algorithm("dpmsolver")}, THRESHOLD, FLOW, {"lambda_min_clipped": -2.0}]
        + SPREADS
        + SCHEDULES,
    ),
    "euler": (
        "EulerDiscreteScheduler",
        [{}, V, X0, ZERO_SNR, NOT_ZERO, {"interpolation_type": "log_linear"}]
        + [{"interpolation_type": "log_linear", **more} for more in (KARRAS, CONTINUOUS)]
        + [CONTINUOUS, {**CONTINUOUS, **KARRAS}]
        + [{**KARRAS, "sigma_min": 0.1, "sigma_max": 10.0}, {**KARRAS, **NOT_ZERO}]
        + [{"s_churn": 5.0}, {"s_churn": 2.0, "s_tmin": 0.5, "s_tmax": 9.0, "s_noise": 1.01}]
        + SPREADS
        + SPACINGS
        + SCHEDULES,
    ),
    "euler_ancestral": (
        "EulerAncestralDiscreteScheduler",
        [{}, V, ZERO_SNR] + SPACINGS + SCHEDULES,
    ),
    "pndm": (
        "PNDMScheduler",
        [{"skip_prk_steps": skips, **more} for skips in (True, False) for more in SPACINGS + [V]]
        + [{"skip_prk_steps": True, **more} for more in SCHEDULES]
        + [{"skip_prk_steps": True, "set_alpha_to_one": True}],
    ),
    "unipc": (
        "UniPCMultistepScheduler",
        [{"solver_type": "bh2", **order(o)} for o in (1, 2, 3, 4)]
        # diffusers' last step to sigma 0 is no number with bh1.
        + [{"solver_type": "bh1", **NOT_ZERO, **order(o)} for o in (1, 2, 3, 4)]
        + [{"predict_x0": False, **NOT_ZERO, **order(o)} for o in (1, 2, 3)]
        + [{"predict_x0": False, **NOT_ZERO, **more} for more in (V, X0)]
        + [{"disable_corrector": [0, 1, 3]}, {"lower_order_final": False, **order(3), **NOT_ZERO}]
        + [{**spread, **order(3)} for spread in SPREADS]
        + [{**KARRAS, **NOT_ZERO}, {**KARRAS, "sigma_min": 0.1, "sigma_max": 10.0}]
        + [{**FLOW, "flow_shift": 3.0}, {**FLOW, "shift_terminal": 0.1}, {**FLOW, **KARRAS}]
        + [V, X0, THRESHOLD, ZERO_SNR]
        + SPACINGS
        + SCHEDULES,
    ),
    "lcm": (
        "LCMScheduler",
        [{}, V, X0, THRESHOLD, {"clip_sample": True}, {"timestep_scaling": 5.0}]
        + [{"original_inference_steps": 100}, {"rescale_betas_zero_snr": True, **V}]
        + SCHEDULES,
    ),
}
# Arguments of step() in diffusers, options here.
STEP_ARGUMENTS = ("eta", "s_churn", "s_tmin", "s_tmax", "s_noise")


def case_name(sampler: str, options: dict) -> str:
    """A readable id."""
    words = [key if isinstance(value, list) else f"{key}={value}" for key, value in options.items()]
    return ",".join([sampler, *words])


CASES = {
    case_name(sampler, options): (class_name, SD | options)
    for sampler, (class_name, variants) in OPTIONS.items()
    for options in variants
}


def is_learned(options: dict) -> bool:
    """The network predicts variances too."""
    return (options.get("variance_type") or "").startswith("learned")


def channels(class_name: str, options: dict) -> int:
    """diffusers' solvers cut variances off for pictures of three channels only."""
    return 3 if is_learned(options) and class_name.startswith("DPMSolver") else 4


def answer(mix: torch.Tensor, sample: torch.Tensor, timestep: float, learned: bool) -> torch.Tensor:
    """The stand-in for a network; sampler_runner.cpp has the same formula."""
    mixed = torch.einsum("oc,bchw->bohw", mix, sample)
    both = (0.8 * mixed + 0.5 * math.sin(timestep / 100)).tanh()
    prediction, variance = both.chunk(2, 1)
    return torch.cat([prediction, 0.3 + 0.2 * variance], 1) if learned else prediction
