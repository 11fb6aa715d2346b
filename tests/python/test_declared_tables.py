"""What the program declares of itself: strategies with their options, and settings."""

import json

import h5py
import pytest

CONFIG = """name: small
model: models/mini
prompts: [a red circle]
steps: 6
features: false
timing: {warmup: 0, rounds: 1}
runs:
"""


@pytest.fixture(scope="module")
def declared(fdbench):
    done = fdbench("schema", "--of", "strategies", "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("declared_of", "row"),
    [
        ("strategies", "| deepcache | cache_interval | whole number"),
        ("samplers", "| eta | number, 0 to 1 | 0.0 | ddim |"),
        ("rules", "| tome.sx | whole number, at least 1 | 2 |"),
        ("judges", "| judges.network.size | whole number, 1 to 4096 | 299 |"),
    ],
)
def test_the_document_has_the_programs_own_tables(fdbench, root, declared_of, row):
    tables = fdbench("schema", "--of", declared_of, "--format", "md").stdout
    assert row in tables
    name = "config.md" if declared_of == "strategies" else "options.md"
    document = (root / "docs" / name).read_text()
    for table in tables.strip().split("\n\n"):
        assert table in document, f"docs/{name}: put in what schema --of {declared_of} prints"


def test_the_keys_of_rules_are_those_of_the_config(fdbench, root, tmp_path):
    rows = json.loads(fdbench("schema", "--of", "rules", "--format", "json").stdout)
    values = {
        "half of the steps": "3",
        "all that are watched": "[conv_in]",
        "ten, evenly spaced": "[6, 1]",
    }
    config = tmp_path / "c.yaml"
    for row in rows:
        rule, *maps, key = row["key"].split(".")
        value = values.get(row["default"], row["default"])
        for name, code in ((key, 0), (key + "x", 2)):
            text = f"{{{name}: {value}}}"
            for outer in reversed(maps):
                text = f"{{{outer}: {text}}}"
            if rule in ("features", "pictures"):  # of the whole file
                kept = "" if rule == "features" else "features: false\n"
                whole = CONFIG.replace("features: false", f"{kept}{rule}: {text}")
                config.write_text(whole + "  - {strategy: full}\n")
            else:
                config.write_text(CONFIG + f"  - {{strategy: full, {rule}: {text}}}\n")
            done = fdbench("plan", config, "--set", f"model={root / 'models/mini'}")
            assert done.returncode == code, (row, done.stderr)
            assert code == 0 or name in done.stderr


def test_the_command_line_has_every_option(fdbench, declared):
    for command in ("plan", "generate"):
        text = fdbench(command, "--help").stdout
        for option in declared["options"]:
            assert option["command line"] in text, option
    text = fdbench("generate", "--help").stdout
    for strategy in declared["strategies"]:
        assert strategy["strategy"] in text


def test_config_and_command_line_make_the_same_plan(fdbench, root, tmp_path):
    cases = {
        "{strategy: deepcache, cache_interval: 3, skip_mode: non_uniform, center: 4, pow: 1.4}": (
            ["deepcache", "--cache-interval=3", "--cache-center=4", "--cache-pow=1.4"]
        ),
        "{strategy: first_block_cache, threshold: 0.2, warmup: 2}": (
            ["first_block_cache", "--cache-threshold=0.2", "--cache-warmup=2"]
        ),
        "{strategy: custom, blocks: {encoder: 'uniform:3'}}": (
            ["custom", "--blocks={encoder: 'uniform:3'}"]
        ),
    }
    for run, (strategy, *options) in cases.items():
        ours, plain = tmp_path / "ours.yaml", tmp_path / "plain.yaml"
        ours.write_text(CONFIG + f"  - {run}\n")
        plain.write_text(CONFIG + "  - {strategy: full}\n")
        model = ["--set", f"model={root / 'models/mini'}", "--set", "steps=12", "--format", "json"]
        by_config = fdbench("plan", ours, *model)
        by_option = fdbench("plan", plain, "--strategy", strategy, *options, *model)
        assert by_config.returncode == by_option.returncode == 0, by_option.stderr
        assert json.loads(by_config.stdout) == json.loads(by_option.stdout), run


def test_a_record_has_the_options(fdbench, root, tmp_path):
    config, output = tmp_path / "c.yaml", tmp_path / "c.h5"
    config.write_text(
        CONFIG
        + "  - {strategy: full}\n"
        + "  - {strategy: deepcache, cache_interval: 2, cache_branch: 4}\n"
        + "  - {strategy: custom, name: mine, blocks: {encoder: [6, 3]}}\n"
    )
    done = fdbench("run", config, "--set", f"model={root / 'models/mini'}", "--out", output)
    assert done.returncode == 0, done.stderr
    with h5py.File(output) as file:
        full, deepcache, mine = (row["strategy_options"].decode() for row in file["runs"][:])
        settings = json.loads(file.attrs["settings"])
    assert full == ""
    assert json.loads(deepcache) == {
        **{"cache_branch": 4, "cache_block_id": 1, "cache_layer_id": 1, "cache_interval": 2},
        "skip_mode": "uniform",
    }
    assert json.loads(mine) == {"blocks": {"encoder": "6 3"}}
    names = {row["setting"] for row in settings_table(fdbench)}
    assert {"runs.NAME" if name.startswith("runs.") else name for name in settings} <= names


def settings_table(fdbench) -> list[dict]:
    return json.loads(fdbench("schema", "--of", "settings", "--format", "json").stdout)


def test_settings_say_what_depends_on_them(fdbench):
    scopes = {row["setting"]: row["what depends on it"] for row in settings_table(fdbench)}
    assert scopes["threads"] == "timing, comparison"
    assert scopes["timing.rounds"] == "number of rounds"
