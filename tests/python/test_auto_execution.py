"""`execution: auto`: measured once, kept, recorded, and named by what runs."""

import json
from pathlib import Path

import h5py
import numpy as np
from safetensors.numpy import load_file

from analysis.load import load
from tests.faults.sweeps import start, units, wait_for_units

CONFIG = """
name: auto
model: models/mini
threads: 1
guidance_scale: 4
prompts: [a red circle, a blue square]
steps: 8
sampler: ddim
features: false
pictures: {chunk: 1}
timing: {warmup: 0, rounds: 2}
runs:
  - {strategy: full}
  - {strategy: encoder, key_steps: {uniform: 8}, execution: auto}
"""
RUN = "encoder/uniform_8/auto"
FIXED = CONFIG.replace("execution: auto}", "execution: EXECUTION, name: fixed, max_parallel: CAP}")


def write(folder: Path, text: str = CONFIG, name: str = "auto.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def row(path: Path, name: str = RUN) -> dict:
    runs = load(path).runs
    return runs[runs["name"] == name].iloc[0].to_dict()


def test_what_was_chosen_is_said_and_recorded(fdbench, tmp_path: Path) -> None:
    output = tmp_path / "a.h5"
    done = fdbench("run", write(tmp_path), "--out", output)
    assert done.returncode == 0, done.stderr
    (chosen,) = [line for line in done.stdout.splitlines() if line.startswith("chosen ")]
    run = row(output)
    assert run["auto_execution"] and not row(output, "full")["auto_execution"]
    assert run["execution"] in ("sequential", "parallel")
    assert run["max_parallel"] in (0, 2, 4)
    way = run["execution"] + (
        f", at most {run['max_parallel']} steps a batch" if run["max_parallel"] else ""
    )
    assert chosen.startswith(f"chosen  {RUN}: {way}")
    assert f"execution: auto took {way} for {RUN}\n" in done.stdout
    # What runs is what was chosen: a key step and seven that may share its batch.
    calls = {("sequential", 0): 8, ("parallel", 0): 1, ("parallel", 2): 4, ("parallel", 4): 2}
    assert run["unet_calls"] == calls[run["execution"], run["max_parallel"]]
    with h5py.File(output) as file:
        settings = json.loads(file.attrs["settings"])
    assert json.loads(settings[f"runs.{RUN}"])["execution"] == "auto"
    assert "complete already" in fdbench("run", tmp_path / "auto.yaml", "--out", output).stdout


def test_pictures_are_those_of_the_execution_that_was_taken(fdbench, tmp_path: Path) -> None:
    output, fixed = tmp_path / "a.h5", tmp_path / "b.h5"
    assert fdbench("run", write(tmp_path), "--out", output, "--quiet").returncode == 0
    run = row(output)
    text = FIXED.replace("EXECUTION", run["execution"]).replace("CAP", str(run["max_parallel"]))
    config = write(tmp_path, text, "fixed.yaml")
    assert fdbench("run", config, "--out", fixed, "--quiet").returncode == 0
    for array in ("latents", "images"):
        with h5py.File(output) as ours, h5py.File(fixed) as theirs:
            np.testing.assert_array_equal(
                ours["pictures"][array][:], theirs["pictures"][array][:], err_msg=array
            )
    compared = fdbench("compare", output, fixed, "--format", "json")
    assert compared.returncode == 0, compared.stderr
    names = [(entry["run"], entry["other_run"]) for entry in json.loads(compared.stdout)["runs"]]
    assert (RUN, "fixed") in names, "matched by what ran"


def test_a_sweep_that_goes_on_keeps_its_choice(fdbench, tmp_path: Path) -> None:
    config, output = write(tmp_path), tmp_path / "a.h5"
    process = start("run", config, "--out", output, "--quiet")
    wait_for_units(process, output, 2)
    process.kill()
    process.communicate()
    # The choice stands in a unit of its own, the first one.
    (choice,) = [path for path in units(output) if "max_parallel" in h5py.File(path)]
    with h5py.File(choice) as file:
        seconds = file["seconds"][:]
        assert seconds.shape == (len(file["max_parallel"]), 3)
    done = fdbench("run", config, "--out", output)
    assert done.returncode == 0, done.stderr
    (chosen,) = [line for line in done.stdout.splitlines() if line.startswith("chosen ")]
    medians = np.median(seconds, axis=1)
    if "parallel" in chosen:
        share = medians.min() / medians[0]
        assert f"({share:.2f} of sequential's time)" in chosen
    else:
        assert not ((seconds < seconds[0]).all(axis=1) & (medians < 0.98 * medians[0])).any()


def test_processes_that_time_rounds_take_the_same(fdbench, tmp_path: Path) -> None:
    text = CONFIG.replace("rounds: 2", "rounds: 2, rounds_per_process: 1")
    output = tmp_path / "a.h5"
    done = fdbench("run", write(tmp_path, text), "--out", output)
    assert done.returncode == 0, done.stderr
    run = row(output)
    with h5py.File(output) as file:
        calls = file["timing/unet_calls"][1]
    assert (calls == run["unet_calls"]).all()


def test_it_is_refused_where_it_cannot_be(fdbench, tmp_path: Path) -> None:
    config = write(tmp_path)
    refused = fdbench("run", config, "--out", tmp_path / "a.h5", "--shard", "1/2")
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert "auto.yaml:14" in refused.stderr and "cannot run in shards" in refused.stderr
    misspelt = write(tmp_path, CONFIG.replace("execution: auto", "execution: auot"), "b.yaml")
    refused = fdbench("run", misspelt, "--out", tmp_path / "b.h5")
    assert refused.returncode == 2 and "did you mean 'auto'?" in refused.stderr


def test_plans_say_what_would_be_measured(fdbench, tmp_path: Path) -> None:
    config = write(tmp_path)
    words = (
        "auto: the fastest, by measurement, of sequential; parallel, at most 2 steps a batch; "
        "parallel, at most 4 steps a batch; parallel"
    )
    plan = fdbench("plan", config, "--strategy", "encoder")
    assert f"# execution {words}\n" in plan.stdout
    (run,) = json.loads(fdbench("plan", config, "--strategy", RUN, "--format", "json").stdout)
    assert run["execution"] == "auto" and run["execution_of"] == words
    assert run["held_outputs_bytes"] > 0
    dry = fdbench("run", config, "--dry-run", "--out", tmp_path / "a.h5")
    assert f"  {RUN}: {words}" in dry.stdout


def test_generate_measures_and_says_so(fdbench, tmp_path: Path) -> None:
    def latents(name: str, *more: str):
        options = ("--prompt", "a red circle", "--sampler", "ddim", "--steps", 8, "--threads", 1)
        done = fdbench(
            "generate", "models/mini", *options, *more, "--save-latents", tmp_path / name
        )
        assert done.returncode == 0, done.stderr
        return load_file(tmp_path / name)["latents"], done.stderr

    encoder = ("--strategy", "encoder", "--key-steps", "uniform:8")
    ours, said = latents("a.safetensors", *encoder, "--execution", "auto")
    assert "note: --execution auto: " in said and "measured as the fastest" in said
    plain, _ = latents("b.safetensors", *encoder)
    np.testing.assert_allclose(ours, plain, atol=1e-3)
    _, said = latents("c.safetensors", "--execution", "auto")
    assert "note: --execution auto: sequential, as no steps can share a batch" in said
    _, said = latents("d.safetensors", "--strategy", "first_block_cache", "--execution", "auto")
    assert "sequential, as no steps can share a batch" in said
