"""Submits a sweep to Slurm: a job array with one shard a job, and a merge that waits for all.

    .venv/bin/python -m experiments.cluster.submit configs/ablation.yaml --shards 8 \\
        --out results/ablation.h5 -- --partition=gpu --time=04:00:00

What follows `--` goes to sbatch, for the array and the merge alike. The checkout, the model folder
and the folder of --out must be where all nodes see them under the same paths. A job that is killed
or requeued goes on where it was. Prints the two job numbers.
"""

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def program() -> Path:
    return ROOT / os.environ.get("FDBENCH_BUILD", "build/release") / "fdbench"


def part(output: Path, number: int | str, count: int) -> Path:
    """The name that `fdbench run --shard` gives a part by itself."""
    return output.with_name(f"{output.stem}.shard-{number}-of-{count}{output.suffix}")


def sbatch(script: str, options: list[str]) -> str:
    """Submits a script of one line; -> the number of the job."""
    command = ["sbatch", "--parsable", f"--chdir={ROOT}", *options, f"--wrap={script}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        sys.exit("submit: there is no sbatch here; run it where Slurm's commands are installed")
    if done.returncode != 0:
        sys.exit(f"submit: {done.stderr.strip()}")
    return done.stdout.strip().split(";")[0]


def submit(args: argparse.Namespace, options: list[str]) -> tuple[str, str]:
    """-> numbers of the array and of the merge."""
    output = args.out.resolve()
    output.parent.mkdir(parents=True, exist_ok=True)
    fdbench = shlex.quote(str(program()))
    assignments = " ".join(f"--set {shlex.quote(value)}" for value in args.set)
    # The shell of the job puts the number of the shard in.
    number = "$SLURM_ARRAY_TASK_ID"
    before, after = str(part(output, number, args.shards)).split(number)
    out = f'{shlex.quote(before)}"{number}"{shlex.quote(after)}'
    config = shlex.quote(str(args.config.resolve()))
    log = output.with_suffix("")
    array = sbatch(
        f"exec {fdbench} run {config} {assignments} --shard {number}/{args.shards} --out {out}",
        [
            f"--array=1-{args.shards}",
            "--requeue",
            f"--job-name={output.stem}",
            f"--output={log}.shard-%a.log",
            *options,
        ],
    )
    parts = " ".join(
        shlex.quote(str(part(output, number, args.shards))) for number in range(1, args.shards + 1)
    )
    merge = sbatch(
        f"exec {fdbench} merge {shlex.quote(str(output))} {parts}",
        [
            f"--dependency=afterok:{array}",
            "--kill-on-invalid-dep=yes",
            f"--job-name={output.stem}.merge",
            f"--output={log}.merge.log",
            *options,
        ],
    )
    return array, merge


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--shards", type=int, required=True, help="jobs of the array")
    parser.add_argument("--out", type=Path, required=True, help="result file")
    parser.add_argument("--set", action="append", default=[], help="as for fdbench run")
    arguments = sys.argv[1:]
    split = arguments.index("--") if "--" in arguments else len(arguments)
    args = parser.parse_args(arguments[:split])
    if args.shards < 1:
        parser.error("--shards wants at least 1")
    if not args.config.exists():
        parser.error(f"{args.config}: there is no such config")
    if not program().exists():
        parser.error(f"{program()} is not built: run `make build`")
    array, merge = submit(args, arguments[split + 1 :])
    print(f"array {array}: {args.shards} shards; merge {merge}  ->  {args.out}")


if __name__ == "__main__":
    main()
