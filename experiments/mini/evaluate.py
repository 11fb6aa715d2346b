"""Makes pictures with the diffusers pipeline and measures how well they show their captions.

    python experiments/mini/evaluate.py --output models/mini/evaluation.json \
        --sheet models/mini/contact_sheet.png
"""

import argparse
import json
import textwrap
from pathlib import Path

import numpy as np
import torch
from common import to_tensor
from diffusers import StableDiffusionPipeline
from PIL import Image, ImageDraw
from reader import read
from scenes import Scene, draw, scenes

ROOT = Path(__file__).resolve().parents[2]
FRESH_SEED = 30_000_000  # scenes for the autoencoder's reconstruction


def load(folder: Path) -> StableDiffusionPipeline:
    """The pipeline in float32, without a progress bar."""
    pipeline = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def pictures_of(
    pipeline, captions: list[str], args: argparse.Namespace, images: list | None = None
) -> np.ndarray:
    """[n, 64, 64, 3] uint8. Picture i starts from the noise of generator seed `args.seed` + i.

    `images`: one for each caption, where the pipeline takes them.
    """
    made = []
    for i in range(0, len(captions), args.batch):
        part = captions[i : i + args.batch]
        generators = [torch.Generator().manual_seed(args.seed + i + j) for j in range(len(part))]
        more = {"image": images[i : i + len(part)]} if images else {}
        result = pipeline(
            part,
            **more,
            num_inference_steps=args.steps,
            guidance_scale=args.guidance,
            generator=generators,
            output_type="np",
        )
        made.append(np.rint(result.images * 255).astype(np.uint8))
    return np.concatenate(made)


def quality(pictures: np.ndarray, wanted: list[Scene], known: list | None = None) -> dict:
    """Shares of right attributes over all objects, and of pictures right in every respect.

    `known`: the reader's templates, those of the five shapes unless given.
    """
    verdicts, backgrounds, whole = [], [], {1: [], 2: [], 3: []}
    for picture, scene in zip(pictures, wanted, strict=True):
        background, readings = read(picture, scene, known)
        judged = [r.judge(thing) for r, thing in zip(readings, scene.things, strict=True)]
        verdicts += judged
        backgrounds.append(background == scene.background)
        whole[len(scene.things)].append(backgrounds[-1] and all(v["object"] for v in judged))
    result = {"pictures": len(wanted), "objects": len(verdicts)}
    for key in verdicts[0]:
        result[key] = round(float(np.mean([verdict[key] for verdict in verdicts])), 4)
    result["background"] = round(float(np.mean(backgrounds)), 4)
    result["whole_picture"] = round(float(np.mean(sum(whole.values(), []))), 4)
    for count, flags in whole.items():
        if flags:
            result[f"whole_picture_{count}_objects"] = round(float(np.mean(flags)), 4)
    return result


@torch.no_grad()
def reconstruction_psnr(vae, count: int = 64) -> float:
    """Mean PSNR in dB of decoding the encoded mean, over scenes that training never saw."""
    source, rng = scenes(FRESH_SEED, want_held_out=True), np.random.default_rng(FRESH_SEED)
    pictures = to_tensor(np.stack([draw(next(source), rng) for _ in range(count)]))
    made = vae.decode(vae.encode(pictures).latent_dist.mode()).sample.clamp(-1, 1)
    errors = (made - pictures).square().mean(dim=(1, 2, 3))
    return round(float((10 * torch.log10(4 / errors)).mean()), 2)


def contact_sheet(pictures: np.ndarray, captions: list[str], columns: int, zoom: int = 2):
    """Pictures, enlarged without smoothing, each above its caption."""
    cell, text = 64 * zoom, 62
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (cell + 8), rows * (cell + text)), "white")
    pen = ImageDraw.Draw(sheet)
    for i, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        x, y = (i % columns) * (cell + 8) + 4, (i // columns) * (cell + text)
        enlarged = Image.fromarray(picture).resize((cell, cell), Image.Resampling.NEAREST)
        sheet.paste(enlarged, (x, y))
        short = caption.replace(" background", "")
        for line, words in enumerate(textwrap.wrap(short, 24)[:5]):
            pen.text((x, y + cell + 1 + 11 * line), words, fill="black", font_size=10)
    return sheet


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "mini")
    parser.add_argument("--prompts", type=Path, default=ROOT / "configs/prompts/quick.json")
    parser.add_argument("--count", type=int, default=64, help="of the list's first prompts")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=0, help="of the first picture's noise")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, help="JSON file for the numbers")
    parser.add_argument("--sheet", type=Path, help="PNG file for a contact sheet")
    parser.add_argument("--sheet-count", type=int, default=32)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    prompts = json.loads(args.prompts.read_text())["prompts"][: args.count]
    captions = [prompt["caption"] for prompt in prompts]
    pipeline = load(args.model)
    pictures = pictures_of(pipeline, captions, args)
    result = {"prompts": args.prompts.stem, "steps": args.steps, "guidance": args.guidance}
    result |= quality(pictures, [Scene.from_json(prompt["scene"]) for prompt in prompts])
    result["vae_psnr_db"] = reconstruction_psnr(pipeline.vae)
    print(json.dumps(result, indent=2))
    if args.output:
        args.output.write_text(json.dumps(result, indent=2) + "\n")
    if args.sheet:
        count = args.sheet_count
        contact_sheet(pictures[:count], captions[:count], columns=8).save(args.sheet, optimize=True)


if __name__ == "__main__":
    main()
