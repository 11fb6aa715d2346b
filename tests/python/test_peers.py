"""experiments/peers: both sides do the same work, the file reads back, what cannot run is named."""

import json
import subprocess
import sys

import h5py
import pytest
import torch

from analysis.load import load
from analysis.runs import summarise
from experiments.peers import methods, run
from experiments.peers.encoder_propagation import PAPER_ORDERS, key_orders
from experiments.peers.methods import FDBENCH_RUNS, PEER_BY_NAME, sharing_copy
from tests.conftest import program
from tests.parity.reference import make_unet

# Between two implementations over a whole run in float32.
TOLERANCE = 1e-4
MINI = ("--model", "models/mini", "--dtype", "float32", "--steps", "6", "--threads", "1")


def compare(output, *options: str) -> tuple[dict, int]:
    """Runs the comparison in this process; -> what it wrote as JSON, and its exit code."""
    code = run.main([*MINI, "--rounds", "1", "--warmup", "0", "--output", str(output), *options])
    return json.loads(output.with_suffix(".json").read_text()), code


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """All methods, one round."""
    output = tmp_path_factory.mktemp("peers") / "peers.h5"
    result, code = compare(output)
    assert code == 0
    return output, result


def scaled(ours: torch.Tensor, reference: torch.Tensor) -> float:
    """Largest difference over the largest value."""
    return ((ours - reference).abs().max() / reference.abs().max()).item()


def latents(output) -> dict[str, torch.Tensor]:
    """Final latents by name."""
    with h5py.File(output) as file:
        names = [name.decode() for name in file["runs"]["name"]]
        return dict(zip(names, torch.from_numpy(file["pictures/latents"][:, 0]), strict=True))


def test_every_method_runs(everything):
    _, result = everything
    assert result["skipped"] == {}
    assert [row["name"] for row in result["methods"]] == [*FDBENCH_RUNS, *PEER_BY_NAME]
    assert all(len(row["seconds"]) == 1 and row["seconds"][0] > 0 for row in result["methods"])


def test_both_sides_do_the_same_work(everything):
    output, result = everything
    made = latents(output)
    assert result["fdbench_full_differs_from_diffusers"] < TOLERANCE
    assert scaled(made["full"], made["diffusers"]) < TOLERANCE
    assert scaled(made["diffusers/compile"], made["diffusers"]) < TOLERANCE
    assert scaled(made["diffusers/encoder"], made["encoder/non_uniform_IV"]) < TOLERANCE


def test_each_peer_does_something_of_its_own(everything):
    """And leaves the parameters that all share to the others as they were."""
    made = latents(everything[0])
    for name in ("diffusers/deepcache", "diffusers/tomesd", "diffusers/encoder"):
        assert torch.isfinite(made[name]).all()
        assert scaled(made[name], made["diffusers"]) > 10 * TOLERANCE


def test_file_reads_back(everything, fdbench):
    output, result = everything
    results = load(output)
    table = summarise(results)
    names = [row["name"] for row in result["methods"]]
    assert list(table["name"]) == names
    assert results.runs["name"][results.full] == "full"
    for row, speed in zip(result["methods"], table["total_speedup"], strict=True):
        assert row["over_fdbench_full"]["ratio"] == pytest.approx(speed)
    encoder = results.runs.set_index("name").loc["diffusers/encoder"]
    assert encoder["key_steps"] == "6 5 3 2"
    assert 0 < encoder["layers_run"] < encoder["layers_total"]
    report = fdbench("report", output)
    assert report.returncode == 0, report.stderr
    shown = [line.split("  ")[0] for line in report.stdout.splitlines()]
    assert shown[1 : 1 + len(names)] == names


def test_file_has_the_columns_of_a_sweep(everything, fdbench):
    schema = json.loads(fdbench("schema", "--format", "json").stdout)
    axes = {info["name"]: info for info in schema["datasets"]}
    with h5py.File(everything[0]) as file:
        assert list(file["runs"].dtype.names) == [field["name"] for field in schema["runs"]]
        for name in ("/timing/total_s", "/timing/order", "/pictures/latents", "/timesteps"):
            assert file[name].dtype.str[1:] == axes[name]["type"]
            assert file[name].ndim == len(axes[name]["axes"])
            assert len(file[name].dims[0]) == 1  # a dimension scale


def test_single_calls(tmp_path):
    """Methods that save work between steps have no single call: they are named, with the reason."""
    names = ["full", "diffusers", "diffusers/deepcache", "diffusers/encoder", "drop/uniform_2"]
    result, code = compare(tmp_path / "call.h5", "--unit", "call", "--methods", *names)
    assert code == 0
    assert [row["name"] for row in result["methods"]] == ["full", "diffusers"]
    assert result["fdbench_full_differs_from_diffusers"] < TOLERANCE
    assert set(result["skipped"]) == set(names[2:])
    assert all("single call" in reason for reason in result["skipped"].values())
    assert load(tmp_path / "call.h5").runs["num_steps"].tolist() == [1, 1]


def test_a_missing_library_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "DeepCache", None)
    options = ("--methods", "diffusers/deepcache", "full", "diffusers")
    result, code = compare(tmp_path / "missing.h5", *options)
    assert code == 0
    assert "DeepCache" in result["skipped"]["diffusers/deepcache"]
    assert "skipped: diffusers/deepcache" in capsys.readouterr().out


def test_disagreement_is_a_failure(tmp_path, monkeypatch, capsys):
    """Other work on one side must not pass as a comparison."""
    monkeypatch.setattr(methods.DiffusersMethod, "predict", lambda self, order, sample, t: sample)
    _, code = compare(tmp_path / "wrong.h5", "--methods", "full", "diffusers")
    assert code == 1
    assert "DISAGREE" in capsys.readouterr().out


def test_another_latent_size_of_a_folder(tmp_path):
    options = ("--latent", "24", "--methods", "diffusers", "--warmup", "1", "--warmup-unit", "call")
    result, code = compare(tmp_path / "size.h5", *options)
    assert code == 0
    assert result["settings"]["latent_shape"] == [4, 24, 24]


def test_key_set_of_the_paper():
    assert key_orders(50) == set(PAPER_ORDERS)


def test_copy_shares_the_parameters():
    unet = make_unet()
    copy = sharing_copy(unet)
    pairs = zip(unet.parameters(), copy.parameters(), strict=True)
    assert all(ours.data_ptr() == theirs.data_ptr() for ours, theirs in pairs)


def test_worker_answers_bad_lines_and_goes_on(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(
        "{name: peers, model: models/mini, threads: 1, prompts: {list: [a red circle]}, steps: 2, "
        "features: {enabled: false}, runs: [{strategy: full}]}"
    )
    wrong = {
        "nonsense": "not a line of JSON",
        "[1]": "a request is a JSON object",
        "{}": "a request has 'run', 'call' or 'inputs'",
        '{"run": "ful"}': "no run 'ful', did you mean 'full'?",
        '{"run": 7}': "'run' is of the wrong type: 7",
        '{"run": "full", "picture": 1}': "'picture' 1",
        '{"run": "full", "save": "/nowhere/x.safetensors"}': "/nowhere",
    }
    lines = [*wrong, '{"run": "full"}', '{"run": "full"}']
    done = subprocess.run(
        [program(), "worker", config], input="\n".join(lines), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    ready, *answers = map(json.loads, done.stdout.splitlines())
    assert ready["ready"] and ready["runs"][0]["name"] == "full"
    for said, answer in zip(wrong.values(), answers, strict=False):
        assert said in answer["error"]
    first, second = answers[len(wrong) :]
    assert first["hash"] == second["hash"] and 0 < first["unet_s"] <= first["total_s"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rounds", "0"], "--rounds 0"),
        (["--guidance", "1"], "must be above 1"),
        (["--model", "nowhere"], "has no unet/config.json"),
    ],
)
def test_wrong_use_is_one_line(options, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        run.parse_arguments([*MINI, *options])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_unknown_method_stops_the_comparison(tmp_path, capfd):
    output = tmp_path / "unknown.h5"
    assert run.main([*MINI, "--methods", "nonsense", "--output", str(output)]) == 3
    assert "nonsense" in capfd.readouterr().err
    assert not output.exists()
