"""What becomes a picture is checked where it is made: a number that is none is an error."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.field.conftest import edit, refused

WEIGHTS = "diffusion_pytorch_model.safetensors"
SWEEP = """\
name: x
model: {model}
threads: 1
steps: 2
guidance_scale: 4
prompts: [a red circle, a blue square]
timing: {{warmup: 0, rounds: 1}}
dtype: {dtype}
runs: [{{strategy: full}}, {{strategy: drop, key_steps: all, name: d}}]
"""


def spoil(path, change):
    """Changes tensors of a file of weights."""
    weights = load_file(path)
    change(weights)
    save_file(weights, path, {"format": "pt"})


def one_nan(name, value=float("nan")):
    def change(weights):
        weights[name].view(-1)[0] = value

    return change


def scale(name, by):
    def change(weights):
        weights[name] = weights[name].float().mul(by).clamp(-60000, 60000).half()

    return change


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_vae_that_decodes_to_no_numbers(fdbench, mini, tmp_path, value):
    spoil(mini / "vae" / WEIGHTS, one_nan("decoder.conv_in.bias", value))
    config = tmp_path / "c.yaml"
    config.write_text(SWEEP.format(model=mini, dtype="float32"))
    output = tmp_path / "r.h5"
    refused(
        fdbench("run", config, "--out", output),
        *("run 'full'", "picture 0", "vae", "not finite"),
        code=3,
    )
    assert not output.exists()
    start = ("--prompt", "a red circle", "--steps", 1)
    done = fdbench("generate", mini, *start, "--output", tmp_path / "x.png")
    refused(done, "vae", "not finite", code=3)
    assert not (tmp_path / "x.png").exists()


def test_latents_name_run_and_picture(fdbench, mini, tmp_path):
    spoil(mini / "unet" / WEIGHTS, one_nan("conv_in.bias"))
    config = tmp_path / "c.yaml"
    config.write_text(SWEEP.format(model=mini, dtype="float32"))
    done = fdbench("run", config, "--out", tmp_path / "r.h5")
    refused(done, "run 'full'", "picture 0", "not finite", code=3)
    done = fdbench("run", config, "--out", tmp_path / "s.h5", "--set", "equal_time=true")
    refused(done, "not finite", code=3)
    worker = fdbench("worker", config, input='{"run": "d", "picture": 1}\n')
    assert "run 'd'" in worker.stdout and "not finite" in worker.stdout


def test_float16_proposes_other_numbers(fdbench, mini, tmp_path):
    """Weights that overflow in float16 alone: the message says what to do, and that helps."""
    spoil(mini / "vae" / WEIGHTS, scale("decoder.conv_in.weight", 1e6))
    edit(mini / "vae/config.json", force_upcast=False)
    start = ("--prompt", "a red circle", "--steps", 1, "--output", tmp_path / "x.png")
    done = fdbench("generate", mini, *start, "--dtype", "float16")
    refused(done, "vae", "not finite", "--dtype bfloat16", "float32", code=3)
    assert fdbench("generate", mini, *start, "--dtype", "float32").returncode == 0
    config = tmp_path / "c.yaml"
    config.write_text(SWEEP.format(model=mini, dtype="float16"))
    done = fdbench("run", config, "--out", tmp_path / "r.h5")
    refused(done, "run 'full'", "picture 0", "vae", "bfloat16", code=3)


def test_text_states(fdbench, mini, tmp_path):
    spoil(mini / "text_encoder/model.safetensors", one_nan("final_layer_norm.weight"))
    start = ("--prompt", "a red circle", "--steps", 1)
    done = fdbench("generate", mini, *start, "--output", tmp_path / "x.png")
    refused(done, "text_encoder", "not finite", "a red circle", code=3)
    config = tmp_path / "c.yaml"
    config.write_text(SWEEP.format(model=mini, dtype="float32"))
    done = fdbench("run", config, "--out", tmp_path / "r.h5")
    refused(done, "run 'full'", "text_encoder", "not finite", code=3)


@pytest.mark.parametrize("name", ["latents", "prompt_embeds", "negative_prompt_embeds"])
@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
def test_inputs_of_generate(fdbench, mini, tmp_path, name, value):
    inputs = {
        "latents": torch.zeros(1, 4, 16, 16),
        "prompt_embeds": torch.zeros(1, 5, 128),
        "negative_prompt_embeds": torch.zeros(1, 5, 128),
    }
    inputs[name][0, 1, 2] = value
    save_file(inputs, tmp_path / "i.safetensors")
    start = ("--inputs", tmp_path / "i.safetensors", "--steps", 1, "--guidance", 4)
    done = fdbench("generate", mini, *start, "--save-latents", tmp_path / "o.safetensors")
    refused(done, "i.safetensors", f"'{name}'", "not finite")


@pytest.mark.parametrize("name", ["sample", "timestep", "encoder_hidden_states"])
def test_inputs_of_forward(fdbench, mini, tmp_path, name):
    inputs = {
        "sample": torch.zeros(1, 4, 16, 16),
        "timestep": torch.tensor([500.0]),
        "encoder_hidden_states": torch.zeros(1, 5, 128),
    }
    inputs[name].view(-1)[0] = float("nan")
    save_file(inputs, tmp_path / "i.safetensors")
    files = ("--inputs", tmp_path / "i.safetensors", "--output", tmp_path / "o.safetensors")
    refused(fdbench("forward", mini, *files), "i.safetensors", f"'{name}'", "not finite")
