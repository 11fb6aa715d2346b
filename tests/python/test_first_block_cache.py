"""The strategy first_block_cache: against a second implementation on diffusers, and in sweeps.

diffusers' own hook (FirstBlockCache) looks for lists of transformer blocks by name and finds none
in a UNet2DConditionModel, so it cannot run on the same model. What can be compared is its rule: the
second implementation asks the hook's own method whether to compute the remaining blocks.
"""

import h5py
import pytest
import torch
from diffusers import DDIMScheduler
from diffusers.hooks import FirstBlockCacheConfig, apply_first_block_cache
from diffusers.hooks.first_block_cache import FBCHeadBlockHook, FBCSharedBlockState
from diffusers.hooks.hooks import CacheContext, StateManager

from tests.parity.reference import scaled_difference
from tests.python.sd_pipelines import SD1, generate, make_folder, make_inputs

STEPS = 20
GUIDANCE = 7.5
PARITY_TOLERANCE = 1e-4  # of a whole run in float32
CONFIG = """\
name: small
model: models/mini
prompts: [a red circle, a blue square]
steps: 10
guidance_scale: 4
features: false
pictures: {chunk: 2, batch: 2}
timing: {warmup: 0, rounds: 1}
runs:
  - {strategy: full}
  - {strategy: first_block_cache, threshold: 0.5}
"""


class Head:
    """The hook's decision, with the state that it keeps."""

    def __init__(self, threshold):
        self.state = StateManager(FBCSharedBlockState, (), {})
        self.state.set_context(CacheContext("run"))
        self.hook = FBCHeadBlockHook(self.state, threshold)

    def refreshes(self, residual):
        refresh = self.hook._should_compute_remaining_blocks(residual)
        if refresh:
            self.state.get_state().head_block_residual = residual
        return refresh


class Cache:
    """Lets a UNet run whole and looks at its first block, or with a held output of the second last
    up block in place of the one that it computes.
    """

    def __init__(self, unet):
        self.seen, self.held = {}, None
        unet.conv_in.register_forward_hook(self.keep("input"))
        unet.down_blocks[0].attentions[-1].register_forward_hook(self.keep("head"))
        unet.up_blocks[-2].register_forward_hook(self.replace)

    def keep(self, name):
        def hook(module, inputs, output):
            self.seen[name] = output[0] if isinstance(output, tuple) else output

        return hook

    def replace(self, module, inputs, output):
        self.seen["deep"] = output
        return self.held


@torch.inference_mode()
def reference(unet, inputs, threshold):
    """-> final latents and the steps that computed everything, in sampling order."""
    scheduler = DDIMScheduler(**SD1)
    scheduler.set_timesteps(STEPS)
    latents = inputs["latents"]
    states = torch.cat([inputs["negative_prompt_embeds"], inputs["prompt_embeds"]])
    head, cache, deep, refreshed = Head(threshold), Cache(unet), None, []
    for order, timestep in enumerate(scheduler.timesteps):
        sample = torch.cat([latents] * 2)
        cache.held = None
        output = unet(sample, timestep, states).sample
        if head.refreshes(cache.seen["head"] - cache.seen["input"]):
            deep = cache.seen["deep"]
            refreshed.append(order)
        else:
            cache.held = deep
            output = unet(sample, timestep, states).sample
        negative, positive = output.chunk(2)
        prediction = negative + GUIDANCE * (positive - negative)
        latents = scheduler.step(prediction, timestep, latents).prev_sample
    return latents, refreshed


def test_the_hook_of_diffusers_finds_no_block_in_a_unet(tmp_path):
    with pytest.raises(IndexError):
        apply_first_block_cache(make_folder(tmp_path, SD1), FirstBlockCacheConfig())


def test_equals_the_second_implementation(fdbench, tmp_path):
    unet = make_folder(tmp_path, SD1)
    inputs = make_inputs(pictures=1)
    threshold = 0.1
    expected, refreshed = reference(unet, inputs, threshold)
    assert 1 < len(refreshed) < STEPS
    options = ["--strategy", "first_block_cache", "--cache-threshold", threshold]
    branch = len(unet.down_blocks[0].resnets)
    ours = generate(
        fdbench, tmp_path, tmp_path, "--steps", STEPS, "--guidance", GUIDANCE, *options,
        "--cache-branch", branch, inputs=inputs,
    )["latents"]  # fmt: skip
    print(f"{len(refreshed)} of {STEPS} steps, {scaled_difference(ours, expected):.1e}")
    assert scaled_difference(ours, expected) < PARITY_TOLERANCE


def test_a_sweep_records_what_really_ran(fdbench, tmp_path):
    config, output = tmp_path / "small.yaml", tmp_path / "small.h5"
    config.write_text(CONFIG)
    result = fdbench("run", config, "--out", output, "--quiet")
    assert result.returncode == 0, result.stderr
    with h5py.File(output) as file:
        full, run = file["runs"][0], file["runs"][1]
        ran = file["plan/ran"][1][:10]
        whole = ran.all(axis=1)
        assert run["name"] == b"first_block_cache/threshold_0.5"
        assert (run["cache_threshold"], run["cache_warmup"], run["cache_max_run"]) == (0.5, 0, 0)
        assert run["num_key_steps"] == whole.sum()
        assert 1 < run["num_key_steps"] < 10
        assert run["key_steps"].split() == [b"%d" % (10 - i) for i in whole.nonzero()[0]]
        assert run["layers_run"] == ran.sum()
        assert run["multiply_adds"] < full["multiply_adds"]


def test_its_multiply_adds_count_token_merging(fdbench, tmp_path):
    """At a threshold of 0 every step computes everything, so the cost is that of `full`."""
    config, output = tmp_path / "small.yaml", tmp_path / "small.h5"
    runs = "  - {strategy: full, tome: 0.5, name: f}\n"
    runs += "  - {strategy: first_block_cache, threshold: 0, tome: 0.5, name: c}\n"
    config.write_text(CONFIG.split("  - {strategy: first")[0] + runs)
    result = fdbench("run", config, "--out", output, "--quiet")
    assert result.returncode == 0, result.stderr
    with h5py.File(output) as file:
        full, merged, cached = file["runs"][:]
    assert cached["layers_run"] == merged["layers_run"]
    assert cached["multiply_adds"] == merged["multiply_adds"] < full["multiply_adds"]


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("threshold: -1", "11:46: 'runs.1.threshold' is -1; it must be at least 0"),
        ("key_steps: all", "finds its key steps itself"),
        ("cache_branch: 50", "cache_branch"),
        ("cache_interval: 2", "cache_interval"),
    ],
)
def test_wrong_use_is_one_line(fdbench, tmp_path, extra, message):
    config = tmp_path / "small.yaml"
    config.write_text(CONFIG.replace("threshold: 0.5", extra))
    result = fdbench("plan", config)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
