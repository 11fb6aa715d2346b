"""Full float32 run of a model folder: fdbench against diffusers eager.

    .venv/bin/python benchmarks/against_diffusers.py [MODEL_DIR] [--rounds 10] [--steps 50]

Same weights, noise, threads and machine, interleaved: each round times both, in random order.
diffusers runs in this process, fdbench in its own, which makes the picture once to warm up and then
REPEATS times; loading is outside of both times. Prints the median seconds and the ratio
fdbench / diffusers with a bootstrap 95% interval over the rounds, and exits with 1 when fdbench is
slower (the whole interval above 1).
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
import torch
import yaml
from diffusers import DDIMScheduler, StableDiffusionPipeline

ROOT = Path(__file__).resolve().parent.parent
PROMPT = "a small red circle above a large blue square on a beige background"
REPEATS = 3


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default=str(ROOT / "models/mini"))
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    return parser.parse_args()


def load_diffusers(model: str) -> StableDiffusionPipeline:
    """The folder as a float32 diffusers pipeline with DDIM, quiet."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        model, torch_dtype=torch.float32, safety_checker=None, local_files_only=True
    )
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def time_diffusers(pipeline, latents, arguments) -> tuple[float, torch.Tensor]:
    """Seconds of one picture (median of REPEATS) and its final latents."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        pipeline(
            PROMPT,
            num_inference_steps=arguments.steps,
            guidance_scale=arguments.guidance,
            latents=latents.clone(),
            output_type="np",
        )
        seconds.append(time.perf_counter() - start)
    final = pipeline(
        PROMPT,
        num_inference_steps=arguments.steps,
        guidance_scale=arguments.guidance,
        latents=latents.clone(),
        output_type="latent",
    ).images
    return float(np.median(seconds)), final


def write_config(folder: Path, arguments) -> Path:
    """A sweep of one full run on one prompt; its noise is that of seed 0."""
    config = {
        "name": "against_diffusers",
        "model": arguments.model,
        "threads": arguments.threads,
        "seed": 0,
        "prompts": {"list": [PROMPT]},
        "steps": arguments.steps,
        "sampler": {"name": "ddim"},
        "guidance_scale": arguments.guidance,
        "features": {"enabled": False},
        "timing": {"warmup": 1, "rounds": REPEATS},
        "runs": [{"strategy": "full"}],
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def time_fdbench(config: Path) -> tuple[float, torch.Tensor]:
    """Seconds of one picture (median of REPEATS after a warm-up) and its final latents."""
    program = ROOT / os.environ.get("FDBENCH_BUILD", "build/release") / "fdbench"
    output = config.with_suffix(".h5")
    command = [program, "run", config, "--out", output, "--fresh", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"against_diffusers: {done.stderr.strip()}")
    with h5py.File(output) as file:
        latents = torch.from_numpy(file["pictures/latents"][0])
        return float(np.median(file["timing/total_s"][0])), latents


def interval(values: list[float], draws: int = 10_000) -> tuple[float, float]:
    """Bootstrap 95% interval of the median."""
    generator = np.random.default_rng(0)
    picks = generator.integers(len(values), size=(draws, len(values)))
    low, high = np.quantile(np.median(np.array(values)[picks], axis=1), [0.025, 0.975])
    return float(low), float(high)


def main() -> int:
    """Interleaves the two programs and prints the comparison."""
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    torch.set_grad_enabled(False)
    pipeline = load_diffusers(arguments.model)
    size, channels = pipeline.unet.config.sample_size, pipeline.unet.config.in_channels
    latents = torch.randn((1, channels, size, size), generator=torch.Generator().manual_seed(0))
    times: dict[str, list[float]] = {"diffusers": [], "fdbench": []}
    with tempfile.TemporaryDirectory() as folder:
        config = write_config(Path(folder), arguments)
        time_diffusers(pipeline, latents, arguments)  # warm-up
        finals = {}
        for _ in range(arguments.rounds):
            for name in random.sample(sorted(times), 2):
                if name == "diffusers":
                    seconds, finals[name] = time_diffusers(pipeline, latents, arguments)
                else:
                    seconds, finals[name] = time_fdbench(config)
                times[name].append(seconds)
    ratios = [a / b for a, b in zip(times["fdbench"], times["diffusers"], strict=True)]
    low, high = interval(ratios)
    difference = (finals["fdbench"] - finals["diffusers"]).abs().max().item()
    print(f"{arguments.model}: {arguments.steps} DDIM steps, float32, {arguments.threads} threads")
    for name, seconds in times.items():
        print(f"  {name:10} {np.median(seconds):.4f} s/picture (median of {len(seconds)} rounds)")
    print(f"  fdbench / diffusers {np.median(ratios):.3f} [{low:.3f}, {high:.3f}]")
    print(f"  final latents differ by {difference:.1e} at most")
    return 1 if low > 1 else 0


if __name__ == "__main__":
    sys.exit(main())
