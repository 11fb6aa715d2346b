"""`fdbench worker` as an object: loaded once, then one answer a request."""

import json
import os
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


class WorkerError(Exception):
    """What the program said, in one line."""


def program() -> Path:
    """Path of the built program; the variable FDBENCH_BUILD names another build folder."""
    return ROOT / os.environ.get("FDBENCH_BUILD", "build/release") / "fdbench"


def run_config(name: str) -> dict:
    """`encoder/non_uniform_IV/parallel` as a run of a config file."""
    strategy, *rest = name.split("/")
    run: dict = {"name": name, "strategy": strategy}
    if rest and rest[-1] in ("sequential", "parallel", "auto"):
        run["execution"] = rest.pop()
    if rest:
        kind, _, distance = rest[0].rpartition("_")
        uniform = kind == "uniform" and distance.isdigit()
        run["key_steps"] = {"uniform": int(distance)} if uniform else rest[0]
    return run


def write_config(path: Path, model: Path, runs: list[str], arguments) -> None:
    """The sweep that the worker loads."""
    config = {
        "name": "peers",
        "model": str(model),
        "dtype": arguments.dtype,
        "threads": arguments.threads,
        "seed": arguments.seed,
        "prompts": {"list": [arguments.prompt]},
        "steps": arguments.steps,
        "sampler": {"name": "ddim"},
        "guidance_scale": arguments.guidance,
        "features": {"enabled": False},
        "runs": [run_config(name) for name in runs],
    }
    path.write_text(yaml.safe_dump(config, sort_keys=False))


class Worker:
    """The process. `facts` is its first line (runs, timesteps, provenance)."""

    def __init__(self, config: Path):
        command = [str(program()), "worker", str(config)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.facts = self._read()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        self.process.wait()

    def ask(self, **request) -> dict:
        """One request; throws WorkerError with the program's message."""
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._read()

    def _read(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise WorkerError(f"fdbench worker ended with exit code {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer
