"""tomesd 0.1.3 as the reference of token merging, and how well defined its matchings were.

Which tokens are merged is not continuous: where two scores lie closer together than rounding, two
right programs part. So the reference notes the smallest gap that decided anything, and the tests
take the first inputs whose gaps are all above MIN_GAP.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import tomesd
import tomesd.patch
import torch

# Rounding moves a cosine by about 2e-7 here: runs with gaps of 1.5e-7 were seen to agree. At no gap
# below this one is agreement asked for.
MIN_GAP = 1e-6

OPTIONS = {  # tomesd's name: our option
    "ratio": "--tome-ratio",
    "sx": "--tome-sx",
    "sy": "--tome-sy",
    "max_downsample": "--tome-max-downsample",
}
FLAGS = {  # tomesd's name: (our flag, the value that it stands for)
    "merge_attn": ("--tome-no-merge-attn", False),
    "merge_crossattn": ("--tome-merge-crossattn", True),
    "merge_mlp": ("--tome-merge-mlp", True),
}


def command_options(ratio: float = 0.5, **options: object) -> list[object]:
    """tomesd's arguments, with use_rand off, as options of our commands."""
    words: list[object] = ["--tome-no-rand"]
    for name, value in {"ratio": ratio, **options}.items():
        if name in OPTIONS:
            words += [OPTIONS[name], value]
        elif FLAGS[name][1] == value:
            words.append(FLAGS[name][0])
    return words


@dataclass
class Matchings:
    """What the reference matched: how often, and by how much the closest decision was made."""

    count: int = 0
    gap: float = float("inf")


def decision_gap(metric: torch.Tensor, w: int, h: int, sx: int, sy: int, r: int) -> float:
    """Smallest difference of two scores (cosines) of which the larger one decided: of a merged
    token's best two destinations, and of the last merged and the first kept token.
    """
    grid = torch.arange(h * w).view(h, w)
    chosen = grid[: h // sy * sy : sy, : w // sx * sx : sx].flatten()
    others = torch.ones(h * w, dtype=torch.bool)
    others[chosen] = False
    unit = torch.nn.functional.normalize(metric.double(), dim=-1)
    scores = unit[:, others] @ unit[:, chosen].transpose(1, 2)
    best = scores.topk(min(2, scores.shape[-1]), dim=-1).values
    ranked, order = best[..., 0].sort(dim=-1, descending=True)
    r = min(r, ranked.shape[-1])
    gap = float("inf")
    if best.shape[-1] == 2:
        merged = order[:, :r, None].expand(-1, -1, 2)
        pairs = best.gather(1, merged)
        gap = min(gap, (pairs[..., 0] - pairs[..., 1]).min().item())
    if r < ranked.shape[-1]:
        gap = min(gap, (ranked[:, r - 1] - ranked[:, r]).min().item())
    return gap


@contextlib.contextmanager
def merged(unet: torch.nn.Module, **options: object) -> Iterator[Matchings]:
    """Patches a UNet with tomesd, use_rand off, and counts its matchings."""
    matchings = Matchings()
    matching = tomesd.merge.bipartite_soft_matching_random2d

    def counted(metric, w, h, sx, sy, r, **rest):
        if r > 0:
            matchings.count += 1
            matchings.gap = min(matchings.gap, decision_gap(metric, w, h, sx, sy, r))
        return matching(metric, w, h, sx, sy, r, **rest)

    tomesd.apply_patch(unet, use_rand=False, **options)
    tomesd.merge.bipartite_soft_matching_random2d = counted
    try:
        yield matchings
    finally:
        tomesd.merge.bipartite_soft_matching_random2d = matching
        tomesd.remove_patch(unet)
