"""Exports networks of human preference as TorchScript files that `judges.scorers` takes.

usage: python -m experiments.scorers.export image_reward --checkpoint ImageReward.pt
           --med-config med_config.json --output image_reward.pt
       python -m experiments.scorers.export hpsv2 --checkpoint HPS_v2.pt --output hpsv2.pt

`--random` in place of `--checkpoint` takes random weights: shapes and times are real, numbers mean
nothing. The packages (README.md) are the caller's; each is imported when its network is exported.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

SIDE = 224  # [pixels] of both networks
MEAN = (0.48145466, 0.4578275, 0.40821073)  # of CLIP's training pictures
STD = (0.26862954, 0.26130258, 0.27577711)
IMAGE_REWARD_LENGTH, CLIP_LENGTH = 35, 77  # tokens of a text


class Pictures(nn.Module):
    """[n, 3, h, w] uint8 -> [n, 3, side, side]: the shorter side resized (bicubic, as Pillow), the
    middle cut out, CLIP's mean and deviation taken off.
    """

    def __init__(self, side: int = SIDE):
        super().__init__()
        self.side = side
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        """As the class says."""
        height, width = image.shape[2], image.shape[3]
        shorter = min(height, width)
        size = [self.side * height // shorter, self.side * width // shorter]
        resized = nn.functional.interpolate(
            image, size=size, mode="bicubic", align_corners=False, antialias=True
        )
        top = int(round((size[0] - self.side) / 2.0))
        left = int(round((size[1] - self.side) / 2.0))
        cut = resized[:, :, top : top + self.side, left : left + self.side]
        return (cut.float() / 255 - self.mean) / self.std


class PictureScorer(nn.Module):
    """A network of prepared pictures and text behind `Pictures`."""

    def __init__(self, network: nn.Module, side: int = SIDE):
        super().__init__()
        self.pictures, self.network = Pictures(side), network

    def forward(self, image: Tensor, text_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """[n, 3, h, w] uint8, [n, length] int64 each -> [n]."""
        return self.network(self.pictures(image), text_ids, attention_mask)


class ImageReward(nn.Module):
    """Xu et al. 2023 (arXiv 2304.05977): the reward of the package image-reward."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor, text_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """[n, 3, 224, 224], [n, 35] int64 each -> [n]."""
        return self.network.score_gard(text_ids, attention_mask, pictures).flatten()


class Hpsv2(nn.Module):
    """Wu et al. 2023 (arXiv 2306.09341): cosine of picture and text by a tuned CLIP ViT-H/14."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor, text_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """[n, 3, 224, 224], [n, 77] int64 -> [n]; nothing is masked, as in its package."""
        picture = self.network.encode_image(pictures, normalize=True)
        text = self.network.encode_text(text_ids, normalize=True)
        return (picture * text).sum(1) + 0 * attention_mask[:, 0]


def exported(network: nn.Module, length: int, side: int = SIDE) -> torch.jit.ScriptModule:
    """A traced network behind scripted `Pictures`, for any size and number of pictures."""
    network = network.eval().requires_grad_(False)
    pictures = torch.zeros(2, 3, side, side)
    ids = torch.ones(2, length, dtype=torch.long)
    traced = torch.jit.trace(network, (pictures, ids, ids), check_trace=False)
    return torch.jit.script(PictureScorer(traced, side).eval())


def image_reward(options: argparse.Namespace) -> tuple[nn.Module, int]:
    """The network of the package image-reward."""
    from ImageReward import ImageReward as module
    from ImageReward.models.BLIP import blip_pretrain

    # The package would fetch BERT's tokenizer, which scoring token ids does not need.
    blip_pretrain.init_tokenizer = lambda: None
    if options.med_config is None:
        raise SystemExit("export: image_reward wants --med-config, which lies beside its weights")
    reward = getattr(module, "ImageReward", module)
    network = reward(med_config=str(options.med_config), device="cpu")
    if options.checkpoint:
        network.load_state_dict(torch.load(options.checkpoint, map_location="cpu"), strict=False)
    return ImageReward(network), IMAGE_REWARD_LENGTH


def hpsv2(options: argparse.Namespace) -> tuple[nn.Module, int]:
    """HPSv2's network, built by open_clip, of which the package hpsv2 carries a copy."""
    import open_clip

    network = open_clip.create_model("ViT-H-14", pretrained=None)
    if options.checkpoint:
        state = torch.load(options.checkpoint, map_location="cpu")
        network.load_state_dict(state["state_dict"])
    return Hpsv2(network), CLIP_LENGTH


NETWORKS: dict[str, Callable[[argparse.Namespace], tuple[nn.Module, int]]] = {
    "image_reward": image_reward,
    "hpsv2": hpsv2,
}


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0, 2 for wrong use, a missing package and a missing file."""
    parser = argparse.ArgumentParser(prog="experiments.scorers.export", description=__doc__)
    parser.add_argument("network", choices=NETWORKS)
    weights = parser.add_mutually_exclusive_group(required=True)
    weights.add_argument("--checkpoint", type=Path, help="the weights that were published")
    weights.add_argument("--random", action="store_true", help="random weights, seed 0")
    parser.add_argument("--med-config", type=Path, help="of image_reward: its text encoder's")
    parser.add_argument("--output", type=Path, required=True, help="TorchScript file")
    options = parser.parse_args(arguments)
    torch.manual_seed(0)
    try:
        network, length = NETWORKS[options.network](options)
    except ImportError as error:
        print(f"export: {error}; experiments/scorers/README.md says what to install",
              file=sys.stderr)  # fmt: skip
        return 2
    except FileNotFoundError as error:
        print(f"export: {error.filename}: is not there", file=sys.stderr)
        return 2
    options.output.parent.mkdir(parents=True, exist_ok=True)
    exported(network, length).save(str(options.output))
    print(f"scorer  {options.output}  [image, text_ids, attention_mask], max_length {length}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
