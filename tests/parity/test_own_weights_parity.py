"""`--custom-diffusion`, `--embedding` and `--unet` against diffusers, from prompts to latents."""

import copy
import json
import shutil

import pytest
import torch
from diffusers.models.attention_processor import CustomDiffusionAttnProcessor
from safetensors.torch import save_file

from tests.parity import lora_files
from tests.parity.reference import TOLERANCE, make_unet, scaled_difference
from tests.parity.test_lora_parity import (
    ATTENTION,
    fused,
    layers_of,
    noise,
    ours,
    reference,
    unet_factors,
)
from tests.python.sd_pipelines import generate, reference_trajectory
from tests.python.text_models import WIDTHS, make_sd1, make_sdxl

ATTENTIONS = "attn2"
CLIPS = ("clip_l", "clip_g")


@pytest.fixture(scope="module")
def sd1(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sd1")
    return folder, make_sd1(folder)


@pytest.fixture(scope="module")
def sdxl(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdxl")
    return folder, make_sdxl(folder)


def custom_processors(unet, train_q_out: bool, seed: int = 4) -> dict:
    """Custom Diffusion's processors with random weights, for each cross attention."""
    torch.manual_seed(seed)
    processors = {}
    for name, processor in unet.attn_processors.items():
        processors[name] = processor
        if ATTENTIONS not in name:
            continue
        attention = unet.get_submodule(name.removesuffix(".processor"))
        width, text = attention.to_k.weight.shape
        processors[name] = CustomDiffusionAttnProcessor(
            train_kv=True, train_q_out=train_q_out, hidden_size=width, cross_attention_dim=text
        )
    return processors


def custom_tensors(processors: dict) -> dict[str, torch.Tensor]:
    """As save_attn_procs writes them."""
    return {
        f"{name}.{key}": tensor.contiguous()
        for name, processor in processors.items()
        if isinstance(processor, CustomDiffusionAttnProcessor)
        for key, tensor in processor.state_dict().items()
    }


@pytest.mark.parametrize("train_q_out", [False, True])
def test_custom_diffusion(fdbench, tmp_path, sd1, train_q_out):
    folder, pipeline = sd1
    changed = copy.deepcopy(pipeline)
    processors = custom_processors(changed.unet, train_q_out)
    save_file(custom_tensors(processors), tmp_path / "a.safetensors")
    changed.unet.set_attn_processor(processors)
    made = ours(fdbench, folder, tmp_path, "--custom-diffusion", tmp_path / "a.safetensors")
    assert scaled_difference(made, reference(changed)) < TOLERANCE
    assert scaled_difference(made, reference(pipeline)) > 100 * TOLERANCE


def test_a_lora_is_added_to_custom_diffusion(fdbench, tmp_path, sd1):
    """Whatever the order of the options; of layers that both change the replaced weight counts."""
    folder, pipeline = sd1
    processors = custom_processors(copy.deepcopy(pipeline).unet, train_q_out=False)
    save_file(custom_tensors(processors), tmp_path / "custom.safetensors")
    changed = copy.deepcopy(pipeline)
    with torch.no_grad():
        for name, tensor in custom_tensors(processors).items():
            layer = name.replace(".processor", "").replace("_custom_diffusion.weight", "")
            changed.unet.get_submodule(layer).weight.copy_(tensor)
    tensors = lora_files.peft(unet_factors(pipeline, *ATTENTION, rank=4))
    file = lora_files.save(tensors, tmp_path / "lora.safetensors")
    expected = reference(fused(changed, (file, 0.5)))
    options = ["--lora", f"{file}:0.5", "--custom-diffusion", tmp_path / "custom.safetensors"]
    assert scaled_difference(ours(fdbench, folder, tmp_path, *options), expected) < TOLERANCE


def vectors(number: int, width: int = 40, seed: int = 5) -> torch.Tensor:
    return 0.3 * torch.randn(number, width, generator=torch.Generator().manual_seed(seed))


def latents_of(pipeline, prompt: str) -> torch.Tensor:
    return reference_trajectory(
        pipeline,
        prompt=[prompt],
        negative_prompt=["blurry <Cat>"],
        latents=noise(),
        guidance_scale=3.0,
        num_inference_steps=3,
    )


def our_latents(fdbench, folder, tmp_path, prompt, *options) -> torch.Tensor:
    options = ["--prompt", prompt, "--negative-prompt", "blurry <Cat>", "--guidance", 3, *options]
    options = ["--steps", 3, *options]
    return generate(fdbench, folder, tmp_path, *options, inputs={"latents": noise()})["trajectory"][
        1:
    ]


WORDS = {
    "one": {"<cat>": vectors(1)[0]},
    "one_row": {"<cat>": vectors(1)},
    "several": {"<cat>": vectors(3)},
    "renamed": {"<other>": vectors(2)},
    "a1111": {"emb_params": vectors(3)},
    "half": {"<cat>": vectors(3).half()},
}


@pytest.mark.parametrize("kind", WORDS)
def test_learned_word(fdbench, tmp_path, sd1, kind):
    folder, pipeline = sd1
    changed = copy.deepcopy(pipeline)
    file, token = tmp_path / "word.safetensors", None if "<cat>" in WORDS[kind] else "<cat>"
    save_file(WORDS[kind], file)
    changed.load_textual_inversion(str(file), token=token)
    prompt = "a photo of <cat>, two <cat>s and A CAT"
    option = file if token is None else f"{token}={file}"
    made = our_latents(fdbench, folder, tmp_path, prompt, "--embedding", option)
    assert scaled_difference(made, latents_of(changed, prompt)) < TOLERANCE
    assert scaled_difference(made, latents_of(pipeline, prompt)) > 10 * TOLERANCE


def test_two_learned_words_and_custom_diffusion(fdbench, tmp_path, sd1):
    """As Custom Diffusion's training writes them: weights and a word for each concept."""
    folder, pipeline = sd1
    changed = copy.deepcopy(pipeline)
    processors = custom_processors(changed.unet, train_q_out=True)
    save_file(custom_tensors(processors), tmp_path / "a.safetensors")
    changed.unet.set_attn_processor(processors)
    options = ["--custom-diffusion", tmp_path / "a.safetensors"]
    for i, token in enumerate(("<new1>", "<new2>")):
        file = tmp_path / f"{i}.safetensors"
        save_file({token: vectors(1, seed=i)[0]}, file)
        changed.load_textual_inversion(str(file), token=token)
        options += ["--embedding", f"{token}={file}"]
    prompt = "a <new2> cat beside a <new1> dog"
    made = our_latents(fdbench, folder, tmp_path, prompt, *options)
    assert scaled_difference(made, latents_of(changed, prompt)) < TOLERANCE


@pytest.mark.parametrize("number", [1, 2])
def test_learned_word_of_sdxl(fdbench, tmp_path, sdxl, number):
    folder, pipeline = sdxl
    changed = copy.deepcopy(pipeline)
    tensors = {key: vectors(number, width) for key, width in zip(CLIPS, WIDTHS, strict=True)}
    save_file(tensors, tmp_path / "word.safetensors")
    for key, tail in zip(CLIPS, ("", "_2"), strict=True):
        changed.load_textual_inversion(
            {"<cat>": tensors[key]},
            token="<cat>",
            text_encoder=getattr(changed, f"text_encoder{tail}"),
            tokenizer=getattr(changed, f"tokenizer{tail}"),
        )
    prompt = "a photo of <cat>"
    option = f"<cat>={tmp_path / 'word.safetensors'}"
    made = our_latents(fdbench, folder, tmp_path, prompt, "--embedding", option)
    assert scaled_difference(made, latents_of(changed, prompt)) < TOLERANCE
    assert scaled_difference(made, latents_of(pipeline, prompt)) > 10 * TOLERANCE


def test_tokens_of_learned_words(fdbench, tmp_path, sd1):
    folder, pipeline = sd1
    changed = copy.deepcopy(pipeline)
    save_file(WORDS["several"], tmp_path / "word.safetensors")
    changed.load_textual_inversion(str(tmp_path / "word.safetensors"))
    text = "a <CAT> and <cat>-like things"
    options = ["--embedding", tmp_path / "word.safetensors", "--format", "json"]
    result = fdbench("tokenize", folder, "--text", text, *options)
    assert result.returncode == 0, result.stderr
    written_out = changed.maybe_convert_prompt(text, changed.tokenizer)
    ids = changed.tokenizer(written_out, padding="max_length", max_length=77, truncation=True)
    assert json.loads(result.stdout)["input_ids"] == ids["input_ids"]


def test_unet_of_its_own(fdbench, tmp_path, sd1):
    """What DreamBooth training writes: the folder of a UNet over a base folder."""
    folder, pipeline = sd1
    changed = copy.deepcopy(pipeline)
    changed.unet = make_unet(seed=9)
    changed.unet.save_pretrained(tmp_path / "trained")
    made = ours(fdbench, folder, tmp_path, "--unet", tmp_path / "trained")
    assert scaled_difference(made, reference(changed)) < TOLERANCE
    tensors = lora_files.peft(unet_factors(changed, "to_q", rank=2))
    file = lora_files.save(tensors, tmp_path / "lora.safetensors")
    made = ours(fdbench, folder, tmp_path, "--unet", tmp_path / "trained", "--lora", file)
    assert scaled_difference(made, reference(fused(changed, (file, 1)))) < TOLERANCE


def test_what_the_folder_holds_stays(sd1, fdbench, tmp_path):
    """Merging changes no file, and a copy of the folder makes the same."""
    folder, pipeline = sd1
    before = {path: path.read_bytes() for path in folder.rglob("*.safetensors")}
    tensors = lora_files.peft(unet_factors(pipeline, "to_q", rank=2))
    file = lora_files.save(tensors, tmp_path / "lora.safetensors")
    made = ours(fdbench, folder, tmp_path, "--lora", file)
    assert {path: path.read_bytes() for path in folder.rglob("*.safetensors")} == before
    shutil.copytree(folder, tmp_path / "copy")
    assert torch.equal(ours(fdbench, tmp_path / "copy", tmp_path, "--lora", file), made)
    assert layers_of(pipeline.unet, "to_q")
