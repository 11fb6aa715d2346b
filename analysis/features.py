"""Block outputs of the full run: one column a block, whatever the detail of the file."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.load import Results


@dataclass
class BlockFeatures:
    """Statistics of one stage in the full run. An array that was not measured is None. P pictures,
    S steps, B blocks.
    """

    stage: str  # "" of a model of one stage
    blocks: pd.DataFrame  # name, role
    mse: np.ndarray | None  # [P, S, B], the first step NaN: it has no step before it
    frobenius: np.ndarray | None  # [P, S, B]
    frobenius_std: np.ndarray | None  # [P, B]


def block_features(results: Results) -> list[BlockFeatures]:
    """The full run's features by block, stage by stage; with `detail: layer` those of each block's
    last layer, whose output is the block's. Empty where nothing was watched.
    """
    if not results.features or results.blocks.empty:
        return []
    table = results.blocks
    of_stage = table["stage"] if "stage" in table else np.zeros(len(table), dtype=int)
    names = results.stage_names
    return [
        _of_stage(results, name, table, np.flatnonzero(of_stage == stage))
        for stage, name in enumerate(names)
    ]


def _of_stage(results: Results, stage: str, table: pd.DataFrame, rows: np.ndarray) -> BlockFeatures:
    """rows: of the stage in the table of blocks."""
    groups = table.iloc[rows].groupby("block", sort=False).indices.values()
    last = [int(rows[places[-1]]) for places in groups]
    names = table["block"].iloc[last].str.removeprefix(f"{stage}/" if stage else "")
    blocks = pd.DataFrame({"name": names.to_numpy(), "role": table["role"].iloc[last].to_numpy()})
    arrays = {key: array[..., last] for key, array in results.features.items()}
    for key in ("mse", "frobenius"):
        if key in arrays:  # [P, S, B]: without the padding behind the stage's steps
            steps = np.isfinite(arrays[key]).any(axis=(0, 2)).nonzero()[0]
            arrays[key] = arrays[key][:, : steps[-1] + 1] if len(steps) else arrays[key]
    mse = arrays.get("mse")
    if mse is not None:
        mse[:, 0] = np.nan
    return BlockFeatures(stage, blocks, mse, arrays.get("frobenius"), arrays.get("frobenius_std"))
