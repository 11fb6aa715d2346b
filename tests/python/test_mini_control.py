"""The embedded control network in sweeps: pictures follow their edges, and no longer do so where a
strategy drops the control.
"""

import json

import h5py
import numpy as np
import pytest

from tests.conftest import ROOT

CONFIG = f"""
name: follow
model: {ROOT}/models/mini
guidance_scale: 4
prompts: {{file: {ROOT}/configs/prompts/edges.json, count: 8}}
steps: 20
sampler: ddim
features: false
pictures: {{chunk: 4, keep: 0}}
timing: {{warmup: 0, rounds: 0}}
judges: {{control_f1: true, scenes: {ROOT}/models/mini-judge}}
"""
CONTROLLED = f"""controlnet: {ROOT}/models/mini-control
runs:
  - {{strategy: full}}
  - {{name: hold, strategy: encoder, key_steps: sd_ddim}}
  - {{name: drop, strategy: encoder, key_steps: sd_ddim, control: drop}}
"""


@pytest.fixture(scope="module")
def scores(fdbench, tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """F1 of each picture by run; "plain" is the model without the network."""
    folder, found = tmp_path_factory.mktemp("follow"), {}
    for name, more in (("plain", "runs: [{strategy: full}]\n"), ("controlled", CONTROLLED)):
        (folder / f"{name}.yaml").write_text(CONFIG + more)
        done = fdbench("run", folder / f"{name}.yaml", "--out", folder / f"{name}.h5")
        assert done.returncode == 0, done.stderr
        with h5py.File(folder / f"{name}.h5") as file:
            runs = [run.decode() for run in file["runs"]["name"]]
            values = file["pictures/control_f1"][:]
            means = file["runs"]["control_f1"]
        np.testing.assert_allclose(means, values.mean(1), rtol=1e-6)
        for run, row in zip(runs, values, strict=True):
            found["plain" if name == "plain" else run] = row
    table = fdbench("report", folder / "controlled.h5", "--format", "json")
    rows = json.loads(table.stdout)
    assert [run["control_f1"] for run in rows] == pytest.approx(means.tolist())
    return found


def test_pictures_follow_their_edges(scores):
    """Without the network captions alone decide where things are, more or less."""
    assert scores["plain"].shape == (8,)
    assert scores["full"].mean() > 0.95
    assert scores["full"].mean() > scores["plain"].mean() + 0.15


def test_held_control_keeps_the_edges_and_dropped_control_loses_them(scores):
    assert scores["hold"].mean() > scores["full"].mean() - 0.03
    assert scores["drop"].mean() < scores["hold"].mean() - 0.03
    assert (scores["drop"] <= scores["hold"] + 0.01).all()
