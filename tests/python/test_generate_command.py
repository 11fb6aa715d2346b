"""What `fdbench generate` says and refuses, its dtypes, and SDXL-like models."""

import json
import shutil

import pytest
import torch
from diffusers import DDIMScheduler
from safetensors.torch import load_file, save_file

from tests.parity.reference import scaled_difference, unet_forward
from tests.python.sd_pipelines import SD1, generate, make_folder, make_inputs

SDXL = {
    "block_out_channels": (32, 64),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 6 * 8 + 24,
}
DEEPCACHE = ("--strategy", "deepcache", "--cache-interval")


@pytest.fixture
def model(tmp_path):
    """A tiny folder with unet/ and scheduler/ only, and inputs for it."""
    make_folder(tmp_path, SD1)
    save_file(make_inputs(), tmp_path / "inputs.safetensors")
    return tmp_path


def run(fdbench, model, *options):
    """A quick run; gives back the finished process."""
    if "--steps" not in options:
        options = ("--steps", 5, *options)
    return fdbench(
        "generate",
        model,
        *("--inputs", model / "inputs.safetensors"),
        *("--save-latents", model / "out.safetensors"),
        *options,
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--strategy", "encoder", "--key-steps", "5,0"], "key step 0 is outside 1..5"),
        (["--strategy", "encoder", "--key-steps", "6"], "key step 6 is outside 1..5"),
        (["--strategy", "encoder", "--key-steps", "4,2"], "no key step 5"),
        (["--strategy", "encodre"], "did you mean 'encoder'?"),
        (["--strategy", "encoder", "--key-steps", "unifrom_I"], "did you mean 'uniform_I'?"),
        (["--key-steps", "5"], "--strategy encoder"),
        (["--strategy", "encoder", "--key-steps", "fraction:0.9-0.1:2"], "must be below end"),
        (["--strategy", "encoder", "--key-steps", "fraction:0.1-0.9"], "fraction:0.1-0.9:4"),
        (["--strategy", "deepcache"], "needs --cache-interval or --key-steps"),
        ([*DEEPCACHE, "0"], "'--cache-interval' is 0; it must be at least 1"),
        ([*DEEPCACHE, "x"], "--cache-interval"),
        ([*DEEPCACHE, "2", "--cache-branch", "12"], "cache_branch 12 is outside 0..11"),
        (
            [*DEEPCACHE, "2", "--cache-branch", "-1"],
            "'--cache-branch' is -1; it must be at least 0",
        ),
        ([*DEEPCACHE, "2", "--cache-block-id", "4"], "cache_block_id 4 is outside 0..3"),
        ([*DEEPCACHE, "2", "--cache-layer-id", "3"], "cache_layer_id 3 is outside 0..2"),
        ([*DEEPCACHE, "2", "--cache-branch", "1", "--cache-layer-id", "1"], "give one"),
        ([*DEEPCACHE, "2", "--key-steps", "all"], "does not go with --cache-interval"),
        ([*DEEPCACHE, "2", "--cache-center", "2"], "--cache-pow go together"),
        ([*DEEPCACHE, "2", "--cache-center", "2", "--cache-pow", "1"], "pow must be above 1"),
        (["--strategy", "encoder", "--cache-branch", "1"], "belongs to --strategy deepcache"),
        (["--execution", "paralel"], "did you mean 'parallel'?"),
        (["--sampler", "dimm"], "did you mean 'ddim'?"),
        (["--steps", "0"], "'--steps' is 0; it must be at least 1"),
        (["--dtype", "bf17"], "did you mean 'bf16'?"),
        (["--output", "x.png"], "has no vae/"),
        (["--prompt", "a red circle"], "both given"),
        (["--max-parallel", "2"], "--execution parallel"),
        (["--tome-ratio", "1.5"], "'--tome-ratio' is 1.5; it must be at least 0 and below 1"),
        (["--tome-ratio", "-0.5"], "at least 0 and below 1"),
        (["--tome-ratio", "half"], "--tome-ratio"),
        (["--tome-sx", "3"], "--tome-sx requires --tome-ratio"),
        (["--tome-no-rand"], "--tome-no-rand requires --tome-ratio"),
        (["--tome-ratio", "0.5", "--tome-sx", "0"], "'--tome-sx' is 0; it must be at least 1"),
        (["--tome-ratio", "0.5", "--tome-sy", "2.5"], "--tome-sy"),
        (["--tome-ratio", "0.5", "--tome-max-downsample", "3"], "must be 1, 2, 4 or 8"),
        (["--tome-ratio", "0.5", "--tome-no-merge-attn"], "nothing is merged"),
        (["--tome-ratio", "0.5", "--tome-sx", "64"], "no window of 2x64 tokens (sy x sx) fits"),
        (["--height", "128"], "--height"),
        (["--sampler-option", "etaa=1"], "unknown key 'etaa', did you mean 'eta'?"),
        (["--sampler-option", "eta=abc"], "'eta': must be a number, not 'abc'"),
        (["--sampler-option", "eta=2"], "'eta': 2.0 is outside 0.0..1.0"),
        (["--sampler-option", "eta"], "write it as key=value"),
        (["--sampler-option", "eta=1", "--sampler-option", "eta=0"], "'eta' is given twice"),
        (["--sampler-option", "eta=1", "--eta", "1"], "both given"),
        (["--sampler-option", "use_karras_sigmas=true"], "unknown key 'use_karras_sigmas'"),
        (["--sampler", "ddpm", "--eta", "0.5"], "sampler ddpm: unknown key 'eta'"),
        (["--eta", "2"], "'eta': 2.0 is outside 0.0..1.0"),
        (["--sampler", "dpm_solver++", "--sampler-option", "solver_order=4"], "outside 1..3"),
        (["--sampler", "dpm_solver++", "--sampler-option", "solver_order=2.5"], "whole number"),
        (["--sampler", "pndm", "--steps", "3"], "steps 3 is too few"),
        (["--sampler", "lcm", "--steps", "51"], "outside 1..50"),
        (["--savings", "some"], "--savings"),
        (["--noise-injection", "-1"], "is -1; it must be at least 0"),
        (["--noise-injection", "a"], "--noise-injection"),
        (["--noise-injection", "0.003", "--noise-injection-tau", "7"], "tau 7 is outside 1..6"),
        (["--noise-injection-tau", "3"], "need --noise-injection"),
        (
            ["--noise-injection", "0.003", "--noise-injection-placement", "before_steps"],
            "did you mean 'before_step'?",
        ),
    ],
)
def test_wrong_use_is_one_clear_line(fdbench, model, options, message):
    result = run(fdbench, model, *options)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (model / "out.safetensors").exists()


def test_guidance_needs_negative_embeddings(fdbench, model):
    inputs = make_inputs()
    del inputs["negative_prompt_embeds"]
    save_file(inputs, model / "inputs.safetensors")
    result = run(fdbench, model)
    assert result.returncode == 2
    assert "negative_prompt_embeds" in result.stderr
    assert run(fdbench, model, "--guidance", 1).returncode == 0


def test_the_folders_own_scheduler(fdbench, model):
    """SD 1.5 folders ship a PNDMScheduler's config, which makes a call more than steps."""
    path = model / "scheduler/scheduler_config.json"
    own = {"_class_name": "PNDMScheduler", "skip_prk_steps": True, "set_alpha_to_one": False}
    path.write_text(json.dumps(SD1 | own))
    assert "6 network calls" in run(fdbench, model).stdout
    assert "5 network calls" in run(fdbench, model, "--sampler", "ddim").stdout
    encoder = run(fdbench, model, "--strategy", "encoder", "--key-steps", "5,2")
    assert "6 network calls" in encoder.stdout


def test_a_latent_that_is_not_finite_names_the_step(fdbench, model):
    inputs = make_inputs()
    inputs["latents"][0, 0, 0, 0] = 3e38  # finite, but not after the network
    save_file(inputs, model / "inputs.safetensors")
    result = run(fdbench, model)
    assert result.returncode == 3
    assert "step 5 (number 1 of 5, timestep 801)" in result.stderr


def test_a_strategy_that_reused_nothing_says_so(fdbench, model):
    idle = run(fdbench, model, "--strategy", "encoder", "--key-steps", "all")
    assert "reused nothing" in idle.stdout
    assert "reused nothing" not in run(fdbench, model, "--strategy", "encoder").stdout


def test_parallel_makes_fewer_calls(fdbench, model):
    options = ["--strategy", "encoder", "--key-steps", "5,3"]
    assert "5 network calls" in run(fdbench, model, *options).stdout
    parallel = run(fdbench, model, *options, "--execution", "parallel")
    assert "2 network calls" in parallel.stdout


def test_sampler_options_reach_the_sampler(fdbench, model):
    """Over the folder's: the same as the folder that has them; values are JSON, else text."""

    def latents(*options):
        assert run(fdbench, model, *options).returncode == 0
        return load_file(model / "out.safetensors")["latents"]

    given = latents(
        *("--sampler-option", "timestep_spacing=trailing"),
        *("--sampler-option", "eta=0.5", "--sampler-option", "set_alpha_to_one=true"),
    )
    plain = latents()
    own = SD1 | {"timestep_spacing": "trailing", "set_alpha_to_one": True}
    DDIMScheduler(**own).save_pretrained(model / "scheduler")
    assert torch.equal(latents("--eta", "0.5"), given)
    assert not torch.equal(plain, given)


def test_help_lists_all_samplers(fdbench):
    text = fdbench("generate", "--help").stdout
    for name in ("ddim", "ddpm", "dpm_solver++_sde", "dpm_solver_singlestep", "unipc", "lcm"):
        assert f"{name}," in text


def test_savings_leave_the_latents(fdbench, model):
    made = {}
    for savings in ("all", "none"):
        assert run(fdbench, model, "--savings", savings).returncode == 0
        made[savings] = load_file(model / "out.safetensors")["latents"]
    # Sums in another order, over five steps with guidance.
    assert scaled_difference(made["none"], made["all"]) < 1e-5
    assert not torch.equal(made["none"], made["all"])


@pytest.mark.parametrize("gone", ["scheduler", "scheduler/scheduler_config.json"])
def test_a_folder_without_scheduler(fdbench, model, gone):
    path = model / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    (model / "c.yaml").write_text(
        f"name: a\nmodel: {model}\nprompts: [a]\nruns: [{{strategy: full}}]"
    )
    planned = fdbench("plan", model / "c.yaml")
    for result in (run(fdbench, model), run(fdbench, model, "--sampler", "ddim"), planned):
        assert result.returncode == 2
        assert "scheduler_config.json" in result.stderr
        assert result.stderr.count("\n") == 1
    assert "c.yaml:2:8: " in planned.stderr


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_stays_near_float32(fdbench, model, dtype):
    assert run(fdbench, model).returncode == 0
    reference = load_file(model / "out.safetensors")["latents"]
    assert run(fdbench, model, "--dtype", dtype).returncode == 0
    made = load_file(model / "out.safetensors")["latents"]
    assert made.dtype == getattr(torch, dtype)
    # bfloat16 has 8 bits; guidance multiplies their rounding by about 15, over five steps.
    assert scaled_difference(made, reference) < (0.01 if dtype == "float16" else 0.1)


def test_sdxl_like_model_with_embeddings(fdbench, tmp_path):
    unet = make_folder(tmp_path, SD1, SDXL)
    inputs = make_inputs()
    generator = torch.Generator().manual_seed(2)
    for name in ("text_embeds", "negative_text_embeds"):
        inputs[name] = torch.randn(1, 24, generator=generator)
    inputs["time_ids"] = torch.tensor([[128.0, 128, 0, 0, 128, 128]])

    scheduler = DDIMScheduler(**SD1)
    scheduler.set_timesteps(6)
    latents = inputs["latents"]
    for timestep in scheduler.timesteps:
        negative, positive = (
            unet_forward(
                unet,
                {
                    "sample": latents,
                    "timestep": timestep,
                    "encoder_hidden_states": inputs[prefix + "prompt_embeds"],
                    "text_embeds": inputs[prefix + "text_embeds"],
                    "time_ids": inputs["time_ids"],
                },
            )
            for prefix in ("negative_", "")
        )
        prediction = negative + 7.5 * (positive - negative)
        latents = scheduler.step(prediction, timestep, latents).prev_sample

    ours = generate(fdbench, tmp_path, tmp_path, "--steps", 6, inputs=inputs)
    assert scaled_difference(ours["latents"], latents) < 1e-4
