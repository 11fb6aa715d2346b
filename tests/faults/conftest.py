"""A model of a few thousand parameters and a sweep of seconds, for tests that break things."""

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

from tests.faults import sweeps

# Two OpenMP programs that spin on the same cores slow each other down tenfold.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

SWEEP = """\
name: tiny
model: {model}
seed: 7
threads: 1
prompts: [a red circle, two blue squares, nothing, a green triangle]
steps: 6
guidance_scale: 3
features: {{enabled: true, detail: layer}}
pictures: {{chunk: 2}}
timing: {{warmup: 1, rounds: 3}}
runs:
  - {{strategy: full}}
  - {{strategy: encoder, key_steps: [6, 5, 2], execution: [sequential, parallel]}}
  - {{strategy: drop, key_steps: [6, 4, 3]}}
"""


def write_tokenizer(folder: Path) -> int:
    """A CLIP tokenizer that knows single bytes only; -> its number of tokens."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]
    tokens = letters + [letter + "</w>" for letter in letters]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    special = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
    }
    config = special | {"tokenizer_class": "CLIPTokenizer", "model_max_length": 24}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "special_tokens_map.json").write_text(json.dumps(special))
    return len(tokens)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Stable Diffusion folder with random weights: 8x8 latents, 16x16 pictures."""
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("tiny_model")
    num_tokens = write_tokenizer(folder / "tokenizer")
    text = CLIPTextConfig(
        vocab_size=num_tokens,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=24,
        bos_token_id=num_tokens - 2,
        eos_token_id=num_tokens - 1,
        pad_token_id=num_tokens - 1,
    )
    CLIPTextModel(text).save_pretrained(folder / "text_encoder")
    UNet2DConditionModel(
        sample_size=8,
        layers_per_block=1,
        block_out_channels=(8, 16),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        norm_num_groups=4,
        attention_head_dim=2,
        cross_attention_dim=16,
    ).save_pretrained(folder / "unet")
    AutoencoderKL(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=4,
        latent_channels=4,
        sample_size=16,
    ).save_pretrained(folder / "vae")
    DDIMScheduler(clip_sample=False).save_pretrained(folder / "scheduler")
    return folder


@pytest.fixture(scope="session")
def sweep_config(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The config of a sweep that takes a second or two."""
    path = tmp_path_factory.mktemp("config") / "tiny.yaml"
    path.write_text(SWEEP.format(model=tiny_model))
    return path


@pytest.fixture(scope="session")
def undisturbed(fdbench, sweep_config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result file of a sweep that nothing happened to."""
    path = tmp_path_factory.mktemp("undisturbed") / "tiny.h5"
    done = fdbench("run", sweep_config, "--out", path)
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="session")
def halves(fdbench, sweep_config: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The sweep in two shards."""
    folder = tmp_path_factory.mktemp("halves")
    paths = [folder / f"{number}.h5" for number in (1, 2)]
    for number, path in enumerate(paths, start=1):
        shard = ("--shard", f"{number}/2", "--out", path)
        assert fdbench("run", sweep_config, *shard).returncode == 0
    return paths


@pytest.fixture(scope="session")
def gated(fdbench, sweep_config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result with enough rounds for a baseline."""
    path = tmp_path_factory.mktemp("gated") / "tiny.h5"
    done = fdbench("run", sweep_config, "--out", path, "--set", "timing.rounds=5")
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture
def merged_files_may_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compares merged results with undivided ones."""
    clocked = sweeps.CLOCKED_ATTRIBUTES | {"merged_from"}
    monkeypatch.setattr(sweeps, "CLOCKED_ATTRIBUTES", clocked)


@pytest.fixture(scope="session")
def numbers(request: pytest.FixtureRequest) -> dict[str, list[int]]:
    """Faults injected and survived of each kind; printed at the end of the session."""
    counts = defaultdict(lambda: [0, 0])
    request.config.fault_numbers = counts
    return counts


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The numbers of the fault campaign (test_campaign.py, test_campaign_files.py)."""
    numbers = getattr(terminalreporter.config, "fault_numbers", None)
    if numbers is None:
        return
    terminalreporter.section("faults")
    total = [sum(counts[i] for counts in numbers.values()) for i in (0, 1)]
    for kind, (injected, survived) in [*numbers.items(), ("all", total)]:
        line = f"{kind:26} injected {injected:5}  survived {survived:5}"
        terminalreporter.write_line(f"{line}  data lost {injected - survived}")
