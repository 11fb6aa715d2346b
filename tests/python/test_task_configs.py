"""Configs of several tasks: `run` makes a file of each, and the page sets the paper's rows of that
task beside it.
"""

import json
from pathlib import Path

import h5py
import pytest

from analysis.load import load
from analysis.paper_tables import paper_tables
from analysis.runs import summarise
from tests.conftest import ROOT

CONFIG = f"""
name: image
model: {ROOT}/models/mini
prompts: [a small red circle at the left on a grey background]
steps: 50
sampler: ddim
features: false
timing: {{warmup: 0, rounds: 1}}
runs:
  - {{strategy: full}}
  - {{strategy: encoder, key_steps: sd_ddim, execution: [sequential, parallel]}}
tasks:
  edges:
    controlnet:
      folder: {ROOT}/models/mini-control
      control_image: {ROOT}/configs/prompts/edges/0000.png
  dreambooth: {{seed: 4}}
"""


@pytest.fixture(scope="module")
def folder(fdbench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tasks")
    (folder / "image.yaml").write_text(CONFIG)
    done = fdbench("run", folder / "image.yaml", "--out", folder / "image.h5")
    assert done.returncode == 0, done.stderr
    assert "task edges" in done.stdout and "task dreambooth" in done.stdout
    return folder


def test_each_task_has_a_file(fdbench, folder: Path):
    assert not (folder / "image.h5").exists()
    for task in ("edges", "dreambooth"):
        with h5py.File(folder / f"image_{task}.h5") as file:
            assert file.attrs["name"] == f"image_{task}"
            settings = json.loads(file.attrs["settings"])
            assert ("model.controlnet" in settings) == (task == "edges")
            assert settings["seed"] == ("4" if task == "dreambooth" else "0")
    again = fdbench("run", folder / "image.yaml", "--task", "edges", "--out", folder / "again.h5")
    assert again.returncode == 0 and (folder / "again.h5").exists(), again.stderr
    with h5py.File(folder / "again.h5") as one, h5py.File(folder / "image_edges.h5") as two:
        assert (one["pictures/latents"][:] == two["pictures/latents"][:]).all()


def test_the_papers_rows_stand_beside_their_task(folder: Path):
    titles = {}
    for task in ("edges", "dreambooth"):
        tables = paper_tables(summarise(load(folder / f"image_{task}.h5")))
        titles[task] = [table["title"] for table in tables]
        first = tables[0]["rows"]
        assert [row["ours"]["name"] for row in first][0] == "full"
        assert first[1]["ours"]["name"].endswith("parallel")
    assert titles["edges"][0] == "Table 4: ControlNet, edges"
    assert titles["dreambooth"][0] == "Table 4: DreamBooth"
    assert not any("Table 1:" in title or "Table 5" in title for title in sum(titles.values(), []))


def test_one_task_must_be_named(fdbench, folder: Path):
    done = fdbench("plan", folder / "image.yaml")
    assert done.returncode == 2 and "name one, edges or dreambooth" in done.stderr
    assert done.stderr.count("\n") == 1
    assert fdbench("plan", folder / "image.yaml", "--task", "edges").returncode == 0
    wrong = fdbench("run", folder / "image.yaml", "--task", "edge")
    assert wrong.returncode == 2 and "did you mean 'edges'" in wrong.stderr


def test_a_fault_of_a_later_task_comes_first(fdbench, folder: Path, tmp_path: Path):
    done = fdbench("run", folder / "image.yaml", "--set", "tasks.dreambooth.steps=0", "--out",
                   tmp_path / "x.h5")  # fmt: skip
    assert done.returncode == 2 and not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["table4_image", "table9_image"])
def test_the_configs_of_the_paper_can_be_planned(fdbench, name: str):
    for task in ("edges", "scribble", "dreambooth", "custom_diffusion"):
        done = fdbench("plan", f"configs/{name}.yaml", "--task", task)
        assert done.returncode == 0, done.stderr
