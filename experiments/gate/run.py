"""How often the gate cries wolf, and whether it finds a slower decoder, on the machine at hand.

A/A: the same build against itself. Injected: the same with FDBENCH_SLOW_DECODER, which makes every
layer of the decoder take that much longer. From the baseline to the last check a second process
loads one core half of the time. Prints a line a check and writes all to one JSON file.

    .venv/bin/python -m experiments.gate.run --out results/gate_campaign.json
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / os.environ.get("FDBENCH_BUILD", "build/release") / "fdbench"
REGRESSED, UNSURE = 1, 4
SAME, INJECTED = "same", "injected"


LOAD = """
import time
while True:
    end = time.monotonic() + {seconds}
    while time.monotonic() < end:
        pass
    time.sleep({seconds})
"""


@contextmanager
def load(seconds: float) -> Iterator[None]:
    """A second process that keeps one core busy for so long, then sleeps as long, and so on."""
    process = subprocess.Popen([sys.executable, "-c", LOAD.format(seconds=seconds)])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def sweep(config: Path, rounds: int, output: Path, slow_decoder: float = 0) -> None:
    """Runs the sweep anew."""
    command = [PROGRAM, "run", config, "--fresh", "--quiet", "--out", output]
    command += ["--set", f"timing.rounds={rounds}"]
    environment = os.environ | {"FDBENCH_SLOW_DECODER": str(slow_decoder)}
    subprocess.run(command, check=True, cwd=ROOT, env=environment)


def check(output: Path, baseline: Path) -> tuple[int, list[dict]]:
    """-> exit code, and the findings that are not fine."""
    command = [PROGRAM, "check", output, "--baseline", baseline, "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode not in (0, REGRESSED, UNSURE):
        raise RuntimeError(done.stderr)
    findings = json.loads(done.stdout)["findings"]
    return done.returncode, [
        f for f in findings if f["verdict"] not in ("not checked", "fine", "improved")
    ]


def one_check(series: str, index: int, args: argparse.Namespace) -> dict:
    """A sweep anew and its check."""
    output = args.folder / "check.h5"
    begin = time.monotonic()
    sweep(args.config, args.rounds, output, args.slow_decoder if series == INJECTED else 0)
    code, findings = check(output, args.folder / "baseline.json")
    named = ", ".join(
        f"{f['run'] or 'network'} {f['figure']} {f['verdict']} "
        f"[{f['change_low']:.3f}, {f['change_high']:.3f}]"
        for f in findings
        if isinstance(f["change_low"], float)
    )
    print(f"{series} {index + 1}: exit {code}  {named}", flush=True)
    return {
        "series": series,
        "index": index,
        "exit_code": code,
        "seconds": round(time.monotonic() - begin, 1),
        "load_average": os.getloadavg()[0],
        "findings": findings,
    }


def order(same: int, injected: int) -> list[tuple[str, int]]:
    """Both series spread evenly, so that both see the same hours of the machine."""
    places = [((i + 0.5) / same, SAME, i) for i in range(same)]
    places += [((i + 0.5) / injected, INJECTED, i) for i in range(injected)]
    return [(series, index) for _, series, index in sorted(places)]


def count_codes(records: list[dict], name: str) -> dict[int, int]:
    codes = [record["exit_code"] for record in records if record["series"] == name]
    return {code: codes.count(code) for code in (0, REGRESSED, UNSURE)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=ROOT / "experiments/gate/campaign.yaml")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/gate")
    parser.add_argument("--out", type=Path, default=ROOT / "results/gate_campaign.json")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--baseline-rounds", type=int, default=60)
    parser.add_argument("--same", type=int, default=40, help="A/A checks")
    parser.add_argument("--injected", type=int, default=20, help="checks of a slower decoder")
    parser.add_argument("--slow-decoder", type=float, default=0.05)
    parser.add_argument("--load-seconds", type=float, default=5, help="of load, then of none")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    with load(args.load_seconds):
        campaign(args)


def campaign(args: argparse.Namespace) -> None:
    """The baseline, then all checks."""
    baseline = args.folder / "baseline.json"
    sweep(args.config, args.baseline_rounds, args.folder / "baseline.h5")
    command = [PROGRAM, "check", args.folder / "baseline.h5", "--baseline", baseline, "--update"]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    settings = {
        "rounds": args.rounds,
        "baseline_rounds": args.baseline_rounds,
        "slow_decoder": args.slow_decoder,
        "load_seconds": args.load_seconds,
        "provenance": json.loads(baseline.read_text())["provenance"],
    }
    records = []
    for series, index in order(args.same, args.injected):
        records.append(one_check(series, index, args))
        codes = {name: count_codes(records, name) for name in (SAME, INJECTED)}
        report = settings | {"exit_codes": codes, "checks": records}
        args.out.write_text(json.dumps(report, indent=1))
    print(
        f"A/A: {codes[SAME][REGRESSED]} false alarms of {args.same} "
        f"({codes[SAME][UNSURE]} too noisy to tell); injected: "
        f"{codes[INJECTED][REGRESSED]} of {args.injected} found "
        f"({codes[INJECTED][UNSURE]} too noisy to tell)"
    )


if __name__ == "__main__":
    main()
