"""What is no number, and what was measured badly, is told on the first screen, never advised."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from analysis.report import main
from tests.field.conftest import MODELS


def set_figures(path: Path, run: int = 1, **figures: float) -> None:
    """Overwrites fields of a run, as an older or edited file may have them."""
    with h5py.File(path, "r+") as file:
        runs = file["runs"][:]
        for name, value in figures.items():
            runs[name][run] = value
        file["runs"][...] = runs


STEADY = {"unet_speedup": 2.0, "unet_speedup_low": 1.97, "unet_speedup_high": 2.03}
WIDE = {"unet_speedup": 5.41, "unet_speedup_low": 5.3, "unet_speedup_high": 22.42}


def first_screen(path: Path) -> str:
    """The page's text above its table of contents."""
    folder = path.with_suffix("")
    assert main([str(path), "--output", str(folder)]) == 0
    return (folder / "index.html").read_text().split("<nav>")[0]


def test_a_wide_interval_is_told_and_not_advised(fdbench, copied: Path) -> None:
    set_figures(copied, **WIDE)
    last = fdbench("report", copied).stdout.strip().splitlines()
    line = next(line for line in last[-3:] if "5.41 [5.30, 22.42]" in line)
    for word in ("e", "quieter machine", "rounds", "cpus:"):
        assert word in line, line
    page = first_screen(copied)
    box = page.split('id="advice"')[1].split("</section>")[0]
    assert "<b>e</b>" not in box and "5.41 [5.30, 22.42]" in box
    for word in ("quieter machine", "rounds", "cpus:"):
        assert word in box, box
    set_figures(copied, **STEADY)
    assert "quieter machine" not in fdbench("report", copied).stdout
    assert "<b>e</b>: <b>2.00 [1.97, 2.03]</b>" in first_screen(copied)


def test_disturbed_rounds_are_told_first(fdbench, copied: Path) -> None:
    with h5py.File(copied, "r+") as file:
        for name in ("steal_share", "others_share"):
            file[f"timing/{name}"][...] = 0.0
        file["timing/processor_mhz"][...] = 2600.0
    assert "disturbed" not in fdbench("report", copied).stdout
    assert "disturbed" not in first_screen(copied).lower()
    with h5py.File(copied, "r+") as file:
        file["timing/others_share"][1] = 0.4
    table = fdbench("report", copied).stdout
    assert "1 of 6 rounds" in table and "round 2" in table and "40%" in table
    page = first_screen(copied)
    assert "1 of 6 rounds" in page and "round 2: other processes took 40%" in page


def test_nan_is_neither_identical_nor_absent(fdbench, copied: Path) -> None:
    set_figures(copied, **STEADY, psnr_to_full=np.nan, latent_mse_to_full=np.nan)
    for form in ("table", "md"):
        text = fdbench("report", copied, "--format", form).stdout
        row = next(line for line in text.splitlines() if line.lstrip("| ").startswith("e "))
        assert row.lower().count("nan") == 2 and "identical" not in row, row
        assert "psnr_to_full" in text.split("\n\n")[-1] and "not a number" in text, text
    csv = fdbench("report", copied, "--format", "csv").stdout.splitlines()
    values = [dict(zip(csv[0].split(","), line.split(","), strict=False)) for line in csv[1:]]
    assert values[1]["psnr_to_full"] == "nan" and values[0]["psnr_to_full"] == "inf"
    assert values[0]["fid"] == ""  # nobody judged: not measured is no NaN
    runs = json.loads(fdbench("report", copied, "--format", "json").stdout)
    assert runs[0]["psnr_to_full"] == "inf" and runs[1]["psnr_to_full"] == "nan"
    assert runs[1]["fid"] is None
    page = first_screen(copied)
    box = page.split('id="advice"')[1].split("</section>")[0] if 'id="advice"' in page else ""
    assert "<b>e</b>" not in box
    assert "not a number" in page and "psnr_to_full" in page


def test_times_of_nan_are_told(fdbench, copied: Path) -> None:
    set_figures(copied, unet_speedup=np.nan, unet_s=np.nan)
    table = fdbench("report", copied).stdout
    assert "not a number" in table and "unet_s" in table and "unet_speedup" in table
    assert "not a number" in first_screen(copied)


@pytest.mark.parametrize("name", ["timing/unet_s", "pictures/psnr_to_full"])
def test_comparisons_refuse_nan(name: str, fdbench, base: Path, copied: Path) -> None:  # noqa: F811
    with h5py.File(copied, "r+") as file:
        file[name][1, 1] = np.nan
    figures = copied.with_suffix(".json")
    for command in (
        ("compare", base, copied),
        ("compare", copied, base),
        ("check", copied, "--baseline", figures, "--update"),
    ):
        done = fdbench(*command)
        assert done.returncode == 3, (command, done.stdout)
        for word in (name, "'e'", "not a number"):
            assert word in done.stderr, done.stderr
    assert not figures.exists()


def test_pictures_that_stopped_being_identical_are_told(
    fdbench,
    base: Path,  # noqa: F811
    copied: Path,
) -> None:
    with h5py.File(copied, "r+") as file:
        file["pictures/psnr_to_full"][1, 0] = np.inf
    text = fdbench("compare", copied, base).stdout
    assert "1 of 3 pictures" in text and "identical" in text
    with h5py.File(copied, "r+") as file:
        file["pictures/psnr_to_full"][1, :] = np.inf
    runs = json.loads(fdbench("compare", copied, base, "--format", "json").stdout)["runs"]
    assert runs[1]["psnr_difference"]["estimate"] == "-inf"
    runs = json.loads(fdbench("compare", base, copied, "--format", "json").stdout)["runs"]
    assert runs[1]["psnr_difference"]["estimate"] == "inf"
    assert "inf" in fdbench("compare", base, copied).stdout
    runs = json.loads(fdbench("compare", copied, copied, "--format", "json").stdout)["runs"]
    assert runs[1]["psnr_difference"]["estimate"] == 0


def test_a_mean_says_how_many_are_identical(fdbench, copied: Path) -> None:
    set_figures(copied, num_identical=2)
    assert "2 of 3 pictures identical" in fdbench("report", copied).stdout
    set_figures(copied, num_identical=3, psnr_to_full=np.inf)
    row = next(x for x in fdbench("report", copied).stdout.splitlines() if x.startswith("e "))
    assert "identical" in row


@pytest.fixture(scope="module")
def judged(fdbench, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A sweep whose FID is of 5 pictures in 128 dimensions, and what `run` says of it."""
    folder = tmp_path_factory.mktemp("judged")
    clip = MODELS / "mini-judge"
    (folder / "five.yaml").write_text(
        f"name: five\nmodel: {MODELS / 'mini'}\nthreads: 1\nprompts: [a, b, c, d, e]\nsteps: 1\n"
        "sampler: {name: ddim}\nguidance_scale: 1\npictures: {chunk: 5}\n"
        "timing: {warmup: 0, rounds: 2}\n"
        f"judges: {{clip: {clip}, reference: {clip / 'reference.npz'}, metrics: [fid]}}\n"
        "runs:\n  - {strategy: full}\n"
    )
    done = fdbench("run", folder / "five.yaml", "--out", folder / "five.h5")
    assert done.returncode == 0, done.stderr
    return folder / "five.h5", done.stdout + done.stderr


def test_the_bias_of_fid_stands_wherever_fid_stands(fdbench, judged: tuple[Path, str]) -> None:
    path, said = judged
    words = ("5 pictures for 128 dimensions", "FID is biased upward", "same n")
    texts = {"run": said, "page": first_screen(path)}
    for form in ("table", "md", "csv", "json"):
        done = fdbench("report", path, "--format", form)
        texts[form] = done.stdout + done.stderr
    texts["compare"] = fdbench("compare", path, path).stdout
    for place, text in texts.items():
        if place == "compare" and "FID" not in text:
            continue  # it holds no FID
        for word in words:
            assert word in text, (place, text)
