"""Too little memory is one line that says how much was missing and what to change."""

import resource

import pytest

MEBIBYTE = 1 << 20


def check(result) -> None:
    assert result.returncode == 3, result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    assert "out of memory: there is no room for " in result.stderr
    assert "MiB more; use a smaller batch" in result.stderr
    for what in ("pictures.batch", "max_parallel", "latent", "bfloat16"):
        assert what in result.stderr


@pytest.fixture
def limited(fdbench):
    """Runs the program with an address space of so many MiB, on one thread: a thread that cannot
    be started ends a program before it can say why."""

    def call(mebibytes: int, *args):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (mebibytes * MEBIBYTE,) * 2)

        return fdbench(*args, "--threads", 1, preexec_fn=limit)

    return call


def test_weights(limited, tmp_path):
    options = ["--prompt", "x", "--steps", 1, "--save-latents", tmp_path / "x.safetensors"]
    check(limited(1500, "generate", "--architecture", "sd15", *options))
    assert not (tmp_path / "x.safetensors").exists()


def test_activations(limited, tmp_path):
    """The model itself fits, with one picture too."""
    options = ["--height", 256, "--width", 256, "--steps", 1]
    options += ["--save-latents", tmp_path / "x.safetensors"]
    assert limited(1000, "generate", "models/mini", "--prompt", "x", *options).returncode == 0
    prompts = [word for i in range(64) for word in ("--prompt", f"red {i}")]
    check(limited(1000, "generate", "models/mini", *prompts, *options))
