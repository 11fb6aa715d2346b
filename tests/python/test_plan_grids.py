"""Plans as text and JSON are read back by a run; two names for one grid share their pictures."""

import json

import h5py
import numpy as np
import pytest

CONFIG = """\
name: grids
model: models/mini
prompts: [a red circle]
steps: 12
guidance_scale: 4
features: {{enabled: false}}
timing: {{warmup: 0, rounds: 1}}
runs:
  - {{strategy: full}}
  - {{strategy: deepcache, cache_interval: 3, cache_branch: 1, name: given}}
{more}
"""


@pytest.fixture
def config(tmp_path):
    """A config with more runs; -> its path."""

    def write(more: str = "", name: str = "c.yaml"):
        path = tmp_path / name
        path.write_text(CONFIG.format(more=more))
        return path

    return write


def cells(fdbench, path, run: str):
    done = fdbench("plan", path, "--strategy", run, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)[0]["cells"]


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("key", ["grid: {{file: {0}}}", "custom: {{grid: {{file: {0}}}}}"])
def test_a_printed_plan_is_read_back(fdbench, config, tmp_path, form, key):
    printed = fdbench("plan", config(), "--strategy", "given", "--format", form)
    assert printed.returncode == 0, printed.stderr
    (tmp_path / "plan.txt").write_text(printed.stdout)
    more = f"  - {{strategy: custom, name: again, {key.format(tmp_path / 'plan.txt')}}}"
    path = config(more, "again.yaml")
    assert cells(fdbench, path, "again") == cells(fdbench, path, "given")


def test_inline_grids_and_masks(fdbench, config):
    more = """\
  - strategy: custom
    name: text
    grid: |
      # the encoder at every third step
      encoder     #..#..#..#..
      bottleneck  #..#..#..#..
  - strategy: custom
    name: mask
    grid: {encoder: [1,0,0,1,0,0,1,0,0,1,0,0], bottleneck: [1,0,0,1,0,0,1,0,0,1,0,0]}
  - {strategy: encoder, name: same, key_steps: 'uniform:3'}"""
    path = config(more)
    assert cells(fdbench, path, "text") == cells(fdbench, path, "same")
    assert cells(fdbench, path, "mask") == cells(fdbench, path, "same")


def test_two_names_for_a_grid_share_their_pictures(fdbench, config, tmp_path):
    more = """\
  - {strategy: encoder, name: one, key_steps: 'uniform:3'}
  - {strategy: custom, name: two, blocks: {encoder: 'uniform:3', bottleneck: 'uniform:3'}}"""
    path, out = config(more), tmp_path / "r.h5"
    dry = fdbench("run", path, "--out", out, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    done = fdbench("run", path, "--out", out)
    assert done.returncode == 0, done.stderr
    with h5py.File(out) as file:
        names = [name.decode() for name in file["runs"]["name"]]
        latents = file["latents"][()] if "latents" in file else file["pictures/latents"][()]
    one, two, full = (names.index(name) for name in ("one", "two", "full"))
    np.testing.assert_array_equal(latents[one], latents[two])
    assert not np.array_equal(latents[one], latents[full])


def test_shards_of_shared_grids_are_the_whole(fdbench, config, tmp_path):
    more = """\
  - {strategy: encoder, name: one, key_steps: 'uniform:3'}
  - {strategy: custom, name: two, blocks: {encoder: 'uniform:3', bottleneck: 'uniform:3'}}"""
    path = config(more)
    parts = [tmp_path / f"part{k}.h5" for k in (1, 2)]
    for k, part in enumerate(parts, 1):
        done = fdbench("run", path, "--shard", f"{k}/2", "--out", part)
        assert done.returncode == 0, done.stderr
    merged = tmp_path / "merged.h5"
    done = fdbench("merge", merged, *parts)
    assert done.returncode == 0, done.stderr
    with h5py.File(merged) as file:
        assert len(file["runs"]) == 4


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("{strategy: custom, grid: {encodr: '############'}}", "did you mean 'encoder'?"),
        ("{strategy: custom, grid: {encoder: '###'}}", "'encoder' has 3 steps, the run 12"),
        ("{strategy: custom, grid: {encoder: [1, 2]}}", "1"),
        ("{strategy: custom}", "'blocks' (key steps) or 'grid' (the cells)"),
        ("{strategy: encoder, key_steps: all, grid: {encoder: '#'}}", "belongs to the strategy"),
        ("{strategy: custom, grid: {file: /no/such/file}}", "/no/such/file"),
        ("{strategy: custom, grid: {up_blocks.0: '#x##########'}}", "only whole steps can be"),
        ("{strategy: custom, grid: {encoder: '.###########'}}", "no earlier step has run it"),
    ],
)
def test_grids_that_cannot_be_are_one_line(fdbench, config, run, words):
    done = fdbench("plan", config(f"  - {run}"))
    assert done.returncode == 2, done.stdout
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert words in done.stderr, done.stderr
    assert "c.yaml:" in done.stderr
