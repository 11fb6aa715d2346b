"""Writes result files as docs/results.md describes them, with made-up values of the right kind."""

from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from analysis.paper import key_sets

ATTRIBUTES = {
    "format": "fdbench",
    "schema_version": 2,
    "name": "synthetic",
    "config": "name: synthetic\nmodel: models/mini  # <small> & quick\n",
    "config_path": "configs/synthetic.yaml",
    "config_hash": "0123456789abcdef",
    "fdbench_version": "0.1.0",
    "git_revision": "abcdef0",
    "libtorch_version": "2.13.0",
    "device": "cpu",
    "cpu": "a processor",
    "num_threads": 2,
    "model": "models/mini",
    "num_parameters": 7_500_000,
    "guidance_scale": 4.0,
    "seed": 7,
    "dtype": "float32",
    "detail": "block",
    "created": "2026-11-23T02:00:00Z",
}
LEVELS = 4
ROLES = {"conv_in": "encoder", "down": "encoder", "mid_block": "bottleneck"}


@dataclass
class Sweep:
    """What a synthetic file holds. runs: (strategy, key set, execution)."""

    runs: list[tuple[str, str, str]] = field(default_factory=lambda: list(ABLATION))
    num_pictures: int = 4
    num_steps: int = 50
    num_rounds: int = 6
    size: int = 32
    without: tuple[str, ...] = ()  # datasets or groups to leave out, e.g. "features"
    attributes: dict[str, object] = field(default_factory=dict)


SETS = [
    "uniform_I", "uniform_II", "uniform_III",
    "non_uniform_I", "non_uniform_II", "non_uniform_III", "non_uniform_IV",
]  # fmt: skip
ABLATION = [("full", "", "sequential")]
ABLATION += [("encoder", keys, way) for keys in SETS for way in ("sequential", "parallel")]
ABLATION += [("decoder", "non_uniform_IV", "sequential")]
ABLATION += [("encoder_decoder", "non_uniform_IV", "sequential")]
ABLATION += [("drop", "non_uniform_IV", "sequential")]
LATENT_MSE = {
    "uniform_I": 0.005, "uniform_II": 0.060, "non_uniform_IV": 0.055, "non_uniform_III": 0.099,
    "non_uniform_I": 0.102, "uniform_III": 0.186, "non_uniform_II": 0.400,
}  # fmt: skip
FACTOR = {"encoder": 1.0, "decoder": 3.0, "encoder_decoder": 5.0, "drop": 30.0}


def layer_table() -> list[tuple[str, str, str]]:
    """(name, block, role) of each layer, in running order."""
    layers = [("conv_in", "conv_in")]
    for level in range(LEVELS):
        names = ["layers.0", "layers.1"] + ["downsampler"] * (level < LEVELS - 1)
        layers += [(f"down_blocks.{level}.{name}", f"down_blocks.{level}") for name in names]
    layers.append(("mid_block", "mid_block"))
    for level in range(LEVELS):
        names = ["layers.0", "layers.1", "layers.2"] + ["upsampler"] * (level < LEVELS - 1)
        layers += [(f"up_blocks.{level}.{name}", f"up_blocks.{level}") for name in names]
    layers.append(("conv_out", "conv_out"))
    return [(name, block, role(block)) for name, block in layers]


def role(block: str) -> str:
    """encoder, bottleneck or decoder."""
    return ROLES.get(block, ROLES.get(block.split("_")[0], "decoder"))


def plan(strategy: str, keys: tuple[int, ...], num_steps: int) -> np.ndarray:
    """Cells [S, L] of a strategy."""
    roles = np.array([role for _, _, role in layer_table()])
    cells = np.full((num_steps, len(roles)), 2, np.uint8)
    held = {"full": [], "encoder": ["encoder", "bottleneck"], "decoder": ["decoder"]}
    columns = np.isin(roles, held.get(strategy, ["encoder", "bottleneck", "decoder"]))
    others = [order for order in range(num_steps) if num_steps - order not in keys]
    if strategy != "full":
        cells[np.ix_(others, np.flatnonzero(columns))] = 0 if strategy == "drop" else 1
    return cells


def write(path: Path, sweep: Sweep | None = None) -> Path:
    """Writes the file and returns its path."""
    sweep = sweep or Sweep()
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        for key, value in (ATTRIBUTES | sweep.attributes).items():
            file.attrs[key] = value
        _write_tables(file, sweep)
        _write_plans(file, sweep)
        _write_features(file, sweep, rng)
        _write_pictures(file, sweep, rng)
        _write_timing(file, sweep, rng)
        for name in sweep.without:
            del file[name]
    return path


def edited(path: Path, **values: object) -> Path:
    """Overwrites parts of datasets: edited(p, **{"timing/unet_s": (index, value)})."""
    with h5py.File(path, "r+") as file:
        for name, (index, value) in values.items():
            array = file[name][:]
            array[index] = value
            file[name][...] = array
    return path


def _write_tables(file: h5py.File, sweep: Sweep) -> None:
    names = ["/".join(part for part in run if part) for run in sweep.runs]
    rows = [
        (name, run[0], run[2], sweep.num_steps) for name, run in zip(names, sweep.runs, strict=True)
    ]
    kinds = [("name", "S64"), ("strategy", "S32"), ("execution", "S16"), ("num_steps", "i4")]
    file["runs"] = np.array(rows, dtype=kinds)
    captions = [
        f"a small red circle above a large blue square, number {i}"
        for i in range(sweep.num_pictures)
    ]
    prompts = [(i, 100 + i, caption) for i, caption in enumerate(captions)]
    file["prompts"] = np.array(prompts, [("index", "i8"), ("seed", "u8"), ("caption", "S256")])
    layers = [
        (*row, 1000, 2_000_000 if row[2] == "decoder" else 1_000_000) for row in layer_table()
    ]
    kinds = [("name", "S64"), ("block", "S32"), ("role", "S16")]
    integers = [("num_parameters", "i8"), ("multiply_adds", "i8")]
    file["layers"] = np.array(layers, kinds + integers)
    blocks = list(dict.fromkeys((block, block, role) for _, block, role in layer_table()))
    file["blocks"] = np.array([(*row, 0) for row in blocks], [*kinds, ("layer", "i4")])


def _write_plans(file: h5py.File, sweep: Sweep) -> None:
    sets = key_sets(sweep.num_steps)
    every = tuple(range(1, sweep.num_steps + 1))
    cells = np.stack([plan(run[0], sets.get(run[1], every), sweep.num_steps) for run in sweep.runs])
    file["plan/cells"] = cells
    file["plan/ran"] = (cells == 2).astype(np.uint8)
    file["timesteps"] = np.tile(np.linspace(981, 1, sweep.num_steps), (len(sweep.runs), 1))


def _write_features(file: h5py.File, sweep: Sweep, rng: np.random.Generator) -> None:
    roles = [row["role"].decode() for row in file["blocks"][:]]
    shape = (len(sweep.runs), sweep.num_pictures, sweep.num_steps, len(roles))
    depth = np.arange(len(roles))
    scale = np.where(np.array(roles) == "decoder", 0.05 * 2.0**depth / 64, 0.004 * (1 + depth))
    time = 0.3 + np.linspace(-1, 1, sweep.num_steps)[:, None] ** 2
    mse = scale * time * rng.lognormal(0, 0.2, shape)
    mse[:, :, 0] = np.nan
    norms = 3 + depth + np.cumsum(rng.normal(0, 1, shape) * np.sqrt(scale), axis=2)
    file["features/mse"] = mse
    file["features/frobenius"] = norms
    file["features/mean"], file["features/std"] = norms / 10, norms / 5
    file["features/frobenius_std"] = norms.std(axis=2)


def _write_pictures(file: h5py.File, sweep: Sweep, rng: np.random.Generator) -> None:
    axis = np.linspace(0, 1, sweep.size)
    base = np.zeros((sweep.num_pictures, sweep.size, sweep.size, 3))
    for picture in range(sweep.num_pictures):
        base[picture] = np.stack(np.broadcast_arrays(axis[:, None], axis, picture / 8), axis=-1)
        base[picture, 6:16, 6:16] = (0.9, 0.2, 0.1 * picture)
    images, mses = [], []
    for strategy, keys, _ in sweep.runs:
        mse = FACTOR.get(strategy, 0.0) * LATENT_MSE.get(keys, 0.0)
        seeded = np.random.default_rng(len(strategy) * 100 + len(keys))
        noise = np.sqrt(mse) / 4 * seeded.normal(size=base.shape)
        images.append(np.clip((base + noise) * 255, 0, 255).astype(np.uint8))
        mses.append(np.array([mse * (1 + 0.1 * i) for i in range(sweep.num_pictures)]))
    images = np.stack(images)
    errors = ((images.astype(float) - images[0]) ** 2).mean(axis=(2, 3, 4))
    file["pictures/images"] = images
    file["pictures/latents"] = rng.normal(size=(*images.shape[:2], 4, 8, 8)).astype(np.float32)
    with np.errstate(divide="ignore"):
        file["pictures/psnr_to_full"] = 10 * np.log10(255**2 / errors)
    file["pictures/latent_mse_to_full"] = np.stack(mses)


def _write_timing(file: h5py.File, sweep: Sweep, rng: np.random.Generator) -> None:
    ran = file["plan/ran"][:].mean(axis=(1, 2))
    fast = np.array([0.8 if run[2] == "parallel" else 1.0 for run in sweep.runs])
    unet = 0.4 * (ran * fast)[:, None] * rng.lognormal(0, 0.01, (len(sweep.runs), sweep.num_rounds))
    file["timing/unet_s"] = unet
    file["timing/text_encoder_s"] = np.full_like(unet, 0.004)
    file["timing/vae_s"] = np.full_like(unet, 0.02)
    file["timing/total_s"] = unet + 0.025
    file["timing/unet_calls"] = np.full(unet.shape, sweep.num_steps, np.int32)
    file["timing/order"] = np.argsort(rng.random(unet.shape), axis=0).astype(np.int32)
