"""Reads an fdbench result file (docs/results.md) into plain pandas and numpy objects.

Axes in the shapes below: R runs, P pictures, S steps, B watched blocks, L layers, N timing rounds.
Of a model of several stages layers and blocks stand stage by stage, and step s of a layer is step s
of its stage. Files of schema version 1 know no stages: they are of one.
"""

from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from analysis.files import ResultError, open_result

SCHEMA_VERSIONS = (1, 2)
FEATURES = ("mse", "frobenius", "mean", "std", "frobenius_std")
TIMES = ("text_encoder_s", "unet_s", "vae_s", "total_s", "unet_calls")
ROUND_FACTS = ("steal_share", "others_share", "processor_mhz", "process")
DROP, REUSE, COMPUTE, PADDING = 0, 1, 2, 255


@dataclass
class Components:
    """Principal components of features as pictures. Q pictures, C blocks, T steps."""

    names: list[str]  # [C]
    steps: np.ndarray  # [T] counted downward; -1: not there
    images: np.ndarray  # [Q, C, T, H, W, 3] uint8
    explained: np.ndarray  # [Q, C, 3] share of the variance


@dataclass
class Predicted:
    """Estimates of the clean picture along the steps. q pictures, t steps."""

    steps: np.ndarray  # [R, t] counted downward; -1: not there
    images: np.ndarray  # [R, q, t, h, w, 3] uint8; black at steps that were left out
    psnr: np.ndarray  # [R, q, t] dB to the full run's at the same timestep; NaN: it has none
    latent_mse: np.ndarray  # [R, q, t]


@dataclass
class Results:
    """A result file. An array that the file lacks is None; a table that it lacks is empty."""

    path: Path
    attributes: dict[str, object]
    runs: pd.DataFrame
    prompts: pd.DataFrame
    layers: pd.DataFrame
    blocks: pd.DataFrame
    full: int | None  # row of the full run
    stages: pd.DataFrame = field(default_factory=pd.DataFrame)  # empty in files of version 1
    scores: pd.DataFrame = field(default_factory=pd.DataFrame)  # a row a run and scorer
    cells: np.ndarray | None = None  # [R, S, L] 0 drop, 1 reuse, 2 compute, 255 padding
    ran: np.ndarray | None = None  # [R, S, L] 1 where the layer ran
    features: dict[str, np.ndarray] = field(
        default_factory=dict
    )  # full run, [P, S, B]; measured ones
    similarity: dict[str, np.ndarray] = field(
        default_factory=dict
    )  # full run, [B, S, S] cosine and distance; measured ones
    components: Components | None = None
    predicted: Predicted | None = None
    images: np.ndarray | None = None  # [R, at most max_images, h, w, 3]
    psnr: np.ndarray | None = None  # [R, P] dB to the full run
    latent_mse: np.ndarray | None = None  # [R, P]
    timing: dict[str, np.ndarray] = field(default_factory=dict)  # [R, N] seconds, -1 becomes NaN
    rounds: dict[str, np.ndarray] = field(
        default_factory=dict
    )  # [N] what the machine did meanwhile

    @property
    def name(self) -> str:
        """Name of the sweep."""
        return str(self.attributes.get("name") or self.path.stem)

    @property
    def stage_names(self) -> list[str]:
        """Of a model of several stages; [""] of one alone."""
        return self.stages["name"].tolist() if len(self.stages) > 1 else [""]

    @property
    def num_pictures(self) -> int:
        """Pictures of each run."""
        return len(self.prompts) or (0 if self.psnr is None else self.psnr.shape[1])


def load(path: str | Path, max_images: int = 8) -> Results:
    """Reads the file. Throws ResultError with one line when it is missing, damaged or not ours
    (analysis/files.py).
    """
    path = Path(path)
    with open_result(path) as file:
        try:
            return _read(path, file, max_images)
        except OSError as error:
            reason = " ".join(str(error).split())
            raise ResultError(f"{path}: not a readable HDF5 file ({reason})") from error


def _read(path: Path, file: h5py.File, max_images: int) -> Results:
    attributes = {key: _plain(value) for key, value in file.attrs.items()}
    if attributes.get("format") != "fdbench":
        raise ResultError(f"{path}: an HDF5 file, but not an fdbench result (no format 'fdbench')")
    version = attributes.get("schema_version")
    if version not in SCHEMA_VERSIONS:
        raise ResultError(
            f"{path}: schema version {version}, this program reads versions "
            f"{SCHEMA_VERSIONS[0]} to {SCHEMA_VERSIONS[-1]}"
        )
    if "shard" in attributes:
        part = str(attributes["shard"]).replace("/", " of ")
        raise ResultError(
            f"{path}: is part {part} of a sweep; `fdbench merge OUT.h5 IN.h5...` joins the parts",
            exit_code=2,
        )
    runs = _table(file, "runs")
    if runs.empty or "name" not in runs:
        raise ResultError(f"{path}: holds no run (dataset /runs is missing, empty or has no name)")
    cells, ran = _array(file, "plan/cells"), _array(file, "plan/ran")
    full = _full_run(runs, cells, ran)
    results = Results(
        path=path,
        attributes=attributes,
        runs=runs,
        prompts=_table(file, "prompts"),
        layers=_table(file, "layers"),
        blocks=_table(file, "blocks"),
        full=full,
        stages=_table(file, "stages"),
        scores=_table(file, "scores"),
        cells=cells,
        ran=ran,
        psnr=_array(file, "pictures/psnr_to_full"),
        latent_mse=_array(file, "pictures/latent_mse_to_full"),
    )
    results.predicted = _predicted(file)
    if "pictures/images" in file:
        results.images = file["pictures/images"][:, :max_images]
    results.timing = {
        key: np.where(values < 0, np.nan, values)
        for key in TIMES
        if (values := _array(file, f"timing/{key}")) is not None
    }
    results.rounds = {
        key: values
        for key in ROUND_FACTS
        if (values := _array(file, f"timing/{key}")) is not None and values.ndim == 1
    }
    if full is not None:
        results.features = {
            key: values
            for key in FEATURES
            if f"features/{key}" in file
            and np.isfinite(values := file[f"features/{key}"][full]).any()
        }
        results.similarity = {
            key: file[f"similarity/{key}"][full]
            for key in ("cosine", "distance")
            if f"similarity/{key}" in file
        }
        results.components = _components(file, full)
    _check_shapes(results)
    return results


def _check_shapes(results: Results) -> None:
    """Every array must fit the tables beside it."""
    num_runs, num_layers = len(results.runs), len(results.layers)
    arrays = {
        "plan/cells": results.cells,
        "plan/ran": results.ran,
        "pictures/images": results.images,
        "pictures/psnr_to_full": results.psnr,
        "pictures/latent_mse_to_full": results.latent_mse,
        "predicted/images": results.predicted and results.predicted.images,
    } | {f"timing/{key}": values for key, values in results.timing.items()}
    for name, array in arrays.items():
        if array is not None and len(array) != num_runs:
            raise ResultError(f"{results.path}: /{name} has {len(array)} rows for {num_runs} runs")
    for name in ("plan/cells", "plan/ran"):
        if arrays[name] is not None and arrays[name].shape[2] != num_layers:
            raise ResultError(f"{results.path}: /{name} does not fit the {num_layers} /layers")
    for name, array in results.features.items():
        if array.shape[-1] != len(results.blocks):
            raise ResultError(f"{results.path}: /features/{name} does not fit /blocks")
    for name, array in results.similarity.items():
        if len(array) != len(results.blocks):
            raise ResultError(f"{results.path}: /similarity/{name} does not fit /blocks")


def _components(file: h5py.File, run: int) -> Components | None:
    """Of the run's first stage."""
    if "pca/images" not in file:
        return None
    return Components(
        names=[_plain(name) for name in file["scale/pca_block"][:]],
        steps=file["pca/steps"][run, 0],
        images=file["pca/images"][run],
        explained=file["pca/explained"][run],
    )


def _predicted(file: h5py.File) -> Predicted | None:
    if "predicted/images" not in file:
        return None
    return Predicted(
        steps=file["predicted/steps"][:],
        images=file["predicted/images"][:],
        psnr=file["predicted/psnr_to_full"][:],
        latent_mse=file["predicted/latent_mse_to_full"][:],
    )


def _full_run(runs: pd.DataFrame, cells: np.ndarray | None, ran: np.ndarray | None) -> int | None:
    """Row of the first run in which everything is computed: as recorded, or by its plan."""
    whole = runs.get("tome_ratio", 0) == 0  # no tokens merged
    for told in (runs.get("baseline", False), (runs.get("strategy", "") == "full") & whole):
        if np.any(told):
            return int(np.flatnonzero(told)[0])
    if cells is None or ran is None:
        return None
    everything = ((ran == 1) | (cells == PADDING)).all(axis=(1, 2)) & np.asarray(whole)
    return int(np.flatnonzero(everything)[0]) if everything.any() else None


def _array(file: h5py.File, name: str) -> np.ndarray | None:
    return file[name][:] if name in file else None


def _table(file: h5py.File, name: str) -> pd.DataFrame:
    """A compound dataset as a table with str instead of bytes; empty when it is not there."""
    if name not in file:
        return pd.DataFrame()
    frame = pd.DataFrame(file[name][:])
    for column in frame.columns:
        if frame[column].map(lambda value: isinstance(value, bytes)).any():
            frame[column] = frame[column].map(_plain)
    return frame


def _plain(value: object) -> object:
    """An attribute or field as str, int, float or list."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").rstrip("\0")
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value] if value.ndim else _plain(value.item())
    return value.item() if isinstance(value, np.generic) else value
