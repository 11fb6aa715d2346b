"""The embedded judge: a CLIPModel in miniature, its training batches and its folder."""

import json
from pathlib import Path

import torch
from parts import MAX_TOKENS, load_tokenizer, write_tokenizer
from scenes import BACKGROUNDS, COLOURS, FAR, MIDDLE, NEAR, RADII, SHAPES, Scene
from torch import nn
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

FOLDER = Path(__file__).resolve().parents[2] / "models" / "mini-judge"
PROJECTION = 128
CELLS = [(x, y) for y in (NEAR, MIDDLE, FAR) for x in (NEAR, MIDDLE, FAR)]
FIELDS = {"shape": tuple(SHAPES), "colour": tuple(COLOURS), "size": tuple(RADII)}
MEAN = STD = [0.5, 0.5, 0.5]


def new_judge(tokenizer) -> CLIPModel:
    """Both towers 128 wide; the vision tower sees 64 patches of 8x8 pixels."""
    end = tokenizer.eos_token_id
    common = {"num_attention_heads": 4, "hidden_act": "quick_gelu", "intermediate_size": 256}
    text = common | {
        "vocab_size": len(tokenizer),
        "hidden_size": 128,
        "num_hidden_layers": 2,
        "max_position_embeddings": MAX_TOKENS,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": end,
        "pad_token_id": end,
    }
    vision = common | {
        "hidden_size": 128,
        "num_hidden_layers": 4,
        "image_size": 64,
        "patch_size": 8,
    }
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=PROJECTION))


def slots(scene: Scene) -> torch.Tensor:
    """[28]: the background, then shape, colour and size of each of nine cells (0: nothing)."""
    values = torch.zeros(1 + 3 * len(CELLS), dtype=torch.long)
    values[0] = list(BACKGROUNDS).index(scene.background)
    for thing, centre in zip(scene.things, scene.centres(), strict=True):
        cell = CELLS.index(centre)
        for i, (name, words) in enumerate(FIELDS.items()):
            values[1 + 3 * cell + i] = 1 + words.index(getattr(thing, name))
    return values


class SlotHead(nn.Module):
    """Reads a scene off an embedding; shared by both towers, so that they come to mean the same.

    Only training uses it.
    """

    def __init__(self):
        super().__init__()
        self.sizes = [len(BACKGROUNDS)] + [len(words) + 1 for words in FIELDS.values()] * len(CELLS)
        self.answer = nn.Sequential(
            nn.Linear(PROJECTION, 256), nn.GELU(), nn.Linear(256, sum(self.sizes))
        )

    def loss(self, embeds: torch.Tensor, wanted: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Cross-entropy and the share of slots with an object that are right."""
        total, right, asked = 0.0, 0.0, 0.0
        for i, logits in enumerate(self.answer(embeds).float().split(self.sizes, 1)):
            total = total + nn.functional.cross_entropy(logits, wanted[:, i])
            if i > 0:
                there = wanted[:, i] > 0
                right = right + (logits.argmax(1) == wanted[:, i])[there].sum()
                asked = asked + there.sum()
        return total, right / asked


def pixels_of(pictures: torch.Tensor) -> torch.Tensor:
    """[n, 64, 64, 3] uint8 -> what the image processor gives: [n, 3, 64, 64] in -1..1."""
    return pictures.permute(0, 3, 1, 2).float().div(127.5).sub(1.0)


def export(state: dict, folder: Path = FOLDER) -> None:
    """Writes the folder that transformers and fdbench load, weights in float16: all files beside it
    first, then one after the other into their places.
    """
    part = folder.with_name(folder.name + ".part")
    write_tokenizer(part)
    model = new_judge(load_tokenizer(part))
    model.load_state_dict(state)
    model.half().save_pretrained(part, safe_serialization=True)
    config = json.loads((part / "config.json").read_text())
    config.pop("_name_or_path", None)
    config["dtype"] = "float32"  # what transformers computes in, whatever the file holds
    (part / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    side = {"height": 64, "width": 64}
    CLIPImageProcessor(
        size=side, do_center_crop=False, crop_size=side, image_mean=MEAN, image_std=STD
    ).save_pretrained(part)
    folder.mkdir(parents=True, exist_ok=True)
    for path in part.iterdir():
        path.replace(folder / path.name)
    part.rmdir()
