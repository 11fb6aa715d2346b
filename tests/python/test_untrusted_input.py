"""Files from others never run code: pickles in them stay packed, and a network is loaded only where
the command names it."""

import pickle

import numpy as np
import pytest
import torch


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return (open, (str(self.trace), "w"))


@pytest.fixture
def trace(tmp_path):
    """A file that is there once a payload has run; this one does when it is unpickled."""
    path = tmp_path / "trace"
    pickle.loads(pickle.dumps(Payload(path))).close()
    assert path.exists()
    path.unlink()
    return path


def refused(done, trace):
    """The message of a command that failed as it should."""
    assert done.returncode in (2, 3), done.stderr
    assert not trace.exists()
    return done.stderr


def test_arrays_of_objects_stay_packed(fdbench, tmp_path, trace):
    path = tmp_path / "features.npz"
    np.savez(path, features=np.array([[Payload(trace)]], dtype=object))
    message = refused(fdbench("judge", path, "--reference", path), trace)
    assert "pickled" in message


def test_pickled_weights_are_not_read(fdbench, tmp_path, trace):
    for name in ("diffusion_pytorch_model.bin", "diffusion_pytorch_model.safetensors"):
        folder = tmp_path / name / "unet"
        folder.mkdir(parents=True)
        (folder / "config.json").write_text('{"_class_name": "UNet2DConditionModel"}')
        torch.save({"conv_in.weight": Payload(trace)}, folder / name)
        refused(fdbench("generate", folder.parent, "--prompt", "a"), trace)


def test_pickles_are_no_results_and_no_configs(fdbench, tmp_path, trace):
    for name, command in {"a.h5": "report", "a.yaml": "run"}.items():
        (tmp_path / name).write_bytes(pickle.dumps(Payload(trace)))
        refused(fdbench(command, tmp_path / name), trace)


def test_a_network_beside_the_pictures_is_not_loaded(fdbench, tmp_path, trace):
    torch.save(Payload(trace), tmp_path / "inception-2015-12-05.pt")
    torch.save(Payload(trace), tmp_path / "a.png")
    message = refused(fdbench("judge", tmp_path, "--reference", tmp_path), trace)
    assert "a.png: is not a picture" in message
