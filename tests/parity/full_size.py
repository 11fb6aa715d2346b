"""UNets and DiT-XL/2 at full size with random weights: `fdbench forward` against diffusers.

    .venv/bin/python tests/parity/full_size.py [sd15 sd21 sdxl sd15+controlnet dit_xl_2_256] \
        [--dtype float32] [--latent 64]

Prints the largest difference relative to the output's scale and both times; exits with 1 above the
bound. Of a UNet with a control network the residuals are compared as well. Strict loading is
checked at this size too: a surplus tensor must be refused. Reference and program run one after the
other, so that the memory of one model is enough: 4 GB for SD, 11 GB for SDXL in float32, half of it
in bfloat16. Files (up to 5 GB) are temporary.
"""

import argparse
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from diffusers import ControlNetModel, DiTTransformer2DModel, UNet2DConditionModel
from safetensors import safe_open
from safetensors.torch import load_file, save_file

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.parity.dit_models import dit_forward, dit_inputs, share_embedder  # noqa: E402
from tests.parity.reference import (  # noqa: E402
    TOLERANCE,
    randomize,
    scaled_difference,
    unet_forward,
    unet_inputs,
)

PROGRAM = ROOT / os.environ.get("FDBENCH_BUILD", "build/release") / "fdbench"
ARCHITECTURES = ROOT / "models/architectures"
NAMES = ["sd15", "sd21", "sdxl", "sd15+controlnet", "dit_xl_2_256"]
# bfloat16 keeps 8 bits of each number; both sides round at some hundred places, each in its order.
BOUNDS = {"float32": TOLERANCE, "bfloat16": 5e-2}
BATCH, TOKENS = 2, 77


def make_part(folder: Path, name: str, part: str, model_class: type, dtype: str):
    """Writes `part` (float16, as most checkpoints are) -> the model in `dtype`."""
    torch.manual_seed(0)
    config = json.loads((ARCHITECTURES / name / part / "config.json").read_text())
    model = model_class.from_config(config)
    # Zero convolutions of a control network stay small, not zero.
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.02)
    model = randomize(model, 0)
    if model_class is DiTTransformer2DModel:
        share_embedder(model)
    model.half().save_pretrained(folder / part, max_shard_size="20GB")
    count = sum(parameter.numel() for parameter in model.parameters())
    print(
        f"{name}: {part} of {count / 1e6:.1f} M parameters, random float16 weights run in {dtype}"
    )
    return model.to(getattr(torch, dtype))


def controlled(unet, control, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Residuals of the control network and the UNet's prediction with them."""
    states, timestep = inputs["encoder_hidden_states"], inputs["timestep"]
    with torch.inference_mode():
        down, mid = control(inputs["sample"], timestep, states, inputs["controlnet_cond"],
                            return_dict=False)  # fmt: skip
        sample = unet(inputs["sample"], timestep, states, down_block_additional_residuals=down,
                      mid_block_additional_residual=mid).sample  # fmt: skip
    names = [f"controlnet.controlnet_down_blocks.{place}" for place in range(len(down))]
    residuals = dict(zip([*names, "controlnet.controlnet_mid_block"], [*down, mid], strict=True))
    return {"sample": sample} | residuals


def make_dit_reference(folder: Path, name: str, dtype: str):
    """As make_reference, at the model's own size."""
    model = make_part(folder, name, "transformer", DiTTransformer2DModel, dtype)
    inputs = dit_inputs(model, batch=BATCH)
    start = time.perf_counter()
    made = dit_forward(model, inputs)
    seconds = time.perf_counter() - start
    print(f"diffusers  {seconds:7.3f} s, first call (batch {BATCH}, {model.config.sample_size})")
    return inputs, {"sample": made.float()}


def make_reference(folder: Path, name: str, dtype: str, latent: int):
    """Writes the model -> inputs and what a call gives, by the names of `forward`."""
    base, _, beside = name.partition("+")
    if base.startswith("dit"):
        return make_dit_reference(folder, name, dtype)
    unet = make_part(folder, base, "unet", UNet2DConditionModel, dtype)
    inputs = unet_inputs(unet, batch=BATCH, size=(latent, latent), tokens=TOKENS)
    if beside:
        control = make_part(folder, base, "controlnet", ControlNetModel, dtype)
        side = 8 * latent
        inputs["controlnet_cond"] = torch.rand((BATCH, 3, side, side)).to(inputs["sample"].dtype)
    start = time.perf_counter()
    made = controlled(unet, control, inputs) if beside else {"sample": unet_forward(unet, inputs)}
    seconds = time.perf_counter() - start
    print(f"diffusers  {seconds:7.3f} s, first call (batch {BATCH}, latent {latent}x{latent})")
    return inputs, {key: tensor.float() for key, tensor in made.items()}


def run_program(folder: Path, dtype: str) -> subprocess.CompletedProcess:
    command = [PROGRAM, "forward", folder, "--inputs", folder / "inputs.safetensors"]
    command += ["--output", folder / "output.safetensors", "--dtype", dtype]
    if (folder / "controlnet").exists():
        command += ["--controlnet", folder / "controlnet"]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def refuses_a_surplus_tensor(folder: Path, dtype: str) -> bool:
    """Adds a surprise to the weights, in a file of its own: the program must name it and stop."""
    name = "mid_block.attentions.1.proj_in.weight"
    part = folder / ("unet" if (folder / "unet").exists() else "transformer")
    weights = part / "diffusion_pytorch_model.safetensors"
    surplus = part / "surplus.safetensors"
    save_file({name: torch.zeros(1280, 1280).half()}, surplus)
    with safe_open(weights, "pt") as file:
        names = dict.fromkeys(file.keys(), "first.safetensors")
    weights.rename(part / "first.safetensors")
    index = {"weight_map": {**names, name: surplus.name}}
    Path(f"{weights}.index.json").write_text(json.dumps(index))
    result = run_program(folder, dtype)
    print(f"surplus tensor: exit code {result.returncode}, {result.stderr.strip()}")
    return result.returncode == 3 and name in result.stderr


def check(name: str, dtype: str, latent: int) -> bool:
    """One architecture from making the model to the verdict."""
    folder = Path(tempfile.mkdtemp(prefix="fdbench_full_size_"))
    try:
        inputs, reference = make_reference(folder, name, dtype, latent)
        gc.collect()
        save_file(inputs, folder / "inputs.safetensors")
        result = run_program(folder, dtype)
        if result.returncode != 0:
            print(result.stderr)
            return False
        print(f"fdbench    {result.stdout.strip().replace(str(folder) + '/', '')}")
        ours, bound = load_file(folder / "output.safetensors"), BOUNDS[dtype]
        difference = max(scaled_difference(ours[k].float(), v) for k, v in reference.items())
        print(f"max |difference| / max |output| = {difference:.2e} (bound {bound:.0e})")
        passed = refuses_a_surplus_tensor(folder, dtype) and difference <= bound
        print(f"{name}, parity at full size:", "ok" if passed else "FAILED", flush=True)
        return passed
    finally:
        shutil.rmtree(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=NAMES, metavar="|".join(NAMES))
    parser.add_argument("--dtype", choices=list(BOUNDS), default="float32")
    parser.add_argument("--latent", type=int, default=64, help="side of a UNet's latent")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"{unknown.pop()}: one of {', '.join(NAMES)}")
    results = [check(name, arguments.dtype, arguments.latent) for name in arguments.names]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
