"""What is wrong with a config file is said in one line with file, line and column, exit code 2."""

from pathlib import Path

import pytest

from tests.faults.sweeps import assert_one_line

HEAD = "name: faulty\nmodel: {model}\nprompts: [a circle]\n"  # three lines
FULL = "runs: [{strategy: full}]\n"


def encoder(key_steps: str) -> str:
    return f"runs:\n  - {{strategy: encoder, key_steps: {key_steps}}}\n"


def deepcache(options: str) -> str:
    return f"runs:\n  - {{strategy: deepcache, {options}}}\n"


CASES = {
    "tab": ("runs:\n\t- {strategy: full}\n", ":5:1:", "tab"),
    "duplicate key": (
        "seed: 1\nseed: 2\n" + FULL,
        ":5:1:",
        "'seed' is given twice, first in line 4",
    ),
    "duplicate in a run": (
        "runs: [{strategy: full, name: a, name: b}]\n",
        ":4:34:",
        "'name' is given twice",
    ),
    "unknown key": ("sed: 1\n" + FULL, ":4:1:", "unknown key 'sed', did you mean 'seed'?"),
    "unknown key in a map": (
        "timing: {round: 3}\n" + FULL,
        ":4:10:",
        "unknown key 'timing.round', did you mean 'rounds'?",
    ),
    "unknown key in a run": (
        "runs: [{strategy: full, keysteps: all}]\n",
        ":4:25:",
        "did you mean 'key_steps'?",
    ),
    "unknown strategy": (
        "runs: [{strategy: encodr, key_steps: all}]\n",
        ":4:19:",
        "did you mean 'encoder'?",
    ),
    "text for a number": ("threads: two\n" + FULL, ":4:10:", "whole number, not 'two'"),
    "quoted number": ('threads: "2"\n' + FULL, ":4:10:", "whole number"),
    "fraction": ("steps: 1.5\n" + FULL, ":4:8:", "whole number, not '1.5'"),
    "no steps": ("steps: 0\n" + FULL, ":4:8:", "at least 1"),
    "number for a truth": ("features: 3\n" + FULL, ":4:11:", "true or false"),
    "list for a number": ("seed: [1]\n" + FULL, ":4:7:", "whole number, not a list"),
    "map for a list": ("runs: {strategy: full}\n", ":4:7:", "must be a list, not a map"),
    "not finite": ("guidance_scale: .nan\n" + FULL, ":4:17:", "must be a finite number"),
    "unknown dtype": ("dtype: bf17\n" + FULL, ":4:8:", "'bf17'", "did you mean 'bf16'?"),
    "no such device": ("device: cuda\n" + FULL, ":4:9:", "no CUDA"),
    "unknown device": ("device: gpu\n" + FULL, ":4:9:", "'gpu' is not known"),
    "key step 0": (encoder("[50, 0]"), ":5:36:", "key step 0 is outside 1..50"),
    "key step 51": (encoder("[51, 50]"), ":5:36:", "key step 51 is outside 1..50"),
    "no first key step": (encoder("[49, 40]"), ":5:36:", "50"),
    "repeated key step": (encoder("[50, 50]"), ":5:36:", "twice"),
    "short mask": (encoder("{mask: [1, 0]}"), ":5:43:", "2 entries for 50 steps"),
    "unknown preset": (encoder("non_uniform_V"), ":5:36:", "did you mean 'non_uniform_I'?"),
    "uniform 0": (encoder("{uniform: 0}"), ":5:46:", "at least 1"),
    "two forms": (encoder("{uniform: 2, preset: all}"), ":5:36:", "one of uniform, list"),
    "fraction backwards": (
        encoder("{start: 0.9, end: 0.1, max_run: 4}"),
        ":5:36:",
        "start 0.9 must be below end 0.1",
    ),
    "fraction beyond the run": (
        encoder("{start: 0.1, end: 9, max_run: 4}"),
        ":5:36:",
        "fractions of the run, 0 to 1, not 9",
    ),
    "no run of reuse": (
        encoder("{start: 0.1, end: 0.9, max_run: 0}"),
        ":5:36:",
        "max_run must be at least 1, not 0",
    ),
    "fraction without max_run": (
        encoder("{start: 0.1, end: 0.9}"),
        ":5:36:",
        "'runs.0.key_steps.max_run' is missing",
    ),
    "fraction and list": (
        encoder("{start: 0.1, end: 0.9, max_run: 2, uniform: 2}"),
        ":5:71:",
        "unknown key 'runs.0.key_steps.uniform'",
    ),
    "interval 0": (deepcache("cache_interval: 0"), ":5:43:", "must be at least 1"),
    "interval of two": (deepcache("cache_interval: 1.5"), ":5:43:", "whole number, not '1.5'"),
    "no interval": (deepcache("cache_branch: 0"), ":5:5:", "needs cache_interval or key_steps"),
    "interval and key steps": (
        deepcache("cache_interval: 2, key_steps: all"),
        ":5:43:",
        "'cache_interval' does not go with 'key_steps'",
    ),
    "branch and id": (
        deepcache("cache_interval: 2, cache_branch: 1, cache_layer_id: 1"),
        ":5:79:",
        "'cache_layer_id' does not go with 'cache_branch'",
    ),
    "no such branch": (
        deepcache("cache_interval: 2, cache_branch: 4"),
        ":5:5:",
        "cache_branch 4 is outside 0..3 of this model",
    ),
    "no such block": (
        deepcache("cache_interval: 2, cache_block_id: 2"),
        ":5:5:",
        "cache_block_id 2 is outside 0..1 of this model",
    ),
    "no such layer": (
        deepcache("cache_interval: 2, cache_block_id: 1, cache_layer_id: 2"),
        ":5:5:",
        "cache_layer_id 2 is outside 0..1 of cache_block_id 1",
    ),
    "skip mode": (
        deepcache("cache_interval: 2, skip_mode: unifrom"),
        ":5:57:",
        "did you mean 'uniform'?",
    ),
    "no center": (
        deepcache("cache_interval: 2, skip_mode: non_uniform, pow: 1.4"),
        ":5:5:",
        "'runs.0.center' is missing",
    ),
    "center beyond the run": (
        deepcache("cache_interval: 2, skip_mode: non_uniform, center: 50, pow: 1.4"),
        ":5:78:",
        "center 50 is outside 0..49",
    ),
    "pow of a uniform schedule": (
        deepcache("cache_interval: 2, pow: 1.4"),
        ":5:51:",
        "'pow' does not go with skip_mode uniform",
    ),
    "interval of another strategy": (
        "runs: [{strategy: encoder, key_steps: all, cache_interval: 2}]\n",
        ":4:60:",
        "'cache_interval' belongs to the strategy deepcache",
    ),
    "no key steps": ("runs: [{strategy: encoder}]\n", ":4:8:", "needs key_steps"),
    "key steps of full": (
        "runs: [{strategy: full, key_steps: all}]\n",
        ":4:36:",
        "takes no key_steps",
    ),
    "tome ratio": (
        "runs: [{strategy: full, tome: 1.5}]\n",
        ":4:31:",
        "'runs.0.tome' is 1.5; it must be at least 0 and below 1",
    ),
    "tome option": ("tome: {ratoi: 0.5}\n" + FULL, ":4:8:", "did you mean 'ratio'?"),
    "tome stride": ("tome: {sx: 0}\n" + FULL, ":4:12:", "'tome.sx' is 0", "at least 1"),
    "tome depth": ("tome: {max_downsample: 3}\n" + FULL, ":4:7:", "1, 2, 4 or 8"),
    "tome window": (
        "runs: [{strategy: full, tome: {sx: 64}}]\n",
        ":4:8:",
        "no window of 2x64 tokens",
    ),
    "sampler": ("sampler: dim\n" + FULL, ":4:10:", "did you mean 'ddim'?"),
    "sampler option": ("sampler: {etaa: 0}\n" + FULL, ":4:11:", "did you mean 'eta'?"),
    "sampler option's type": (
        "sampler:\n  name: ddim\n  eta: lots\n" + FULL,
        ":6:3:",
        "sampler ddim: 'eta': must be a number, not 'lots'",
    ),
    "sampler option's range": ("sampler: {eta: 2}\n" + FULL, ":4:11:", "outside 0.0..1.0"),
    "another sampler's option": (
        "runs: [{strategy: full, sampler: {name: ddim, use_karras_sigmas: true}}]\n",
        ":4:47:",
        "unknown key 'use_karras_sigmas'",
    ),
    "sampler and steps": (
        "sampler: {name: pndm}\nsteps: 3\n" + FULL,
        ":4:10:",
        "steps 3 is too few",
    ),
    "learned variance": (
        "runs:\n  - {strategy: full, sampler: {name: ddpm, variance_type: learned}}\n",
        ":5:5:",
        "needs a model with 8 output channels, not 4",
    ),
    "noise injection": (
        encoder("all, noise_injection: {tau: 52}"),
        ":5:58:",
        "tau 52 is outside 1..51",
    ),
    "same name": ("runs: [{strategy: full}, {strategy: full}]\n", ":4:26:", "second run named"),
    "no runs": ("seed: 1\n", ":1:1:", "the key 'runs' is missing"),
    "list as config": ("- a\n", ":", "not valid YAML"),
    "open bracket": ("seed: [\n", ":", "not valid YAML"),
    "two documents": ("seed: 1\n" + FULL + "---\nseed: 2\n", ":7:1:", "second YAML document"),
    "selector": (
        "runs: [{strategy: custom, blocks: {up_blocks.9: all}}]\n",
        ":4:8:",
        "up_blocks.9",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_fault_is_named_with_its_place(case: str, fdbench, tiny_model: Path, tmp_path: Path):
    text, place, *fragments = CASES[case]
    path = tmp_path / "faulty.yaml"
    path.write_text(HEAD.format(model=tiny_model) + text)
    done = fdbench("run", path, "--out", tmp_path / "out.h5", "--quiet")
    assert_one_line(done, 2, f"{path}{place}", *fragments)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "# a comment only\n"])
def test_empty_config(text: str, fdbench, tmp_path: Path):
    path = tmp_path / "empty.yaml"
    path.write_text(text)
    assert_one_line(fdbench("run", path), 2, f"{path}: the config file is empty")


def test_missing_model_and_prompts(fdbench, tmp_path: Path):
    path = tmp_path / "c.yaml"
    path.write_text("name: a\nmodel: nowhere\nprompts: [a]\n" + FULL)
    assert_one_line(fdbench("plan", path), 2, f"{path}:2:8: nowhere", "does not exist")
    path.write_text("name: a\nmodel: nowhere\nprompts: {file: no.json}\n" + FULL)
    assert_one_line(fdbench("plan", path), 2, f"{path}:3:17: no.json: no such prompt file")


def test_missing_config(fdbench, tmp_path: Path):
    assert_one_line(fdbench("run", tmp_path / "no.yaml"), 2, "no.yaml: no such config file")
    assert_one_line(fdbench("run", tmp_path), 2, "cannot be read as a config file")


@pytest.mark.parametrize(
    ("assignment", "fragment"),
    [
        ("run.0.strategy=full", "there is no key 'run', did you mean 'runs'?"),
        ("runs.7.strategy=full", "'7' is not an index of a list of 3 (the first is 0)"),
        ("timing.rounds=x", "'timing.rounds' must be a whole number, not 'x'"),
        ("timing.round=3", "unknown key 'timing.round', did you mean 'rounds'?"),
        ("name.x=3", "there is nothing below 'tiny'"),
        ("abc", "write it as key=value"),
        ("runs.0.strategy=drop", "needs key_steps"),
    ],
)
def test_wrong_assignment(assignment: str, fragment: str, fdbench, sweep_config: Path):
    done = fdbench("plan", sweep_config, "--set", assignment)
    assert_one_line(done, 2, fragment)


def test_assignments_are_applied_before_the_check(fdbench, sweep_config: Path):
    sets = ["runs.1.key_steps=all", "steps=4", "runs.2.key_steps=[4, 1]"]
    done = fdbench("plan", sweep_config, *(part for text in sets for part in ("--set", text)))
    assert done.returncode == 0, done.stderr
    assert "encoder/all/parallel: 4 steps" in done.stdout
    assert "note: every layer runs at every step" in done.stdout


def test_anchors_are_fine(fdbench, tiny_model: Path, tmp_path: Path):
    path = tmp_path / "anchors.yaml"
    runs = "runs:\n  - {strategy: full}\n  - {strategy: encoder, key_steps: &keys [50, 9]}\n"
    runs += "  - {strategy: decoder, key_steps: *keys}\n"
    path.write_text(HEAD.format(model=tiny_model) + runs)
    done = fdbench("plan", path)
    assert done.returncode == 0, done.stderr
    assert "decoder/2_keys" in done.stdout


def test_unknown_names_on_the_command_line(fdbench, sweep_config: Path, undisturbed: Path):
    done = fdbench("plan", sweep_config, "--strategy", "encodr")
    assert_one_line(done, 2, "did you mean 'encoder'?")
    assert_one_line(fdbench("report", undisturbed, "--format", "xml"), 2, "xml")
    assert_one_line(fdbench("run"), 2, "CONFIG is required")
