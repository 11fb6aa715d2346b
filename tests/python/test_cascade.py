"""A model of several stages: each has a plan, a scheduler and a guidance scale; it runs, goes on
after a kill, runs in shards and is reported as a model of one stage is.
"""

import json
import re
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTokenizer

from analysis.load import load
from analysis.report import write_report
from tests.faults.sweeps import assert_same, start, units, wait_for_units
from tests.python.cascades import MINI, SIDE, config_text, make_second_stage


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, torch.nn.Module]:
    folder = tmp_path_factory.mktemp("second")
    return folder, make_second_stage(folder)


@pytest.fixture(scope="module")
def config(second, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "cascade.yaml"
    path.write_text(config_text(second[0]))
    return path


@pytest.fixture(scope="module")
def result(fdbench, config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("result") / "cascade.h5"
    done = fdbench("run", config, "--out", path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"base = .*models/mini: UNet2DConditionModel", done.stdout)
    assert "upscale = " in done.stdout
    return path


def test_the_second_stage_is_what_diffusers_makes_of_the_first(
    fdbench, config: Path, result: Path, second, tmp_path: Path
):
    """The first stage alone by `generate`; the second one by diffusers' UNet and scheduler, shown
    its latents at twice the size.
    """
    with h5py.File(result) as file:
        made = torch.from_numpy(file["pictures/latents"][0, 0:1])
        noise_of_second = file["timesteps"][0, 1, :4]
    prompt = "a red circle on a blue background"
    saved = tmp_path / "first.safetensors"
    done = fdbench(
        "generate", MINI, "--prompt", prompt, "--steps", 6, "--guidance", 4, "--seed", 3,
        "--save-latents", saved,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first = load_file(saved)["latents"]
    image = torch.nn.functional.interpolate(
        first, size=(SIDE, SIDE), mode="bilinear", align_corners=True
    )
    scheduler = DDIMScheduler.from_pretrained(MINI / "scheduler")
    scheduler.set_timesteps(4)
    np.testing.assert_array_equal(noise_of_second, scheduler.timesteps.numpy())
    text = _text_states([prompt])
    nothing = _text_states([""])
    generator = torch.Generator().manual_seed(_mixed_seed(3, 1))
    sample = torch.randn((1, 4, SIDE, SIDE), generator=generator)
    unet = second[1]
    with torch.inference_mode():
        for timestep in scheduler.timesteps:
            whole = torch.cat([sample, image], 1)
            u = unet(whole, timestep, encoder_hidden_states=nothing).sample
            c = unet(whole, timestep, encoder_hidden_states=text).sample
            sample = scheduler.step(u + 2 * (c - u), timestep, sample, eta=0).prev_sample
    scale = sample.abs().max()
    assert (made - sample).abs().max() < 1e-4 * scale


def test_the_file_has_an_axis_of_stages(result: Path):
    with h5py.File(result) as file:
        assert file.attrs["schema_version"] == 2
        stages = file["stages"][:]
        assert [name.decode() for name in stages["name"]] == ["base", "upscale"]
        assert stages["guidance_scale"].tolist() == [4, 2]
        layers = file["layers"][:]
        assert stages["first_layer"].tolist() == [0, stages["num_layers"][0]]
        assert len(layers) == stages["num_layers"].sum()
        of_stage = [name.decode().split("/")[0] for name in layers["name"]]
        assert (
            of_stage == ["base"] * stages["num_layers"][0] + ["upscale"] * (stages["num_layers"][1])
        )
        assert file["plan/num_steps"][:].tolist() == [[6, 4]] * 3
        steps = file["timesteps"][:]
        assert np.isnan(steps[:, 1, 4:]).all() and np.isfinite(steps[:, 1, :4]).all()
        ran = file["plan/ran"][:]
        decoder = layers["role"] == b"decoder"
        base = layers["stage"] == 0
        # Run "both": key steps 0, 2, 4 of six in the first stage, 0 and 2 of four in the second.
        encoder_of_base = ran[1][:, base & ~decoder].any(axis=1)
        encoder_of_upscale = ran[1][:, ~base & ~decoder].any(axis=1)
        assert encoder_of_base.tolist() == [True, False] * 3
        assert encoder_of_upscale.tolist() == [True, False, True, False, False, False]
        assert (ran[2][:, base] == 1).all() and not (ran[2][:4, ~base] == 1).all()
        strategies = [name.decode() for name in file["runs"]["strategy"]]
        assert strategies == ["full", "encoder", "full + deepcache"]
        adds = file["plan/multiply_adds"][:]
        assert (adds.sum(axis=1) == file["runs"]["multiply_adds"]).all()
        assert adds[2, 0] == adds[0, 0] and adds[2, 1] < adds[0, 1]
        seconds = file["timing/stage_s"][:]
        np.testing.assert_allclose(seconds.sum(axis=1), file["timing/unet_s"][:])
        mse = file["features/mse"][0, 0]
        assert np.isnan(mse[4:, file["blocks"]["stage"] == 1]).all()
        assert np.isfinite(mse[1:, file["blocks"]["stage"] == 0]).all()


def test_it_goes_on_after_a_kill(fdbench, config: Path, result: Path, tmp_path: Path):
    output = tmp_path / "cascade.h5"
    killed = start("run", config, "--out", output)
    wait_for_units(killed, output, 2)
    killed.kill()
    killed.communicate()
    assert units(output) and not output.exists()
    done = fdbench("run", config, "--out", output)
    assert done.returncode == 0 and "going on" in done.stdout, done.stderr
    assert_same(output, result)


def test_it_runs_in_shards(fdbench, config: Path, result: Path, tmp_path: Path):
    paths = [tmp_path / f"{number}.h5" for number in (1, 2)]
    for number, path in enumerate(paths, start=1):
        done = fdbench("run", config, "--shard", f"{number}/2", "--out", path)
        assert done.returncode == 0, done.stderr
    merged = tmp_path / "cascade.h5"
    done = fdbench("merge", merged, *paths)
    assert done.returncode == 0, done.stderr
    with h5py.File(merged) as ours, h5py.File(result) as whole:
        for name in ("pictures/latents", "pictures/images", "plan/ran", "features/mse"):
            np.testing.assert_array_equal(ours[name][:], whole[name][:])


def test_the_page_shows_both_stages(result: Path, tmp_path: Path):
    results = load(result)
    assert results.stage_names == ["base", "upscale"]
    page = write_report(results, tmp_path).read_text()
    for stage in ("base", "upscale"):
        assert (tmp_path / f"feature_evolution_{stage}.png").exists()
        assert f"from step to step: {stage}" in page


def test_report_compare_and_check_take_it(fdbench, result: Path, tmp_path: Path):
    table = fdbench("report", result, "--format", "json")
    assert [run["name"] for run in json.loads(table.stdout)] == ["full", "both", "second only"]
    same = fdbench("compare", result, result)
    assert same.returncode == 0, same.stderr
    baseline = tmp_path / "baseline.json"
    assert fdbench("check", result, "--baseline", baseline, "--update").returncode == 0
    checked = fdbench("check", result, "--baseline", baseline)
    assert "pictures changed" not in checked.stdout and checked.returncode in (0, 4), checked.stdout


def test_the_plan_of_each_stage_is_printed(fdbench, config: Path):
    text = fdbench("plan", config, "--strategy", "both").stdout
    assert "# both, stage base: 6 steps" in text and "# both, stage upscale: 4 steps" in text
    plans = json.loads(fdbench("plan", config, "--format", "json").stdout)
    assert [(plan["name"], plan["stage"]) for plan in plans][:2] == [
        ("full", "base"), ("full", "upscale"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("{upscale: {strategy: full", "{upscales: {strategy: full", "no stage 'upscales'"),
        ("steps: 6\n", "steps: 6\nlatent: 16\n", "sizes of their models"),
        ("- {name: base,", "- {name: a/b,", "no '/'"),
        ("- {name: base,", "- {name: upscale,", "a second stage named 'upscale'"),
        ("seed: 3\n", "seed: 3\nequal_time: true\n", "a cascade has several"),
        ("{strategy: full, steps: 4}", "{steps: 4}", "strategy"),
    ],
)
def test_what_does_not_fit_a_cascade_is_named(
    before: str, after: str, message: str, fdbench, config: Path, tmp_path: Path
):
    text = config.read_text()
    assert before in text
    path = tmp_path / "wrong.yaml"
    path.write_text(text.replace(before, after))
    done = fdbench("run", path, "--dry-run", "--out", tmp_path / "x.h5")
    assert done.returncode == 2
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert re.search(r"wrong\.yaml:\d+:\d+", done.stderr)


def test_stages_of_a_run_need_a_cascade(fdbench, tmp_path: Path):
    path = tmp_path / "one.yaml"
    path.write_text(
        "name: one\nmodel: models/mini\nprompts: [a]\nruns:\n"
        "  - {strategy: full, stages: {base: {strategy: full}}}\n"
    )
    done = fdbench("run", path, "--dry-run")
    assert done.returncode == 2 and "belongs to a model of several stages" in done.stderr


def test_a_stage_that_takes_no_picture_is_named(fdbench, config: Path, second, tmp_path: Path):
    path = tmp_path / "wrong.yaml"
    path.write_text(config.read_text().replace(str(second[0]), str(MINI)))
    done = fdbench("run", path, "--dry-run", "--out", tmp_path / "x.h5")
    assert done.returncode == 2
    assert "'in_channels': 4 hold 4 channels of the stage before" in done.stderr


def _text_states(prompts: list[str]) -> torch.Tensor:
    tokenizer = CLIPTokenizer.from_pretrained(MINI / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(MINI / "text_encoder").float().eval()
    tokens = tokenizer(
        prompts, padding="max_length", max_length=tokenizer.model_max_length, truncation=True,
        return_tensors="pt",
    )  # fmt: skip
    with torch.inference_mode():
        return encoder(tokens.input_ids)[0]


def _mixed_seed(seed: int, number: int) -> int:
    """SplitMix64, as core/random.h has it."""
    mask = (1 << 64) - 1
    bits = (seed + (number + 1) * 0x9E3779B97F4A7C15) & mask
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & mask
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & mask
    return bits ^ (bits >> 31)
