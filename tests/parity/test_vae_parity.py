"""AutoencoderKL against diffusers, and pictures against its VaeImageProcessor."""

import pytest
import torch
from diffusers import AutoencoderKL
from diffusers.image_processor import VaeImageProcessor
from safetensors.torch import load_file, save_file

from tests.parity.reference import TOLERANCE, randomize, scaled_difference

SMALL = {
    "block_out_channels": (16, 32, 48),
    "down_block_types": ("DownEncoderBlock2D",) * 3,
    "up_block_types": ("UpDecoderBlock2D",) * 3,
    "norm_num_groups": 8,
}
CASES = {
    "small": {},
    "sd_like": {
        "block_out_channels": (16, 32, 32, 32),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "layers_per_block": 2,
    },
    "one_block": {
        "block_out_channels": (16,),
        "down_block_types": ("DownEncoderBlock2D",),
        "up_block_types": ("UpDecoderBlock2D",),
    },
    "without_attention_and_quantisation": {
        "mid_block_add_attention": False,
        "use_quant_conv": False,
        "use_post_quant_conv": False,
    },
    "shifted_16_channels": {
        "latent_channels": 16,
        "scaling_factor": 0.3611,
        "shift_factor": 0.1159,
    },
}


def make_vae(**config) -> AutoencoderKL:
    torch.manual_seed(3)
    return randomize(AutoencoderKL(**{**SMALL, **config}), 3)


def reference_decode(vae: AutoencoderKL, latents: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        shift = vae.config.shift_factor or 0
        return vae.decode(latents / vae.config.scaling_factor + shift).sample


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [(8, 8), (5, 9)])
def test_decoder_equals_diffusers(parity_runner, tmp_path, name, size):
    vae = make_vae(**CASES[name])
    vae.save_pretrained(tmp_path / "vae")
    latents = torch.randn(2, vae.config.latent_channels, *size)
    result = parity_runner("vae-decode", tmp_path, {"latents": latents})
    assert result.returncode == 0, result.stderr
    reference = reference_decode(vae, latents)
    assert scaled_difference(result.tensors["images"], reference) < TOLERANCE / 10


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [(32, 32), (21, 30)])
def test_encoder_equals_diffusers(parity_runner, tmp_path, name, size):
    vae = make_vae(**CASES[name])
    vae.save_pretrained(tmp_path / "vae")
    images = torch.rand(2, 3, *size) * 2 - 1
    result = parity_runner("vae-encode", tmp_path, {"images": images})
    assert result.returncode == 0, result.stderr
    with torch.inference_mode():
        mean = vae.encode(images).latent_dist.mean
    reference = (mean - (vae.config.shift_factor or 0)) * vae.config.scaling_factor
    assert scaled_difference(result.tensors["latents"], reference) < TOLERANCE / 10


def test_old_names_of_the_attention(parity_runner, tmp_path):
    """Checkpoints of 2022 say query, key, value and proj_attn."""
    vae = make_vae()
    vae.save_pretrained(tmp_path / "vae")
    path = tmp_path / "vae" / "diffusion_pytorch_model.safetensors"
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    tensors = {}
    for name, tensor in load_file(path).items():
        for new_name, old_name in old.items():
            name = name.replace(f"attentions.0.{new_name}", f"attentions.0.{old_name}")
        tensors[name] = tensor
    assert "decoder.mid_block.attentions.0.proj_attn.weight" in tensors
    save_file(tensors, path)
    latents = torch.randn(1, 4, 8, 8)
    result = parity_runner("vae-decode", tmp_path, {"latents": latents})
    assert result.returncode == 0, result.stderr
    assert scaled_difference(result.tensors["images"], reference_decode(vae, latents)) < TOLERANCE


@pytest.mark.parametrize("force_upcast", [True, False])
def test_float16(parity_runner, tmp_path, force_upcast):
    vae = make_vae(force_upcast=force_upcast).half()
    vae.save_pretrained(tmp_path / "vae")
    latents = torch.randn(1, 4, 8, 8)
    result = parity_runner("vae-decode", tmp_path, {"latents": latents}, "float16")
    assert result.returncode == 0, result.stderr
    images = result.tensors["images"]
    assert images.dtype == (torch.float32 if force_upcast else torch.float16)
    tolerance = TOLERANCE if force_upcast else 0.01
    assert scaled_difference(images, reference_decode(vae.float(), latents)) < tolerance


def test_pictures_equal_the_image_processor(parity_runner, tmp_path):
    vae = make_vae()
    vae.save_pretrained(tmp_path / "vae")
    result = parity_runner("vae-decode", tmp_path, {"latents": 3 * torch.randn(2, 4, 8, 8)})
    assert result.returncode == 0, result.stderr
    reference = VaeImageProcessor().postprocess(result.tensors["images"], output_type="pil")
    for picture, image in zip(result.tensors["pictures"], reference, strict=True):
        shown = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
        assert torch.equal(picture, shown.view(image.height, image.width, 3))


@pytest.mark.parametrize("mode", ["decode", "encode"])
def test_the_embedded_model(parity_runner, root, mode):
    folder = root / "models" / "mini"
    vae = AutoencoderKL.from_pretrained(folder, subfolder="vae", torch_dtype=torch.float32).eval()
    given = torch.randn(2, 4, 16, 16) if mode == "decode" else torch.rand(2, 3, 64, 64) * 2 - 1
    key, made = ("latents", "images") if mode == "decode" else ("images", "latents")
    result = parity_runner(f"vae-{mode}", folder, {key: given})
    assert result.returncode == 0, result.stderr
    if mode == "decode":
        reference = reference_decode(vae, given)
    else:
        with torch.inference_mode():
            reference = vae.encode(given).latent_dist.mean * vae.config.scaling_factor
    assert scaled_difference(result.tensors[made], reference) < TOLERANCE
