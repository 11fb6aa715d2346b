"""Disks and files that are not as they should be: one clear line, nothing lost, no litter."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import h5py
import pytest

from tests.faults.sweeps import (
    assert_one_line,
    assert_only,
    assert_same,
    limit_file_size,
    litter,
    start,
    units,
    wait_for_units,
)


def stopped_after(count: int, sweep_config: Path, output: Path) -> None:
    """A sweep that was killed when that many units were complete."""
    process = start("run", sweep_config, "--out", output)
    wait_for_units(process, output, count)
    process.kill()
    process.communicate()


def test_no_room_for_a_unit(fdbench, sweep_config: Path, undisturbed: Path, tmp_path: Path):
    output = tmp_path / "tiny.h5"
    full = fdbench(
        "run", sweep_config, "--out", output, "--quiet", preexec_fn=limit_file_size(4096)
    )
    assert_one_line(full, 3, f"{output}.units/", "cannot write")
    assert not output.exists() and not litter(tmp_path)
    assert fdbench("run", sweep_config, "--out", output).returncode == 0
    assert_same(output, undisturbed)


def test_no_room_for_the_merged_file(
    fdbench, sweep_config: Path, undisturbed: Path, tmp_path: Path
):
    output = tmp_path / "tiny.h5"
    room = undisturbed.stat().st_size // 2
    full = fdbench(
        "run", sweep_config, "--out", output, "--quiet", preexec_fn=limit_file_size(room)
    )
    assert_one_line(full, 3, f"{output}: ", "cannot be written")
    assert not output.exists() and not litter(tmp_path)
    assert len(units(output)) == 11
    again = fdbench("run", sweep_config, "--out", output)
    assert "11 found complete" in again.stdout
    assert_same(output, undisturbed)
    assert_only(output)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 KiB where the user may mount one (root), else a folder."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True).returncode == 0
    yield folder
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)


def test_full_disk(fdbench, sweep_config: Path, small_disk: Path):
    output = small_disk / "tiny.h5"
    limit = None if small_disk.is_mount() else limit_file_size(8192)
    full = fdbench("run", sweep_config, "--out", output, "--quiet", preexec_fn=limit)
    assert_one_line(full, 3, str(output))
    assert not output.exists() and not litter(small_disk)


def test_folder_below_a_file(fdbench, sweep_config: Path, tmp_path: Path):
    (tmp_path / "file").write_text("no folder")
    output = tmp_path / "file" / "tiny.h5"
    done = fdbench("run", sweep_config, "--out", output, "--quiet")
    assert_one_line(done, 3, str(output), "cannot be written")


def test_folder_that_nobody_may_write(fdbench, sweep_config: Path):
    done = fdbench("run", sweep_config, "--out", "/proc/tiny.h5", "--quiet")
    assert_one_line(done, 3, "/proc/tiny.h5", "cannot be written")


@pytest.mark.parametrize("damage", ["flipped", "cut", "emptied"])
def test_damaged_unit_is_computed_again(
    damage: str, fdbench, sweep_config: Path, undisturbed: Path, tmp_path: Path
):
    output = tmp_path / "tiny.h5"
    stopped_after(3, sweep_config, output)
    victim = units(output)[0]
    whole = victim.read_bytes()
    middle = len(whole) // 2
    victim.write_bytes(
        {
            "flipped": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "cut": whole[:middle],
            "emptied": b"",
        }[damage]
    )
    done = fdbench("run", sweep_config, "--out", output)
    assert done.returncode == 0
    assert f"note: {victim} is damaged and is computed again" in done.stderr
    assert_same(output, undisturbed)
    assert_only(output)


def make_file(kind: str, path: Path, undisturbed: Path) -> None:
    if kind == "text":
        path.write_text("these are no results")
    elif kind == "cut":
        path.write_bytes(undisturbed.read_bytes()[:5000])
    elif kind == "empty":
        path.write_bytes(b"")
    else:
        with h5py.File(path, "w") as file:
            file["runs"] = [1, 2, 3]
            if kind == "newer":
                file.attrs["format"], file.attrs["schema_version"] = "fdbench", 99


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [
        ("text", 2, "is a text; a result file"),
        ("cut", 3, "is cut short: 5000 of "),
        ("empty", 2, "is empty; a result file"),
        ("foreign", 3, "an HDF5 file, but not a result of fdbench"),
        ("newer", 3, "schema version 99, this program reads versions 1 to 2"),
    ],
)
def test_file_that_is_not_ours(
    kind: str,
    code: int,
    reason: str,
    fdbench,
    sweep_config: Path,
    undisturbed: Path,
    tmp_path: Path,
):
    path = tmp_path / "other.h5"
    make_file(kind, path, undisturbed)
    before = path.read_bytes()
    assert_one_line(fdbench("report", path), code, f"{path}: ", reason)
    done = fdbench("run", sweep_config, "--out", path, "--quiet")
    assert_one_line(done, code, f"{path}: ", reason)
    assert path.read_bytes() == before
    assert_only(path)


def test_missing_result_file(fdbench, tmp_path: Path):
    assert_one_line(fdbench("report", tmp_path / "no.h5"), 2, "no.h5: no such file")
    assert_one_line(fdbench("report", tmp_path), 2, "is a folder")


def test_changed_config_is_refused(fdbench, sweep_config: Path, undisturbed: Path):
    changed = ("run", sweep_config, "--out", undisturbed, "--quiet", "--set", "seed=8")
    before = undisturbed.read_bytes()
    assert_one_line(fdbench(*changed), 2, str(undisturbed), "seed (was 7, now 8)", "--fresh")
    assert undisturbed.read_bytes() == before


def test_changed_config_of_half_a_sweep_is_refused(
    fdbench, sweep_config: Path, undisturbed: Path, tmp_path: Path
):
    output = tmp_path / "tiny.h5"
    stopped_after(2, sweep_config, output)
    changed = ("run", sweep_config, "--out", output, "--set", "guidance_scale=5")
    assert_one_line(fdbench(*changed, "--quiet"), 2, "guidance_scale (was 3, now 5)", "--fresh")
    assert len(units(output)) >= 2
    fresh = fdbench(*changed, "--fresh")
    assert fresh.returncode == 0 and "found complete" not in fresh.stdout
    assert_only(output)
    with h5py.File(output) as file:
        assert file.attrs["guidance_scale"] == 5


def test_replacing_a_result_goes_on_too(
    fdbench, sweep_config: Path, undisturbed: Path, tmp_path: Path
):
    output = tmp_path / "tiny.h5"
    output.write_bytes(undisturbed.read_bytes())
    changed = ("run", sweep_config, "--out", output, "--set", "seed=8")
    process = start(*changed, "--fresh")
    wait_for_units(process, output, 3)
    process.kill()
    process.communicate()
    assert output.read_bytes() == undisturbed.read_bytes()
    done = fdbench(*changed)
    assert done.returncode == 0 and "found complete, going on" in done.stdout
    assert_only(output)


def test_nothing_is_left_of_a_sweep_that_cannot_begin(
    fdbench, sweep_config: Path, tiny_model: Path, tmp_path: Path
):
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    weights = model / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    output = tmp_path / "out" / "tiny.h5"
    output.parent.mkdir()
    done = fdbench("run", sweep_config, "--out", output, "--quiet", "--set", f"model={model}")
    assert_one_line(done, 3, str(weights))
    assert not list(output.parent.iterdir())


def test_dry_run_writes_nothing(fdbench, sweep_config: Path, tmp_path: Path):
    done = fdbench("run", sweep_config, "--out", tmp_path / "tiny.h5", "--dry-run")
    assert done.returncode == 0
    assert "11 work units" in done.stdout and "nothing was computed or written" in done.stdout
    assert not list(tmp_path.iterdir())
