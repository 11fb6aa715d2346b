"""Trains the text encoder to say what is where, before the UNet learns to draw it.

    python experiments/mini/train_text.py

A small head asks each cell of an 8x8 grid: which background, which shape, colour and size here, if
any? It sees the text only through one cross-attention, the way the UNet does, so that the encoder
must bind the words of an object together and to its place. Captions are cheap, pictures are not:
this takes minutes, and spares the UNet from learning to read through the noise. The head is
thrown away; the encoder is frozen afterwards, as Stable Diffusion's is.
"""

import argparse

import torch
from common import CHECKPOINTS, HERE, TRAINING_SEED, Curve, rate, save, set_rate
from parts import WIDTH, encode_text, load_tokenizer, new_text_encoder
from scenes import BACKGROUNDS, COLOURS, PICTURE, RADII, SHAPES, Scene, scenes
from torch import nn
from torch.nn.functional import cross_entropy

TEXT = CHECKPOINTS / "text.pt"
GRID = 8
FIELDS = {"background": BACKGROUNDS, "shape": SHAPES, "colour": COLOURS, "size": RADII}


def layout(scene: Scene) -> torch.Tensor:
    """[4, 64] class of each cell for each field; 0 where there is no object."""
    cells = (torch.arange(GRID) + 0.5) * PICTURE / GRID
    y, x = torch.meshgrid(cells, cells, indexing="ij")
    grid = torch.zeros(len(FIELDS), GRID, GRID, dtype=torch.long)
    grid[0] = list(BACKGROUNDS).index(scene.background)
    for thing, (cx, cy) in zip(scene.things, scene.centres(), strict=True):
        inside = (x - cx) ** 2 + (y - cy) ** 2 <= (RADII[thing.size] + 1) ** 2
        for field in range(1, len(FIELDS)):
            name, words = list(FIELDS.items())[field]
            grid[field][inside] = 1 + list(words).index(getattr(thing, name))
    return grid.flatten(1)


class Reader(nn.Module):
    """One cross-attention from learnt cells to the text, and a linear answer to each question."""

    def __init__(self):
        super().__init__()
        self.cells = nn.Parameter(torch.randn(GRID * GRID, WIDTH) * 0.5)
        self.attention = nn.MultiheadAttention(WIDTH, 4, batch_first=True)
        self.hidden = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU())
        self.answers = nn.ModuleList(nn.Linear(WIDTH, len(words) + 1) for words in FIELDS.values())

    def forward(self, states: torch.Tensor) -> list[torch.Tensor]:
        """[n, 32, 128] text states -> for each field, logits [n, 64, classes]."""
        queries = self.cells.expand(len(states), -1, -1)
        seen, _ = self.attention(queries, states, states, need_weights=False)
        seen = self.hidden(seen)
        return [answer(seen) for answer in self.answers]


def dataset(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids [count, 32] and layouts [count, 4, 64] of the training side of the split."""
    source = scenes(TRAINING_SEED, want_held_out=False)
    drawn = [next(source) for _ in range(count)]
    tokenizer = load_tokenizer(CHECKPOINTS / "tokenizer")
    tokens = encode_text(tokenizer, [scene.caption() for scene in drawn])
    return tokens, torch.stack([layout(scene) for scene in drawn]).to(torch.uint8)


def train(args: argparse.Namespace) -> None:
    """The loop. It is short enough to need no resuming."""
    torch.manual_seed(args.seed)
    encoder = new_text_encoder(load_tokenizer(CHECKPOINTS / "tokenizer"))
    reader = Reader()
    tokens, layouts = dataset(args.scenes)
    parameters = [*encoder.parameters(), *reader.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=args.lr, betas=(0.9, 0.98), weight_decay=1e-3)
    curve = Curve(HERE / "loss_text.csv", 50)
    for iteration in range(args.iterations):
        set_rate(optimizer, rate(iteration, args.iterations, args.lr, 100, floor=0.01))
        chosen = torch.randint(0, len(tokens), (args.batch,))
        answers = reader(encoder(tokens[chosen]).last_hidden_state)
        wanted = layouts[chosen].long()
        pairs = [(answer.mT, wanted[:, field]) for field, answer in enumerate(answers)]
        loss = sum(cross_entropy(answer, right) for answer, right in pairs)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        with torch.no_grad():
            right = [(answer.argmax(1) == r)[r > 0].float().mean() for answer, r in pairs[1:]]
        curve.add(iteration + 1, loss=loss.item(), object_cells=sum(right).item() / len(right))
        if (iteration + 1) % 200 == 0 or iteration + 1 == args.iterations:
            save({"model": encoder.state_dict(), "iteration": iteration + 1}, TEXT)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=500)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--scenes", type=int, default=60000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    CHECKPOINTS.mkdir(exist_ok=True)
    torch.set_num_threads(args.threads)
    train(args)


if __name__ == "__main__":
    main()
