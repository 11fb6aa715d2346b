"""Weights that a user brings, in configs and sweeps."""

import json

import pytest
import torch
from safetensors.torch import save_file

from tests.python.test_own_weights import TEXT, factors
from tests.python.text_models import make_sd1


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("sd1")
    make_sd1(made)
    return made


@pytest.fixture
def config(tmp_path, folder):
    save_file(factors(), tmp_path / "a.safetensors")
    save_file({"<cat>": torch.ones(2, TEXT)}, tmp_path / "word.safetensors")
    return {
        "name": "x",
        "model": {"folder": str(folder)},
        "prompts": ["a <cat>"],
        "steps": 2,
        "runs": [{"strategy": "full"}],
        "lora": [{"file": "a.safetensors", "scale": 0.5}],
        "embeddings": [{"token": "<cat>", "file": "word.safetensors"}],
    }


def plan(fdbench, tmp_path, config: dict, *options: object):
    (tmp_path / "c.yaml").write_text(json.dumps(config))
    return fdbench("plan", tmp_path / "c.yaml", *options)


def dry_run(fdbench, tmp_path, config: dict, *options: object):
    (tmp_path / "c.yaml").write_text(json.dumps(config))
    return fdbench("run", tmp_path / "c.yaml", "--dry-run", "--out", tmp_path / "x.h5", *options)


def test_config(fdbench, tmp_path, folder, config):
    result = dry_run(fdbench, tmp_path, config)
    assert result.returncode == 0, result.stderr
    assert "lora" in result.stdout and "a.safetensors:0.5" in result.stdout
    changed = dry_run(fdbench, tmp_path, config, "--set", "lora.0.scale=0.25")
    assert "a.safetensors:0.25" in changed.stdout, changed.stderr
    none = dry_run(fdbench, tmp_path, config, "--set", "lora=[]")
    assert none.returncode == 0, none.stderr
    assert "lora" not in none.stdout and "embedding" in none.stdout
    within = {k: v for k, v in config.items() if k not in ("lora", "embeddings")}
    within["model"] |= {"lora": "a.safetensors", "unet": str(folder / "unet")}
    assert plan(fdbench, tmp_path, within).returncode == 0
    within["model"]["lora"] = [{"file": "a.safetensors", "scales": 1}]
    assert "scales" in plan(fdbench, tmp_path, within).stderr


def test_config_faults_name_the_place(fdbench, tmp_path, config):
    config["lora"] = "none.safetensors"
    result = plan(fdbench, tmp_path, config)
    assert result.returncode == 2
    assert "c.yaml:1:" in result.stderr and "none.safetensors: does not exist" in result.stderr


def run(fdbench, tmp_path, config: dict):
    (tmp_path / "c.yaml").write_text(json.dumps(config))
    return fdbench("run", tmp_path / "c.yaml", "--out", tmp_path / "x.h5")


def test_resume_notices_a_changed_file(fdbench, tmp_path, config):
    """A LoRA of the same name with other values makes other pictures."""
    import h5py

    result = run(fdbench, tmp_path, config)
    assert result.returncode == 0, result.stderr
    with h5py.File(tmp_path / "x.h5") as file:
        settings = json.loads(file.attrs["settings"])
        before = file.attrs["weights_hash"]
    additions = json.loads(settings["model.additions"])
    assert {"lora": "a.safetensors", "scale": 0.5} in additions
    again = run(fdbench, tmp_path, config)
    assert again.returncode == 0, again.stderr
    save_file({k: 2 * v for k, v in factors().items()}, tmp_path / "a.safetensors")
    changed = run(fdbench, tmp_path, config)
    assert changed.returncode == 2, changed.stdout
    assert "model.unet" in changed.stderr and changed.stderr.count("\n") == 1
    with h5py.File(tmp_path / "x.h5") as file:
        assert file.attrs["weights_hash"] == before, "the file that is there is left alone"
