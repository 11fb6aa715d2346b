"""Judging features: FID against torch-fidelity, interleaved, and the memory that precision and
recall take.

    .venv/bin/python benchmarks/judging.py [--count 10000] [--dimension 2048] [--rounds 3]
    .venv/bin/python benchmarks/judging.py --precision-recall --count 50000

On two threads of an Intel Xeon (Sapphire Rapids), quiet: FID of 10,000 x 2048 in 0.71 [0.66, 0.73]
of torch-fidelity's time; precision and recall of 50,000 x 2048 in 301 s and 1.66 GiB.

Both get the same float32 .npz of features against the same statistics. fdbench's time is that of
its whole process, start and reading included; torch-fidelity's is of reading, its mean and
covariance and its distance alone, in a process with the same number of threads.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / os.environ.get("FDBENCH_BUILD", "build/release") / "fdbench"
# Run in a process of its own, as fdbench is.
REFERENCE = """
import sys, time
import numpy as np
sys.path.insert(0, sys.argv[1])
from tests.parity.formulas import torch_fidelity
fid = torch_fidelity()[0]
import torch
begin = time.monotonic()
features = torch.from_numpy(np.load(sys.argv[2])["features"]).double()
own = fid.fid_features_to_statistics(features)
with np.load(sys.argv[3]) as reference:
    other = {"mu": reference["mu"], "sigma": reference["sigma"]}
value = fid.fid_statistics_to_metric(own, other, False)
value = value["frechet_inception_distance"]
print(time.monotonic() - begin, value)
"""


def write_features(path: Path, count: int, dimension: int, seed: int) -> np.ndarray:
    """Correlated features, not negative, as those of a network's last pooling."""
    generator = np.random.default_rng(seed)
    mixing = generator.normal(0, 1 / np.sqrt(dimension), (dimension, dimension)).astype(np.float32)
    features = generator.standard_normal((count, dimension), dtype=np.float32) @ mixing
    features = np.maximum(features + np.float32(0.3 + 0.02 * seed), 0)
    np.savez(path, features=features)
    return features


def time_fdbench(folder: Path) -> tuple[float, float]:
    command = [PROGRAM, "judge", folder / "fake.npz", "--reference", folder / "reference.npz"]
    begin = time.monotonic()
    done = subprocess.run([*command, "--metrics", "fid", "--bootstrap", "0", "--format", "json"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    seconds = time.monotonic() - begin
    return seconds, json.loads(done.stdout)["fid"]


def time_reference(folder: Path) -> tuple[float, float]:
    command = [sys.executable, "-c", REFERENCE, ROOT, folder / "fake.npz", folder / "reference.npz"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, value = done.stdout.split()[-2:]
    return float(seconds), float(value)


def compare_fid(folder: Path, args: argparse.Namespace) -> None:
    write_features(folder / "fake.npz", args.count, args.dimension, 0)
    real = write_features(folder / "real.npz", args.count, args.dimension, 1).astype(np.float64)
    np.savez(folder / "reference.npz", mu=real.mean(0), sigma=np.cov(real, rowvar=False))
    ratios = []
    for _ in range(args.rounds):
        (ours, value), (theirs, expected) = time_fdbench(folder), time_reference(folder)
        ratios.append(ours / theirs)
        print(f"fdbench {ours:.2f} s, torch-fidelity {theirs:.2f} s", flush=True)
        print(f"FID {value:.6f}, {expected:.6f}", flush=True)
    print(f"fdbench / torch-fidelity: {statistics.median(ratios):.3f} "
          f"[{min(ratios):.3f}, {max(ratios):.3f}]")  # fmt: skip


def measure_precision_recall(folder: Path, args: argparse.Namespace) -> None:
    for seed, name in enumerate(("fake", "real")):
        write_features(folder / f"{name}.npz", args.count, args.dimension, seed)
    command = [PROGRAM, "judge", folder / "fake.npz", "--reference", folder / "real.npz"]
    begin = time.monotonic()
    subprocess.run([*command, "--metrics", "precision,recall", "--bootstrap", "0"], check=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
    print(f"{time.monotonic() - begin:.0f} s, peak {peak:.2f} GiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--dimension", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision-recall", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        action = measure_precision_recall if args.precision_recall else compare_fid
        action(Path(name), args)


if __name__ == "__main__":
    main()
