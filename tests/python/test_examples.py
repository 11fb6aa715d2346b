"""The examples of the library draw what the program draws."""

import os
import subprocess

import numpy as np
from PIL import Image


def test_a_picture_under_a_plan_of_its_own(fdbench, root, tmp_path):
    program = root / os.environ.get("FDBENCH_BUILD", "build/release") / "examples/example_plan"
    prompt = "a red circle on a blue background"
    done = subprocess.run(
        [program, root / "models/mini", prompt, tmp_path / "a.png"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    drawn = fdbench(
        "generate", "models/mini", "--prompt", prompt, "--sampler", "ddim", "--steps", 12,
        "--guidance", 4, "--strategy", "encoder", "--key-steps", "uniform:3",
        "--output", tmp_path / "b.png",
    )  # fmt: skip
    assert drawn.returncode == 0, drawn.stderr
    ours, theirs = (np.asarray(Image.open(tmp_path / name)) for name in ("a.png", "b.png"))
    np.testing.assert_array_equal(ours, theirs)
    assert done.stdout.split(" layer runs")[0] in drawn.stdout


def test_faults_are_one_line(root, tmp_path):
    program = root / os.environ.get("FDBENCH_BUILD", "build/release") / "examples/example_plan"
    done = subprocess.run(
        [program, tmp_path, "a", tmp_path / "a.png"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
