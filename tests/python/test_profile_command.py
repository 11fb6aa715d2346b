"""`fdbench profile`: its JSON adds up, its trace nests, and wrong use is one line."""

import json

import pytest
from diffusers import UNet2DConditionModel

BLOCKS = [
    "conv_in",
    *(f"down_blocks.{i}" for i in range(4)),
    "mid_block",
    *(f"up_blocks.{i}" for i in range(4)),
    "conv_out",
]
SDXL = {
    "sample_size": 16,
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "attention_head_dim": (2, 4),
    "cross_attention_dim": 32,
    "block_out_channels": (32, 64),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 6 * 8 + 24,
}
QUICK = ("--repeats", 2, "--warmup", 1, "--threads", 1)


@pytest.fixture(scope="module")
def measured(fdbench, tmp_path_factory):
    """The profile of the embedded model as JSON, its trace, and what `info` says of the model."""
    info = fdbench("info", "models/mini", "--format", "json", "--detail", "layer")
    info = json.loads(info.stdout)
    options = (*QUICK, "--text-tokens", info["call"]["text_tokens"], "--format", "json")
    trace = tmp_path_factory.mktemp("profile") / "trace.json"
    done = fdbench("profile", "models/mini", *options, "--trace", trace)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no progress line where there is no terminal
    return json.loads(done.stdout), json.loads(trace.read_text()), info


def test_json_says_what_was_measured(measured):
    profile, _, _ = measured
    assert profile["model"] == "models/mini"
    assert (profile["device"], profile["dtype"], profile["threads"]) == ("cpu", "bfloat16", 1)
    assert (profile["batch"], profile["latent"], profile["repeats"]) == (2, [16, 16], 2)
    assert profile["unet_s"]["min"] <= profile["unet_s"]["median"] <= profile["unet_s"]["max"]
    assert profile["unet_s"]["min"] > 0
    assert profile["load_s"] > 0
    assert profile["weights_bytes"] == 2 * profile["parameters"]
    assert profile["peak_memory_bytes"] > 2**20


@pytest.mark.parametrize("rows", ["blocks", "layers", "parts", "operators"])
def test_shares_add_up(measured, rows):
    profile, _, _ = measured
    assert sum(row["share"] for row in profile[rows]) == pytest.approx(1)
    assert all(row["seconds"] >= 0 for row in profile[rows])


def test_counts_are_those_of_info(measured):
    profile, _, info = measured
    assert profile["parameters"] == info["parameters"]
    assert profile["multiply_adds"] == info["multiply_adds"]
    names = [row["name"] for row in profile["blocks"]]
    assert names == ["time_embedding", *BLOCKS]
    for rows, listed in (
        (profile["blocks"][1:], info["blocks"]),
        (profile["layers"], info["layers"]),
        (profile["parts"][:3], info["parts"]),
    ):
        for key in ("name", "parameters", "multiply_adds"):
            assert [row[key] for row in rows] == [row[key] for row in listed]


def test_rates_follow_from_times(measured):
    profile, _, _ = measured
    for row in profile["layers"]:
        assert row["gmac_per_s"] == pytest.approx(row["multiply_adds"] / row["seconds"] / 1e9)
    total = profile["multiply_adds"] / profile["unet_s"]["median"] / 1e9
    assert profile["gmac_per_s"] == pytest.approx(total)


def test_instrumentation_is_reported(measured):
    profile, _, _ = measured
    instrumentation = profile["instrumentation"]
    difference = instrumentation["unet_s"]["median"] - profile["unet_s"]["median"]
    assert instrumentation["overhead_s"] == pytest.approx(difference)
    blocks = sum(row["seconds"] for row in profile["blocks"])
    assert blocks <= 1.01 * instrumentation["unet_s"]["max"]


def test_operators_are_called(measured):
    profile, _, _ = measured
    named = [row for row in profile["operators"] if "::" in row["name"]]
    assert any(row["name"].startswith("aten::") for row in named)
    assert all(row["calls"] >= 1 for row in named)
    seconds = [row["seconds"] for row in named]
    assert seconds == sorted(seconds, reverse=True)


def test_trace_nests(measured):
    """On one track every event lies within one that is open or begins after it has ended."""
    profile, trace, _ = measured
    events = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    assert {(event["pid"], event["tid"]) for event in events} == {(1, 1)}
    tolerance = 1e-3 / 2  # half of a nanosecond: sums of decimal fractions
    open_events = []
    for event in events:
        start, end = event["ts"], event["ts"] + event["dur"]
        while open_events and open_events[-1] <= start + tolerance:
            open_events.pop()
        assert not open_events or end <= open_events[-1] + tolerance, event
        open_events.append(end)
    names = [event["name"] for event in events if event["cat"] == "layer"]
    assert names == [row["name"] for row in profile["layers"]]
    assert [event["name"] for event in events if event["cat"] == "block"][1:] == BLOCKS
    calls = sum(row["calls"] for row in profile["operators"] if "::" in row["name"])
    assert sum(event["cat"] == "operator" for event in events) == calls


def test_table_is_for_people(fdbench):
    done = fdbench("profile", "models/mini", *QUICK, "--latent", "24x16", "--dtype", "float32")
    assert done.returncode == 0, done.stderr
    assert "latent 24x16" in done.stdout
    assert "float32" in done.stdout
    widest = max(len(line) for line in done.stdout.splitlines()[3:])
    assert widest <= 110
    for word in (*BLOCKS, "encoder", "decoder", "aten::", "GMAC/s", "peak memory"):
        assert word in done.stdout


def test_sdxl_gets_its_added_conditions(fdbench, tmp_path):
    UNet2DConditionModel(**SDXL).save_pretrained(tmp_path / "unet")
    done = fdbench(
        "profile", tmp_path, *QUICK, "--latent", 8, "--text-tokens", 5, "--format", "json"
    )
    assert done.returncode == 0, done.stderr
    profile = json.loads(done.stdout)
    assert profile["latent"] == [8, 8]
    assert profile["text_tokens"] == 5


def test_an_architecture_needs_no_weights(fdbench):
    done = fdbench(
        *("profile", "--architecture", "sd15", "--seed", 3, "--format", "json"),
        *("--batch", 1, "--latent", 8, "--text-tokens", 4, "--repeats", 1, "--warmup", 0),
    )
    assert done.returncode == 0, done.stderr
    profile = json.loads(done.stdout)
    assert "sd15" in profile["model"]
    assert "seed 3" in profile["model"]
    assert profile["parameters"] == 859_520_964  # of diffusers' UNet2DConditionModel
    assert [row["name"] for row in profile["parts"]][:3] == ["encoder", "bottleneck", "decoder"]
    assert sum(row["parameters"] for row in profile["parts"]) == profile["parameters"]
    assert len(profile["layers"]) == 46  # the 44 modules of the paper's table 7, conv_in, conv_out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no model: give MODEL_DIR"),
        (["models/mini", "--architecture", "sd15"], "both given"),
        (["--architecture", "sd16"], "did you mean 'sd15'?"),
        (["models/none"], "models/none"),
        (["models/mini", "--latent", "0"], "'--latent' is 0; it must be at least 1"),
        (["models/mini", "--latent", "16x"], "'--latent' is '16x'"),
        (["models/mini", "--latent", "16x-4"], "HEIGHTxWIDTH"),
        (["models/mini", "--dtype", "bf17"], "did you mean 'bf16'?"),
        (["models/mini", "--device", "gpu"], "device 'gpu' is not known"),
        (["models/mini", "--repeats", "0"], "'--repeats' is 0; it must be at least 1"),
        (["models/mini", "--warmup", "-1"], "--warmup"),
        (["models/mini", "--batch", "0"], "'--batch' is 0; it must be at least 1"),
        (["models/mini", "--text-tokens", "0"], "'--text-tokens' is 0; it must be at least 1"),
        (["models/mini", "--threads", "-1"], "'--threads' is -1; it must be at least 0"),
        (["models/mini", "--format", "xml"], "--format"),
        (["models/mini", "--trace", "/nowhere/trace.json"], "/nowhere"),
    ],
)
def test_wrong_use_is_one_line(fdbench, arguments, message):
    done = fdbench("profile", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_latent_of_which_nothing_is_left_is_refused(fdbench, tmp_path):
    """Without padding a side of 1 is halved to 0."""
    UNet2DConditionModel(**SDXL, downsample_padding=0).save_pretrained(tmp_path / "unet")
    trace = tmp_path / "trace.json"
    done = fdbench("profile", tmp_path, *QUICK, "--latent", 1, "--trace", trace)
    assert done.returncode == 2
    assert "nothing is left" in done.stderr
    assert not trace.exists()
