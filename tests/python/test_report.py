"""The report page on made-up result files: whole, and without trouble where things are missing."""

import re
from html.parser import HTMLParser
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from analysis.figures.pictures import sheet_rows
from analysis.load import load
from analysis.report import main
from analysis.runs import summarise
from tests.python.synthetic_results import Sweep, edited, write

FEW = [("full", "", "sequential"), ("encoder", "non_uniform_IV", "sequential")]
FEW += [("encoder", "non_uniform_IV", "parallel"), ("drop", "non_uniform_IV", "sequential")]
EVERYTHING = ("features", "timing", "pictures", "plan", "layers", "blocks", "prompts")
FIGURES = [
    "speed_quality", "times", "feature_evolution", "feature_norms", "feature_deviations",
    "contact_sheet", "spectra", "plans",
]  # fmt: skip


@pytest.fixture(scope="module")
def ablation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("ablation") / "ablation.h5")


@pytest.fixture(scope="module")
def page(ablation: Path) -> str:
    """The page of the whole synthetic ablation."""
    assert main([str(ablation)]) == 0
    return (ablation.with_suffix("") / "index.html").read_text(encoding="utf-8")


def test_page_is_whole_and_needs_nothing_else(page: str) -> None:
    for name in ("non_uniform_IV", "uniform_III", "encoder_decoder", "drop", "decoder"):
        assert name in page
    for run in load_runs(page):
        assert run in page
    assert "&lt;small&gt; &amp; quick" in page and "0123456789abcdef" in page
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert "nan" not in Text.of(page).lower().split()
    images = Text.images(page)
    assert len(images) == len(FIGURES) and all(images)
    assert "reused nothing" not in page.replace("These runs reused nothing", "")


def load_runs(page: str) -> list[str]:
    names = re.findall(r'<th scope="row">([a-zA-Z_]+/[\w/]+)</th>', page)
    assert len(names) == 18
    return names


class Text(HTMLParser):
    """Visible text and the alternative texts of the pictures of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.alts, self.hidden = [], [], False

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.hidden = tag == "style"
        if tag == "img":
            self.alts.append(dict(attrs).get("alt"))

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.text.append(data)

    @classmethod
    def of(cls, page: str) -> str:
        parser = cls()
        parser.feed(page)
        return " ".join(parser.text)

    @classmethod
    def images(cls, page: str) -> list[str]:
        parser = cls()
        parser.feed(page)
        return parser.alts


@pytest.mark.usefixtures("page")
def test_figures_are_there_and_not_blank(ablation: Path) -> None:
    folder = ablation.with_suffix("")
    for stem in FIGURES:
        pixels = np.asarray(Image.open(folder / f"{stem}.png").convert("L"), dtype=float)
        assert min(pixels.shape) > 300 and pixels.std() > 10, stem
        assert (folder / f"{stem}.svg").read_text().count("<path") > 20, stem
    csv = pd.read_csv(folder / "strategies.csv")
    assert csv.loc[csv["plan"] == "full", "keys"].item() == 50


def test_contact_sheet_joins_runs_with_the_same_pictures_only(tmp_path: Path) -> None:
    runs = [("full", "", "sequential")]
    runs += [("encoder", "uniform_I", way) for way in ("sequential", "parallel")]
    path = write(tmp_path / "a.h5", Sweep(runs=runs))
    results = load(path)
    assert [run for run, _ in sheet_rows(results, summarise(results))] == [0, 1]
    results.images[2] ^= 64
    assert [run for run, _ in sheet_rows(results, summarise(results))] == [0, 1, 2]


def test_a_run_that_reused_nothing_is_flagged(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", Sweep(FEW))
    edited(path, **{"plan/ran": (1, 1), "plan/cells": (1, 2)})
    assert main([str(path)]) == 0
    text = " ".join(Text.of((tmp_path / "a" / "index.html").read_text()).split())
    assert "These runs reused nothing:" in text
    assert "another name: encoder/non_uniform_IV/sequential." in text


@pytest.mark.parametrize(
    ("sweep", "said"),
    [
        (Sweep(FEW, without=("features", "blocks")), "No features were watched"),
        (Sweep(FEW, without=("timing",)), "No timing rounds"),
        (Sweep(FEW, without=("pictures",)), "No pictures are stored"),
        (Sweep(FEW, without=("plan",)), "No plans are stored"),
        (Sweep(FEW, without=EVERYTHING), ""),
        (Sweep(runs=[("encoder", "uniform_II", "sequential")]), "No full run"),
        (Sweep(runs=[("full", "", "sequential")]), ""),
        (Sweep(FEW, num_pictures=1, num_rounds=1), "One picture only"),
        (Sweep(FEW, num_steps=4, num_rounds=0), "runs here 4"),
        (Sweep(FEW, num_steps=1), ""),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("error")
def test_gaps_are_said_and_do_no_harm(tmp_path: Path, sweep: Sweep, said: str) -> None:
    path = write(tmp_path / "gap.h5", sweep)
    assert main([str(path), "--output", str(tmp_path / "out")]) == 0
    text = Text.of((tmp_path / "out" / "index.html").read_text())
    assert said in text
    assert "nan" not in text.lower().split()


@pytest.mark.filterwarnings("error")
def test_values_that_were_not_measured_do_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", Sweep(FEW))
    with h5py.File(path, "r+") as file:
        for name in ("features", "timing", "pictures"):
            for array in file[name].values():
                if array.dtype.kind == "f":
                    array[...] = np.nan
    assert main([str(path)]) == 0
    assert "nan" not in Text.of((tmp_path / "a" / "index.html").read_text()).lower().split()


def test_a_folder_that_cannot_be_written_is_said(
    ablation: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    assert main([str(ablation), "--output", str(tmp_path / "file" / "out")]) == 3
    assert "cannot write" in capsys.readouterr().err
