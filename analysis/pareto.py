"""Which runs no other run beats in both speed and closeness to the full run."""

import numpy as np
import pandas as pd


def non_dominated(speed: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """True where no other point is at least as good in both and better in one. speed: higher is
    better; distance: lower is better; a point that is not finite in both is never on the front.
    """
    speed, distance = np.asarray(speed, dtype=float), np.asarray(distance, dtype=float)
    known = np.isfinite(speed) & np.isfinite(distance)
    front = known.copy()
    for index in np.flatnonzero(known):
        as_good = known & (speed >= speed[index]) & (distance <= distance[index])
        better = (speed > speed[index]) | (distance < distance[index])
        front[index] = not (as_good & better).any()
    return front


def on_front(table: pd.DataFrame) -> np.ndarray:
    """Of the rows of `summarise` that were compared with the same run, by the median UNet speedup
    and the mean latent MSE. Baselines are points like others: at speedup 1 and distance 0 where
    they are compared with themselves.
    """
    front = np.zeros(len(table), dtype=bool)
    for _, rows in table.groupby(table["compared_with"], sort=False):
        places = table.index.get_indexer(rows.index)
        front[places] = non_dominated(rows["speedup"].to_numpy(), rows["latent_mse"].to_numpy())
    return front
