"""The rounds: every method once a round, in an order shuffled anew each time."""

import random
from dataclasses import dataclass, field

import numpy as np
import torch

from analysis.runs import interval


@dataclass
class Measurement:
    """Times of R methods over N rounds, and what each made."""

    names: list[str]
    unit: str  # "latent" or "call"
    unet_s: np.ndarray  # [R, N]
    total_s: np.ndarray  # [R, N]
    order: np.ndarray  # [R, N] place within the round
    unet_calls: np.ndarray  # [R, N]
    made: dict[str, torch.Tensor] = field(default_factory=dict)  # of the last round

    def ratios(self, name: str, reference: str) -> tuple[float, float, float]:
        """Speedup of `name` over `reference` in total_s: median over the rounds, 95% interval."""
        return speedup(self.total_s, self.names.index(name), self.names.index(reference))

    def difference(self, name: str, reference: str) -> float:
        """Largest absolute difference of what they made, over the reference's largest value."""
        ours, theirs = self.made[name].double(), self.made[reference].double()
        return ((ours - theirs).abs().max() / theirs.abs().max()).item()


def speedup(seconds: np.ndarray, run: int, reference: int) -> tuple[float, float, float]:
    """reference / run: median of the rounds' ratios with its bootstrap 95% interval."""
    ratios = seconds[reference] / seconds[run]
    return float(np.median(ratios)), *interval(ratios, np.median)


def measure(methods: list, unit: str, rounds: int, seed: int, show=lambda text: None):
    """Runs the rounds. Nothing but the method in turn computes meanwhile."""
    shape = (len(methods), rounds)
    result = Measurement(
        [method.name for method in methods],
        unit,
        unet_s=np.full(shape, np.nan),
        total_s=np.full(shape, np.nan),
        order=np.full(shape, -1, np.int32),
        unet_calls=np.full(shape, -1, np.int32),
    )
    shuffle = random.Random(seed)
    for turn in range(rounds):
        places = list(range(len(methods)))
        shuffle.shuffle(places)
        for place, run in enumerate(places):
            made = getattr(methods[run], unit)()
            result.unet_s[run, turn], result.total_s[run, turn] = made.unet_s, made.total_s
            result.order[run, turn], result.unet_calls[run, turn] = place, made.unet_calls
            result.made[methods[run].name] = made.tensor
            show(f"round {turn + 1}/{rounds}  {methods[run].name}  {made.total_s:.3f} s")
    return result
