"""What the training programs share: scenes in memory, schedules, checkpoints, the loss curve."""

import csv
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
from scenes import draw, scenes

HERE = Path(__file__).resolve().parent
CHECKPOINTS = HERE / "checkpoints"
TRAINING_SEED = 1


def rendered(count: int, seed: int = TRAINING_SEED) -> tuple[list[str], np.ndarray]:
    """Captions and pictures [count, 64, 64, 3] uint8 of the training side of the split."""
    source = scenes(seed, want_held_out=False)
    rng = np.random.default_rng(seed)
    captions, pictures = [], np.empty((count, 64, 64, 3), np.uint8)
    for i in range(count):
        scene = next(source)
        captions.append(scene.caption())
        pictures[i] = draw(scene, rng)
    return captions, pictures


def to_tensor(pictures: np.ndarray) -> torch.Tensor:
    """[n, 64, 64, 3] uint8 -> [n, 3, 64, 64] in -1..1, channels last."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(127.5).sub(1.0)


def rate(iteration: int, total: int, peak: float, warm_up: int, floor: float = 0.0) -> float:
    """Linear warm-up, then a cosine down to `floor` times the peak at `total`."""
    if iteration < warm_up:
        return peak * (iteration + 1) / warm_up
    done = min(1.0, (iteration - warm_up) / max(1, total - warm_up))
    return peak * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * done)))


def set_rate(optimizer: torch.optim.Optimizer, value: float) -> None:
    """The learning rate of every parameter group."""
    for group in optimizer.param_groups:
        group["lr"] = value


def save(state: dict, path: Path) -> None:
    """Writes a checkpoint so that a kill at any instant leaves the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


class Curve:
    """Means of the loss over `every` iterations, appended to a CSV file and printed."""

    def __init__(self, path: Path, every: int, start: int = 0):
        self.path, self.every = path, every
        self.sums: dict[str, float] = {}
        self.count = 0
        self.began = time.time()
        self._keep_until(start)

    def _keep_until(self, start: int) -> None:
        """Drops rows that a resumed training will write again."""
        rows = []
        if start and self.path.exists():
            head, *old = csv.reader(self.path.read_text().splitlines())
            rows = [head, *(row for row in old if int(row[0]) <= start)]
        with self.path.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
        self.empty = not rows

    def add(self, iteration: int, **values: float) -> None:
        """Takes the losses of one iteration, counted from 1."""
        for key, value in values.items():
            self.sums[key] = self.sums.get(key, 0.0) + value
        self.count += 1
        if iteration % self.every:
            return
        means = {key: f"{total / self.count:.6f}" for key, total in self.sums.items()}
        with self.path.open("a", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            if self.empty:
                writer.writerow(["iteration", *means])
                self.empty = False
            writer.writerow([iteration, *means.values()])
        seconds = (time.time() - self.began) / self.count
        line = "  ".join(f"{key} {value}" for key, value in means.items())
        print(f"{iteration:6d}  {line}  {seconds:.3f} s/iteration", flush=True)
        self.sums, self.count, self.began = {}, 0, time.time()
