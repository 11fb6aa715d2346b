"""A folder means what diffusers takes it to mean, or fdbench says that it differs."""

import json
import shutil
from pathlib import Path

import diffusers
import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file
from transformers import CLIPModel

from tests.field.conftest import MODELS, edit, refused

SCHEDULER = "scheduler/scheduler_config.json"
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


def rename_scheduler(folder: Path, name: str, **options: object) -> None:
    """The folder with a scheduler of this class, in both files that name it."""
    edit(folder / SCHEDULER, _class_name=name, **options)
    edit(folder / "model_index.json", scheduler=["diffusers", name])


def test_the_embedded_models_run_without_a_dtype():
    """Weights are stored in half; both libraries must make one kind of numbers of them."""
    pipeline = StableDiffusionPipeline.from_pretrained(MODELS / "mini")
    pipeline.set_progress_bar_config(disable=True)
    kinds = {
        p.dtype
        for part in ("unet", "vae", "text_encoder")
        for p in getattr(pipeline, part).parameters()
    }
    assert kinds == {torch.float32}
    picture = pipeline("a red circle", num_inference_steps=1, output_type="np").images
    assert picture.shape == (1, 64, 64, 3)
    judge = CLIPModel.from_pretrained(MODELS / "mini-judge")
    assert judge.dtype == torch.float32


@pytest.mark.parametrize("other", ["EulerDiscreteScheduler", "HeunDiscreteScheduler"])
def test_model_index_names_the_scheduler(mini, latents_of, diffusers_latents, other):
    edit(mini / SCHEDULER, _class_name=other, interpolation_type="linear")
    torch.testing.assert_close(latents_of(mini), diffusers_latents(mini), **CLOSE)
    said = [line for line in latents_of.said.splitlines() if line.startswith("warning: ")]
    assert len(said) == 1
    for word in (SCHEDULER, other, "DDIMScheduler", "model_index.json"):
        assert word in said[0]


def test_a_scheduler_without_a_class_takes_that_of_model_index(mini, latents_of, diffusers_latents):
    edit(mini / SCHEDULER, _class_name=None)
    torch.testing.assert_close(latents_of(mini), diffusers_latents(mini), **CLOSE)
    assert latents_of.said == ""


def test_old_folders_are_repaired_as_diffusers_does(mini, latents_of, diffusers_latents):
    edit(mini / SCHEDULER, steps_offset=0, clip_sample=True)
    torch.testing.assert_close(latents_of(mini), diffusers_latents(mini), **CLOSE)
    notes = [line for line in latents_of.said.splitlines() if line.startswith("note: ")]
    assert len(notes) == 2
    assert all(SCHEDULER in note for note in notes)
    assert "'steps_offset': 0 is taken as 1" in latents_of.said
    assert "'clip_sample': true is taken as false" in latents_of.said


def test_other_pipelines_do_not_repair(mini, fdbench, tmp_path):
    edit(mini / SCHEDULER, steps_offset=0)
    edit(mini / "model_index.json", _class_name="LatentConsistencyModelPipeline")
    (tmp_path / "c.yaml").write_text(
        f"name: a\nmodel: {mini}\nsteps: 4\nprompts: [a]\nruns: [{{strategy: full}}]\n"
    )
    done = fdbench("plan", tmp_path / "c.yaml", "--format", "json")
    assert json.loads(done.stdout)[0]["timesteps"] == [750, 500, 250, 0], done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("version", "size"), [("0.8.1", 64), ("0.6.0.dev0", 64), ("0.9.0", 16), (None, 16)]
)
def test_sample_size_of_old_versions(mini, fdbench, version, size):
    edit(mini / "unet/config.json", _diffusers_version=version)
    done = fdbench("info", mini, "--format", "json")
    assert json.loads(done.stdout)["call"]["height"] == size
    assert ("'sample_size': 16" in done.stderr) == (size == 64)
    pipeline = StableDiffusionPipeline.from_pretrained(mini)
    assert pipeline.unet.config.sample_size == size


@pytest.mark.parametrize(
    "name",
    ["EDMEulerScheduler", "EDMDPMSolverMultistepScheduler", "FlowMatchEulerDiscreteScheduler",
     "FlowMatchHeunDiscreteScheduler", "FlowMatchLCMScheduler", "CMStochasticIterativeScheduler",
     "MyOwnScheduler"],
)  # fmt: skip
@pytest.mark.parametrize("chosen", [(), ("--sampler", "ddim"), ("--sampler", "euler")])
def test_networks_trained_for_something_else(mini, fdbench, tmp_path, name, chosen):
    rename_scheduler(mini, name)
    output = tmp_path / "x.safetensors"
    done = fdbench("generate", mini, "--prompt", "a", "--save-latents", output, *chosen)
    message = refused(done, name, SCHEDULER)
    assert "--sampler ddim" not in message
    assert not output.exists()


def test_sweeps_refuse_them_too(mini, fdbench, tmp_path):
    rename_scheduler(mini, "FlowMatchEulerDiscreteScheduler")
    config = f"name: a\nmodel: {mini}\nsampler: ddim\nsteps: 2\nprompts: [a]\n"
    (tmp_path / "c.yaml").write_text(config + "runs: [{strategy: full}]\n")
    for command in ("plan", "run"):
        refused(fdbench(command, tmp_path / "c.yaml"), "flow matching", SCHEDULER)


def test_continuous_times_are_for_euler_alone(mini, fdbench, tmp_path):
    rename_scheduler(mini, "EulerDiscreteScheduler", timestep_type="continuous",
                     prediction_type="v_prediction")  # fmt: skip
    options = ("--prompt", "a", "--steps", "1", "--save-latents", tmp_path / "x.safetensors")
    refused(fdbench("generate", mini, *options, "--sampler", "ddim"), "continuous", SCHEDULER)
    assert fdbench("generate", mini, *options).returncode == 0


@pytest.mark.parametrize(
    ("name", "near"),
    [("HeunDiscreteScheduler", "euler"), ("KDPM2DiscreteScheduler", "dpm_solver++"),
     ("DEISMultistepScheduler", "dpm_solver++"), ("DDIMParallelScheduler", "ddim"),
     ("TCDScheduler", "ddim")],
)  # fmt: skip
def test_schedulers_on_the_same_noise_have_a_relative(mini, fdbench, tmp_path, name, near):
    rename_scheduler(mini, name)
    options = ("--prompt", "a", "--steps", "1", "--save-latents", tmp_path / "x.safetensors")
    refused(fdbench("generate", mini, *options), name, SCHEDULER, f"--sampler {near}")
    assert fdbench("generate", mini, *options, "--sampler", near).returncode == 0


@pytest.mark.parametrize("command", ["generate", "info", "profile", "forward"])
def test_transformers_are_called_so(mini, fdbench, noise, tmp_path, command):
    shutil.move(mini / "unet", mini / "transformer")
    edit(mini / "transformer/config.json", _class_name="SD3Transformer2DModel")
    edit(mini / "model_index.json", _class_name="StableDiffusion3Pipeline", unet=None,
         transformer=["diffusers", "SD3Transformer2DModel"])  # fmt: skip
    rename_scheduler(mini, "FlowMatchEulerDiscreteScheduler")
    more = {"generate": ("--prompt", "a", "--sampler", "ddim"),
            "forward": ("--inputs", noise, "--output", tmp_path / "o")}  # fmt: skip
    done = fdbench(command, mini, *more.get(command, ()))
    refused(done, "StableDiffusion3Pipeline", "SD3Transformer2DModel", "no UNet")


@pytest.mark.parametrize(
    ("name", "word"),
    [("StableDiffusionInpaintPipeline", "inpainting"), ("StableDiffusionUpscalePipeline", "given"),
     ("StableDiffusionInstructPix2PixPipeline", "given"), ("AudioLDMPipeline", "sound"),
     ("StableDiffusionControlNetPipeline", "control"), ("IFPipeline", "UNet"),
     ("KandinskyV22Pipeline", "UNet"), ("StableVideoDiffusionPipeline", "films"),
     ("AnimateDiffPipeline", "films"), ("AltDiffusionPipeline", "CLIP"),
     (["file", "MyInpaintPipeline"], "inpainting")],
)  # fmt: skip
def test_other_pipelines_are_called_what_they_are(mini, fdbench, tmp_path, name, word):
    edit(mini / "model_index.json", _class_name=name)
    done = fdbench("generate", mini, "--prompt", "a", "--save-latents", tmp_path / "x.safetensors")
    refused(done, name if isinstance(name, str) else name[1], word)


def test_a_pipeline_that_is_not_known_is_named(mini, latents_of):
    edit(mini / "model_index.json", _class_name=["my_pipeline", "MyPipeline"])
    latents_of(mini, steps=1)
    assert latents_of.said.count("MyPipeline") == 1


def test_parts_that_model_index_leaves_out(mini, fdbench, tmp_path):
    edit(mini / "model_index.json", vae=[None, None])
    done = fdbench("generate", mini, "--prompt", "a", "--output", tmp_path / "x.png")
    refused(done, "has no vae/")


def average(folder: Path, shift: float) -> dict[str, torch.Tensor]:
    """The UNet's weights, moved a little: a training's average."""
    weights = load_file(folder / "unet/diffusion_pytorch_model.safetensors")
    weights["conv_out.bias"] = weights["conv_out.bias"] + shift
    return weights


def test_unet_ema_is_taken_where_asked_for(mini, latents_of):
    from safetensors.torch import save_file

    plain = latents_of(mini, steps=1)
    shutil.copytree(mini / "unet", mini / "unet_ema")
    file = mini / "unet_ema/diffusion_pytorch_model.safetensors"
    save_file(average(mini, 0.25), file)
    assert torch.equal(latents_of(mini, steps=1), plain)
    assert "unet_ema/ is left aside" in latents_of.said
    ema = latents_of(mini, "--variant", "ema", steps=1)
    assert latents_of.said == ""
    assert not torch.equal(ema, plain)
    shutil.rmtree(mini / "unet")
    assert torch.equal(latents_of(mini, steps=1), ema)
    assert "unet_ema/ is taken" in latents_of.said


def test_variants(mini, latents_of, fdbench, tmp_path):
    from safetensors.torch import save_file

    plain = latents_of(mini, steps=1)
    file = mini / "unet/diffusion_pytorch_model.safetensors"
    other = mini / "unet/diffusion_pytorch_model.non_ema.safetensors"
    save_file(average(mini, 0.25), other)
    assert torch.equal(latents_of(mini, steps=1), plain)
    non_ema = latents_of(mini, "--variant", "non_ema", steps=1)
    assert not torch.equal(non_ema, plain)
    file.rename(mini / "unet/diffusion_pytorch_model.bf16.safetensors")
    options = ("--prompt", "a", "--steps", "1", "--save-latents", tmp_path / "x.safetensors")
    refused(fdbench("generate", mini, *options), "bf16, non_ema", "--variant bf16")
    other.unlink()
    assert torch.equal(latents_of(mini, steps=1), plain)
    assert "the variant 'bf16', which is taken" in latents_of.said
    refused(fdbench("info", mini, "--variant", "fp16"), "no part has", "there are bf16")


def test_variant_in_a_config(mini, fdbench, tmp_path):
    shutil.copytree(mini / "unet", mini / "unet_ema")
    edit(mini / "unet_ema/config.json", sample_size=8)
    (tmp_path / "c.yaml").write_text(
        f"name: a\nmodel: {{folder: {mini}, variant: ema}}\nsteps: 1\nprompts: [a]\n"
        "runs: [{strategy: full}]\n"
    )
    done = fdbench("run", tmp_path / "c.yaml", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_use_default_values_are_defaults(mini, fdbench):
    """diffusers leaves out the keys that a config lists so."""
    edit(mini / "unet/config.json", _use_default_values=["norm_num_groups"], norm_num_groups=16)
    refused(fdbench("info", mini), "norm_num_groups", "32 does not divide")
    with pytest.raises(ValueError):
        diffusers.UNet2DConditionModel.from_pretrained(mini / "unet")
