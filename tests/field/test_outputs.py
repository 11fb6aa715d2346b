"""What commands print: full disks and closed pipes behind it, names that could break a table."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from analysis.load import load
from analysis.report import main
from tests.conftest import ROOT, program
from tests.field.conftest import MODELS, said


def commands_that_print(base: Path, config: Path) -> dict[str, list[object]]:
    return {
        "report": ["report", base],
        "compare": ["compare", base, base],
        "plan": ["plan", config],
        "info": ["info", MODELS / "mini"],
        "schema": ["schema"],
        "tokenize": ["tokenize", MODELS / "mini", "--text", "a red square"],
        "judge": ["judge", base, "--run", "e", "--pairs", base, "--pairs-run", "full"],
        "dry run": ["run", config, "--dry-run"],
        "complete run": ["run", config, "--out", base],
        "help": ["report", "--help"],
        "version": ["--version"],
    }


def test_a_full_disk_behind_standard_output_is_an_error(base: Path, config: Path) -> None:
    for name, command in commands_that_print(base, config).items():
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [program(), *map(str, command)], stdout=full, stderr=subprocess.PIPE, text=True
            )
        assert done.returncode == 3, (name, done.stderr)
        assert "standard output" in done.stderr, (name, done.stderr)
    closed = f"{program()} report {base} >&-"
    done = subprocess.run(closed, shell=True, capture_output=True, text=True)
    assert done.returncode == 3 and "standard output" in done.stderr, done.stderr


def test_a_closed_pipe_is_no_success(base: Path) -> None:
    page = f"{sys.executable} -m analysis.report {base}"
    for command in (f"{program()} schema", page):
        script = f"set -o pipefail; {command} | (exec <&-; sleep 0.5)"
        done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode not in (0, 2), (command, done.stderr)


def test_the_page_that_cannot_be_written_or_told(copied: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "analysis.report", str(copied)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
    said(done, "standard output", code=3)
    taken = tmp_path / "file"
    taken.write_text("no folder")
    done = subprocess.run(
        [*command, "--output", str(taken)], cwd=ROOT, capture_output=True, text=True
    )
    said(done, str(taken), code=3)


NAMES = ["a|b", "two\nlines", "=1+1", 'quote " and , comma', "<b>&tag", "::error::x", "über\tb"]


@pytest.fixture(scope="module")
def odd_names(fdbench, config: Path, base: Path) -> Path:
    """A result whose runs have such names."""
    path = config.parent / "names.h5"
    runs = [{"strategy": "encoder", "key_steps": {"list": [2]}, "name": name} for name in NAMES]
    values = json.dumps([{"strategy": "full"}, *runs])
    text = config.read_text().split("runs:")[0] + f"runs: {values}\n"
    other = config.parent / "names.yaml"
    other.write_text(text.replace("a red square, a blue circle, a green triangle", "x"))
    done = fdbench("run", other, "--out", path, "--quiet")
    assert done.returncode == 0, done.stderr
    return path


def test_names_do_not_break_tables(fdbench, odd_names: Path, tmp_path: Path) -> None:
    csv = tmp_path / "runs.csv"
    csv.write_text(fdbench("report", odd_names, "--format", "csv").stdout, newline="")
    assert list(pd.read_csv(csv)["name"]) == ["full", *NAMES]
    runs = json.loads(fdbench("report", odd_names, "--format", "json").stdout)
    assert [run["name"] for run in runs] == ["full", *NAMES]
    for command in (("report", odd_names), ("compare", odd_names, odd_names)):
        lines = fdbench(*command, "--format", "md").stdout.splitlines()
        rows = [line for line in lines if line.startswith("|")]
        assert len(rows) == 2 + len(NAMES) + 1, rows
        bars = {row.replace("\\|", "").count("|") for row in rows}
        assert len(bars) == 1, rows
        table = fdbench(*command).stdout.splitlines()
        assert sum("two lines" in line for line in table) >= 1, table
    done = fdbench("compare", odd_names, odd_names, "--format", "csv")
    csv.write_text(done.stdout, newline="")
    assert list(pd.read_csv(csv)["run"]) == ["full", *NAMES]
    assert main([str(odd_names), "--output", str(tmp_path / "page")]) == 0
    page = (tmp_path / "page" / "index.html").read_text()
    assert "<b>&tag" not in page and "&lt;b&gt;&amp;tag" in page


def test_the_readme_line_for_pandas_gives_text(base: Path) -> None:
    text = (ROOT / "README.md").read_text()
    code = next(block for block in text.split("```python\n")[1:] if "import pandas" in block)
    code = code.split("```")[0].replace("results/ablation.h5", str(base))
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    runs = names["runs"]
    assert list(runs["name"]) == ["full", "e"]
    assert all(not isinstance(value, bytes) for value in runs.to_numpy().ravel())
    assert runs[runs["name"] == "e"]["unet_speedup"].iloc[0] == load(base).runs["unet_speedup"][1]


def test_names_do_not_break_the_gate(fdbench, odd_names: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "names.json"
    assert fdbench("check", odd_names, "--baseline", baseline, "--update").returncode == 0
    check = ("check", odd_names, "--baseline", baseline, "--format")
    xml = ElementTree.fromstring(fdbench(*check, "junit").stdout)
    assert {"a|b", "two lines", "<b>&tag"} <= {case.get("classname") for case in xml}
    github = fdbench(*check, "github").stdout
    before = github.split("\n::error::x")[0]
    assert "::stop-commands::" in before and "::fdbench-table::" in github
    assert "two lines" in fdbench(*check, "table").stdout
    found = json.loads(fdbench(*check, "json").stdout)["findings"]
    assert set(NAMES) <= {finding["run"] for finding in found}
