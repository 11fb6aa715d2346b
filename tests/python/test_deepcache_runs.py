"""The strategies deepcache and custom in sweeps and plans, on the embedded model."""

import json
import re

import h5py
import pytest

HEAD = """\
name: small
model: models/mini
prompts: [a red circle]
steps: 4
guidance_scale: 4
features: false
timing: {warmup: 0, rounds: 1}
runs:
"""
CACHED = HEAD + "  - {strategy: deepcache, cache_interval: 2, cache_branch: 4}\n"


@pytest.fixture
def write(tmp_path):
    """Writes a config; gives back its path."""

    def call(text):
        path = tmp_path / "small.yaml"
        path.write_text(text)
        return path

    return call


def plans(fdbench, config, *options):
    """What `fdbench plan` says of each run, as JSON."""
    result = fdbench("plan", config, "--format", "json", *options)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def running(plan, step):
    """Layers that run at the step, in sampling order."""
    return [name for name, ran in zip(plan["layers"], plan["ran"][step], strict=True) if ran]


def test_a_sweep_records_how_it_cached(fdbench, write, tmp_path):
    config, output = write(CACHED), tmp_path / "small.h5"
    result = fdbench("run", config, "--out", output, "--quiet")
    assert result.returncode == 0, result.stderr
    with h5py.File(output) as file:
        run = file["runs"][0]
        assert run["name"] == b"deepcache/interval_2/branch_4"
        assert run["strategy"] == b"deepcache"
        assert run["key_steps"] == b"4 2"
        assert (run["cache_interval"], run["cache_block_id"], run["cache_layer_id"]) == (2, 1, 1)
        assert run["reused"]
        assert run["layers_run"] < run["layers_total"]
        assert run["unet_calls"] == 4, "every step looks at its own latent"


def test_the_branch_is_part_of_what_determines_a_result(fdbench, write, tmp_path):
    """The same run under the same name, but of another branch, is not taken for the old one."""
    output = tmp_path / "small.h5"
    hashes = set()
    for branch in (4, 5):
        text = CACHED.replace("cache_branch: 4", f"cache_branch: {branch}, name: same")
        result = fdbench("run", write(text), "--out", output, "--fresh", "--quiet")
        assert result.returncode == 0, result.stderr
        with h5py.File(output) as file:
            hashes.add(file.attrs["config_hash"])
            assert file["runs"][0]["cache_layer_id"] == branch - 3
    assert len(hashes) == 2


def test_a_plan_of_a_strategy_that_the_config_lacks(fdbench, root):
    config = root / "configs/ablation.yaml"
    options = ["--strategy", "deepcache", "--cache-interval", 5]
    (plan,) = plans(fdbench, config, *options)
    assert (plan["name"], plan["num_steps"]) == ("deepcache/interval_5", 50)
    last = max(re.findall(r"up_blocks\.3\.\S+", " ".join(plan["layers"])))
    assert last == "up_blocks.3.resnets.2"
    shallow = ["conv_in", last, last.replace("resnets", "attentions"), "conv_out"]
    for step in range(50):
        expected = plan["layers"] if step % 5 == 0 else [x for x in shallow if x in plan["layers"]]
        assert sorted(running(plan, step)) == sorted(expected), step
    (keyed,) = plans(fdbench, config, "--strategy", "encoder", "--key-steps", "fraction:0.1-0.9:4")
    assert keyed["name"] == "encoder/fraction_0.1_0.9_4"
    result = fdbench("plan", config, "--cache-interval", 5)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "--strategy" in result.stderr


def test_custom_key_steps_by_role_block_and_layer(fdbench, write):
    """The most specific selector wins; what none names runs at every step."""
    blocks = """
      encoder: {uniform: 2}
      down_blocks.1: non_uniform_IV
      down_blocks.1.resnets.0: [4]
      mid_block: {start: 0.0, end: 1.0, max_run: 3}
      up_blocks.0: all
"""
    (plan,) = plans(fdbench, write(HEAD + "  - strategy: custom\n    blocks:" + blocks))
    cells = {name: [row[i] for row in plan["cells"]] for i, name in enumerate(plan["layers"])}
    compute, reuse = 2, 1
    # non_uniform_IV of 50 steps at 4: orders 0, 1 and 2.
    assert cells["conv_in"] == [compute, reuse, compute, reuse]
    assert cells["down_blocks.1.resnets.1"] == [compute, compute, compute, reuse]
    assert cells["down_blocks.1.resnets.0"] == [compute, reuse, reuse, reuse]
    assert cells["mid_block.resnets.0"] == [compute, reuse, reuse, reuse]
    assert cells["up_blocks.0.resnets.0"] == [compute] * 4
    assert cells["conv_out"] == [compute] * 4
