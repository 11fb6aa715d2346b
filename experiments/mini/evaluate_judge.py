"""How well the embedded judge and the scene reader tell right from wrong on held-out drawn scenes.

python experiments/mini/evaluate_judge.py --output models/mini-judge/evaluation.json
"""

import argparse
import json
import random
from pathlib import Path

import corruptions
import numpy as np
import torch
from hard_negatives import hard_negatives, shows
from judge_parts import FOLDER, pixels_of
from parts import encode_text, load_tokenizer
from reader import read
from scenes import Scene, draw, scenes
from torch.nn.functional import normalize
from transformers import CLIPModel

SEED = 70_000_000
CANDIDATES = 64


class Judge:
    """Both towers of the folder, in float32."""

    def __init__(self, folder: Path):
        self.model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = load_tokenizer(folder)

    @torch.no_grad()
    def pictures(self, pictures: np.ndarray) -> torch.Tensor:
        """[n, 64, 64, 3] uint8 -> unit embeddings [n, 128]."""
        parts = torch.from_numpy(pictures).split(256)
        states = [self.model.vision_model(pixel_values=pixels_of(part)) for part in parts]
        return normalize(
            torch.cat([self.model.visual_projection(state.pooler_output) for state in states])
        )

    @torch.no_grad()
    def captions(self, captions: list[str]) -> torch.Tensor:
        """-> unit embeddings [n, 128]."""
        parts = encode_text(self.tokenizer, captions).split(512)
        states = [self.model.text_model(input_ids=part) for part in parts]
        return normalize(
            torch.cat([self.model.text_projection(state.pooler_output) for state in states])
        )

    def clip_score(self, pictures: np.ndarray, drawn: list[Scene]) -> float:
        """Mean of 2.5 max(0, cosine)."""
        texts = self.captions([scene.caption() for scene in drawn])
        cosines = (self.pictures(pictures) * texts).sum(1)
        return float(2.5 * cosines.clamp(min=0).mean())


def candidates(drawn: list[Scene], rng: random.Random) -> list[list[Scene]]:
    """For each scene: itself, its hard negatives, and other held-out scenes; 64 in all."""
    found = []
    for scene in drawn:
        pictures = {shows(other): other for other in [scene, *hard_negatives(scene, rng)]}
        while len(pictures) < CANDIDATES:
            other = rng.choice(drawn)
            pictures.setdefault(shows(other), other)
        found.append(list(pictures.values())[:CANDIDATES])
    return found


def retrieval(judge: Judge, drawn: list[Scene], pictures: np.ndarray) -> dict:
    """Top-1 among 64 candidates, both ways."""
    pen, lists = np.random.default_rng(SEED), candidates(drawn, random.Random(SEED))
    images, texts = judge.pictures(pictures), judge.captions([s.caption() for s in drawn])
    of_text, of_picture = [], []
    for i, others in enumerate(lists):
        captions = judge.captions([other.caption() for other in others])
        of_text.append(int((captions @ images[i]).argmax()) == 0)
        others_drawn = np.stack([draw(other, pen) for other in others[1:]])
        seen = torch.cat([images[i : i + 1], judge.pictures(others_drawn)])
        of_picture.append(int((seen @ texts[i]).argmax()) == 0)
    rng = random.Random(0)
    hard = np.mean([len({shows(s) for s in hard_negatives(scene, rng)}) for scene in drawn])
    return {
        "candidates": CANDIDATES,
        "hard_negatives_among_them": round(float(hard), 1),
        "caption_of_picture": round(float(np.mean(of_text)), 4),
        "picture_of_caption": round(float(np.mean(of_picture)), 4),
    }


def reading(drawn: list[Scene], pictures: np.ndarray) -> dict:
    """The scene reader's shares of right answers."""
    verdicts, whole = [], []
    for picture, scene in zip(pictures, drawn, strict=True):
        background, readings = read(picture, scene)
        judged = [r.judge(thing) for r, thing in zip(readings, scene.things, strict=True)]
        verdicts += judged
        whole.append(background == scene.background and all(v["object"] for v in judged))
    shares = {key: round(float(np.mean([v[key] for v in verdicts])), 4) for key in verdicts[0]}
    return shares | {"whole_picture": round(float(np.mean(whole)), 4)}


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Between Gaussians fitted to two sets of embeddings."""
    one, other = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values = np.linalg.eigvals(one @ other).real.clip(min=0)
    gap = a.mean(0) - b.mean(0)
    return float(gap @ gap + np.trace(one + other) - 2 * np.sqrt(values).sum())


def ranked(values: list[float], better: str) -> bool:
    """Whether every level is strictly worse than the one before."""
    steps = np.diff(values)
    return bool((steps < 0).all() if better == "high" else (steps > 0).all())


def corrupted(judge: Judge, drawn: list[Scene], pictures: np.ndarray, clean: np.ndarray) -> dict:
    """What each judge says of each level of each corruption."""
    levels = {
        "noise": [(corruptions.noisy(pictures, sigma), drawn) for sigma in corruptions.NOISE],
        "blur": [(corruptions.blurred(pictures, radius), drawn) for radius in corruptions.BLUR],
        "swapped_caption": [
            (pictures, corruptions.with_other_captions(drawn, share))
            for share in corruptions.SHARES
        ],
        "missing_object": [
            (corruptions.with_missing_objects(drawn, share), drawn) for share in corruptions.SHARES
        ],
    }
    result = {}
    for name, cases in levels.items():
        scores = [judge.clip_score(seen, told) for seen, told in cases]
        right = [reading(told, seen)["whole_picture"] for seen, told in cases]
        found = {"clip_score": scores, "pictures_right": right}
        if name != "swapped_caption":
            found["frechet"] = [frechet(judge.pictures(seen).numpy(), clean) for seen, _ in cases]
        result[name] = {key: [round(value, 5) for value in values] for key, values in found.items()}
        result[name]["ranked"] = {
            key: ranked(values, "low" if key == "frechet" else "high")
            for key, values in found.items()
        }
    return result


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--count", type=int, default=512)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, help="JSON file for the numbers")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    source, pen = scenes(SEED, want_held_out=True), np.random.default_rng(SEED)
    drawn = [next(source) for _ in range(2 * args.count)]
    pictures = np.stack([draw(scene, pen) for scene in drawn])
    judge = Judge(args.folder)
    others = judge.pictures(pictures[args.count :]).numpy()
    drawn, pictures = drawn[: args.count], pictures[: args.count]
    result = {
        "scenes": args.count,
        "retrieval": retrieval(judge, drawn, pictures),
        "reader": reading(drawn, pictures),
        "corruptions": corrupted(judge, drawn, pictures, others),
    }
    print(json.dumps(result, indent=2))
    if args.output:
        args.output.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
