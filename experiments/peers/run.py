"""fdbench against its peers on diffusers, in one run (README.md).

.venv/bin/python -m experiments.peers.run --architecture sd15 --output results/peers.h5
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel

from experiments.peers import records
from experiments.peers.measure import measure
from experiments.peers.methods import FDBENCH_RUNS, PEER_BY_NAME, FdbenchMethod, Methods, Setting
from experiments.peers.model import (
    ARCHITECTURES,
    Inputs,
    link_model,
    load_scheduler,
    write_random_model,
)
from experiments.peers.worker import Worker, WorkerError, write_config

DTYPES = {name: getattr(torch, name) for name in ("float32", "bfloat16", "float16")}
# Largest difference of fdbench's latents from diffusers', over the largest latent, that still
# means the same work was done: rounding in these numbers over a whole run.
AGREEMENT = {"float32": 1e-3, "bfloat16": 0.2, "float16": 0.2}


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.peers.run",
        description="fdbench against its peers on diffusers: same weights, noise and text, "
        "interleaved.",
    )
    model = parser.add_mutually_exclusive_group(required=True)
    model.add_argument("--model", type=Path, help="model folder in the diffusers layout")
    model.add_argument("--architecture", choices=sorted(ARCHITECTURES), help="random weights")
    parser.add_argument("--dtype", choices=sorted(DTYPES), default="bfloat16")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--latent", type=int, help="side of the latent (default: the model's)")
    parser.add_argument("--guidance", type=float, default=7.5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--warmup", type=int, default=1, help="of each method, not timed")
    parser.add_argument(
        "--warmup-unit",
        choices=("latent", "call"),
        help="what a warm-up makes (default: the unit; single calls are quicker)",
    )
    parser.add_argument("--unit", choices=("latent", "call"), default="latent")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=0, help="of the noise and of the order")
    parser.add_argument("--prompt", default="a photo of a cat on a chair")
    parser.add_argument(
        "--methods",
        nargs="+",
        metavar="METHOD",
        default=[*FDBENCH_RUNS, *PEER_BY_NAME],
        help=f"of {', '.join(PEER_BY_NAME)}; any other name is a run of fdbench: "
        "STRATEGY/KEY_SET, STRATEGY/uniform_5, .../parallel",
    )
    parser.add_argument("--output", type=Path, default=Path("results/peers.h5"))
    parsed = parser.parse_args(arguments)
    for name in ("steps", "rounds", "warmup", "threads"):
        if getattr(parsed, name) < (0 if name == "warmup" else 1):
            parser.error(f"--{name} {getattr(parsed, name)}: too small")
    if parsed.guidance <= 1:
        parser.error(f"--guidance {parsed.guidance:g}: must be above 1, every method is guided")
    if parsed.model and not (parsed.model / "unet/config.json").is_file():
        parser.error(f"--model {parsed.model}: has no unet/config.json")
    # The baseline always; a name twice would be measured twice.
    parsed.methods = list(dict.fromkeys([records.BASELINE, *parsed.methods]))
    return parsed


def model_folder(folder: Path, arguments: argparse.Namespace) -> Path:
    """The folder that both sides load: the user's, or one made in `folder`."""
    if arguments.architecture:
        latent = arguments.latent or 64
        write_random_model(folder, arguments.architecture, latent, DTYPES[arguments.dtype])
        return folder
    if arguments.latent:
        link_model(folder, arguments.model, arguments.latent)
        return folder
    return arguments.model.resolve()


def load_setting(model: Path, worker: Worker, folder: Path, arguments) -> Setting:
    """diffusers' side, with fdbench's inputs."""
    dtype = DTYPES[arguments.dtype]
    saved = folder / "inputs.safetensors"
    worker.ask(inputs=str(saved))
    unet = UNet2DConditionModel.from_pretrained(model / "unet", torch_dtype=dtype).eval()
    return Setting(
        unet,
        lambda: load_scheduler(model),
        Inputs.load(saved, dtype),
        arguments.steps,
        arguments.guidance,
    )


def prepare(setting: Setting, worker: Worker, folder: Path, arguments) -> Methods:
    """All methods, warm."""
    methods = Methods()
    for name in arguments.methods:
        show(f"warm-up  {name}")
        if name in PEER_BY_NAME:

            def make(name=name):
                return PEER_BY_NAME[name](setting)
        else:

            def make(name=name):
                return FdbenchMethod(worker, name, folder)

        warmups = [arguments.warmup_unit or arguments.unit] * arguments.warmup
        methods.add(name, make, arguments.unit, warmups)
    if records.BASELINE in methods.skipped:
        raise WorkerError(methods.skipped[records.BASELINE])
    return methods


def show(text: str) -> None:
    """Progress, for a person only."""
    print(text, file=sys.stderr, flush=True)


def compare(folder: Path, arguments: argparse.Namespace) -> dict:
    """The whole comparison; files are written. -> the summary."""
    model = model_folder(folder / "model", arguments)
    runs = [name for name in arguments.methods if name not in PEER_BY_NAME]
    if not set(FDBENCH_RUNS) <= set(runs):  # counts of the peers that run the same layers
        runs += [name for name in FDBENCH_RUNS if name not in runs]
    write_config(folder / "config.yaml", model, runs, arguments)
    with Worker(folder / "config.yaml") as worker:
        setting = load_setting(model, worker, folder, arguments)
        methods = prepare(setting, worker, folder, arguments)
        measured = measure(methods.ready, arguments.unit, arguments.rounds, arguments.seed, show)
        names = ("dtype", "steps", "guidance", "rounds", "warmup", "unit", "threads", "seed")
        settings = {name: getattr(arguments, name) for name in (*names, "prompt")}
        settings["model"] = str(arguments.model or f"{arguments.architecture}, random weights")
        settings["latent_shape"] = worker.facts["latent_shape"]
        settings["text"] = worker.facts["text"]
        result = records.summary(measured, methods.skipped, settings)
        records.write_file(arguments.output, measured, worker.facts, result)
    records.write_json(arguments.output.with_suffix(".json"), result)
    return result


def main(arguments: list[str] | None = None) -> int:
    """-> exit code: 0 ok, 1 fdbench and diffusers disagree, 3 the comparison could not run."""
    parsed = parse_arguments(arguments)
    torch.set_num_threads(parsed.threads)
    parsed.output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        (Path(folder) / "model").mkdir()
        try:
            result = compare(Path(folder), parsed)
        except (WorkerError, OSError) as error:
            print(f"peers: {error}", file=sys.stderr)
            return 3
    print(records.table(result))
    print(f"results  {parsed.output}, {parsed.output.with_suffix('.json')}")
    difference = result["fdbench_full_differs_from_diffusers"]
    if difference is None:
        print("note: diffusers did not run, so nothing shows that both sides did the same work")
        return 0
    limit = AGREEMENT[parsed.dtype]
    verdict = "agree" if difference <= limit else "DISAGREE: the times compare different work"
    print(f"fdbench full and diffusers {verdict}: difference {difference:.1e}, limit {limit:g}")
    return 0 if difference <= limit else 1


if __name__ == "__main__":
    sys.exit(main())
