"""Baselines of the gate as they lie about: broken, edited by hand, of another sweep."""

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.field.conftest import MODELS, refused

CONFIG = f"""\
name: field
model: {MODELS / "mini"}
threads: 1
prompts: [a red square, a blue square]
steps: 2
sampler: {{name: ddim, eta: 0}}
guidance_scale: 4
timing: {{warmup: 0, rounds: 6}}
runs:
  - {{strategy: full}}
  - {{strategy: encoder, key_steps: {{list: [2]}}, name: e}}
"""


@pytest.fixture(scope="module")
def result(fdbench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gate")
    (folder / "c.yaml").write_text(CONFIG)
    path = folder / "base.h5"
    done = fdbench("run", folder / "c.yaml", "--quiet", "--out", path)
    assert done.returncode == 0, done.stderr
    done = fdbench("check", path, "--baseline", folder / "base.json", "--update")
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture
def check(fdbench, result: Path, tmp_path: Path) -> Callable:
    """Checks the result against its own baseline after `change`."""

    def call(change: Callable[[dict], object], *options: str):
        baseline = json.loads(result.with_name("base.json").read_text())
        change(baseline)
        path = tmp_path / "b.json"
        path.write_text(json.dumps(baseline))
        return fdbench("check", result, "--baseline", path, *options)

    return call


def ratios(values: object) -> Callable[[dict], None]:
    return lambda b: b["runs"]["e"].update(round_ratios=values)


FAULTS = {
    "no runs": (lambda b: b.update(runs={}), "'runs' is empty"),
    "ratios missing": (lambda b: b["runs"]["e"].pop("round_ratios"), "'runs.e.round_ratios' is"),
    "ratios empty": (ratios([]), "'runs.e.round_ratios' is an empty list"),
    "ratios zero": (ratios([0.0] * 6), "'runs.e.round_ratios.0' must be above 0"),
    "ratios negative": (ratios([-1.0] * 6), "'runs.e.round_ratios.0' must be above 0"),
    "ratios NaN": (ratios([float("nan")] * 6), "'runs.e.round_ratios.0' must be a finite number"),
    "ratios texts": (ratios(["1.5"] * 6), "'runs.e.round_ratios.0' must be a finite number"),
    "ratios few": (ratios([1.5] * 2), "'runs.e.round_ratios' has 2 samples"),
    "share": (lambda b: b["gates"]["speed"].update(tolerance=5), "'gates.speed.tolerance'", "0.05"),
    "confidence": (lambda b: b["gates"]["speed"].update(confidence=99), "'gates.speed.confidence'"),
    "misspelt": (lambda b: b["runs"]["e"].update(psnr=30), "'runs.e.psnr'", "psnr_to_full"),
    "misspelt top": (lambda b: b.update(run=b.pop("runs")), "'run', did you mean 'runs'?"),
    "version": (lambda b: b.update(version=2), "another version"),
    "settings": (lambda b: b.update(settings=[]), "'settings' must be an object"),
    "NaN": (lambda b: b["runs"]["e"].update(latent_mse_to_full=float("nan")), "not NaN"),
    "plain": (lambda b: b["runs"]["e"].update(baseline=True), "unknown key 'runs.e."),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_baseline_that_is_not_in_order_is_exit_2(case: str, check):
    change, *words = FAULTS[case]
    refused(check(change), "b.json", *words)


def test_a_key_given_twice_and_other_encodings(fdbench, result: Path, tmp_path: Path):
    text = result.with_name("base.json").read_text()
    path = tmp_path / "b.json"
    path.write_text(text.replace('"runs": {', '"runs": {}, "runs": {', 1))
    refused(fdbench("check", result, "--baseline", path), "the key 'runs' is given twice")
    path.write_bytes(text.encode("utf-16"))
    refused(fdbench("check", result, "--baseline", path), "b.json:1: is UTF-16")
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    done = fdbench("check", result, "--baseline", path)
    assert done.returncode in (0, 4), done.stderr


def test_a_check_that_compared_nothing_is_exit_2(check):
    def rename(baseline: dict) -> None:
        baseline["runs"] = {"x": baseline["runs"]["e"]}
        for key in ("decoder_ratios", "decoder_speedup"):
            baseline.pop(key)

    refused(check(rename), "nothing was checked", "its runs are full, e; the baseline's x")


def test_reasons_stand_in_every_format(check):
    """A run that is gone, one that is new, and a figure that was never committed."""

    def change(baseline: dict) -> None:
        baseline["runs"]["gone"] = baseline["runs"]["e"] | {}
        baseline["runs"]["e"].pop("psnr_to_full")
        baseline["runs"].pop("full")

    done = check(change, "--format", "json")
    assert done.returncode == 1, done.stderr
    codes = {(f["run"], f["figure"]): f["reason_code"] for f in json.loads(done.stdout)["findings"]}
    assert codes[("gone", "run")] == "missing_run"
    assert codes[("full", "run")] == "not_in_baseline"
    assert codes[("e", "psnr_to_full")] == "not_in_baseline"
    assert codes[("e", "latent_mse_to_full")] == "within_tolerance"
    suite = ElementTree.fromstring(check(change, "--format", "junit").stdout)
    assert suite.find("testcase/failure").get("type") == "missing_run"
    skipped = [case.get("message") for case in suite.findall("testcase/skipped")]
    assert len(skipped) == int(suite.get("skipped"))
    assert sum("not_in_baseline" in message for message in skipped) == 2
    table = check(change).stdout
    assert "missing_run" in table and "2 not checked" in table
    assert "missing_run" in check(change, "--format", "github").stdout.split("::error")[1]


def test_an_older_baseline_without_a_gate_says_its_default(check):
    done = check(lambda b: b["gates"].pop("fid"))
    assert done.returncode in (0, 4), done.stderr
    assert "has no 'gates.fid': its tolerance is 0.05" in done.stderr
