"""What a config takes, the command line takes, in the same words; and YAML as YAML 1.2 has it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.field.conftest import MODELS, refused

HEAD = f"name: yaml\nmodel: {MODELS / 'mini'}\nthreads: 1\nprompts: [a]\nsteps: 12\n"
FULL = "runs: [{strategy: full}]\n"


@pytest.fixture
def config(tmp_path: Path) -> Callable[[str], Path]:
    def write(more: str) -> Path:
        path = tmp_path / "c.yaml"
        path.write_text(HEAD + more)
        return path

    return write


@pytest.fixture
def grid(fdbench, config) -> Callable[..., str]:
    """The grid of the last run that `fdbench plan` prints, without its name."""

    def plan(more: str, *options: str) -> str:
        done = fdbench("plan", config(more), *options)
        assert done.returncode == 0, (more, options, done.stderr)
        return done.stdout.split("\n\n")[-1].split(":", 1)[1]

    return plan


KEY_STEPS = {
    "uniform:3": ["{uniform: 3}", "12,9,6,3", "12, 9, 6, 3", "[12, 9, 6, 3]", "uniform:0x3"],
    "fraction:0.2-0.8:3": [
        "{start: 0.2, end: .8, max_run: 3}",
        "fraction:.2-.8:3",
        "12,11,10,6,2,1",
    ],
    "all": ["{preset: all}", "{uniform: 1}", "uniform:1"],
    "non_uniform_IV": ["{preset: non_uniform_IV}", "'non_uniform_IV'"],
    "12": ["[12]", "{list: [12]}", "{uniform: 12}", "{mask: [1,0,0,0,0,0,0,0,0,0,0,0]}"],
}


@pytest.mark.parametrize("text", KEY_STEPS)
def test_key_steps_are_read_alike_in_both_places(text: str, grid):
    def in_config(form: str) -> str:
        return grid(f"runs:\n  - strategy: encoder\n    key_steps: {form}\n")

    wanted = in_config(text)
    for form in [text, *KEY_STEPS[text]]:
        assert in_config(form) == wanted, form
        assert grid(FULL, "--strategy", "encoder", f"--key-steps={form}") == wanted, form


def test_key_steps_at_12_steps(fdbench, config):
    """The field's own numbers, and the name of a run is the same for the same key steps."""
    runs = "runs:\n  - {strategy: encoder, key_steps: uniform:3}\n"
    runs += "  - {strategy: decoder, key_steps: fraction:0.2-0.8:3}\n"
    done = fdbench("plan", config(runs))
    assert "encoder/uniform_3: " in done.stdout and "decoder/fraction_0.2_0.8_3: " in done.stdout
    rows = re.findall(r"^conv_(?:in|out) +([#.x-]+)", done.stdout, re.M)
    assert rows[0] == "#..#..#..#.."  # 12, 9, 6, 3: conv_in of the encoder
    assert rows[3] == "###...#...##"  # 12, 11, 10, 6, 2, 1: conv_out of the decoder


@pytest.mark.parametrize(
    "form", ["[12, 13]", "uniform:0", "uniform:13", "fraction:0.9-0.1:2", "uniform_9"]
)
def test_wrong_key_steps_are_refused_in_the_same_words(form: str, fdbench, config):
    in_config = refused(
        fdbench("plan", config(f"runs:\n  - strategy: encoder\n    key_steps: {form}\n"))
    )
    on_line = refused(fdbench("plan", config(FULL), "--strategy", "encoder", f"--key-steps={form}"))
    assert in_config.split(": ", 2)[2] == on_line.split(": ", 2)[2]
    assert on_line.startswith("fdbench: --key-steps: ")


# key of a config, option of `generate`, values that both refuse.
INTEGERS = [
    ("seed", "--seed", ["-1", "1.5", "1e20", "18446744073709551616", "9223372036854775808", "x"]),
    ("steps", "--steps", ["0", "-3", "2.0", "1e3", "100001", "99999999999999999999", "ten"]),
    ("threads", "--threads", ["-1", "5000", "1.5", "two", "0x"]),
    ("max_parallel", "--max-parallel", ["-1", "1.0", "100001"]),
]
NUMBERS = [
    ("guidance_scale", "--guidance", ["-1", ".nan", ".inf", "1e999", "1,5", "nan", "''", "0x"]),
]


@pytest.mark.parametrize(("key", "option", "values"), INTEGERS + NUMBERS)
def test_numbers_out_of_range_are_refused_in_the_same_words(key, option, values, fdbench, config):
    name = re.compile(rf"'(?:{key}|{option})' ")
    for value in values:
        if value == "''":  # the shell takes the quotes off
            continue
        line = re.compile(r"^fdbench: (?:.*?: )?'")
        generate = fdbench(
            "generate", MODELS / "mini", "--prompt", "a", f"{option}={value}", "--save-latents", "x"
        )
        told = [refused(generate)]
        told.append(refused(fdbench("run", config(FULL), "--set", f"{key}={value}", "--dry-run")))
        text = HEAD + FULL
        text = "\n".join(row for row in text.splitlines() if not row.startswith(f"{key}:"))
        path = config("")
        path.write_text(f"{text}\n{key}: {value}\n")
        told.append(refused(fdbench("run", path, "--dry-run")))
        words = {name.sub("", line.sub("'", row)) for row in told}
        assert len(words) == 1, (value, told)


@pytest.mark.parametrize("value", ["0x10", "0o20", "+16", "16"])
def test_whole_numbers_of_yaml_are_taken_in_both_places(value: str, fdbench, config, tmp_path):
    done = fdbench("run", config(FULL), "--set", f"steps={value}", "--dry-run")
    assert done.returncode == 0 and "16 steps" in done.stdout, done.stderr
    latents = tmp_path / "x.safetensors"
    options = ("--prompt", "a", f"--steps={value}", "--save-latents", latents, "--guidance", 1)
    done = fdbench("generate", MODELS / "mini", *options)
    assert done.returncode == 0 and "16" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("value", "same"), [(".5", "0.5"), ("+0.5", "0.5"), ("5e-1", "0.5"), ("1.", "1"), ("0x1", "1")]
)
def test_sampler_options_are_numbers_of_yaml(value: str, same: str, fdbench, config, tmp_path):
    """`eta: .5` gives the settings of `eta: 0.5`: else a sweep would not go on. Options alike."""
    out = tmp_path / "o.h5"
    sampler = "sampler: {{name: ddim, eta: {}, clip_sample: {}}}\n"
    settings = ("--out", out, "--set", "timing={rounds: 0}", "--set", "steps=1", "--quiet")
    done = fdbench("run", config(sampler.format(same, "true") + FULL), *settings)
    assert done.returncode == 0, done.stderr
    done = fdbench("run", config(sampler.format(value, "True") + FULL), *settings, "--dry-run")
    assert done.returncode == 0, done.stderr


def test_sampler_options_beyond_their_range(fdbench, config):
    for value in ("5.", "+5", "5"):
        done = fdbench("run", config(f"sampler: {{name: ddim, eta: {value}}}\n{FULL}"), "--dry-run")
        refused(done, "'eta'", "5.0 is outside 0.0..1.0")
        options = ("--prompt", "a", "--steps", 1, "--save-latents", "x", "--sampler", "ddim")
        for option in (f"--eta={value}", f"--sampler-option=eta={value}"):
            done = fdbench("generate", MODELS / "mini", *options, option)
            refused(done, "'eta'", "5.0 is outside 0.0..1.0")


@pytest.mark.parametrize(
    "options",
    [
        ("noise_injection: 0.003", "--noise-injection=0.003"),
        ("noise_injection: true", "--noise-injection=true"),
        ("noise_injection: TRUE", "--noise-injection=True"),
        ("noise_injection: 0", "--noise-injection=0"),
        ("sampler: DDIMScheduler", "--sampler=DDIMScheduler"),
        ("sampler: {name: EulerDiscreteScheduler}", "--sampler=EulerDiscreteScheduler"),
        ("reuse: linear", "--reuse=linear"),
        ("tome: .5", "--tome-ratio=.5"),
        ("savings: none", "--savings=none"),
        ("savings: {skip_hoisting: False}", "--savings={skip_hoisting: False}"),
        ("threads: 0", "--threads=0"),
        ("dtype: bf16", "--dtype=bf16"),
        ("guidance_scale: 7.", "--guidance=7."),
    ],
)
def test_what_one_place_takes_the_other_takes(options, fdbench, config, tmp_path: Path):
    in_config, on_line = options
    head = HEAD.replace("threads: 1\n", "") if in_config.startswith("threads") else HEAD
    path = config("")
    path.write_text(head + in_config + "\nruns: [{strategy: encoder, key_steps: all}]\n")
    done = fdbench("run", path, "--dry-run")
    assert done.returncode == 0, done.stderr
    more = ("--prompt", "a", "--steps", 1, "--strategy", "encoder", "--key-steps", "all")
    latents = ("--save-latents", tmp_path / "x.safetensors")
    done = fdbench("generate", MODELS / "mini", *more, *latents, on_line)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("form", ["[16, 24]", "16x24"])
def test_latent_sizes_are_read_alike(form: str, fdbench, config):
    done = fdbench("run", config(f"latent: {form}\n{FULL}"), "--dry-run")
    assert done.returncode == 0, done.stderr
    done = fdbench("profile", MODELS / "mini", f"--latent={form}", "--repeats", 1, "--warmup", 0)
    assert done.returncode == 0 and "16x24" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("form", ["[fid, kid]", "fid,kid", "fid, kid"])
def test_metrics_are_read_alike(form: str, fdbench, config):
    judges = (
        f"  clip: {MODELS / 'mini-judge'}\n  reference: {MODELS / 'mini-judge/reference.npz'}\n"
    )
    four = ("--set", "prompts=[a, b, c, d]")  # as many as a comparison wants
    path = config(f"judges:\n{judges}  metrics: {form}\n{FULL}")
    done = fdbench("run", path, "--dry-run", *four)
    assert done.returncode == 0, done.stderr


YAML_FAULTS = {
    "yes": ("features: yes\n", "must be true or false, not 'yes'", "write true"),
    "off": ("features: off\n", "write false"),
    "nan": ("guidance_scale: .nan\n", "must be a finite number"),
    "twice": ("seed: 1\nlatent: 16\nseed: 2\n", ":8:1: ", "given twice, first in line 6"),
    "tab": ("timing:\n\trounds: 1\n", ":7:1: a tab"),
    "unknown alias": ("latent: *side\n", ":6:9: not valid YAML", "anchor is not defined"),
    "tag": ("latent: !size 16\n", "the tag '!size' is not known"),
    "merge of a text": ("timing: {<<: x}\n", "'<<' takes the keys of a map"),
}


@pytest.mark.parametrize("case", YAML_FAULTS)
def test_faults_of_yaml_are_named(case: str, fdbench, config):
    text, *words = YAML_FAULTS[case]
    refused(fdbench("run", config(text + FULL), "--dry-run"), "c.yaml:", *words)


def test_a_second_document_is_named(fdbench, config):
    refused(fdbench("run", config(FULL + "---\nseed: 1\n"), "--dry-run"), ":8:1: a second YAML doc")


def test_merge_keys_give_what_is_missing(fdbench, config):
    runs = "runs:\n  - &base {strategy: encoder, key_steps: uniform:3, name: a}\n"
    runs += "  - {<<: *base, name: b}\n  - {<<: [{strategy: drop}, *base], name: c}\n"
    done = fdbench("plan", config(runs))
    assert done.returncode == 0, done.stderr
    parts = [part.removeprefix("# ") for part in done.stdout.split("\n\n")[1:]]
    grids = {part.split(":")[0]: part.split(":", 1)[1].strip() for part in parts}
    assert grids["a"] == grids["b"] != grids["c"]
