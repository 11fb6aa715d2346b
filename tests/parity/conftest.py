"""The small program that drives models which no subcommand shows."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file


@pytest.fixture
def parity_runner(root: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess]:
    """Runs a task on named tensors; the result's `tensors` holds the output (empty on failure)."""
    program = root / os.environ.get("FDBENCH_BUILD", "build/release") / "tests" / "parity_runner"
    assert program.exists(), f"{program} is not built: run `make build`"

    def call(task: str, model: Path, inputs: dict[str, torch.Tensor], *options: str):
        given, made = tmp_path / "inputs.safetensors", tmp_path / "outputs.safetensors"
        save_file({k: v.contiguous() for k, v in inputs.items()}, given)
        command = [str(program), task, str(model), str(given), str(made), *options]
        result = subprocess.run(command, capture_output=True, text=True, timeout=300)
        result.tensors = load_file(made) if result.returncode == 0 else {}
        return result

    return call
