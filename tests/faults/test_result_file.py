"""The result file of a small sweep, read with h5py and pandas alone, is as docs/results.md says."""

import json
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from analysis.dataset import dataset
from analysis.load import ResultError, load

# Of sweeps with judges: tests/python/test_sweep_judges.py
JUDGED = {"/pictures/clip_score", "/pictures/objects_right", "/pictures/picture_right"}
JUDGED |= {"/pictures/judged_features", "/pictures/perceptual_to_full", "/pictures/scores"}
JUDGED |= {f"/pictures/control_{score}" for score in ("f1", "precision", "recall")}


@pytest.fixture
def file(undisturbed: Path) -> Iterator[h5py.File]:
    with h5py.File(undisturbed) as opened:
        yield opened


@pytest.fixture
def runs(file: h5py.File) -> pd.DataFrame:
    return pd.DataFrame(file["runs"][:])


@pytest.fixture(scope="session")
def schema(fdbench) -> dict:
    return json.loads(fdbench("schema", "--format", "json").stdout)


def test_runs_are_a_plain_table(runs: pd.DataFrame):
    assert list(runs["name"]) == [
        b"full",
        b"encoder/3_keys/sequential",
        b"encoder/3_keys/parallel",
        b"drop/3_keys",
    ]
    assert list(runs["key_steps"]) == [b"6 5 4 3 2 1", b"6 5 2", b"6 5 2", b"6 4 3"]
    assert list(runs["reused"]) == [False, True, True, True]
    assert list(runs["baseline"]) == [True, False, False, False]
    assert list(runs["unet_calls"]) == [6, 6, 3, 3]
    assert list(runs["step_calls"]) == [6, 6, 6, 3]
    assert (runs["num_rounds"] == 3).all() and (runs["num_pictures"] == 4).all()


def test_file_follows_the_schema(file: h5py.File, schema: dict):
    assert [field["name"] for field in schema["runs"]] == list(file["runs"].dtype.names)
    assert list(file["runs"].attrs["units"]) == [field["unit"] for field in schema["runs"]]
    assert list(file["runs"].attrs["help"]) == [field["help"] for field in schema["runs"]]
    for info in schema["datasets"]:
        if info["name"] in JUDGED:
            assert info["name"] not in file, "nobody judged this sweep"
            continue
        if info["name"].startswith(("/pca/", "/similarity/", "/predicted/")):
            assert info["name"] not in file, "nobody asked this sweep for them"
            continue
        dataset = file[info["name"]]
        assert dataset.dtype.str[1:] == info["type"], info["name"]
        assert dataset.ndim == len(info["axes"]), info["name"]
        assert dataset.attrs["units"] == info["unit"], info["name"]
        assert dataset.compression == "gzip", info["name"]


def test_documentation_names_every_dataset(schema: dict, root: Path, file: h5py.File):
    text = (root / "docs" / "results.md").read_text()
    for info in schema["datasets"]:
        assert f"`{info['name']}`" in text, info["name"]
    for name in file.attrs:
        assert f"`{name}`" in text, name


def test_the_reader_asks_for_every_attribute(root: Path, file: h5py.File):
    known = (root / "src" / "results" / "attributes.h").read_text()
    for name in file.attrs:
        assert f'"{name}"' in known, name


def test_axes_carry_their_scales(file: h5py.File):
    labels = [[dim.keys() for dim in file[name].dims] for name in ("features/mse", "plan/ran")]
    assert labels[0] == [["run"], ["picture"], ["step"], ["block"]]
    assert labels[1] == [["run"], ["step"], ["layer"]]
    assert list(file["features/mse"].dims[0][0]) == list(file["runs"]["name"])
    assert list(file["plan/ran"].dims[2][0]) == list(file["layers"]["name"])


def test_grid_is_what_the_plan_asks_for(file: h5py.File, runs: pd.DataFrame):
    cells, ran = file["plan/cells"][:], file["plan/ran"][:]
    assert (ran[0] == 1).all() and (cells[0] == 2).all()
    assert (ran[cells < 2] == 0).all()  # what is reused or dropped does not run
    assert (ran[1] == ran[2]).all()
    assert list(runs["layers_run"]) == list(ran.sum(axis=(1, 2)))
    cost = file["layers"]["multiply_adds"]
    plain = (ran * cost).sum(axis=(1, 2))  # the exact savings leave less to do (PlanCost tests)
    assert (runs["multiply_adds"] < plain).all() and (runs["multiply_adds"] > 0.6 * plain).all()
    np.testing.assert_allclose(
        runs["multiply_adds_ratio"], runs["multiply_adds"][0] / runs["multiply_adds"]
    )


def test_distances_follow_from_the_pictures(file: h5py.File, runs: pd.DataFrame):
    images = file["pictures/images"][:].astype(float)
    squared = ((images - images[0]) ** 2).mean(axis=(2, 3, 4))
    with np.errstate(divide="ignore"):
        psnr = 10 * np.log10(255**2 / squared)
    np.testing.assert_allclose(file["pictures/psnr_to_full"][:], psnr, rtol=1e-12)
    latents = file["pictures/latents"][:].astype(float)
    mse = ((latents - latents[0]) ** 2).mean(axis=(2, 3, 4))
    np.testing.assert_allclose(file["pictures/latent_mse_to_full"][:], mse, rtol=1e-12)
    np.testing.assert_allclose(runs["latent_mse_to_full"], mse.mean(axis=1), rtol=1e-12)
    assert runs["num_identical"][0] == 4 and np.isinf(runs["psnr_to_full"][0])
    assert np.abs(latents[1] - latents[2]).max() <= 1e-5 * np.abs(latents[1]).max()


def test_features_hold_between_key_steps(file: h5py.File):
    mse, frobenius = file["features/mse"][:], file["features/frobenius"][:]
    ran = file["plan/ran"][:][:, :, file["blocks"]["layer"]]
    held = (ran[1] == 0) & (np.arange(6) > 0)[:, None]
    assert held.any() and (mse[1][:, held] == 0).all()
    assert np.isnan(mse[:, :, 0]).all() and (mse[0][:, 1:] > 0).all()
    left_out = [1, 4, 5]  # steps 5, 2 and 1 in the paper's count
    assert np.isnan(frobenius[3][:, left_out]).all()
    np.testing.assert_allclose(
        file["features/frobenius_std"][:], np.nanstd(frobenius, axis=2), rtol=1e-9, atol=1e-12
    )


def test_speedups_follow_from_the_raw_times(file: h5py.File, runs: pd.DataFrame):
    for part in ("unet", "total"):
        seconds = file[f"timing/{part}_s"][:]
        assert seconds.shape == (4, 3) and (seconds > 0).all()
        ratios = seconds[0] / seconds
        np.testing.assert_allclose(runs[f"{part}_speedup"], np.median(ratios, axis=1))
        assert (runs[f"{part}_speedup_low"] <= runs[f"{part}_speedup"]).all()
        assert (runs[f"{part}_speedup_high"] >= runs[f"{part}_speedup"]).all()
    order = np.sort(file["timing/order"][:], axis=0)
    assert (order == np.arange(4)[:, None]).all()
    calls = file["timing/unet_calls"][:]
    assert (calls == runs["unet_calls"].to_numpy()[:, None]).all()
    parts = sum(file[f"timing/{part}_s"][:] for part in ("text_encoder", "unet", "vae"))
    assert (parts <= file["timing/total_s"][:]).all()


def test_file_says_where_it_comes_from(file: h5py.File, sweep_config: Path):
    attributes = file.attrs
    assert attributes["config"] == sweep_config.read_text()
    assert attributes["seed"] == 7 and attributes["guidance_scale"] == 3
    assert list(file["prompts"]["seed"]) == [7, 8, 9, 10]
    assert len(json.loads(attributes["settings"])) > 10
    assert len(attributes["git_revision"]) >= 7


@pytest.mark.parametrize("form", ["table", "md", "csv", "json"])
def test_report_prints_every_run(form: str, fdbench, undisturbed: Path):
    done = fdbench("report", undisturbed, "--format", form)
    assert done.returncode == 0 and done.stderr == ""
    for name in ("full", "encoder/3_keys/sequential", "encoder/3_keys/parallel", "drop/3_keys"):
        assert name in done.stdout


def test_csv_holds_what_the_file_holds(fdbench, undisturbed: Path, tmp_path: Path, runs):
    path = tmp_path / "runs.csv"
    path.write_text(fdbench("report", undisturbed, "--format", "csv").stdout)
    table = pd.read_csv(path)
    assert list(table.columns) == list(runs.columns)
    np.testing.assert_allclose(table["unet_s"], runs["unet_s"], rtol=0)


def test_plan_as_json_is_the_plan_of_the_file(fdbench, sweep_config: Path, file: h5py.File):
    plans = json.loads(fdbench("plan", sweep_config, "--format", "json").stdout)
    assert (np.array([plan["cells"] for plan in plans]) == file["plan/cells"][:]).all()
    assert (np.array([plan["ran"] for plan in plans]) == file["plan/ran"][:]).all()


def test_opens_as_xarray_with_named_axes(undisturbed: Path, file: h5py.File):
    arrays = dataset(undisturbed)
    assert arrays["timing/unet_s"].dims == ("run", "round")
    assert arrays["plan/cells"].dims == ("run", "step", "layer")
    assert arrays["timing/unet_s"].attrs["units"] == "s"
    assert list(arrays["run"].values) == [name.decode() for name in file["runs"]["name"]]
    of_drop = arrays["timing/unet_s"].sel(run="drop/3_keys").to_numpy()
    assert np.array_equal(of_drop, file["timing/unet_s"][3])
    assert arrays.attrs["format"] == "fdbench"


def test_what_is_no_result_is_no_dataset(tmp_path: Path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = np.arange(3)
    with pytest.raises(ResultError, match="not an fdbench result"):
        dataset(tmp_path / "other.h5")


def test_a_file_that_another_program_changed_is_read(undisturbed: Path, tmp_path: Path):
    changed = tmp_path / "changed.h5"
    changed.write_bytes(undisturbed.read_bytes())
    with h5py.File(changed, "r+") as opened:
        opened["timing/unet_s"][...] = 1.0
    assert (load(changed).timing["unet_s"] == 1.0).all()
