"""Is a file a whole result? What it is otherwise, in one line, as the program says it."""

import errno
import json
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

import h5py
import xxhash

CHECKSUM_MARK = b"\nfdbench result checksum "
CHECKSUM_LINE = len(CHECKSUM_MARK) + 32 + 1  # [bytes]: the mark, XXH3 of all before it, a line end
SIGNATURE = b"\x89HDF\r\n\x1a\n"
BEGINNING = 512  # [bytes]
KINDS = {  # as src/results/foreign_file.cpp
    b"version https://git-lfs": "a pointer of Git LFS, not the file itself: `git lfs pull`",
    b"PK\x03\x04": "an .npz or other zip archive",
    b"\x93NUMPY": "an .npy array",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"\x1f\x8b": "a gzip archive: unpack it",
    b"%PDF": "a PDF document",
}
WRITE_ACCESS, SWMR = 1, 4  # HDF5's file consistency flags


class ResultError(Exception):
    """One line for the user: which file, what is wrong with it."""

    def __init__(self, message: str, exit_code: int = 3):
        super().__init__(message)
        self.exit_code = exit_code


def open_result(path: Path) -> h5py.File:
    """Opens a result file for reading. Throws ResultError with one line for what is none: missing,
    unfinished, another kind of file, cut short, damaged, held open by another program. One that a
    program left open is read with a warning on stderr where that is safe.
    """
    _check_is_there(path)
    _check_is_hdf5(path)
    file = _opened(path)
    try:
        _check_whole(path)
    except BaseException:
        file.close()
        raise
    return file


def _check_is_there(path: Path) -> None:
    if path.exists() and not path.is_dir():
        return
    is_folder = path.suffix == ".units"
    units = path if is_folder else path.with_name(path.name + ".units")
    if units.is_dir():
        there = sum(not unit.name.startswith(".") for unit in units.glob("*.h5"))
        with suppress(OSError, ValueError, KeyError, TypeError):
            there = f"{there} of {json.loads((units / 'plan.json').read_text())['units']}"
        what = (
            "is the folder of an unfinished sweep"
            if is_folder
            else "is not there yet, the sweep is unfinished"
        )
        raise ResultError(
            f"{path}: {what}: {there} work units are complete in {units}; the same `fdbench run` "
            "goes on from there",
            exit_code=2,
        )
    if path.is_dir():
        raise ResultError(f"{path}: is a folder, a result file (.h5) is wanted", exit_code=2)
    raise ResultError(f"{path}: no such file", exit_code=2)


def _check_is_hdf5(path: Path) -> None:
    with path.open("rb") as file:
        beginning = file.read(BEGINNING)
        place, found = BEGINNING, beginning
        while found and not found.startswith(SIGNATURE):  # behind a user block
            file.seek(place)
            place, found = 2 * place, file.read(len(SIGNATURE))
    if found:
        return
    what = (
        "is empty"
        if not beginning
        else f"is {kind}"
        if (kind := _kind(beginning))
        else "is no HDF5 file"
    )
    raise ResultError(
        f"{path}: {what}; a result file of `fdbench run` (HDF5) is wanted", exit_code=2
    )


def _kind(beginning: bytes) -> str:
    """What a file is by its first bytes; "" where they tell nothing."""
    for magic, kind in KINDS.items():
        if beginning.startswith(magic):
            return kind
    if beginning.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "an HTML page, not the file itself: download it again"
    if beginning[6:9] == b"\0\0{":
        return "a safetensors file"
    control = set(range(32)) - set(b"\n\r\t") | {127}
    return "" if control & set(beginning) else "a text"


def _opened(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except OSError as error:
        reason = " ".join(str(error).split())
    if "unable to lock file" in reason and f"errno = {errno.EAGAIN}" in reason:
        raise ResultError(
            f"{path}: another program has it open for writing: close it there (a notebook, h5py, "
            "HDFView) and try again"
        )
    if "unable to lock file" in reason:  # a file system without locks
        return h5py.File(path, "r", locking=False)
    if "already open for" in reason:
        raise ResultError(f"{path}: {_left_open(path)}")
    if "truncated file" in reason:
        there, whole = (reason.split(f"{key} = ")[1].split(",")[0] for key in ("eof", "stored_eof"))
        raise ResultError(
            f"{path}: is cut short: {there} of {whole.rstrip(')')} bytes are there (a copy that "
            "was interrupted, a full disk): copy it again; only where no whole copy is left is it "
            "lost"
        )
    raise ResultError(f"{path}: not a readable HDF5 file ({reason})")


def _left_open(path: Path) -> str:
    return (
        f"was opened for writing by a program that did not close it; `h5clear -s {path}` "
        "(Debian's hdf5-tools) takes HDF5's mark away"
    )


def _check_whole(path: Path) -> None:
    """Throws ResultError for a file that does not fit the checksum behind its end. Files without
    one, which other programs have changed, pass.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = bytearray(file.read(21))
        place = 20 if head[8] < 2 else 11  # of the flags, by the version of the superblock
        marked = head.startswith(SIGNATURE) and bool(head[place] & (WRITE_ACCESS | SWMR))
        file.seek(max(size - CHECKSUM_LINE, 0))
        line = file.read()
        if not line.startswith(CHECKSUM_MARK):
            if marked:
                _warn(path, f"{_left_open(path)}; what was written last may be missing")
            return
        if marked:
            head[place] = 0
        file.seek(len(head))
        state, left = xxhash.xxh3_128(bytes(head)), size - CHECKSUM_LINE - len(head)
        while left > 0:
            piece = file.read(min(left, 1 << 20))
            state.update(piece)
            left -= len(piece)
    fits = line[len(CHECKSUM_MARK) : -1].decode("ascii", "replace") == state.hexdigest()
    if marked and not fits:
        raise ResultError(
            f"{path}: {_left_open(path)}, and the file is then read as it is now: it was changed "
            "since its checksum was made"
        )
    if not fits:
        raise ResultError(
            f"{path}: is damaged: it does not fit the checksum at its end; take another copy, or "
            "run the sweep again where there is none"
        )
    if marked:
        _warn(path, f"{_left_open(path)}; nothing in it was changed, its checksum fits")


@cache  # said once
def _warn(path: Path, text: str) -> None:
    print(f"warning: {path}: {text}", file=sys.stderr)
