"""A sweep that judges its pictures as it makes them: against reader.py, transformers and SciPy."""

import json
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from PIL import Image
from scipy import linalg

from analysis.judged import judged_runs
from analysis.load import load
from analysis.report import write_report

ROOT = Path(__file__).resolve().parents[2]
MINI = ROOT / "experiments" / "mini"
CONFIG = """
name: judged
model: models/mini
guidance_scale: 4
prompts: {{file: configs/prompts/quick.json, count: 6}}
steps: 12
features: false
pictures: {{chunk: 4, batch: 2}}
timing: {{warmup: 0, rounds: 1}}
judges: {judges}
runs:
  - {{strategy: full}}
  - {{strategy: encoder, key_steps: {{uniform: 4}}}}
"""


def sweep(fdbench, tmp_path, judges, *options, name="r"):
    config = tmp_path / f"{name}.yaml"
    config.write_text(CONFIG.format(judges=judges))
    output = tmp_path / f"{name}.h5"
    return fdbench("run", config, "--out", output, *options), output


@pytest.fixture
def reference(fdbench, tmp_path):
    """Features of noise as the embedded judge sees them: any reference will do."""
    folder = tmp_path / "noise"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for i in range(200):
        pixels = generator.integers(0, 256, (64, 64, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{i:03}.png")
    path = tmp_path / "reference.npz"
    result = fdbench("stats", folder, "--clip", ROOT / "models/mini-judge", "-o", path,
                     "--keep-features")  # fmt: skip
    assert result.returncode == 0, result.stderr
    return path


def test_scores_are_those_of_the_references(fdbench, tmp_path, reference):
    judges = f"{{clip: models/mini-judge, scenes: models/mini-judge, reference: {reference}}}"
    result, output = sweep(fdbench, tmp_path, judges)
    assert result.returncode == 0, result.stderr
    assert "CLIPScore" in result.stdout and "objects right" in result.stdout
    with h5py.File(output) as file:
        images = file["pictures/images"][:]
        clip_score = file["pictures/clip_score"][:]
        objects, whole = file["pictures/objects_right"][:], file["pictures/picture_right"][:]
        check_schema(fdbench, file)
        runs = file["runs"][:]
        captions = [caption.decode() for caption in file["prompts"]["caption"]]
    check_scenes(images, objects, whole)
    embeds = check_clip_score(images, captions, clip_score)
    np.testing.assert_allclose(runs["clip_score"], clip_score.mean(1), rtol=1e-9)
    np.testing.assert_allclose(runs["objects_right"], objects.mean(1), rtol=1e-9)
    np.testing.assert_allclose(runs["pictures_right"], whole.mean(1), rtol=1e-9)
    change = (clip_score[1] - clip_score[0]).mean()
    assert runs["clip_score_change"][1] == pytest.approx(change, abs=1e-9)
    assert runs["clip_score_change_low"][1] <= change <= runs["clip_score_change_high"][1]
    assert np.isnan(runs["clip_score_change"][0])
    rows = np.load(reference)["features"].astype(np.float64)
    for run in range(2):
        # float32 towers of other kernels: features agree to about 1e-5
        assert runs["fid"][run] == pytest.approx(frechet(embeds[run], rows), rel=1e-3)
        assert runs["fid_low"][run] <= runs["fid"][run] <= runs["fid_high"][run]
    assert runs["fid_change"][1] == pytest.approx(runs["fid"][1] - runs["fid"][0], rel=1e-6)
    check_page(output, tmp_path, runs)


def check_page(output, tmp_path, runs):
    results = load(output)
    judged = judged_runs(results)
    assert [heading for heading, _ in judged["scores"]] == ["FID", "CLIPScore", "objects right"]
    others = [heading for heading, _ in judged["others"]]
    assert {"SSIM", "perceptual"} <= set(others)
    shown = judged["rows"][1]["others"][others.index("SSIM")]
    assert float(shown) == pytest.approx(runs["ssim_to_full"][1], abs=6e-4)
    assert [part.split()[0] for part in judged["judges"]] == ["clip", "scenes", "reference"]
    of_baseline, of_method = (row["scores"] for row in judged["rows"])
    assert all(score["change"] == "" and not score["same"] for score in of_baseline)
    for key, score in zip(("fid", "clip_score", "objects_right"), of_method, strict=True):
        low, high = runs[f"{key}_change_low"][1], runs[f"{key}_change_high"][1]
        assert score["same"] == (low <= 0 <= high)
    page = write_report(results, tmp_path / "page").read_text()
    assert "What judges say of the pictures" in page
    assert ("not significant" in page) == any(score["same"] for score in of_method)


def check_schema(fdbench, file):
    schema = json.loads(fdbench("schema", "--format", "json").stdout)
    names = ("/pictures/clip_score", "/pictures/objects_right", "/pictures/picture_right")
    infos = [info for info in schema["datasets"] if info["name"] in names]
    assert len(infos) == len(names)
    for info in infos:
        dataset = file[info["name"]]
        assert dataset.dtype.str[1:] == info["type"]
        assert dataset.shape == (2, 6)
        assert dataset.attrs["units"] == info["unit"]


def check_scenes(images, objects, whole):
    sys.path.insert(0, str(MINI))
    from reader import read  # noqa: PLC0415
    from scenes import Scene  # noqa: PLC0415

    prompts = json.loads((ROOT / "configs/prompts/quick.json").read_text())["prompts"]
    for run in range(len(images)):
        for i, picture in enumerate(images[run]):
            scene = Scene.from_json(prompts[i]["scene"])
            background, readings = read(picture, scene)
            right = [r.judge(t)["object"] for r, t in zip(readings, scene.things, strict=True)]
            assert objects[run, i] == pytest.approx(np.mean(right))
            assert whole[run, i] == (background == scene.background and all(right))


def check_clip_score(images, captions, scores):
    from transformers import CLIPModel, CLIPProcessor  # noqa: PLC0415

    folder = ROOT / "models/mini-judge"
    model = CLIPModel.from_pretrained(folder, torch_dtype=torch.float32).eval()
    processor = CLIPProcessor.from_pretrained(folder)
    embeds = []
    for run in range(len(images)):
        inputs = processor(text=captions, images=[Image.fromarray(x) for x in images[run]],
                           return_tensors="pt", padding="max_length")  # fmt: skip
        with torch.no_grad():
            output = model(**inputs)
        cosine = (output.image_embeds * output.text_embeds).sum(1)
        np.testing.assert_allclose(scores[run], 2.5 * cosine.clamp(min=0), atol=1e-5)
        with torch.no_grad():
            vision = model.vision_model(pixel_values=inputs["pixel_values"])
            embeds.append(model.visual_projection(vision.pooler_output).double().numpy())
    return embeds


def frechet(a, b):
    cross = linalg.sqrtm(np.cov(a, rowvar=False) @ np.cov(b, rowvar=False)).real
    gap = a.mean(0) - b.mean(0)
    covariances = np.cov(a, rowvar=False) + np.cov(b, rowvar=False) - 2 * cross
    return gap @ gap + np.trace(covariances)


def test_more_resamples_make_no_new_pictures(fdbench, tmp_path):
    judges = "{scenes: models/mini-judge, bootstrap: %d}"
    first, output = sweep(fdbench, tmp_path, judges % 10)
    assert first.returncode == 0, first.stderr
    again, _ = sweep(fdbench, tmp_path, judges % 20)
    assert again.returncode == 2
    assert "judges.bootstrap (was 10, now 20)" in again.stderr


def no_reference(path, how):
    """A file that cannot be the reference, in one way or another."""
    rows = np.random.default_rng(0).normal(size=(50, 3 if how == "dimension" else 128))
    moments = {"mu": rows.mean(0), "sigma": np.cov(rows, rowvar=False)}
    network = {"network": np.frombuffer(b"another", np.uint8)} if how == "network" else {}
    np.savez(path, features=rows, **moments, **network)


@pytest.mark.parametrize(
    ("how", "options", "wanted"),
    [
        ("network", [], "was seen by another network"),
        ("dimension", [], "128 features in a picture, the reference holds 3"),
        ("", ["--set", "prompts.count=3"], "at least 4 prompts, there are 3"),
    ],
)
def test_a_reference_that_does_not_fit_stops_the_sweep_at_its_start(
    fdbench, tmp_path, how, options, wanted
):
    no_reference(tmp_path / "x.npz", how)
    judges = f"{{clip: models/mini-judge, reference: {tmp_path / 'x.npz'}}}"
    result, output = sweep(fdbench, tmp_path, judges, *options)
    assert result.returncode == 2, result.stderr
    assert wanted in result.stderr and "r.yaml:" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not output.exists()
    assert not list(tmp_path.glob("*.units/*.h5"))


def test_random_weights_are_never_judged(fdbench, tmp_path):
    config = tmp_path / "random.yaml"
    config.write_text(
        "name: random\nmodel: {architecture: sd15, weights: random}\nlatent: 8\nsteps: 1\n"
        "dtype: bfloat16\nprompts: [a]\nfeatures: false\ntiming: {rounds: 0}\n"
        "judges: {clip: models/mini-judge}\nruns: [{strategy: full}]\n"
    )
    output = tmp_path / "random.h5"
    result = fdbench("run", config, "--out", output)
    assert result.returncode == 0, result.stderr
    with h5py.File(output) as file:
        assert np.isnan(file["runs"]["clip_score"]).all()
        assert "clip_score" not in file["pictures"]
    refused = fdbench("judge", output, "--clip", "models/mini-judge", "--metrics", "clip_score")
    assert refused.returncode == 2
    assert "its pictures mean nothing" in refused.stderr


@pytest.mark.parametrize(
    ("judges", "wanted"),
    [
        ("{clip: nowhere}", "nowhere"),
        ("{}", "at least one of 'clip', 'network', 'scenes', 'scorers' and 'control_f1'"),
        ("{scene: models/mini-judge}", "did you mean 'scenes'"),
        ("{clip: models/mini-judge, metrics: [fidd]}", "fid"),
        ("{scenes: models/mini-judge, reference: x.npz}", "wants 'clip' or 'network'"),
        ("{network: README.md}", "TorchScript"),
    ],
)
def test_a_wrong_judge_is_one_line(fdbench, tmp_path, judges, wanted):
    result, output = sweep(fdbench, tmp_path, judges)
    assert result.returncode == 2, result.stderr
    assert wanted in result.stderr and "r.yaml:" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not output.exists()


def test_pictures_of_another_size_cannot_be_read(fdbench, tmp_path):
    judges = "{scenes: models/mini-judge}"
    result, output = sweep(fdbench, tmp_path, judges, "--set", "latent=32")
    assert result.returncode == 2, result.stderr
    assert "reads drawn pictures of 64x64 pixels, this model makes 128x128" in result.stderr
    assert "--set judges=false" in result.stderr and "r.yaml:" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not list(Path(f"{output}.units").glob("*.h5")), "known before anything is computed"


def test_prompts_without_scenes_cannot_be_read(fdbench, tmp_path):
    result, _ = sweep(fdbench, tmp_path, "{scenes: models/mini-judge}", "--set",
                      "prompts={list: [a red circle]}")  # fmt: skip
    assert result.returncode == 2
    assert "prompt 0 has none" in result.stderr


def test_pictures_of_a_result_file_can_be_judged_again(fdbench, tmp_path):
    result, output = sweep(fdbench, tmp_path, "{clip: models/mini-judge}")
    assert result.returncode == 0, result.stderr
    with h5py.File(output) as file:
        stored = file["pictures/clip_score"][:]
    for run, name in enumerate(("full", "encoder/uniform_4")):
        again = fdbench("judge", output, "--run", name, "--clip", "models/mini-judge",
                        "--metrics", "clip_score", "--format", "json")  # fmt: skip
        assert again.returncode == 0, again.stderr
        assert json.loads(again.stdout)["clip_score"] == pytest.approx(stored[run].mean(), rel=1e-6)
    twice = fdbench("judge", output, "--run", "full", "--reference", output, "--reference-run",
                    "encoder/uniform_4", "--clip", "models/mini-judge", "--metrics", "fid,kid",
                    "--format", "json")  # fmt: skip
    assert twice.returncode == 0, twice.stderr
    assert json.loads(twice.stdout)["fid"] > 1e-6, "two runs, not one with itself"
    for options, wanted in (
        (["--run", "ful"], "did you mean 'full'"),
        ([], "name one, such as --run"),
    ):
        refused = fdbench("judge", output, *options, "--clip", "models/mini-judge",
                          "--metrics", "clip_score")  # fmt: skip
        assert refused.returncode == 2
        assert wanted in refused.stderr and len(refused.stderr.splitlines()) == 1
