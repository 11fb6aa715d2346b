"""What the network is made of and costs: the paper's Tables 7 and 10 for the model at hand."""

import numpy as np
import pandas as pd

from analysis.load import Results
from analysis.paper import numbers

OF_A_LAYER = {
    "name": "name",
    "role": "part",
    "num_parameters": "parameters",
    "multiply_adds": "multiply_adds",
}
PARTS = ("control", "encoder", "bottleneck", "decoder")


def network_layers(results: Results) -> pd.DataFrame:
    """The paper's Table 7: one row a layer in the order they run: name (of several stages with its
    stage's), part, parameters and multiply_adds of one call for one picture with guidance. Empty
    where the file does not say.
    """
    layers = results.layers
    if layers.empty or not set(OF_A_LAYER) <= set(layers.columns):
        return pd.DataFrame()
    return layers[list(OF_A_LAYER)].rename(columns=OF_A_LAYER)


def complexity(results: Results) -> pd.DataFrame:
    """One row a stage and part: stage ("" of one alone), part, parameters, multiply_adds (of one
    call for one picture with guidance), their shares of the stage, and the paper's for SD v1.5.
    Empty where the file does not say.
    """
    layers = results.layers
    if layers.empty or not {"role", "num_parameters", "multiply_adds"} <= set(layers.columns):
        return pd.DataFrame()
    of_stage = layers["stage"] if "stage" in layers else np.zeros(len(layers), dtype=int)
    rows = []
    for stage, name in enumerate(results.stage_names):
        own = layers[np.asarray(of_stage) == stage]
        totals = {key: own[key].sum() for key in ("num_parameters", "multiply_adds")}
        for part in PARTS:
            chosen = own[own["role"] == part]
            if chosen.empty:
                continue
            sums = {key: int(chosen[key].sum()) for key in totals}
            rows.append(
                {
                    "stage": name,
                    "part": part,
                    "parameters": sums["num_parameters"],
                    "parameters_share": sums["num_parameters"] / max(totals["num_parameters"], 1),
                    "multiply_adds": sums["multiply_adds"],
                    "multiply_adds_share": sums["multiply_adds"] / max(totals["multiply_adds"], 1),
                    "paper": numbers()["table10"].get(part),
                }
            )
    return pd.DataFrame(rows)
