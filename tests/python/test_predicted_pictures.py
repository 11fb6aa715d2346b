"""Pictures along the steps (figure 7) on their way from a config to the page."""

import json

import h5py
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from analysis.figures.__main__ import main as figures
from analysis.load import load
from analysis.report import main

CONFIG = """name: along
model: {model}
threads: 1
prompts: [a red square, a blue circle, a green triangle]
steps: 8
sampler: {{name: ddim}}
guidance_scale: 4
pictures: {{chunk: 1, predicted: {predicted}}}
features: false
timing: {{rounds: 0}}
runs:
  - {{strategy: full}}
  - {{strategy: encoder, key_steps: {{list: [8, 6, 2]}}, name: e}}
  - {{strategy: drop, key_steps: {{list: [8, 4, 1]}}, name: d}}
  - {{strategy: full, steps: 4, name: few}}
"""
PREDICTED = "{steps: [8, 7, 5, 3, 1], pictures: 2}"


@pytest.fixture(scope="module")
def sweep(fdbench, root, tmp_path_factory):
    """A run of the config, and its result."""
    folder = tmp_path_factory.mktemp("along")

    def run(predicted: str, name: str, *options: object, few: bool = False):
        config = folder / f"{name}.yaml"
        text = CONFIG.format(model=root / "models/mini", predicted=predicted)
        config.write_text(text if few else text.replace(text.splitlines()[-1] + "\n", ""))
        output = folder / f"{name}.h5"
        return fdbench("run", config, "--out", output, "--quiet", *options), output

    return run


@pytest.fixture(scope="module")
def result(sweep):
    done, output = sweep(PREDICTED, "all")
    assert done.returncode == 0, done.stderr
    return output


def arrays(path, *names: str) -> list[np.ndarray]:
    with h5py.File(path) as file:
        return [file[f"predicted/{name}"][:] for name in names]


def test_arrays_are_as_documented(result, fdbench):
    images, steps, psnr, mse = arrays(
        result, "images", "steps", "psnr_to_full", "latent_mse_to_full"
    )
    assert images.shape[:3] == (3, 2, 5) and images.dtype == np.uint8
    assert steps.tolist() == [[8, 7, 5, 3, 1]] * 3
    assert psnr.shape == mse.shape == (3, 2, 5)
    assert np.isposinf(psnr[0]).all() and (mse[0] == 0).all()
    # At the first step nothing was reused yet; from then on `e` is on a way of its own.
    assert (mse[1, :, 0] == 0).all() and (mse[1, :, 1:] > 0).all()
    # Steps 7, 5 and 3 of `d` were left out.
    assert np.isnan(mse[2, :, 1:4]).all() and np.isfinite(mse[2, :, [0, 4]]).all()
    assert (images[2, :, 1:4] == 0).all() and images[2, :, 4].any()
    infos = json.loads(fdbench("schema", "--format", "json").stdout)["datasets"]
    infos = [info for info in infos if info["name"].startswith("/predicted")]
    assert len(infos) == 4
    with h5py.File(result) as file:
        for info in infos:
            dataset = file[info["name"]]
            assert dataset.dtype.str[1:] == info["type"], info["name"]
            assert dataset.ndim == len(info["axes"]), info["name"]


def test_distances_are_those_of_the_stored_pictures(result):
    images, psnr = arrays(result, "images", "psnr_to_full")
    for picture in range(2):
        for column in range(1, 5):
            ours, full = images[1, picture, column], images[0, picture, column]
            expected = peak_signal_noise_ratio(full, ours, data_range=255)
            assert psnr[1, picture, column] == pytest.approx(expected, abs=1e-9)


def test_the_last_estimate_is_the_picture(result):
    """DDIM's last step goes to the estimate itself (set_alpha_to_one aside)."""
    images = arrays(result, "images")[0]
    with h5py.File(result) as file:
        made = file["pictures/images"][:, :2].astype(int)
    apart = np.abs(images[:, :, -1].astype(int) - made).mean(axis=(2, 3, 4))
    assert (apart < 3).all(), apart
    assert np.abs(images[0, :, 0].astype(int) - made[0]).mean() > 10


def test_they_cost_nothing_of_the_pictures(sweep, result):
    done, output = sweep("false", "off")
    assert done.returncode == 0, done.stderr
    with h5py.File(result) as one, h5py.File(output) as other:
        assert "predicted" not in other
        np.testing.assert_array_equal(one["pictures/latents"][:], other["pictures/latents"][:])
        assert "pictures.predicted" not in json.loads(other.attrs["settings"])
    assert load(output).predicted is None


def test_runs_of_other_steps_are_compared_where_timesteps_agree(sweep):
    done, output = sweep("{pictures: 1}", "other", few=True)
    assert done.returncode == 0, done.stderr
    steps, mse = arrays(output, "steps", "latent_mse_to_full")
    with h5py.File(output) as file:
        times = file["timesteps"][:, 0]
    assert steps[3].tolist() == [4, 3, 2, 1, -1, -1, -1, -1]
    in_common = np.isin(times[3, :4], times[0])
    assert in_common.any()
    np.testing.assert_array_equal(np.isfinite(mse[3, 0, :4]), in_common)


def test_runs_that_equal_time_adds_have_the_steps_that_they_have(sweep):
    """They are shorter than the steps that the config names, which is known too late to refuse."""
    done, output = sweep(
        "{steps: [8, 7, 1], pictures: 1}", "equal", "--set", "timing.rounds=1",
        "--set", "equal_time=[e]", "--set", "features={pca: {steps: [8, 1], pictures: 1}}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with h5py.File(output) as file:
        names = [name.decode() for name in file["runs"]["name"]]
        counts, steps = file["runs"]["num_steps"], file["predicted/steps"][:]
        of_pca = file["pca/steps"][:, 0]
    added = next(place for place, name in enumerate(names) if name.startswith("equal_time/"))
    assert counts[added] < 8
    assert [step for step in steps[added] if step > 0] == [
        step for step in (8, 7, 1) if step <= counts[added]
    ]
    assert [step for step in of_pca[added] if step > 0] == [1]


def test_parts_agree_with_the_whole(sweep, result, fdbench):
    parts = [sweep(PREDICTED, f"part{i}", "--shard", f"{i}/2") for i in (1, 2)]
    assert all(done.returncode == 0 for done, _ in parts), parts
    merged = result.with_name("merged.h5")
    done = fdbench("merge", merged, *(part for _, part in parts))
    assert done.returncode == 0, done.stderr
    names = ("images", "steps", "psnr_to_full", "latent_mse_to_full")
    for name, one, other in zip(names, arrays(result, *names), arrays(merged, *names), strict=True):
        np.testing.assert_array_equal(one, other, err_msg=name)


def test_the_page_has_the_figure(result, tmp_path):
    assert main([str(result), "--output", str(tmp_path)]) == 0
    page = (tmp_path / "index.html").read_text()
    assert (tmp_path / "pictures_along_steps.png").stat().st_size > 10_000
    assert "Pictures along the steps" in page and "What came out (median of 2 pictures)" in page
    assert figures([str(result), "--figure", "7", "--output", str(tmp_path / "paper")]) == 0
    made = sorted(path.name for path in (tmp_path / "paper").iterdir())
    assert made == [
        f"pictures_along_steps_{picture}.{kind}"
        for picture in (0, 1)
        for kind in ("pdf", "png", "svg")
    ]


@pytest.mark.parametrize(
    ("predicted", "words"),
    [
        ("{steps: [8, 9]}", ("no step 9", "its first one is 8")),
        ("{pictures: 0}", ("pictures.predicted.pictures",)),
        ("{step: 1}", ("unknown key 'pictures.predicted.step'",)),
        ("7", ("pictures.predicted",)),
    ],
)
def test_what_cannot_be_is_said_in_one_line(sweep, predicted, words):
    done, _ = sweep(predicted, "wrong")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "wrong.yaml:8" in done.stderr
    for word in words:
        assert word in done.stderr
