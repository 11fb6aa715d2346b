"""Measures whether models/mini draws the new shape, as it is and personalised, and what that costs.

    python experiments/mini/evaluate_personal.py --dreambooth results/mini-dreambooth \
        --output models/mini-personal/evaluation.json --sheet models/mini-personal/contact_sheet.png
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from evaluate import contact_sheet, load, pictures_of, quality
from new_shape import RARE_WORD, TOKEN, caption_with, known_shapes, new_scenes
from reader import LEAST_OVERLAP, read
from safetensors.torch import load_file
from scenes import Scene

ROOT = Path(__file__).resolve().parents[2]
PERSONAL = ROOT / "models" / "mini-personal"
CUSTOM_FILE = "pytorch_custom_diffusion_weights.safetensors"
SCENE_SEED = 60_000_000  # held-out scenes that nothing else draws


def with_lora(model: Path, folder: Path):
    """The pipeline with the new token and the LoRA."""
    pipeline = load(model)
    pipeline.load_textual_inversion(folder, weight_name=f"{TOKEN}.safetensors", token=TOKEN)
    pipeline.load_lora_weights(folder, weight_name="pytorch_lora_weights.safetensors")
    return pipeline


def with_custom_diffusion(model: Path, folder: Path):
    """The pipeline with the new token and the changed keys and values."""
    pipeline = load(model)
    # diffusers 0.42.1 wants every attention in the file, those without weights as empty, although
    # it does not write these; and without `_pipeline` it reads the file and changes nothing.
    unchanged = [name for name in pipeline.unet.attn_processors if name.endswith("attn1.processor")]
    state = load_file(folder / CUSTOM_FILE) | {name: torch.empty(0) for name in unchanged}
    pipeline.unet.load_attn_procs(state, _pipeline=pipeline)
    pipeline.load_textual_inversion(folder, weight_name=f"{TOKEN}.safetensors", token=TOKEN)
    return pipeline


def crosses(pictures: np.ndarray, wanted: list[Scene]) -> dict:
    """Share of the pictures in which the wanted cross, and any cross at all, is drawn."""
    right, anywhere = [], []
    for picture, scene in zip(pictures, wanted, strict=True):
        _, readings = read(picture, scene, known_shapes())
        is_cross = [r.shape == TOKEN and r.overlap >= LEAST_OVERLAP for r in readings]
        pairs = zip(is_cross, scene.things, strict=True)
        right.append(any(drawn and thing.shape == TOKEN for drawn, thing in pairs))
        anywhere.append(any(is_cross))
    return {
        "cross_in_its_place": round(float(np.mean(right)), 4),
        "cross_anywhere": round(float(np.mean(anywhere)), 4),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "mini")
    parser.add_argument("--personal", type=Path, default=PERSONAL)
    parser.add_argument("--dreambooth", type=Path, help="folder that train_personal.py wrote")
    parser.add_argument("--prompts", type=Path, default=ROOT / "configs/prompts/quick.json")
    parser.add_argument("--count", type=int, default=64, help="of each kind of prompts")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=0, help="of the first picture's noise")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--methods", nargs="*", help="a choice of the rows")
    parser.add_argument("--output", type=Path, help="JSON file for the numbers")
    parser.add_argument("--sheet", type=Path, help="PNG file for a contact sheet")
    parser.add_argument("--sheet-count", type=int, default=12)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    source = new_scenes(SCENE_SEED, want_held_out=True)
    new = [next(source) for _ in range(args.count)]
    prompts = json.loads(args.prompts.read_text())["prompts"][: args.count]
    old = [Scene.from_json(prompt["scene"]) for prompt in prompts]
    rows = {
        "base": (lambda: load(args.model), RARE_WORD),
        "lora": (lambda: with_lora(args.model, args.personal), TOKEN),
        "custom_diffusion": (lambda: with_custom_diffusion(args.model, args.personal), TOKEN),
    }
    if args.dreambooth:
        rows["dreambooth"] = (lambda: load(args.dreambooth), RARE_WORD)
    result = {"scenes_seed": SCENE_SEED, "steps": args.steps, "guidance": args.guidance}
    shown, words = [], []
    for name, (make, word) in rows.items():
        if args.methods and name not in args.methods:
            continue
        pipeline = make()
        captions = [caption_with(scene, word) for scene in new]
        made = pictures_of(pipeline, captions, args)
        kept = pictures_of(pipeline, [scene.caption() for scene in old], args)
        result[name] = {
            "new_shape": crosses(made, new) | quality(made, new, known_shapes()),
            "ordinary": crosses(kept, old) | quality(kept, old, known_shapes()),
        }
        print(name, json.dumps(result[name], indent=2), flush=True)
        shown.append(made[: args.sheet_count])
        words += [f"{name}: {caption}" for caption in captions[: args.sheet_count]]
    if args.output:
        args.output.write_text(json.dumps(result, indent=2) + "\n")
    if args.sheet:
        sheet = contact_sheet(np.concatenate(shown), words, columns=args.sheet_count)
        sheet.save(args.sheet, optimize=True)


if __name__ == "__main__":
    main()
