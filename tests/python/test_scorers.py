"""Scorers of human preference in sweeps (Table 15), and their export."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoTokenizer, CLIPModel, CLIPProcessor

from analysis.load import load
from analysis.preferences import preferences
from analysis.report import write_report
from experiments.scorers.export import MEAN, STD, Pictures, exported
from tests.python.test_word_piece_parity import pieces_of, write_vocabulary

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ROOT = Path(__file__).resolve().parents[2]
JUDGE = ROOT / "models/mini-judge"
CONFIG = """name: preferred
model: models/mini
guidance_scale: 4
prompts: [a red square, a blue circle above a green triangle, a grey ring, a red square]
steps: 8
features: false
pictures: {{chunk: 3, batch: 2}}
timing: {{rounds: 0}}
judges: {{bootstrap: 50, scorers: {scorers}}}
runs:
  - {{strategy: full}}
  - {{strategy: encoder, key_steps: {{uniform: 4}}, name: e}}
"""


class Brightness(torch.nn.Module):
    """Mean of the pixels, plus a little for each token that is no padding."""

    def forward(self, image: torch.Tensor, text_ids: torch.Tensor, mask: torch.Tensor):
        weights = 1 + text_ids % 7
        return image.float().mean([1, 2, 3]) + 0.01 * (weights * mask).sum(1)


class Shape(torch.nn.Module):
    """Gives what no scorer gives."""

    def __init__(self, kind: str):
        super().__init__()
        self.kind = kind

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        if self.kind == "one":
            return image.float().mean()
        if self.kind == "nan":
            return image.float().mean([1, 2, 3]) * float("nan")
        return image.float().mean([2, 3])


def save(network: torch.nn.Module, path: Path) -> Path:
    torch.jit.script(network.eval()).save(str(path))
    return path


@pytest.fixture
def sweep(fdbench, tmp_path):
    def run(scorers: str, *options: object):
        config = tmp_path / "r.yaml"
        config.write_text(CONFIG.format(scorers=scorers))
        output = tmp_path / "r.h5"
        return fdbench("run", config, "--out", output, "--quiet", *options), output

    return run


def read(output: Path):
    with h5py.File(output) as file:
        names = [name.decode() for name in file["scale/scorer"][:]]
        captions = [caption.decode() for caption in file["prompts"]["caption"]]
        table = file["scores"][:]
        return names, captions, file["pictures/images"][:], file["pictures/scores"][:], table


def test_scores_and_win_rates(sweep, tmp_path):
    texts = ["a red square", "a blue circle above a green triangle", "a grey ring"]
    tokenizer = write_vocabulary(tmp_path / "bert", pieces_of(texts))
    network = save(Brightness(), tmp_path / "brightness.pt")
    done, output = sweep(
        f"[{{name: PickScore, clip: {JUDGE}}}, {{name: bright, network: {network}, "
        f"tokenizer: {tokenizer}, max_length: 12, inputs: [image, text_ids, attention_mask]}}]"
    )
    assert done.returncode == 0, done.stderr
    names, captions, images, scores, table = read(output)
    assert names == ["PickScore", "bright"] and scores.shape == (2, 4, 2)
    reader = AutoTokenizer.from_pretrained(tokenizer)(
        captions, padding="max_length", truncation=True, max_length=12, return_tensors="pt"
    )
    for run in range(2):
        pictures = torch.from_numpy(images[run]).permute(0, 3, 1, 2)
        bright = Brightness()(pictures, reader.input_ids, reader.attention_mask)
        np.testing.assert_allclose(scores[run, :, 1], bright.numpy(), rtol=1e-5)
        np.testing.assert_allclose(scores[run, :, 0], pick_scores(images[run], captions), rtol=1e-4)
    check_table(scores, table)
    groups = preferences(load(output))
    assert [group["scorer"] for group in groups] == names
    write_report(load(output), tmp_path / "page")
    page = (tmp_path / "page/index.html").read_text()
    assert "What people would prefer" in page and "bright" in page


def pick_scores(images: np.ndarray, captions: list[str]) -> np.ndarray:
    """PickScore's own formula, by transformers."""
    model = CLIPModel.from_pretrained(JUDGE).eval()
    processor = CLIPProcessor.from_pretrained(JUDGE)
    inputs = processor(
        images=[Image.fromarray(image) for image in images],
        text=captions,
        padding="max_length",
        max_length=32,
        truncation=True,
        return_tensors="pt",
    )
    with torch.no_grad():
        return model(**inputs).logits_per_image.diagonal().numpy()


def check_table(scores: np.ndarray, table: np.ndarray) -> None:
    """Against a direct count."""
    assert [(row["run"].decode(), row["scorer"].decode()) for row in table] == [
        (run, scorer) for run in ("full", "e") for scorer in ("PickScore", "bright")
    ]
    for place, row in enumerate(table):
        run, scorer = divmod(place, 2)
        own, full = scores[run, :, scorer], scores[0, :, scorer]
        assert row["num_pictures"] == 4
        assert row["mean"] == pytest.approx(own.mean())
        assert row["mean_low"] <= row["mean"] <= row["mean_high"]
        if run == 0:
            assert np.isnan(row["win_rate"]) and np.isnan(row["change"])
            continue
        won = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in zip(own, full, strict=True))
        assert row["win_rate"] == pytest.approx(won / 4)
        assert row["win_rate_low"] <= row["win_rate"] <= row["win_rate_high"]
        assert row["change"] == pytest.approx((own - full).mean())


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("one", "gives [] for 2 pictures, wanted is a number a picture: [2]"),
        ("three", "gives [2, 3] for 2 pictures, wanted is a number a picture: [2]"),
        ("nan", "what the judge gives as s of picture 0 ('a red square') is not a number"),
    ],
)
def test_what_is_no_number_a_picture_is_one_line(sweep, tmp_path, kind, words):
    network = save(Shape(kind), tmp_path / "shape.pt")
    done, output = sweep(f"[{{name: s, network: {network}, inputs: [image]}}]")
    assert done.returncode == (3 if kind == "nan" else 2)
    assert len(done.stderr.strip().splitlines()) == 1 and words in done.stderr, done.stderr
    assert not output.exists()


@pytest.mark.parametrize(
    ("scorers", "words"),
    [
        ("[{clip: models/mini-judge}]", "a scorer wants a 'name'"),
        ("[{name: s}]", "scorer 's' wants either 'network' or 'clip'"),
        ("[{name: s, network: x.pt}]", "its text wants a 'tokenizer'"),
        ("[{name: s, network: x.pt, inputs: [image], tokenizer: t}]", "is for inputs of text"),
        ("[{name: s, clip: models/mini-judge, max_length: 5}]", "a 'clip' folder has its own"),
        ("[{name: s, clip: models/mini-judge, size: 64}]", "'size' is of a 'network'"),
        ("[{name: s, clip: a}, {name: s, clip: b}]", "a second scorer named 's'"),
        ("[{name: s, network: x.pt, inputs: [picture]}]", "one of image, text_ids"),
        ("[{name: s, network: missing.pt, inputs: [image]}]", "missing.pt"),
        ("[{name: s, nets: x.pt}]", "unknown key 'judges.scorers.0.nets'"),
    ],
)
def test_wrong_settings_are_one_line(sweep, scorers, words):
    done, _ = sweep(scorers)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "r.yaml:" in done.stderr and words in done.stderr, done.stderr


def test_other_scorers_are_other_results(sweep):
    """Pictures that were scored otherwise are not reused."""
    done, output = sweep(f"[{{name: a, clip: {JUDGE}}}]")
    assert done.returncode == 0, done.stderr
    done, _ = sweep(f"[{{name: b, clip: {JUDGE}}}]")
    assert done.returncode == 2 and "judges.scorers" in done.stderr
    with h5py.File(output) as file:
        assert json.loads(file.attrs["settings"])["judges.scorers"].startswith("a ")


@pytest.mark.parametrize("size", [(64, 64), (90, 60), (300, 400)])
def test_exported_pictures_are_pillows(size):
    """Resize, CenterCrop and Normalize as both packages have them, on Pillow's pictures."""
    side = 48
    noise = np.random.default_rng(0).integers(0, 256, (9, 9, 3)).astype(np.uint8)
    picture = Image.fromarray(noise).resize(size[::-1], Image.Resampling.BICUBIC)
    width, height = picture.size
    scale = side / min(width, height)
    resized = picture.resize((int(width * scale), int(height * scale)), Image.Resampling.BICUBIC)
    left, top = (round((length - side) / 2) for length in resized.size)
    cut = np.asarray(resized.crop((left, top, left + side, top + side))).astype(np.float32)
    expected = (cut / 255 - np.array(MEAN)) / np.array(STD)
    pixels = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1)[None]
    made = Pictures(side)(pixels)[0].permute(1, 2, 0).numpy()
    apart = np.abs(made - expected) * np.array(STD) * 255
    assert made.shape == (side, side, 3)
    assert apart.max() <= 2.01 and apart.mean() < 0.5, (apart.max(), apart.mean())


class Attends(torch.nn.Module):
    """Something of the kind: a picture and a text become a number."""

    def __init__(self):
        super().__init__()
        self.text, self.picture = torch.nn.Embedding(50, 8), torch.nn.Conv2d(3, 8, 16, 16)

    def forward(self, pictures, ids, mask):
        seen = self.picture(pictures).flatten(2).mean(2)
        read = (self.text(ids) * mask[..., None]).sum(1)
        return (seen * read).sum(1)


def test_an_export_takes_any_size_and_number(tmp_path):
    torch.manual_seed(0)
    network = Attends().eval()
    exported(network, 6, side=48).save(str(tmp_path / "s.pt"))
    made = torch.jit.load(str(tmp_path / "s.pt"))
    for count, height, width in ((1, 48, 48), (3, 64, 100), (5, 200, 60)):
        image = torch.randint(0, 256, (count, 3, height, width), dtype=torch.uint8)
        ids = torch.randint(0, 50, (count, 6))
        mask = (ids > 20).long()
        with torch.no_grad():
            expected = network(Pictures(48)(image), ids, mask)
            torch.testing.assert_close(made(image, ids, mask), expected)
