"""Loading SD 1.5's UNet from a float32 folder of 3.4 GB: fdbench against diffusers, interleaved.

    .venv/bin/python benchmarks/loading.py [--dtype float32 bfloat16] [--rounds 5]

The folder holds random weights, is made in a temporary place and removed afterwards; the page cache
is warm. Both leave float32 weights in the file until they are used, so two times are taken of each:
until the model is there (`fdbench generate` checks every name and shape and reads nothing else;
from_pretrained), and until the first UNet call has ended, on a latent of 8x8: by then fdbench has
read, converted and packed every weight, and diffusers has touched every page of the file.
Peaks are resident memory (VmHWM) of the whole process up to then. Behind them: growth above the
same program with a tiny model, in percent of the weights.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from safetensors.torch import save_file

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / os.environ.get("FDBENCH_BUILD", "build/release") / "fdbench"
ARCHITECTURE = ROOT / "models/architectures/sd15"

# Run in a process of its own, so that its peak is its own.
REFERENCE = r"""
import json, re, sys, time
import torch
from diffusers import UNet2DConditionModel

def peak():
    return int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]) / 1024

torch.set_num_threads(int(sys.argv[3]))
before = peak()
start = time.perf_counter()
unet = UNet2DConditionModel.from_pretrained(sys.argv[1], subfolder="unet",
                                            torch_dtype=getattr(torch, sys.argv[2]))
times = [time.perf_counter() - start]
with torch.inference_mode():
    text = torch.zeros(1, 1, unet.config.cross_attention_dim, dtype=unet.dtype)
    unet(torch.zeros(1, 4, 8, 8, dtype=unet.dtype), 500, text)
    times.append(time.perf_counter() - start)
print(json.dumps([*times, peak(), peak() - before]))
"""


def make_folder(folder: Path) -> float:
    """Writes unet/ and scheduler/ -> size of the weights in MiB."""
    config = json.loads((ARCHITECTURE / "unet/config.json").read_text())
    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(config)
    generator = torch.Generator().manual_seed(0)
    tensors = {
        name: torch.empty(parameter.shape).uniform_(-0.02, 0.02, generator=generator)
        for name, parameter in unet.named_parameters()
    }
    (folder / "unet").mkdir()
    save_file(tensors, folder / "unet/diffusion_pytorch_model.safetensors", {"format": "pt"})
    shutil.copy(ARCHITECTURE / "unet/config.json", folder / "unet")
    DDIMScheduler().save_pretrained(folder / "scheduler")
    width = config["cross_attention_dim"]
    save_file(
        {"prompt_embeds": torch.zeros(1, 1, width), "latents": torch.zeros(1, 4, 8, 8)},
        folder / "inputs.safetensors",
    )
    return sum(tensor.nbytes for tensor in tensors.values()) / 2**20


def run_fdbench(model: Path, folder: Path, *options: str) -> list[float]:
    """[seconds of opening, seconds with the first call, peak in MiB]"""
    command = ["/usr/bin/time", "-f", "peak %M", str(PROGRAM), "generate", str(model)]
    command += ["--guidance", "1", "--steps", "1"]
    command += ["--save-latents", str(folder / "out.safetensors"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    opening = float(re.search(r"opening the model ([\d.]+) s", done.stdout)[1])
    call = float(re.search(r"reading its weights ([\d.]+) s", done.stdout)[1])
    return [opening, opening + call, int(re.search(r"peak (\d+)", done.stderr)[1]) / 1024]


def time_fdbench(folder: Path, dtype: str, threads: int) -> list[float]:
    """[seconds, with the first call, peak in MiB, growth above the embedded model in MiB]"""
    common = ["--dtype", dtype, "--threads", str(threads)]
    inputs = str(folder / "inputs.safetensors")
    opened, called, peak = run_fdbench(folder, folder, "--inputs", inputs, *common)
    tiny = run_fdbench(ROOT / "models/mini", folder, "--prompt", "x", *common)[2]
    return [opened, called, peak, peak - tiny]


def time_diffusers(folder: Path, dtype: str, threads: int) -> list[float]:
    """[seconds, seconds with the first call, peak in MiB, growth in MiB]"""
    command = [sys.executable, "-c", REFERENCE, str(folder), dtype, str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def compare(folder: Path, dtype: str, rounds: int, threads: int, stored: float) -> None:
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(time_fdbench(folder, dtype, threads))
        theirs.append(time_diffusers(folder, dtype, threads))
    weights = stored * torch.empty(0, dtype=getattr(torch, dtype)).element_size() / 4

    def memory(peak: float, growth: float) -> str:
        return f"peak {peak:5.0f} MiB, weights {100 * (growth / weights - 1):+4.0f}%"

    print(f"{dtype}, {threads} threads, medians of {rounds}, weights {weights:.0f} MiB")
    for name, measured in (("fdbench", ours), ("diffusers", theirs)):
        opened, called, peak, growth = map(statistics.median, zip(*measured, strict=True))
        times = f"{opened:5.2f} s, with the first call {called:5.2f} s"
        print(f"  {name:10} {times}, {memory(peak, growth)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dtype", nargs="+", default=["float32", "bfloat16", "float16"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fdbench_loading_") as name:
        stored = make_folder(Path(name))
        for dtype in arguments.dtype:
            compare(Path(name), dtype, arguments.rounds, arguments.threads, stored)


if __name__ == "__main__":
    main()
