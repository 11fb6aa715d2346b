"""SD 1.5's UNet at full size, with random weights: `fdbench forward` against diffusers.

Prints the largest difference relative to the output's scale and both times; exits with 1 above
the bound. Strict loading is checked at this size too: a surplus tensor must be refused.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.parity.reference import (  # noqa: E402
    TOLERANCE,
    randomize,
    scaled_difference,
    unet_forward,
    unet_inputs,
)

PROGRAM = ROOT / os.environ.get("FDBENCH_BUILD", "build/release") / "fdbench"
# What runwayml/stable-diffusion-v1-5's unet/config.json says where it is not diffusers' default.
SD15 = {
    "sample_size": 64,
    "block_out_channels": (320, 640, 1280, 1280),
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
}
BATCH, SIZE, TOKENS = 2, (64, 64), 77


def make_reference(folder: Path) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Writes the model (float16, as most checkpoints are) and gives inputs and prediction."""
    torch.manual_seed(0)
    model = randomize(UNet2DConditionModel(**SD15), 0)
    model.half().save_pretrained(folder / "unet")
    model.float()
    count = sum(parameter.numel() for parameter in model.parameters())
    print(f"SD 1.5 UNet, {count / 1e6:.1f} M parameters, random float16 weights run in float32")
    inputs = unet_inputs(model, batch=BATCH, size=SIZE, tokens=TOKENS)
    unet_forward(model, inputs)  # warm-up
    start = time.perf_counter()
    prediction = unet_forward(model, inputs)
    seconds = time.perf_counter() - start
    print(f"diffusers  {seconds:7.3f} s a call (batch {BATCH}, latent {SIZE[0]}x{SIZE[1]})")
    return inputs, prediction


def run_program(folder: Path) -> subprocess.CompletedProcess:
    command = [PROGRAM, "forward", folder, "--inputs", folder / "inputs.safetensors"]
    command += ["--output", folder / "output.safetensors"]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def refuses_a_surplus_tensor(folder: Path) -> bool:
    """Adds a shard-sized surprise to the weights: the program must name it and stop."""
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(weights)
    name = "mid_block.attentions.1.proj_in.weight"
    save_file({**tensors, name: torch.zeros(1280, 1280).half()}, weights)
    result = run_program(folder)
    print(f"surplus tensor: exit code {result.returncode}, {result.stderr.strip()}")
    return result.returncode == 3 and name in result.stderr


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="fdbench_full_size_"))
    try:
        inputs, reference = make_reference(folder)
        save_file(inputs, folder / "inputs.safetensors")
        result = run_program(folder)
        if result.returncode != 0:
            print(result.stderr)
            return 1
        print(f"fdbench    {result.stdout.strip().replace(str(folder) + '/', '')}")
        ours = load_file(folder / "output.safetensors")["sample"]
        difference = scaled_difference(ours, reference)
        print(f"max |difference| / max |prediction| = {difference:.2e} (bound {TOLERANCE:.0e})")
        strict = refuses_a_surplus_tensor(folder)
        passed = difference <= TOLERANCE and strict
        print("parity at full size:", "ok" if passed else "FAILED")
        return 0 if passed else 1
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
