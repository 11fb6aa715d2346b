"""The strategy deepcache against the library DeepCache 0.1.1 on a small SD 1.x-like UNet."""

import ast
import json
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from DeepCache import DeepCacheSDHelper
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler

from tests.parity.reference import TOLERANCE, scaled_difference
from tests.python.sd_pipelines import SD1, generate, make_folder, make_inputs

STEPS, GUIDANCE = 14, 7.5
SCHEDULERS = {"ddim": DDIMScheduler, "dpm_solver++": DPMSolverMultistepScheduler}
SDXL = {
    "block_out_channels": (32, 64, 96),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
}
# Runs that differ in what is reused must differ by far more than TOLERANCE, else parity says
# little.
# With weights this much larger than at their initialisation the deep path weighs so much.
GAIN, VISIBLE = 1.6, 2e-3


class KeyedHelper(DeepCacheSDHelper):
    """The library with refresh steps of one's own, in sampling order."""

    def __init__(self, pipe, refreshes):
        super().__init__(pipe)
        self.refreshes = refreshes

    def is_skip_step(self, block_i, layer_i, blocktype="down"):
        """At a refresh step nothing is skipped, whatever the interval."""
        if self.cur_timestep in self.refreshes:
            return False
        return super().is_skip_step(block_i, layer_i, blocktype)


def library_schedule():
    """sample_from_quad_center of the library's own pipeline, which diffusers 0.42 cannot import."""
    package = Path(find_spec("DeepCache").submodule_search_locations[0])
    source = (package / "sd/pipeline_stable_diffusion.py").read_text()
    name = "sample_from_quad_center"
    found = [node for node in ast.parse(source).body if getattr(node, "name", "") == name]
    names = {"np": np}
    exec(compile(ast.Module(found, []), name, "exec"), names)
    return names[name]


@torch.inference_mode()
def cached_run(unet, scheduler, inputs, helper=None):
    """Final latents with the helper enabled; without one every step computes everything."""
    scheduler.set_timesteps(STEPS)
    states = torch.cat([inputs["negative_prompt_embeds"], inputs["prompt_embeds"]])
    latents = inputs["latents"]
    if helper:
        helper.enable()
    for timestep in scheduler.timesteps:
        sample = scheduler.scale_model_input(torch.cat([latents] * 2), timestep)
        prediction = unet(sample, timestep, encoder_hidden_states=states).sample
        negative, positive = prediction.chunk(2)
        prediction = negative + GUIDANCE * (positive - negative)
        latents = scheduler.step(prediction, timestep, latents).prev_sample
    if helper:
        helper.disable()
    return latents


def library_run(unet, scheduler, inputs, interval, block, layer, refreshes=None):
    """Final latents of the library's run; `refreshes` instead of the interval where given."""
    pipe = SimpleNamespace(unet=unet, scheduler=scheduler)
    helper = DeepCacheSDHelper(pipe) if refreshes is None else KeyedHelper(pipe, refreshes)
    helper.set_params(cache_interval=interval, cache_branch_id=3 * block + layer)
    assert helper.params["cache_block_id"] == block
    assert helper.params["cache_layer_id"] == layer
    if refreshes is not None:
        helper.params["skip_mode"] = "non_uniform"
    return cached_run(unet, scheduler, inputs, helper)


def scheduler_of(sampler, folder):
    """diffusers' scheduler with the folder's options."""
    return SCHEDULERS[sampler].from_pretrained(folder / "scheduler")


def our_run(fdbench, folder, inputs, sampler, *options):
    options = (*options, "--sampler", sampler, "--steps", STEPS, "--guidance", GUIDANCE)
    return generate(fdbench, folder, folder, *options, inputs=inputs)["latents"]


def ids(block, layer):
    return ["--cache-block-id", block, "--cache-layer-id", layer]


@pytest.fixture(params=[None, SDXL], ids=["sd1", "three_levels"])
def model(request, tmp_path):
    """A folder with a tiny UNet, and the UNet."""
    unet = make_folder(tmp_path, SD1, request.param)
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            if parameter.dim() > 1 and "time" not in name:
                parameter *= GAIN
    unet.save_pretrained(tmp_path / "unet")
    return tmp_path, unet


@pytest.mark.parametrize("sampler", SCHEDULERS)
@pytest.mark.parametrize("interval", [2, 3, 5])
def test_uniform_refreshes_equal_the_library(fdbench, model, sampler, interval):
    folder, unet = model
    inputs = make_inputs(pictures=2)
    full = cached_run(unet, scheduler_of(sampler, folder), inputs)
    levels = len(unet.up_blocks)
    for block, layer in [(0, 0), (0, 2), (1, 1), (levels - 1, 0), (levels - 1, 2)]:
        expected = library_run(unet, scheduler_of(sampler, folder), inputs, interval, block, layer)
        options = ["--strategy", "deepcache", "--cache-interval", interval]
        ours = our_run(fdbench, folder, inputs, sampler, *options, *ids(block, layer))
        assert scaled_difference(ours, expected) < TOLERANCE, (block, layer)
        assert scaled_difference(expected, full) > VISIBLE, "the library reused something"


def test_every_branch_equals_the_library(fdbench, model):
    folder, unet = model
    inputs = make_inputs()
    seen = []
    for branch in range(3 * len(unet.up_blocks)):
        expected = library_run(
            unet, scheduler_of("ddim", folder), inputs, 3, branch // 3, branch % 3
        )
        options = ["--strategy", "deepcache", "--cache-interval", 3, "--cache-branch", branch]
        ours = our_run(fdbench, folder, inputs, "ddim", *options)
        assert scaled_difference(ours, expected) < TOLERANCE, branch
        assert all(scaled_difference(ours, other) > VISIBLE for other in seen), branch
        seen.append(ours)


@pytest.mark.parametrize("sampler", SCHEDULERS)
@pytest.mark.parametrize(("block", "layer"), [(0, 0), (1, 2)])
def test_key_steps_equal_the_library_refreshed_at_them(fdbench, model, sampler, block, layer):
    folder, unet = model
    inputs = make_inputs()
    refreshes = {0, 1, 2, 6, 11}
    expected = library_run(unet, scheduler_of(sampler, folder), inputs, 1, block, layer, refreshes)
    keys = ",".join(str(STEPS - order) for order in sorted(refreshes))
    options = ["--strategy", "deepcache", "--key-steps", keys, *ids(block, layer)]
    ours = our_run(fdbench, folder, inputs, sampler, *options)
    assert scaled_difference(ours, expected) < TOLERANCE


@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")  # it takes the real part
@pytest.mark.parametrize("sampler", SCHEDULERS)
@pytest.mark.parametrize(("interval", "center", "pow"), [(2, 4, 1.4), (3, 5, 1.2), (5, 2, 1.6)])
def test_non_uniform_refreshes_equal_the_library(fdbench, model, sampler, interval, center, pow):
    folder, unet = model
    inputs = make_inputs()
    count = -(-STEPS // interval)
    orders, _ = library_schedule()(STEPS, count, center, pow)
    refreshes = {int(order) for order in orders}
    expected = library_run(unet, scheduler_of(sampler, folder), inputs, interval, 0, 1, refreshes)
    options = ["--strategy", "deepcache", "--cache-interval", interval, *ids(0, 1)]
    options += ["--cache-center", center, "--cache-pow", pow]
    ours = our_run(fdbench, folder, inputs, sampler, *options)
    assert scaled_difference(ours, expected) < TOLERANCE


def planned_refreshes(fdbench, config, steps, interval, center, pow):
    """Orders at which every layer computes, as `fdbench plan` has them; None: refused."""
    cache = ["--cache-interval", interval, "--cache-center", center, "--cache-pow", pow]
    options = ["--strategy", "deepcache", *cache, "--set", f"steps={steps}", "--format", "json"]
    result = fdbench("plan", config, *options)
    if result.returncode == 2:
        assert "different refresh steps" in result.stderr
        return None
    assert result.returncode == 0, result.stderr
    cells = np.array(json.loads(result.stdout)[0]["cells"])
    return [int(order) for order in np.flatnonzero((cells == 2).all(axis=1))]


@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
@pytest.mark.parametrize("steps", [20, 50, 100])
def test_non_uniform_schedule_is_the_librarys(fdbench, root, steps):
    """Over a grid of what people set: the same refresh steps, or none on both sides."""
    config = root / "configs/ablation.yaml"
    made = 0
    for interval in (2, 3, 5, 10):
        for center in (0, steps // 4, steps // 2):
            for pow in (1.2, 1.4, 2.0):
                try:
                    orders = library_schedule()(steps, -(-steps // interval), center, pow)[0]
                    expected = [int(order) for order in orders]
                    made += 1
                except ValueError:
                    expected = None
                ours = planned_refreshes(fdbench, config, steps, interval, center, pow)
                assert ours == expected, (interval, center, pow)
    assert made >= 18, "most of these settings have a schedule"


def test_savings_and_executions_leave_the_result(fdbench, model):
    """Shallow layers look at each step's latent, so nothing can share a batch."""
    folder, _ = model
    inputs = make_inputs()
    options = ["--strategy", "deepcache", "--cache-interval", 3, "--cache-branch", 4]
    sequential = our_run(fdbench, folder, inputs, "ddim", *options)
    parallel = our_run(fdbench, folder, inputs, "ddim", *options, "--execution", "parallel")
    assert torch.equal(sequential, parallel)


def test_every_step_refreshed_is_full_bit_for_bit(fdbench, model):
    folder, _ = model
    inputs = make_inputs()
    cached = our_run(
        fdbench, folder, inputs, "ddim", "--strategy", "deepcache", "--cache-interval", 1
    )
    assert torch.equal(cached, our_run(fdbench, folder, inputs, "ddim"))
