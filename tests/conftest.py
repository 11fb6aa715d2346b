"""What all Python tests share: the built program, called as a user calls it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

# Threads that spin while they wait make a busy machine crawl: a program under test can be a hundred
# times slower. OpenMP reads it when torch is loaded, here and in every program that a test starts.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

ROOT = Path(__file__).resolve().parent.parent


def program() -> Path:
    """Path of the built program; the variable FDBENCH_BUILD names another build folder."""
    return ROOT / os.environ.get("FDBENCH_BUILD", "build/release") / "fdbench"


@pytest.fixture(scope="session")
def fdbench() -> Callable[..., subprocess.CompletedProcess]:
    """Runs the program in the root of the checkout; the exit code is not checked."""
    assert program().exists(), f"{program()} is not built: run `make build`"

    def call(*args: object, timeout: float = 600, **kwargs) -> subprocess.CompletedProcess:
        command = [str(program()), *map(str, args)]
        kwargs.setdefault("cwd", ROOT)
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, **kwargs)

    return call


@pytest.fixture(scope="session")
def root() -> Path:
    """Root of the checkout."""
    return ROOT
