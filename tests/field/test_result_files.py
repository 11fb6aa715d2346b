"""Result files on real disks: left open, cut short, unfinished, parts, other kinds of files."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import h5py
import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from analysis.dataset import dataset
from analysis.load import ResultError
from analysis.report import main
from tests.conftest import ROOT, program
from tests.faults.sweeps import start, wait_for_units
from tests.field.conftest import refused, said

OPEN_AND_DIE = "import h5py, os, sys; f = h5py.File(sys.argv[1], 'r+'); {change}; os._exit(0)"


@pytest.fixture(scope="module")
def parts(fdbench, config: Path) -> list[Path]:
    """The same sweep in two parts."""
    paths = [config.parent / f"part{number}.h5" for number in (1, 2)]
    for number, path in enumerate(paths, 1):
        shard = ("--shard", f"{number}/2", "--out", path)
        assert fdbench("run", config, *shard, "--quiet").returncode == 0
    return paths


@pytest.fixture(scope="module")
def readers(fdbench, base: Path) -> Callable[[Path], dict[str, CompletedProcess]]:
    """What every command that reads results says of a file."""
    figures = base.with_suffix(".json")
    assert fdbench("check", base, "--baseline", figures, "--update").returncode == 0

    def read(path: Path) -> dict[str, CompletedProcess]:
        page = [sys.executable, "-m", "analysis.report", str(path), "--output", f"{path}.page"]
        return {
            "report": fdbench("report", path),
            "compare": fdbench("compare", base, path),
            "check": fdbench("check", path, "--baseline", figures),
            "judge": fdbench("judge", path, "--run", "e", "--pairs", base, "--pairs-run", "full"),
            "page": subprocess.run(page, cwd=ROOT, capture_output=True, text=True),
        }

    return read


def left_open(path: Path, change: str = "pass") -> None:
    """A program opens the file for writing and dies."""
    command = [sys.executable, "-c", OPEN_AND_DIE.format(change=change), str(path)]
    subprocess.run(command, check=True)


def test_a_file_that_was_left_open_unchanged_is_read(copied: Path, readers) -> None:
    left_open(copied)
    for command, done in readers(copied).items():
        assert done.returncode in (0, 4), (command, done.stderr)
        assert "did not close it" in done.stderr, command
        assert "h5clear -s" in done.stderr and "damaged" not in done.stderr


def test_a_file_that_was_left_open_while_it_changed_is_no_damage(copied: Path, readers) -> None:
    left_open(copied, "f['timing/unet_s'][0, 0] = 1.0; f.flush()")
    for command, done in readers(copied).items():
        text = done.stderr
        assert "did not close it" in text and "h5clear -s" in text, (command, text)
        assert "run the sweep again" not in text and "is damaged" not in text, (command, text)


def test_a_file_that_another_program_holds_open(copied: Path, readers) -> None:
    with h5py.File(copied, "r+"):
        for done in readers(copied).values():
            said(done, "another program has", "open for writing", code=3)


def test_a_file_that_is_cut_short(copied: Path, readers) -> None:
    whole = copied.read_bytes()
    copied.write_bytes(whole[: len(whole) // 2])
    for done in readers(copied).values():
        said(done, "cut short", str(len(whole) // 2), "copy it again", code=3)


def lfs_pointer(path: Path) -> None:
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n")


KINDS = {
    "git lfs pull": lfs_pointer,
    "an .npz": lambda path: np.savez(path.open("wb"), features=np.zeros((2, 2))),
    "a PNG picture": lambda path: Image.new("RGB", (4, 4)).save(path, format="PNG"),
    "a JPEG picture": lambda path: Image.new("RGB", (4, 4)).save(path, format="JPEG"),
    "safetensors": lambda path: save_file({"x": np.zeros(3)}, path),
    "an HTML page": lambda path: path.write_text("<!DOCTYPE html>\n<html>no such page</html>"),
    "a text": lambda path: path.write_text("name: field\nmodel: models/mini\n"),
    "an .npy": lambda path: np.save(path.open("wb"), np.zeros(3)),
    "is empty": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("kind", KINDS)
def test_another_kind_of_file_is_named(kind: str, fdbench, tmp_path: Path, capsys) -> None:
    path = tmp_path / "other.h5"
    KINDS[kind](path)
    refused(fdbench("report", path), "other.h5", kind)
    assert main([str(path)]) == 2
    assert kind in capsys.readouterr().err


def test_a_part_is_told_as_that(parts: list[Path], readers) -> None:
    for done in readers(parts[0]).values():
        said(done, "part 1 of 2", "`fdbench merge", code=2)
    with pytest.raises(ResultError, match="part 1 of 2"):
        dataset(parts[0])


def test_an_unfinished_sweep_is_told_as_that(config: Path, readers, tmp_path: Path) -> None:
    output = tmp_path / "unfinished.h5"
    process = start("run", config, "--out", output, "--set", "timing.rounds=500")
    wait_for_units(process, output, 7)
    process.kill()
    process.communicate()
    there = len(list(Path(f"{output}.units").glob("[!.]*.h5")))
    for done in readers(output).values():
        words = ("unfinished", f"{there} of 506 work units", f"{output}.units")
        said(done, *words, "same `fdbench run`", code=2)
    for done in readers(Path(f"{output}.units")).values():
        assert done.returncode == 2 and "unfinished" in done.stderr, done.stderr


def without_locks(folder: Path, code: str) -> dict[str, str]:
    """An environment in which flock fails."""
    source = folder / "flock.c"
    source.write_text(
        "#include <errno.h>\n"
        f"int flock(int fd, int op) {{ (void)fd; (void)op; errno = {code}; return -1; }}\n"
    )
    library = folder / "flock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    return {"LD_PRELOAD": str(library), "PATH": "/usr/bin:/bin"}


@pytest.mark.parametrize(
    ("code", "reason"), [("ENOLCK", "No locks available"), ("EOPNOTSUPP", "not supported")]
)
def test_a_disk_without_locks(code: str, reason: str, config: Path, tmp_path: Path) -> None:
    output, env = tmp_path / "unlocked.h5", without_locks(tmp_path, code)

    def call(*command: object) -> CompletedProcess:
        return subprocess.run(
            [*map(str, command)], env=env, cwd=ROOT, capture_output=True, text=True
        )

    done = call(program(), "run", config, "--out", output)
    assert done.returncode == 0, done.stderr
    assert "another fdbench" not in done.stderr
    assert reason in done.stderr and "local disk" in done.stderr
    report = call(program(), "report", output)
    assert report.returncode == 0 and "full" in report.stdout, report.stderr
    page = call(sys.executable, "-m", "analysis.report", output, "--output", tmp_path / "page")
    assert page.returncode == 0, page.stderr


def test_a_merge_onto_its_result_builds_it_again(fdbench, parts, tmp_path: Path) -> None:
    output = tmp_path / "merged.h5"
    assert fdbench("merge", output, *parts).returncode == 0
    with h5py.File(output, "r+") as file:  # an older or edited result
        file.attrs["created"] = "1999"
        file["timing/unet_s"][...] = 7.0
    done = fdbench("merge", output, *parts)
    assert done.returncode == 0, done.stderr
    with h5py.File(output) as file:
        assert file.attrs["created"] != "1999" and (file["timing/unet_s"][:] < 7).all()


def test_a_merge_onto_something_else_says_why_not(fdbench, base, parts, tmp_path: Path) -> None:
    picture = tmp_path / "a.h5"
    KINDS["a PNG picture"](picture)
    refused(fdbench("merge", picture, *parts), "a.h5", "PNG", "--fresh")
    for more in ((), ("--fresh",)):
        own = Path(shutil.copy(parts[0], tmp_path / "own.h5"))
        refused(fdbench("merge", own, own, parts[1], *more), "own.h5", "one of the parts")
        assert own.read_bytes() == parts[0].read_bytes()
    whole = Path(shutil.copy(base, tmp_path / "whole.h5"))
    whole.write_bytes(whole.read_bytes()[:9000])
    done = fdbench("merge", whole, *parts)
    line = refused(done, "whole.h5", "cut short", "--fresh replaces", code=3)
    assert "sweep again" not in line


def test_parts_of_different_programs_are_named(fdbench, parts, tmp_path: Path, capsys) -> None:
    other = Path(shutil.copy(parts[1], tmp_path / "other.h5"))
    with h5py.File(other, "r+") as file:
        file.attrs["git_revision"] = "0123abc"
        file.attrs["libtorch_version"] = "9.9.9"
    output = tmp_path / "mixed.h5"
    done = fdbench("merge", output, parts[0], other)
    assert done.returncode == 0, done.stderr
    for word in ("warning:", "git_revision", "0123abc", "libtorch_version", "9.9.9", "2/2"):
        assert word in done.stderr, done.stderr
    table = fdbench("report", output).stdout
    assert "0123abc" in table and "9.9.9" in table
    assert main([str(output), "--output", str(tmp_path / "page")]) == 0
    page = (tmp_path / "page" / "index.html").read_text()
    first_screen = page.split("<nav>")[0]
    assert "0123abc" in first_screen and "9.9.9" in first_screen
    assert fdbench("merge", tmp_path / "same.h5", *parts).stderr == ""
