"""Pictures for the tests of control pictures, and the reference's way to draw scribbles."""

import subprocess
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file, save_file

from tests.conftest import program

LINES = [
    np.array([[0, 0, 0], [1, 1, 1], [0, 0, 0]], np.uint8),
    np.array([[0, 1, 0], [0, 1, 0], [0, 1, 0]], np.uint8),
    np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], np.uint8),
    np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]], np.uint8),
]


def runner(folder: Path, task: str, tensors: dict, *more: object) -> dict[str, np.ndarray]:
    """What control_runner makes of tensors."""
    save_file(
        {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in tensors.items()},
        folder / "in.safetensors",
    )
    return call(task, folder / "in.safetensors", folder / "out.safetensors", *more)


def call(task: str, inputs: Path, output: Path, *more: object) -> dict[str, np.ndarray]:
    binary = program().parent / "tests" / "control_runner"
    done = subprocess.run(
        [binary, task, inputs, output, *map(str, more)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {name: tensor.numpy() for name, tensor in load_file(output).items()}


def pictures(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Noise, smooth noise, shapes and a photograph-like mixture of many sizes; grey ones, too."""
    made = {}
    for i, (h, w) in enumerate([(1, 1), (2, 5), (3, 3), (16, 64), (64, 64), (97, 61), (240, 321)]):
        noise = rng.integers(0, 256, (h, w, 3), dtype=np.uint8)
        made[f"noise_{i}"] = noise
        made[f"smooth_{i}"] = cv2.GaussianBlur(noise, (0, 0), 1.5)
        made[f"grey_{i}"] = cv2.GaussianBlur(noise[:, :, 0], (0, 0), 2)
    for i in range(6):
        made[f"scene_{i}"] = scene(rng, 128 + 32 * i, 256 - 16 * i)
    return made


def scene(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Shapes with shading on a gradient, with a little noise."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    picture = np.stack([x / width * 200, y / height * 180, (x + y) / (width + height) * 220], 2)
    for _ in range(12):
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        radius = int(rng.integers(4, 50))
        if rng.random() < 0.5:
            cv2.circle(picture, centre, radius, colour, -1)
        else:
            other = (centre[0] + radius, centre[1] + radius // 2)
            cv2.rectangle(picture, centre, other, colour, -1)
    picture = cv2.GaussianBlur(picture, (0, 0), 0.8) + rng.normal(0, 4, picture.shape)
    return picture.clip(0, 255).astype(np.uint8)


def fake_scribble(edges: np.ndarray) -> np.ndarray:
    """controlnet_aux's steps after the edge network."""
    smooth = cv2.GaussianBlur(edges.astype(np.float32), (0, 0), 3)
    ridges = np.zeros_like(smooth)
    for line in LINES:
        np.putmask(ridges, cv2.dilate(smooth, kernel=line) == smooth, smooth)
    thin = np.where(ridges > 127, np.uint8(255), np.uint8(0))
    blurred = cv2.GaussianBlur(thin, (0, 0), 3)
    return np.where(blurred > 4, np.uint8(255), np.uint8(0))


def edge_map(maps: list[np.ndarray], height: int, width: int) -> np.ndarray:
    """controlnet_aux's HEDdetector after the network, of maps before the sigmoid."""
    whole = [cv2.resize(m, (width, height), interpolation=cv2.INTER_LINEAR) for m in maps]
    mean = np.mean(np.stack(whole, axis=2), axis=2).astype(np.float64)
    return (255.0 / (1 + np.exp(-mean))).clip(0, 255).astype(np.uint8)


class Hed(torch.nn.Module):
    """controlnet_aux's ControlNetHED_Apache2, written from its description."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.Parameter(torch.zeros(1, 3, 1, 1))
        width = 3
        for number, (out, depth) in enumerate(
            [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], start=1
        ):
            convs = [
                torch.nn.Conv2d(width if i == 0 else out, out, 3, padding=1) for i in range(depth)
            ]
            block = torch.nn.Module()
            block.convs = torch.nn.ModuleList(convs)
            block.projection = torch.nn.Conv2d(out, 1, 1)
            setattr(self, f"block{number}", block)
            width = out

    def forward(self, picture: np.ndarray) -> list[np.ndarray]:
        """picture: [h, w, 3] uint8 -> five maps."""
        hidden = torch.from_numpy(picture).permute(2, 0, 1)[None].float() - self.norm
        maps = []
        for number in range(1, 6):
            block = getattr(self, f"block{number}")
            if number > 1:
                hidden = torch.nn.functional.max_pool2d(hidden, 2, 2)
            for conv in block.convs:
                hidden = conv(hidden).relu()
            maps.append(block.projection(hidden)[0, 0].numpy())
        return maps
