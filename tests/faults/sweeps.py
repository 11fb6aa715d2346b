"""Running sweeps that are stopped on the way, and comparing what comes out."""

import resource
import signal
import subprocess
import time
from pathlib import Path

import h5py
import numpy as np

from tests.conftest import ROOT, program

# What differs between two runs of the same sweep: the clock, who measured a round (a sweep that
# was stopped goes on in another process), and nothing else.
CLOCKED_FIELDS = {"text_encoder_s", "unet_s", "vae_s", "total_s"}
CLOCKED_FIELDS |= {"predicted_speedup", "peak_memory"}
CLOCKED_FIELDS |= {
    f"{part}_speedup{end}" for part in ("unet", "total") for end in ("", "_low", "_high")
}
CLOCKED_TIMINGS = ("_s", "/peak_memory", "_share", "/processor_mhz", "/process")
CLOCKED_ATTRIBUTES = {"created", "cpu_mhz"}


def start(*args: object) -> subprocess.Popen:
    """The program, going on beside the test."""
    command = [str(program()), *map(str, args)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def units(output: Path) -> list[Path]:
    """Complete units beside an output."""
    return sorted(Path(f"{output}.units").glob("[0-9a-f]*.h5"))


def wait_for_units(process: subprocess.Popen, output: Path, count: int) -> None:
    """Returns when that many units are complete and the program still runs."""
    deadline = time.monotonic() + 120
    while len(units(output)) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "no unit in two minutes"
        time.sleep(0.002)


def datasets(path: Path) -> dict[str, np.ndarray]:
    """All datasets of a file that do not hold times; /runs field by field."""
    found = {}

    def visit(name: str, item: h5py.HLObject) -> None:
        if isinstance(item, h5py.Dataset):
            clocked = name.startswith("timing/") and name.endswith(CLOCKED_TIMINGS)
            if not clocked and not name.startswith("runs"):
                found[name] = item[:]

    with h5py.File(path) as file:
        file.visititems(visit)
        runs = file["runs"][:]
    for field in set(runs.dtype.names) - CLOCKED_FIELDS:
        found[f"runs/{field}"] = runs[field]
    return found


def assert_same(path: Path, reference: Path) -> None:
    """Both files hold the same, bit for bit, but for what the clock says."""
    ours, theirs = datasets(path), datasets(reference)
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        assert values.dtype == theirs[name].dtype, name
        assert values.tobytes() == theirs[name].tobytes(), name
    with h5py.File(path) as file, h5py.File(reference) as other:
        names = set(file.attrs) - CLOCKED_ATTRIBUTES
        assert names == set(other.attrs) - CLOCKED_ATTRIBUTES
        for name in names:
            assert file.attrs[name] == other.attrs[name], name


def assert_only(output: Path) -> None:
    """Nothing is left in the folder but the result."""
    assert [path.name for path in output.parent.iterdir()] == [output.name]


def assert_one_line(done: subprocess.CompletedProcess, exit_code: int, *fragments: str) -> None:
    """The program failed with one clear line that holds the fragments; before it there may be the
    warning that the disk may become full, and nothing else.
    """
    assert done.returncode == exit_code, done.stderr
    *warnings, line = done.stderr.removesuffix("\n").split("\n")
    assert all("the disk may become full" in warning for warning in warnings), done.stderr
    assert line.startswith("fdbench: "), done.stderr
    for fragment in fragments:
        assert fragment in line, done.stderr


def limit_file_size(num_bytes: int):
    """For a child process: a file may not grow beyond this, as on a full disk."""

    def apply() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, num_bytes))

    return apply


def litter(folder: Path) -> list[str]:
    """Files under a folder that are neither complete units nor the folder's own."""
    own = {"lock", "settings.json"}
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and path.name not in own and path.name.startswith((".", "tmp"))
    ]
