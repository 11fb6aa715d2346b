"""Writes the model folder that diffusers and fdbench load, float16, from the checkpoints.

python experiments/mini/export.py --output models/mini
"""

import argparse
import json
from pathlib import Path

import torch
from common import CHECKPOINTS
from parts import new_scheduler, new_vae, write_tokenizer
from train_unet import UNET, Denoiser
from train_vae import DECODER, VAE

LIMIT = 24_000_000
FOLDER = Path(__file__).resolve().parents[2] / "models" / "mini"
INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.30.0",
    "feature_extractor": [None, None],
    "image_encoder": [None, None],
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


def untrained() -> tuple[Denoiser, torch.nn.Module]:
    """Modules with random weights, to try out the layout of the folder."""
    torch.manual_seed(0)
    return Denoiser(), new_vae()


def trained() -> tuple[Denoiser, torch.nn.Module]:
    """The moving average of the UNet and text encoder, and the best decoder there is."""
    denoiser, vae = untrained()
    state = torch.load(UNET)
    denoiser.load_state_dict(state["average"])
    vae.load_state_dict(torch.load(DECODER if DECODER.exists() else VAE)["model"])
    vae.register_to_config(scaling_factor=state["scaling_factor"])
    return denoiser, vae


def export(denoiser: Denoiser, vae: torch.nn.Module, folder: Path) -> int:
    """Writes the folder and returns the bytes of its weights."""
    write_tokenizer(folder / "tokenizer")
    new_scheduler().save_pretrained(folder / "scheduler")
    parts = {"unet": denoiser.unet, "text_encoder": denoiser.text_encoder, "vae": vae}
    for name, part in parts.items():
        part.half().to(memory_format=torch.contiguous_format).save_pretrained(
            folder / name, safe_serialization=True
        )
    (folder / "model_index.json").write_text(json.dumps(INDEX, indent=2) + "\n")
    for path in folder.glob("*/config.json"):
        config = json.loads(path.read_text())
        config.pop("_name_or_path", None)
        if "dtype" in config:  # transformers would compute in what it names, diffusers in float32
            config["dtype"] = "float32"
        path.write_text(json.dumps(config, indent=2) + "\n")
    return sum(path.stat().st_size for path in folder.rglob("*.safetensors"))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=FOLDER)
    parser.add_argument("--untrained", action="store_true", help="random weights")
    args = parser.parse_args()
    CHECKPOINTS.mkdir(exist_ok=True)
    size = export(*(untrained() if args.untrained else trained()), args.output)
    print(f"{args.output}: {size / 1e6:.1f} MB of weights")
    if size > LIMIT:
        raise SystemExit(f"{size} bytes of weights are more than the {LIMIT} allowed")


if __name__ == "__main__":
    main()
