"""How far key steps reach: what stands in at each reused step, by the full run's features."""

import numpy as np
import pandas as pd

from analysis.load import REUSE, Results

ALLOWED = 0.3  # relative distance beyond which a reused output counts as too old


def reach(results: Results) -> pd.DataFrame:
    """One row a run that reuses watched outputs: name, mean and worst relative distance of the full
    run's features between a reused step and the step whose output stands in, where the worst one is
    (block, step, source; steps counted downward), the longest run of reuse, and too_old, the share
    of reused outputs beyond ALLOWED. Empty without a map of similarity. Runs of another number of
    steps than the full run have no row.
    """
    distance = results.similarity.get("distance")
    if distance is None or results.full is None or results.ran is None or results.cells is None:
        return pd.DataFrame()
    steps_of = [tuple((cells != 255).any(axis=1)) for cells in results.cells]
    rows = []
    for run in range(len(results.runs)):
        if run == results.full or steps_of[run] != steps_of[results.full]:
            continue
        found = [
            (block, step, source, float(distance[block, step, source]))
            for block, layer in enumerate(results.blocks["layer"])
            for step, source in _reused(results, run, int(layer))
        ]
        found = [entry for entry in found if np.isfinite(entry[3])]
        if not found:
            continue
        values = np.array([entry[3] for entry in found])
        block, step, source, worst = found[int(values.argmax())]
        num_steps = sum(steps_of[run])
        rows.append(
            {
                "name": results.runs["name"].iloc[run],
                "mean": float(values.mean()),
                "worst": worst,
                "block": results.blocks["name"].iloc[block],
                "step": num_steps - step,
                "source": num_steps - source,
                "longest": max(entry[1] - entry[2] for entry in found),
                "too_old": float((values > ALLOWED).mean()),
            }
        )
    return pd.DataFrame(rows)


def _reused(results: Results, run: int, layer: int) -> list[tuple[int, int]]:
    """(step, source) in sampling order wherever the layer's output was reused."""
    pairs, source = [], None
    for step, ran in enumerate(results.ran[run, :, layer]):
        if ran:
            source = step
        elif source is not None and results.cells[run, step, layer] == REUSE:
            pairs.append((step, source))
    return pairs
