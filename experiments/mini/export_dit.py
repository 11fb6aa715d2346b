"""Writes models/mini-dit from the checkpoint of train_dit.py, float16, as diffusers loads it.

python experiments/mini/export_dit.py --output models/mini-dit
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from class_scenes import NAMES
from safetensors.torch import save_file
from train_dit import DIT, MODEL, new_dit, new_scheduler

LIMIT = 12_000_000
INDEX = {
    "_class_name": "DiTPipeline",
    "_diffusers_version": "0.30.0",
    "id2label": {str(label): name for label, name in enumerate(NAMES)},
    "scheduler": ["diffusers", "DDIMScheduler"],
    "transformer": ["diffusers", "DiTTransformer2DModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


def export(model, folder: Path) -> int:
    """Writes the folder and returns the bytes of its weights."""
    transformer = folder / "transformer"
    transformer.mkdir(parents=True, exist_ok=True)
    model.save_config(transformer)
    # diffusers keeps a copy of the one embedder in every block.
    state = {key: value.half().clone() for key, value in model.state_dict().items()}
    save_file(state, transformer / "diffusion_pytorch_model.safetensors")
    new_scheduler().save_pretrained(folder / "scheduler")
    shutil.copytree(MODEL / "vae", folder / "vae", dirs_exist_ok=True)
    (folder / "model_index.json").write_text(json.dumps(INDEX, indent=2) + "\n")
    return sum(path.stat().st_size for path in folder.glob("*/*.safetensors"))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=MODEL.parent / "mini-dit")
    args = parser.parse_args()
    model, state = new_dit(), torch.load(DIT)
    model.load_state_dict(state["average"])
    size = export(model, args.output)
    print(f"{size / 1e6:.2f} MB after {state['iteration']} iterations")
    assert size <= LIMIT, f"weights of {size} bytes are above {LIMIT}"


if __name__ == "__main__":
    main()
