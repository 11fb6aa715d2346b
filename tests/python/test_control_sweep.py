"""Sweeps with control networks: what runs, what they hold, and what does not fit."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel
from PIL import Image
from safetensors.torch import load_file

from tests.faults.sweeps import assert_same, start, units, wait_for_units
from tests.parity.test_controlnet_parity import make_controlnet
from tests.python.cascades import MINI

PROMPTS = ["a small red circle at the left on a grey background", "a large blue star on the right"]
CONFIG = """
name: control
model: {model}
controlnet: {{folder: {control}, control_scale: 0.7}}
guidance_scale: 4
prompts: {{file: prompts.json}}
steps: 6
seed: 5
sampler: ddim
pictures: {{chunk: 1}}
timing: {{warmup: 0, rounds: 1}}
runs:
  - {{strategy: full}}
  - {{name: every, strategy: encoder, key_steps: all}}
  - {{name: hold, strategy: encoder, key_steps: uniform:3, execution: [sequential, parallel]}}
  - {{name: compute, strategy: encoder, key_steps: uniform:3, control: compute}}
  - {{name: drop, strategy: encoder, key_steps: uniform:3, control: drop}}
  - {{name: cached, strategy: deepcache, cache_interval: 3}}
  - {{name: cached_held, strategy: deepcache, cache_interval: 3, control: hold}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The config, its prompts with control pictures, and a control network of random weights."""
    root = tmp_path_factory.mktemp("control_sweep")
    unet = UNet2DConditionModel.from_pretrained(MINI / "unet")
    small = {"conditioning_embedding_out_channels": (8, 16, 24)}
    make_controlnet(unet, 1, **small).save_pretrained(root / "control")
    (root / "edges").mkdir()
    generator = np.random.default_rng(4)
    entries = []
    for number, prompt in enumerate(PROMPTS):
        pixels = 255 * (generator.random((64, 64)) > 0.9)
        Image.fromarray(pixels.astype(np.uint8)).save(root / f"edges/{number}.png")
        entries.append({"prompt": prompt, "control": f"edges/{number}.png"})
    (root / "prompts.json").write_text(json.dumps(entries))
    (root / "control.yaml").write_text(CONFIG.format(model=MINI, control=root / "control"))
    return root


@pytest.fixture(scope="module")
def result(fdbench, folder: Path) -> Path:
    path = folder / "control.h5"
    done = fdbench("run", folder / "control.yaml", "--out", path)
    assert done.returncode == 0, done.stderr
    return path


def latents_of(result: Path) -> dict[str, np.ndarray]:
    with h5py.File(result) as file:
        names = [name.decode() for name in file["runs"]["name"]]
        return dict(zip(names, file["pictures/latents"][:], strict=True))


def test_each_prompt_is_made_with_its_own_picture(fdbench, folder: Path, result: Path, tmp_path):
    made, saved = latents_of(result), tmp_path / "both.safetensors"
    given = [flag for prompt in PROMPTS for flag in ("--prompt", prompt)]
    for image in range(2):
        done = fdbench(
            "generate", MINI, *given, "--steps", 6, "--guidance", 4, "--sampler", "ddim", "--seed",
            5, "--controlnet", folder / "control", "--control-scale", 0.7, "--control-image",
            folder / f"edges/{image}.png", "--save-latents", saved,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        both = load_file(saved)["latents"].numpy()
        for number in range(2):
            same = np.abs(both[number] - made["full"][number]).max() < 1e-4
            assert same == (image == number)


def test_runs_hold_compute_and_drop(result: Path):
    made = latents_of(result)
    np.testing.assert_array_equal(made["every"], made["full"])
    scale = np.abs(made["full"]).max()
    apart = np.abs(made["hold/parallel"] - made["hold/sequential"]).max()
    assert apart < 1e-5 * scale
    different = ["full", "hold/sequential", "compute", "drop", "cached", "cached_held"]
    for place, name in enumerate(different):
        for other in different[:place]:
            assert np.abs(made[name] - made[other]).max() > 1e-3 * scale, (name, other)


def test_what_ran_is_recorded_by_part(result: Path):
    with h5py.File(result) as file:
        names = [name.decode() for name in file["runs"]["name"]]
        layers = [name.decode() for name in file["layers"]["name"]]
        role = file["layers"]["role"][:]
        ran = file["plan/ran"][:]
        adds = dict(zip(names, file["runs"]["multiply_adds"], strict=True))
    network = np.array([name.startswith("controlnet.") for name in layers])
    sums = np.array([name.startswith("control_add.") for name in layers])
    assert (role[network | sums] == b"control").all() and sums.sum() == 13
    steps = {name: ran[place][:, network].any(axis=1) for place, name in enumerate(names)}
    keys = [True, False, False] * 2
    assert steps["full"].all() and steps["compute"].all() and steps["cached"].all()
    for name in ("hold/sequential", "drop", "cached_held"):
        assert steps[name].tolist() == keys, name
    # Of a live network DeepCache needs what reaches the outermost skip.
    assert 0 < ran[names.index("cached")][1, network].sum() < network.sum() / 2
    # Sums that are made anew cannot be hoisted.
    assert adds["hold/sequential"] < adds["drop"] < adds["compute"] < adds["full"]


def test_settings_tell_networks_and_pictures(result: Path, fdbench, folder: Path, tmp_path: Path):
    with h5py.File(result) as file:
        settings = json.loads(file.attrs["settings"])
    assert '"scale":0.7' in settings["model.controlnet"]
    assert settings["prompts.control"]
    changed = tmp_path / "moved"
    changed.mkdir()
    for name in ("prompts.json", "control.yaml"):
        (changed / name).write_text((folder / name).read_text())
    (changed / "edges").mkdir()
    for number in range(2):
        Image.new("L", (64, 64), 255 * number).save(changed / f"edges/{number}.png")
    output = tmp_path / "control.h5"
    output.write_bytes(result.read_bytes())
    again = fdbench("run", changed / "control.yaml", "--out", output)
    assert again.returncode == 2 and "prompts.control" in again.stderr, again.stderr


def test_it_goes_on_after_a_kill(fdbench, folder: Path, result: Path, tmp_path: Path):
    output = tmp_path / "control.h5"
    killed = start("run", folder / "control.yaml", "--out", output)
    wait_for_units(killed, output, 3)
    killed.kill()
    killed.communicate()
    assert units(output) and not output.exists()
    done = fdbench("run", folder / "control.yaml", "--out", output)
    assert done.returncode == 0 and "going on" in done.stdout, done.stderr
    assert_same(output, result)


def test_plans_show_the_network(fdbench, folder: Path):
    text = fdbench("plan", folder / "control.yaml", "--strategy", "drop").stdout
    lines = {line.split()[0]: line.split()[1] for line in text.splitlines() if "#" in line[1:]}
    assert lines["controlnet.conv_in"] == "#xx#xx"
    assert lines["control_add"] == "######"
    late = fdbench("plan", folder / "control.yaml", "--strategy", "full", "--set",
                   "controlnet.control_start=0.4").stdout  # fmt: skip
    assert "controlnet.conv_in" in late and "xxx###" in late


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("controlnet.control_scale=nan", "control_scale"),
        ("controlnet.control_start=1", "'control_start' must be below 'control_end'"),
        ("controlnet.control_image=edges/0.png", "are both given"),
        ("controlnet=[models/mini, models/mini]", "2 control networks, but prompt 1 has 1"),
        ("controlnet=models/mini", "has no controlnet/"),
        ("prompts=[a, b]", "a control network needs a picture"),
        ("prompts=[{prompt: a, control: edges/0.png}, b]", "1 of 2 prompts have a control"),
        ("prompts=[{prompt: a, control: edges/9.png}]", "is not there"),
        ("latent=8", "control picture of 64x64 pixels for pictures of 32x32"),
    ],
)
def test_what_does_not_fit_is_one_line(fdbench, folder: Path, tmp_path, assignment, words):
    done = fdbench("run", folder / "control.yaml", "--set", assignment, "--out", tmp_path / "x.h5")
    assert done.returncode == 2, done.stderr
    assert words in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_the_worker_has_them(fdbench, folder: Path, result: Path, tmp_path: Path):
    saved = tmp_path / "one.safetensors"
    request = json.dumps({"run": "hold/sequential", "picture": 1, "save": str(saved)})
    done = fdbench("worker", folder / "control.yaml", input=request + "\n")
    assert done.returncode == 0, done.stderr
    one = load_file(saved)["latents"][0]
    expected = torch.from_numpy(latents_of(result)["hold/sequential"][1])
    assert (one - expected).abs().max() < 1e-4 * expected.abs().max()
