"""Principal components and the map of similarity on their way from a config to the page."""

import json
import shutil
import warnings

import h5py
import numpy as np
import pytest
from PIL import Image

from analysis.complexity import complexity, network_layers
from analysis.dataset import dataset
from analysis.figures.__main__ import main as figures
from analysis.load import load
from analysis.reach import reach
from analysis.report import main
from tests.parity.reference import make_unet
from tests.python.text_models import make_vae

CONFIG = """name: pca
model: {model}
threads: 1
prompts: [a red square, a blue circle, a green triangle]
steps: 8
sampler: {{name: ddim}}
guidance_scale: 4
pictures: {{chunk: 1}}
timing: {{rounds: 0}}
features: {features}
runs:
  - {{strategy: full}}
  - {{strategy: encoder, key_steps: {{list: [8, 6, 2]}}, name: e}}
  - {{strategy: drop, key_steps: {{list: [8, 4, 1]}}, name: d}}
"""
FEATURES = (
    "{pca: {blocks: [conv_in, up_blocks.0], steps: [8, 5, 1], pictures: 2}, "
    "similarity: {pictures: 2}}"
)


@pytest.fixture(scope="module")
def sweep(fdbench, root, tmp_path_factory):
    """The config, written for `features`, and its result."""
    folder = tmp_path_factory.mktemp("pca")

    def run(features: str, name: str, *options: object):
        config = folder / f"{name}.yaml"
        config.write_text(CONFIG.format(model=root / "models/mini", features=features))
        output = folder / f"{name}.h5"
        return fdbench("run", config, "--out", output, "--quiet", *options), output

    return run


@pytest.fixture(scope="module")
def result(sweep):
    done, output = sweep(FEATURES, "all")
    assert done.returncode == 0, done.stderr
    return output


def test_arrays_are_as_documented(result):
    with h5py.File(result) as file:
        blocks = [name.decode() for name in file["scale/pca_block"][:]]
        images, explained, steps = (
            file[f"pca/{name}"][:] for name in ("images", "explained", "steps")
        )
        similarity = {name: file[f"similarity/{name}"][:] for name in ("cosine", "distance")}
        num_blocks = len(file["blocks"])
        assert file["pca/images"].dims[2].label or file["pca/images"].dims[2].keys()
    assert blocks == ["conv_in", "up_blocks.0"]
    assert images.shape[:4] == (3, 2, 2, 3) and images.shape[6] == 3 and images.dtype == np.uint8
    assert steps.tolist() == [[[8, 5, 1]]] * 3
    assert images[0].std(axis=(3, 4)).min() > 1  # no picture is of one colour
    assert (explained > 0).all() and (explained.sum(axis=-1) < 1).all()
    assert (np.diff(explained, axis=-1) < 0).all()
    for values in similarity.values():
        assert values.shape == (3, num_blocks, 8, 8)
        assert np.isfinite(values[:2]).all()
        # Steps that were left out have no features.
        there = np.isfinite(values[2]).any(axis=(0, 2))
        assert there.tolist() == [True, False, False, False, True, False, False, True]
    assert np.allclose(np.diagonal(similarity["cosine"][0], axis1=1, axis2=2), 1)
    assert (np.diagonal(similarity["distance"][0], axis1=1, axis2=2) == 0).all()
    # The encoder of `e` is the same at steps that share a key step.
    assert similarity["distance"][1, 0, 2, 3] == 0 < similarity["distance"][0, 0, 2, 3]


def test_arrays_follow_the_schema(result, fdbench):
    schema = json.loads(fdbench("schema", "--format", "json").stdout)
    infos = [
        info for info in schema["datasets"] if info["name"].startswith(("/pca", "/similarity"))
    ]
    assert len(infos) == 5
    with h5py.File(result) as file:
        for info in infos:
            dataset = file[info["name"]]
            assert dataset.dtype.str[1:] == info["type"], info["name"]
            assert dataset.ndim == len(info["axes"]), info["name"]
            assert dataset.attrs["units"] == info["unit"], info["name"]


def test_the_map_is_the_mean_over_pictures_and_parts_agree(sweep, result, fdbench):
    """Two shards merge to the same arrays."""
    parts = [sweep(FEATURES, f"part{i}", "--shard", f"{i}/2") for i in (1, 2)]
    assert all(done.returncode == 0 for done, _ in parts), parts
    merged = result.with_name("merged.h5")
    done = fdbench("merge", merged, *(part for _, part in parts))
    assert done.returncode == 0, done.stderr
    with h5py.File(result) as one, h5py.File(merged) as other:
        for name in ("pca/images", "pca/explained", "similarity/distance", "similarity/cosine"):
            np.testing.assert_array_equal(one[name][:], other[name][:], err_msg=name)
    done, single = sweep("{similarity: {pictures: 1}}", "single")
    assert done.returncode == 0, done.stderr
    with h5py.File(result) as two, h5py.File(single) as one:
        assert "pca" not in one
        assert not np.array_equal(two["similarity/distance"][:], one["similarity/distance"][:])
        np.testing.assert_array_equal(two["pictures/latents"][:], one["pictures/latents"][:])


def test_without_it_nothing_is_there(sweep):
    done, output = sweep("true", "off")
    assert done.returncode == 0, done.stderr
    with h5py.File(output) as file:
        assert "pca" not in file and "similarity" not in file
        assert not [name for name in json.loads(file.attrs["settings"]) if "pca" in name]
    assert load(output).components is None and load(output).similarity == {}


def test_reach_says_what_stands_in(result):
    table = reach(load(result)).set_index("name")
    assert list(table.index) == ["e"]  # `d` reuses nothing
    row = table.loc["e"]
    with h5py.File(result) as file:
        distance = file["similarity/distance"][0]
        roles = [role.decode() for role in file["blocks"]["role"]]
    reused = [(1, 0), (3, 2), (4, 2), (5, 2), (7, 6)]
    values = [
        distance[block, step, source]
        for block, role in enumerate(roles)
        if role != "decoder"
        for step, source in reused
    ]
    assert row["mean"] == pytest.approx(np.mean(values))
    assert row["worst"] == pytest.approx(np.max(values))
    assert row["longest"] == 3


def test_the_page_has_both_figures(result, tmp_path):
    assert main([str(result), "--output", str(tmp_path)]) == 0
    page = (tmp_path / "index.html").read_text()
    for stem in ("feature_components", "feature_similarity"):
        assert (tmp_path / f"{stem}.png").stat().st_size > 10_000
        assert f"{stem}.svg" in page
    assert "young enough" in page and "At which frequencies" in page


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ("{pca: {steps: [8, 9]}}", ("no step 9", "its first one is 8")),
        ("{pca: {blocks: [conv_inn]}}", ("'conv_inn' is not watched", "'conv_in'")),
        ("{pca: {pictures: 0}}", ("features.pca.pictures",)),
        ("{similarity: {step: 1}}", ("unknown key 'features.similarity.step'",)),
        ("{enabled: false, pca: true}", ("enabled must not be false",)),
    ],
)
def test_what_cannot_be_is_said_in_one_line(sweep, features, words):
    done, _ = sweep(features, "wrong")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "wrong.yaml:10" in done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize(
    ("figure", "stems"),
    [
        ("2", ["feature_components_0", "feature_components_1"]),
        ("3", ["feature_evolution", "feature_norms", "feature_deviations"]),
        ("similarity", ["feature_similarity"]),
    ],
)
def test_figures_come_alone_in_the_width_of_a_column(result, tmp_path, figure, stems):
    assert figures([str(result), "--figure", figure, "--output", str(tmp_path / "new")]) == 0
    kinds = ("png", "svg", "pdf")
    made = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert made == sorted(f"{stem}.{kind}" for stem in stems for kind in kinds)
    for stem in stems:
        with Image.open(tmp_path / "new" / f"{stem}.png") as picture:
            assert picture.width == pytest.approx(5.5 * 300, abs=2)


def test_a_figure_that_the_file_does_not_hold(sweep, tmp_path, capsys):
    done, output = sweep("true", "off")
    assert done.returncode == 0, done.stderr
    assert figures([str(output), "--figure", "2", "--output", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "off.h5" in error and "pca: true" in error and len(error.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_the_layers_are_those_of_the_file(result, tmp_path):
    table = network_layers(load(result))
    with h5py.File(result) as file:
        layers = file["layers"][:]
    assert table["name"].tolist() == [name.decode() for name in layers["name"]]
    assert table["parameters"].tolist() == layers["num_parameters"].tolist()
    assert main([str(result), "--output", str(tmp_path)]) == 0
    assert f"The {len(table)} layers" in (tmp_path / "index.html").read_text()


def test_the_parts_cost_what_their_layers_cost(result):
    table = complexity(load(result)).set_index("part")
    assert list(table.index) == ["encoder", "bottleneck", "decoder"]
    with h5py.File(result) as file:
        layers = file["layers"][:]
    decoder = layers[layers["role"] == b"decoder"]
    assert table.loc["decoder", "parameters"] == decoder["num_parameters"].sum()
    assert table.loc["decoder", "multiply_adds"] == decoder["multiply_adds"].sum()
    assert table["multiply_adds_share"].sum() == pytest.approx(1)
    assert table["parameters_share"].sum() == pytest.approx(1)


def test_a_users_folder_by_set_and_blocks_of_few_channels(fdbench, root, tmp_path):
    """All figures of another model, whose latents have two channels: its last layer lacks a
    component."""
    folder = tmp_path / "own"
    others = shutil.ignore_patterns("unet", "vae")
    shutil.copytree(root / "models/mini", folder, ignore=others)
    unet = make_unet(in_channels=2, out_channels=2, cross_attention_dim=128)
    unet.save_pretrained(folder / "unet")
    make_vae(latent_channels=2).save_pretrained(folder / "vae")
    config = tmp_path / "own.yaml"
    config.write_text(CONFIG.format(model=root / "models/mini", features="true"))
    done = fdbench(
        "run", config, "--quiet", "--out", tmp_path / "own.h5", "--set", f"model={folder}",
        "--set", "features={detail: layer, similarity: true, pca: {blocks: [conv_in, conv_out]}}",
        "--set", "pictures.predicted=true",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    notes = [line for line in done.stderr.splitlines() if "features.pca" in line]
    assert len(notes) == 1 and "'conv_out' has 2 channels" in notes[0], done.stderr
    with h5py.File(tmp_path / "own.h5") as file:
        images, explained = file["pca/images"][0, 0], file["pca/explained"][0, 0]
    assert images[0].std(axis=(0, 1, 2)).min() > 1
    assert images[1, ..., 2].std() == 0 and images[1, ..., :2].std() > 1
    assert explained[1].sum() == pytest.approx(1) and explained[1, 2] == 0
    assert main([str(tmp_path / "own.h5")]) == 0
    for stem in ("feature_components", "feature_similarity", "pictures_along_steps"):
        assert (tmp_path / "own" / f"{stem}.png").exists()


def test_they_open_with_named_axes(result):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = dataset(result)
    assert data["similarity/distance"].dims == ("run", "block", "step", "step_3")
    assert data["pca/images"].dims[:3] == ("run", "pca/images_1", "pca_block")
    assert list(data.coords["pca_block"].values) == ["conv_in", "up_blocks.0"]
