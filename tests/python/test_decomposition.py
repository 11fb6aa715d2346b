"""A speedup is the product of its parts, and broken promises are named."""

import numpy as np
import pandas as pd
import pytest

from analysis.decomposition import decomposition
from analysis.tables import memory_text

FULL = {"name": "full", "strategy": "full", "execution": "sequential", "group": 0, "unet_s": 10.0}
FULL |= {"work_ratio": 1.0, "predicted": 1.0, "speedup": 1.0, "low": 1.0, "high": 1.0}


def run(name: str, unet_s: float, predicted: float, **more: object) -> dict:
    speedup = FULL["unet_s"] / unet_s
    row = {"name": name, "strategy": "encoder", "execution": "sequential", "group": 1}
    row |= {"unet_s": unet_s, "work_ratio": 1.5, "predicted": predicted}
    return row | {"speedup": speedup, "low": speedup * 0.99, "high": speedup * 1.01} | more


def test_factors_multiply_to_the_speedup() -> None:
    table = pd.DataFrame(
        [FULL, run("encoder", 7.0, 1.4), run("encoder/parallel", 5.0, 1.4, execution="parallel")]
    )
    parts = decomposition(table)
    assert parts["name"].tolist() == ["encoder", "encoder/parallel"]
    product = parts["work_ratio"] * parts["layers"] * parts["batching"] * parts["rest"]
    assert np.allclose(product, parts["speedup"])
    assert parts["batching"].tolist() == pytest.approx([1.0, 1.4])


@pytest.mark.parametrize(
    ("unet_s", "predicted", "note"),
    [(7.0, 1.43, ""), (9.0, 1.4, "slower"), (5.0, 1.4, "faster"), (8.4, 1.2, "fast anyway")],
)
def test_a_broken_promise_is_named(unet_s: float, predicted: float, note: str) -> None:
    parts = decomposition(pd.DataFrame([FULL, run("encoder", unet_s, predicted)]))
    found = parts["note"].iloc[0]
    assert note in found and bool(found) == bool(note)


def test_runs_without_times_have_no_row() -> None:
    untimed = run("encoder", 7.0, 1.4) | {"speedup": np.nan}
    assert decomposition(pd.DataFrame([FULL, untimed])).empty
    assert decomposition(pd.DataFrame([FULL]).drop(columns="predicted")).empty


def test_memory_reads_well() -> None:
    assert [memory_text(size) for size in (-1, np.nan, 84e6, 1.25e9)] == [
        "–", "–", "84 MB", "1.25 GB",
    ]  # fmt: skip
