"""Token merging on the command line and in sweeps: determinism, records, resuming, dtypes."""

import json

import h5py
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from analysis.load import load
from analysis.runs import summarise
from tests.parity.reference import scaled_difference
from tests.python.sd_pipelines import SD1, generate, make_folder, make_inputs

RATIO = ("--tome-ratio", 0.5)


@pytest.fixture
def model(tmp_path):
    """A tiny folder with unet/ and scheduler/ only."""
    make_folder(tmp_path, SD1)
    return tmp_path


def run(fdbench, model, *options, pictures: int = 1) -> torch.Tensor:
    """Final latents."""
    inputs = make_inputs(pictures=pictures)
    return generate(fdbench, model, model, "--steps", 6, *options, inputs=inputs)["latents"]


def test_a_ratio_of_zero_is_off_bit_for_bit(fdbench, model):
    assert torch.equal(run(fdbench, model, "--tome-ratio", 0), run(fdbench, model))


def test_random_choices_follow_the_seed(fdbench, model):
    first, again = (run(fdbench, model, *RATIO, "--seed", 5) for _ in range(2))
    assert torch.equal(first, again)
    other = run(fdbench, model, *RATIO, "--seed", 6)
    fixed, fixed_other = (
        run(fdbench, model, *RATIO, "--tome-no-rand", "--seed", seed) for seed in (5, 6)
    )
    assert scaled_difference(other, first) > 1e-3
    assert scaled_difference(fixed, first) > 1e-3
    assert torch.equal(fixed, fixed_other)


def test_half_precision(fdbench, model):
    """Rounding decides some matchings differently, so that only the pictures are near."""
    whole = run(fdbench, model, *RATIO)
    for dtype in ("bfloat16", "float16"):
        half = run(fdbench, model, *RATIO, "--dtype", dtype)
        assert half.isfinite().all()
        assert scaled_difference(half, whole) < 0.2
        assert scaled_difference(half, run(fdbench, model, "--dtype", dtype)) > 1e-3


def test_forward_shares_one_choice(fdbench, tmp_path, root):
    """One call as tomesd makes it: equal samples are merged the same."""
    generator = torch.Generator().manual_seed(0)
    sample = torch.randn(1, 4, 16, 16, generator=generator)
    unet = json.loads((root / "models/mini/unet/config.json").read_text())
    states = torch.randn(1, 7, unet["cross_attention_dim"], generator=generator)
    inputs = {"sample": sample.repeat(2, 1, 1, 1), "encoder_hidden_states": states.repeat(2, 1, 1)}
    save_file(inputs | {"timestep": torch.tensor([500])}, tmp_path / "in.safetensors")
    files = ("--inputs", tmp_path / "in.safetensors", "--output", tmp_path / "out.safetensors")
    done = fdbench("forward", root / "models/mini", *files, *RATIO)
    assert done.returncode == 0, done.stderr
    first, second = load_file(tmp_path / "out.safetensors")["sample"]
    assert torch.equal(first, second)
    wrong = fdbench("forward", root / "models/mini", *files, "--tome-ratio", 1)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


CONFIG = """name: merging
model: models/mini
prompts: [a red circle, a blue square]
steps: 4
guidance_scale: 4
pictures: {chunk: 1}
timing: {warmup: 0, rounds: 1}
runs:
  - {strategy: full, tome: 0.5}
  - {strategy: full}
  - strategy: encoder
    key_steps: {uniform: 2}
    tome: {ratio: 0.5, use_rand: false, merge_mlp: true}
    execution: [sequential, parallel]
  - {strategy: encoder, key_steps: all, tome: 0.25}
"""
NAMES = [
    "full/tome_0.5",
    "full",
    "encoder/uniform_2/tome_0.5/sequential",
    "encoder/uniform_2/tome_0.5/parallel",
    "encoder/all/tome_0.25",
]


@pytest.fixture(scope="module")
def sweep(fdbench, tmp_path_factory):
    """A finished sweep: config, result file, output of the run."""
    folder = tmp_path_factory.mktemp("merging")
    config, output = folder / "c.yaml", folder / "out.h5"
    config.write_text(CONFIG)
    done = fdbench("run", config, "--out", output)
    assert done.returncode == 0, done.stderr
    return config, output, done.stdout


def test_the_result_file_says_what_was_merged(sweep):
    with h5py.File(sweep[1]) as file:
        runs = pd.DataFrame(file["runs"][:])
    assert [name.decode() for name in runs["name"]] == NAMES
    assert runs["tome_ratio"].tolist() == [0.5, 0, 0.5, 0.5, 0.25]
    options = [json.loads(text) if text else None for text in runs["tome_options"]]
    assert options[1] is None
    assert options[0] == {
        "sx": 2,
        "sy": 2,
        "max_downsample": 1,
        "use_rand": True,
        "merge_attn": True,
        "merge_crossattn": False,
        "merge_mlp": False,
    }
    assert options[2] == options[0] | {"use_rand": False, "merge_mlp": True}
    assert runs["baseline"].tolist() == [False, True, False, False, False]
    assert (runs["multiply_adds_ratio"].drop(1) > 1).all()
    assert runs["multiply_adds_ratio"][1] == 1
    assert (runs["latent_mse_to_full"].drop(1) > 0).all()
    # Both executions make the same pictures, to rounding.
    assert runs["latent_mse_to_full"][2] == pytest.approx(runs["latent_mse_to_full"][3], rel=1e-3)


def test_the_analysis_knows_merged_runs(sweep):
    results = load(sweep[1])
    assert results.full == 1
    table = summarise(results)
    assert table["strategy"].tolist() == [
        *("full+tome", "full", "encoder+tome", "encoder+tome", "encoder+tome")
    ]
    assert not table["inactive"].any()
    assert table["group"].tolist() == [0, 1, 2, 2, 3]


def test_another_option_is_another_result(fdbench, sweep):
    config, output, _ = sweep
    assert "nothing to do" in fdbench("run", config, "--out", output).stdout
    for change in ("runs.0.tome=0.4", "runs.0.tome={ratio: 0.5, sx: 4}"):
        done = fdbench(
            *("run", config, "--out", output, "--set", change),
            *("--set", "runs.0.name=full/tome_0.5"),
        )
        assert done.returncode == 2
        assert "another configuration: runs.full/tome_0.5" in done.stderr


def test_off_is_the_same_result_as_not_given(fdbench, sweep):
    """A ratio of 0 leaves no trace in what determines a result."""
    config, output, _ = sweep
    done = fdbench("run", config, "--out", output, "--set", "runs.1.tome={ratio: 0, sx: 7}")
    assert "nothing to do" in done.stdout, done.stderr


def test_plans_and_dry_runs_show_it(fdbench, sweep, tmp_path):
    config = sweep[0]
    dry = fdbench("run", config, "--out", tmp_path / "new.h5", "--dry-run").stdout
    lines = {line.split()[0]: line for line in dry.splitlines() if line.startswith("  ")}
    assert lines["full/tome_0.5"].endswith(", tokens merged: 0.5")
    assert "merged" not in lines["full"]
    plan = json.loads(fdbench("plan", config, "--format", "json").stdout)
    assert [run["tome_ratio"] for run in plan] == [0.5, 0, 0.5, 0.5, 0.25]
    assert plan[0]["multiply_adds"] < plan[1]["multiply_adds"]
    text = fdbench("plan", config, "--strategy", "full").stdout
    assert 'tokens merged: ratio 0.5 {"sx":2,' in text


def test_plan_takes_the_options_of_generate(fdbench, sweep):
    options = ("--tome-ratio", 0.75, "--tome-no-rand", "--tome-merge-mlp", "--tome-sx", 4)
    done = fdbench("plan", sweep[0], "--strategy", "full", "--format", "json", *options)
    merged, was_plain = json.loads(done.stdout)
    assert merged["multiply_adds"] == was_plain["multiply_adds"]
    assert was_plain["tome_ratio"] == 0.75
    assert json.loads(was_plain["tome_options"])["sx"] == 4
    wrong = fdbench("plan", sweep[0], "--tome-ratio", 2)
    assert wrong.returncode == 2
    assert "below 1" in wrong.stderr and wrong.stderr.count("\n") == 1
