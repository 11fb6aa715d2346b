"""Measures how well pictures with models/mini-control follow edges, against pictures without it.

    python experiments/mini/evaluate_control.py --output models/mini-control/evaluation.json \
        --sheet models/mini-control/contact_sheet.png
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from diffusers import ControlNetModel, StableDiffusionControlNetPipeline
from edges import agreement, canny, control_picture
from evaluate import contact_sheet, load, pictures_of, quality
from PIL import Image
from scenes import Scene, draw, scenes

ROOT = Path(__file__).resolve().parents[2]
SCENE_SEED = 50_000_000  # held-out scenes that nothing else draws


def with_control(pipeline, folder: Path) -> StableDiffusionControlNetPipeline:
    """The pipeline with a control network beside its own parts."""
    control = ControlNetModel.from_pretrained(folder, torch_dtype=torch.float32)
    made = StableDiffusionControlNetPipeline(
        **pipeline.components, controlnet=control, requires_safety_checker=False
    )
    made.set_progress_bar_config(disable=True)
    return made


def drawn(count: int) -> tuple[list[Scene], np.ndarray]:
    """Held-out scenes, and the edges [count, 64, 64] bool of their pictures."""
    source, rng = scenes(SCENE_SEED, want_held_out=True), np.random.default_rng(SCENE_SEED)
    chosen = [next(source) for _ in range(count)]
    return chosen, np.stack([canny(draw(scene, rng)) for scene in chosen])


def edge_scores(pictures: np.ndarray, wanted: np.ndarray) -> dict:
    """Means over the pictures, each with its standard error."""
    pairs = zip(pictures, wanted, strict=True)
    values = np.array([agreement(canny(picture), edges) for picture, edges in pairs])
    result = {}
    for name, column in zip(("precision", "recall", "f1"), values.T, strict=True):
        result[f"edge_{name}"] = round(float(column.mean()), 4)
        result[f"edge_{name}_error"] = round(float(column.std() / len(column) ** 0.5), 4)
    return result


def sheet_of(control: np.ndarray, made: np.ndarray, plain: np.ndarray, captions: list[str]):
    """Four scenes a row, each as edges, picture with control, picture without."""
    pictures = np.stack([control, made, plain], axis=1).reshape(-1, *made.shape[1:])
    words = [text for caption in captions for text in ("edges", f"with: {caption}", "without")]
    return contact_sheet(pictures, words, columns=12)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "mini")
    parser.add_argument("--control", type=Path, default=ROOT / "models" / "mini-control")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--empty-count", type=int, default=64, help="with the empty caption, too")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=0, help="of the first picture's noise")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, help="JSON file for the numbers")
    parser.add_argument("--sheet", type=Path, help="PNG file for a contact sheet")
    parser.add_argument("--sheet-count", type=int, default=16)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    wanted, edges = drawn(args.count)
    captions, control = [scene.caption() for scene in wanted], control_picture(edges)
    pipeline = load(args.model)
    images = [Image.fromarray(picture) for picture in control]
    controlled = with_control(pipeline, args.control)
    made = pictures_of(controlled, captions, args, images)
    plain = pictures_of(pipeline, captions, args)
    result = {"scenes_seed": SCENE_SEED, "steps": args.steps, "guidance": args.guidance}
    for name, pictures in (("with_control", made), ("without_control", plain)):
        result[name] = edge_scores(pictures, edges) | quality(pictures, wanted)
    few = slice(args.empty_count)
    empty = [""] * len(captions[few])
    result["empty_captions"] = {
        "with_control": edge_scores(pictures_of(controlled, empty, args, images[few]), edges[few]),
        "without_control": edge_scores(pictures_of(pipeline, empty, args), edges[few]),
    }
    print(json.dumps(result, indent=2))
    if args.output:
        args.output.write_text(json.dumps(result, indent=2) + "\n")
    if args.sheet:
        few = slice(args.sheet_count)
        sheet = sheet_of(control[few], made[few], plain[few], captions[few])
        sheet.save(args.sheet, optimize=True)


if __name__ == "__main__":
    main()
