"""Block outputs of the full run: one column a block, whatever the detail of the file."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.load import Results


@dataclass
class BlockFeatures:
    """Statistics of the full run. An array that was not measured is None. P pictures, S steps, B
    blocks.
    """

    blocks: pd.DataFrame  # name, role
    mse: np.ndarray | None  # [P, S, B], the first step NaN: it has no step before it
    frobenius: np.ndarray | None  # [P, S, B]
    frobenius_std: np.ndarray | None  # [P, B]


def block_features(results: Results) -> BlockFeatures | None:
    """The full run's features by block; with `detail: layer` those of each block's last layer,
    whose output is the block's.
    """
    if not results.features or results.blocks.empty:
        return None
    table = results.blocks
    last = [int(rows[-1]) for rows in table.groupby("block", sort=False).indices.values()]
    blocks = pd.DataFrame(
        {"name": table["block"].iloc[last].to_numpy(), "role": table["role"].iloc[last].to_numpy()}
    )
    arrays = {key: array[..., last] for key, array in results.features.items()}
    mse = arrays.get("mse")
    if mse is not None:
        steps = np.isfinite(mse).any(axis=(0, 2)).nonzero()[0]
        mse = mse[:, : steps[-1] + 1] if len(steps) else mse
        mse[:, 0] = np.nan
    return BlockFeatures(blocks, mse, arrays.get("frobenius"), arrays.get("frobenius_std"))
