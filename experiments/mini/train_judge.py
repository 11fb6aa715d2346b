"""Trains the embedded judge on drawn scenes, each beside one that differs in one respect.

    python experiments/mini/train_judge.py

Contrastive as CLIP, over batches in which every scene comes with a hard negative, picture and
caption. A head that both towers share asks the embeddings for each object and its place: without it
the towers learn to bind words to objects hours later. The head is thrown away. Only the training
side of the split is seen. Goes on from its checkpoint; the folder is written at the end, also when
nothing was left to do.
"""

import argparse
import random

import numpy as np
import torch
from common import CHECKPOINTS, HERE, Curve, rate, save, set_rate
from hard_negatives import hard_negatives
from judge_parts import PROJECTION, SlotHead, export, new_judge, pixels_of, slots
from parts import encode_text, load_tokenizer
from scenes import draw, held_out, scenes
from torch.nn.functional import cross_entropy, normalize

JUDGE = CHECKPOINTS / "judge.pt"
SEED = 40_000_000  # not the scenes that models/mini was trained on
NOISE = 0.06  # largest standard deviation of what is added to the pixels
AVERAGE = 0.99  # of the weights that are exported
SPREAD = PROJECTION**0.5  # makes the entries of a unit vector about 1


def dataset(count: int) -> dict[str, torch.Tensor]:
    """`count` scenes and behind them a hard negative of each: pictures, tokens and slots."""
    kept = CHECKPOINTS / f"judge_scenes_{count}.pt"
    if kept.exists():
        return torch.load(kept)
    source, rng, pen = scenes(SEED, False), random.Random(SEED), np.random.default_rng(SEED)
    first, second = [], []
    while len(first) < count:
        scene = next(source)
        others = [s for s in hard_negatives(scene, rng) if not held_out(s.caption())]
        if others:
            first.append(scene)
            second.append(others[0])
    drawn = first + second
    tokenizer = load_tokenizer(CHECKPOINTS / "tokenizer")
    made = {
        "pictures": torch.from_numpy(np.stack([draw(scene, pen) for scene in drawn])),
        "tokens": encode_text(tokenizer, [scene.caption() for scene in drawn]),
        "slots": torch.stack([slots(scene) for scene in drawn]),
    }
    save(made, kept)
    return made


def contrastive(image: torch.Tensor, text: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """CLIP's loss; a caption that stands twice in the batch counts once a row."""
    logits = scale.exp().clamp(max=100) * normalize(image) @ normalize(text).T
    right = torch.arange(len(logits))
    return (cross_entropy(logits, right) + cross_entropy(logits.T, right)) / 2


def train(args: argparse.Namespace) -> None:
    """The loop."""
    torch.manual_seed(args.seed)
    model, head = new_judge(load_tokenizer(CHECKPOINTS / "tokenizer")), SlotHead()
    data = dataset(args.scenes)
    parameters = [*model.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=args.lr, betas=(0.9, 0.98), weight_decay=0.02)
    start, average = 0, {k: v.clone() for k, v in model.state_dict().items()}
    if JUDGE.exists():
        state = torch.load(JUDGE)
        model.load_state_dict(state["model"])
        head.load_state_dict(state["head"])
        optimizer.load_state_dict(state["optimizer"])
        start, average = state["iteration"], state["average"]
    curve = Curve(HERE / "loss_judge.csv", 25, start)
    for iteration in range(start, args.iterations):
        torch.manual_seed(args.seed + iteration)
        set_rate(optimizer, rate(iteration, args.iterations, args.lr, 100, floor=0.01))
        half = torch.randint(0, args.scenes, (args.batch // 2,))
        chosen = torch.cat([half, half + args.scenes])
        pixels = pixels_of(data["pictures"][chosen])
        pixels += torch.randn_like(pixels) * (NOISE * torch.rand(len(pixels), 1, 1, 1))
        output = model(input_ids=data["tokens"][chosen], pixel_values=pixels)
        vision, text = output.image_embeds, output.text_embeds
        wanted = data["slots"][chosen]
        seen, seen_right = head.loss(vision * SPREAD, wanted)
        read, read_right = head.loss(text * SPREAD, wanted)
        matched = contrastive(vision, text, model.logit_scale)
        loss = matched + 0.2 * (seen + read)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        for key, value in model.state_dict().items():
            average[key].lerp_(value, 1 - min(AVERAGE, iteration / (iteration + 20)))
        curve.add(iteration + 1, contrastive=matched.item(), picture_slots=float(seen_right),
                  text_slots=float(read_right))  # fmt: skip
        if (iteration + 1) % 100 == 0 or iteration + 1 == args.iterations:
            state = {"model": model.state_dict(), "head": head.state_dict(), "average": average}
            rest = {"optimizer": optimizer.state_dict(), "iteration": iteration + 1}
            save(state | rest, JUDGE)
    export(average)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--scenes", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    CHECKPOINTS.mkdir(exist_ok=True)
    torch.set_num_threads(args.threads)
    train(args)


if __name__ == "__main__":
    main()
