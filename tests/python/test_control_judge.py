"""The judge control_f1: `fdbench judge --controls`, and sweeps, against NumPy and OpenCV."""

import json
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from diffusers import UNet2DConditionModel
from PIL import Image

from analysis.judged import judged_runs
from analysis.load import load
from tests.parity.control_cases import scene
from tests.parity.test_controlnet_parity import make_controlnet
from tests.python.cascades import MINI

NAMES = ("control_f1", "control_precision", "control_recall")
SWEEP = """
name: judged
model: {model}
controlnet: {{folder: {control}}}
guidance_scale: 4
prompts: {{file: prompts.json}}
steps: 4
seed: 5
sampler: ddim
judges: {{control_f1: {judge}}}
timing: {{warmup: 0, rounds: 0}}
runs:
  - {{strategy: full}}
  - {{name: hold, strategy: encoder, key_steps: uniform:2}}
"""


def near(edges: np.ndarray, tolerance: int) -> np.ndarray:
    """True within `tolerance` pixels of an edge, by looking at every neighbour."""
    height, width = edges.shape
    padded = np.pad(edges, tolerance)
    found = np.zeros_like(edges)
    for y in range(2 * tolerance + 1):
        for x in range(2 * tolerance + 1):
            found |= padded[y : y + height, x : x + width]
    return found


def agreement(picture: np.ndarray, control: np.ndarray, low=100, high=200, tolerance=1) -> tuple:
    """F1, precision, recall."""
    own = cv2.Canny(picture, low, high) > 0
    their = (control > 127).any(2) if control.ndim == 3 else control > 127
    if not own.any() and not their.any():
        return 1.0, 1.0, 1.0
    if not own.any() or not their.any():
        return 0.0, 0.0, 0.0
    precision = (own & near(their, tolerance)).sum() / own.sum()
    recall = (their & near(own, tolerance)).sum() / their.sum()
    total = precision + recall
    return (2 * precision * recall / total if total else 0.0), precision, recall


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Pictures of several sizes, and controls that fit more or less, grey and coloured."""
    root = tmp_path_factory.mktemp("judged")
    generator = np.random.default_rng(8)
    pictures, controls = root / "pictures", root / "controls"
    pictures.mkdir()
    controls.mkdir()
    for i, (height, width) in enumerate([(64, 64), (64, 64), (96, 70), (128, 128), (64, 64)]):
        picture = scene(generator, height, width)
        control = cv2.Canny(picture, 60, 120)
        control = np.roll(control, (i, 2 * i), (0, 1))
        control[generator.random(control.shape) > 0.98] = 200  # above 127: edges, too
        control[generator.random(control.shape) > 0.98] = 120  # below: none
        if i == 3:
            control = np.stack([control, 0 * control, 0 * control], 2)  # red strokes
        if i == 4:
            picture = np.full_like(picture, 90)
        Image.fromarray(picture).save(pictures / f"{i}.png")
        Image.fromarray(control).save(controls / f"{i}.png")
    return pictures, controls


def expected(folders: tuple[Path, Path], **options) -> dict[str, float]:
    rows = [
        agreement(
            np.asarray(Image.open(path).convert("RGB")),
            np.asarray(Image.open(folders[1] / path.name).convert("RGB")),
            **options,
        )
        for path in sorted(folders[0].iterdir())
    ]
    return dict(zip(NAMES, np.mean(rows, 0), strict=True))


@pytest.mark.parametrize(
    "options", [{}, {"low": 20, "high": 50}, {"tolerance": 0}, {"high": 400, "tolerance": 3}]
)
def test_folders_are_judged_as_by_hand(fdbench, folders, options: dict) -> None:
    flags = [word for name, value in options.items() for word in (f"--control-{name}", value)]
    done = fdbench(
        "judge", folders[0], "--controls", folders[1], "--format", "json", "--bootstrap", 50, *flags
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for name, value in expected(folders, **options).items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12)
        assert 0 < value < 1, "a case that tells"
        low, high = found["intervals"][name]
        assert low < value < high
    assert found["controls"]["by"] == "name"


def test_the_table_names_the_controls(fdbench, folders) -> None:
    done = fdbench("judge", folders[0], "--controls", folders[1], "--metrics", "control_f1")
    assert done.returncode == 0, done.stderr
    assert "controls" in done.stdout and "control_f1" in done.stdout
    assert "control_recall" not in done.stdout


def test_what_cannot_be_judged_is_refused(fdbench, folders, tmp_path: Path) -> None:
    def fault(*arguments: object) -> str:
        done = fdbench("judge", folders[0], *arguments)
        assert done.returncode == 2, done.stdout + done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        return done.stderr

    assert "add --controls" in fault("--metrics", "control_f1")
    assert "need --controls" in fault("--metrics", "psnr", "--control-low", 5)
    assert "name them in --metrics" in fault(
        "--controls", folders[1], "--metrics", "fid", "--reference", folders[0]
    )
    assert "must not be above" in fault("--controls", folders[1], "--control-low", 900)
    see_through = tmp_path / "controls"
    see_through.mkdir()
    for path in folders[1].iterdir():
        Image.open(path).convert("RGBA").save(see_through / path.name)
    done = fdbench("judge", folders[0], "--controls", see_through)
    assert done.returncode == 0, "alpha that hides nothing is fine"
    picture = Image.open(see_through / "2.png")
    picture.putpixel((0, 0), (0, 0, 0, 254))
    picture.save(see_through / "2.png")
    assert "2.png: is transparent" in fault("--controls", see_through)
    (see_through / "2.png").unlink()
    assert "2.png" in fault("--controls", see_through)


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sweep")
    unet = UNet2DConditionModel.from_pretrained(MINI / "unet")
    small = {"conditioning_embedding_out_channels": (8, 16, 24)}
    make_controlnet(unet, 1, **small).save_pretrained(root / "control")
    entries = []
    for i in range(4):
        edges = cv2.Canny(scene(np.random.default_rng(i), 64, 64), 100, 200)
        Image.fromarray(edges).save(root / f"{i}.png")
        prompt = f"a small red circle and {i} blue stars on a grey background"
        entries.append({"prompt": prompt, "control": f"{i}.png"})
    (root / "prompts.json").write_text(json.dumps(entries))
    return root


def run(fdbench, sweep: Path, judge: str, result: str):
    (sweep / "a.yaml").write_text(SWEEP.format(model=MINI, control=sweep / "control", judge=judge))
    return fdbench("run", sweep / "a.yaml", "--out", sweep / result)


def test_a_sweep_is_judged_picture_by_picture(fdbench, sweep: Path) -> None:
    options = {"low": 30, "high": 60, "tolerance": 2}
    done = run(fdbench, sweep, json.dumps(options), "a.h5")
    assert done.returncode == 0, done.stderr
    assert "control F1" in done.stdout
    with h5py.File(sweep / "a.h5") as file:
        runs, images = file["runs"][:], file["pictures/images"][:]
        found = np.stack([file[f"pictures/{name}"][:] for name in NAMES], 2)
    controls = [np.asarray(Image.open(sweep / f"{i}.png")) for i in range(4)]
    want = [
        [agreement(p, c, **options) for p, c in zip(of_run, controls, strict=True)]
        for of_run in images
    ]
    np.testing.assert_allclose(found, want, rtol=1e-12)
    assert found[:, :, 0].min() > 0 and found[:, :, 0].max() < 1
    for column, name in enumerate(NAMES):
        np.testing.assert_allclose(runs[name], found[:, :, column].mean(1), rtol=1e-12)
    change = (found[1] - found[0])[:, 0].mean()
    np.testing.assert_allclose(runs["control_f1_change"][1], change, rtol=1e-9)
    assert runs["control_f1_change_low"][1] <= change <= runs["control_f1_change_high"][1]
    assert np.isnan(runs["control_f1_change"][0])
    table = judged_runs(load(sweep / "a.h5"))
    assert [heading for heading, _ in table["scores"]] == ["control F1"]
    assert [heading for heading, _ in table["others"]][:2] == [
        "control precision",
        "control recall",
    ]
    assert len(table["judges"]) == 1
    assert table["judges"][0].startswith("control_f1 low 30 high 60 tolerance 2 of ")


def test_other_thresholds_judge_again(fdbench, sweep: Path) -> None:
    for name, judge in (("b.h5", "true"), ("c.h5", "{low: 5, high: 5}")):
        done = run(fdbench, sweep, judge, name)
        assert done.returncode == 0, done.stderr
    scores = []
    for name in ("b.h5", "c.h5"):
        with h5py.File(sweep / name) as file:
            scores.append(file["runs"]["control_f1"])
    assert (scores[0] != scores[1]).all()


@pytest.mark.parametrize(
    "judge, words",
    [
        ("{low: 300}", "must not be above"),
        ("{tolerance: -1}", "tolerance"),
        ("{control: 1}", "prompt 1 has 1, none of number 1"),
        ("{lo: 1}", "lo"),
    ],
)
def test_settings_that_make_no_sense(fdbench, sweep: Path, judge: str, words: str) -> None:
    done = run(fdbench, sweep, judge, "d.h5")
    assert done.returncode == 2
    assert words in done.stderr
    assert not (sweep / "d.h5").exists()


def test_a_sweep_without_control_pictures(fdbench, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        f"name: a\nmodel: {MINI}\nprompts: [a red circle]\nsteps: 2\n"
        "judges: {control_f1: true}\nruns: [{strategy: full}]\n"
    )
    done = fdbench("run", tmp_path / "a.yaml", "--out", tmp_path / "a.h5")
    assert done.returncode == 2
    assert "a.yaml:5:" in done.stderr
    assert "prompt 1 has none" in done.stderr
