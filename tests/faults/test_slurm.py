"""A sweep as a Slurm job array with a dependent merge, on a Slurm of this machine alone."""

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.faults import sweeps
from tests.faults.sweeps import assert_same

PACKAGES = ROOT / "setup/debian-packages-slurm.txt"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
PATH = os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin"
PATIENCE_S = 240

CONFIG = """\
ClusterName=fdbench
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=1
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def find(name: str) -> str | None:
    return shutil.which(name, path=PATH)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@pytest.fixture(scope="module")
def slurm() -> None:
    """Slurm's programs, installed where they are missing."""
    if all(map(find, PROGRAMS)):
        return
    done = subprocess.run(
        [ROOT / "setup/install_debian.sh", PACKAGES], capture_output=True, text=True
    )
    if done.returncode != 0 or not all(map(find, PROGRAMS)):
        pytest.skip(f"Slurm cannot be installed here: {done.stderr.strip()}")


@pytest.fixture(scope="module")
def cluster(slurm: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment in which sbatch finds a Slurm of one node, this machine."""
    folder = tmp_path_factory.mktemp("slurm")
    for name in ("state", "spool"):
        (folder / name).mkdir()
    host = socket.gethostname().split(".")[0]
    config = folder / "slurm.conf"
    config.write_text(
        CONFIG.format(
            host=host,
            user=getpass.getuser(),
            folder=folder,
            ports=free_ports(2),
            cpus=os.cpu_count(),
        )
    )
    environment = os.environ | {"SLURM_CONF": str(config), "PATH": PATH}
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    munge = [
        find("munged"),
        *("--foreground", "--force", f"--key-file={key}", f"--socket={folder}/munge.socket"),
        *(f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log"),
        f"--seed-file={folder}/munge.seed",
    ]
    commands = [munge, [find("slurmctld"), "-D"], [find("slurmd"), "-D", "-N", host]]
    with contextlib.ExitStack() as stack:
        for command in commands:
            log = stack.enter_context((folder / f"{Path(command[0]).name}.out").open("w"))
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.send_signal, signal.SIGKILL)
            time.sleep(1)
        wait_for_node(environment, folder)
        yield environment


def wait_for_node(environment: dict[str, str], folder: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        done = subprocess.run(
            ["sinfo", "-h", "-o", "%t"], env=environment, capture_output=True, text=True
        )
        if done.stdout.strip() in ("idle", "mix", "alloc"):
            return
        logs = {path.name: path.read_text()[-2000:] for path in folder.glob("*.out")}
        assert time.monotonic() < deadline, (done, logs)
        time.sleep(0.5)


def test_an_array_and_its_merge_are_the_undivided_sweep(
    cluster: dict[str, str],
    sweep_config: Path,
    undisturbed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    output = tmp_path / "tiny.h5"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "experiments.cluster.submit", sweep_config),
            *("--shards", "3", "--out", output, "--", "--cpus-per-task=1"),
        ],
        cwd=ROOT,
        env=cluster,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    deadline = time.monotonic() + PATIENCE_S
    while not output.exists():
        queue = subprocess.run(["squeue"], env=cluster, capture_output=True, text=True).stdout
        logs = {path.name: path.read_text() for path in tmp_path.glob("*.log")}
        assert time.monotonic() < deadline, (queue, logs)
        time.sleep(0.5)
    names = {path.name for path in tmp_path.iterdir()}
    assert {f"tiny.shard-{number}-of-3.h5" for number in (1, 2, 3)} <= names
    clocked = sweeps.CLOCKED_ATTRIBUTES | {"merged_from"}
    # A job's environment has one thread a task, which a test's need not have.
    monkeypatch.setattr(sweeps, "CLOCKED_ATTRIBUTES", clocked | {"environment"})
    assert_same(output, undisturbed)
    print((tmp_path / "tiny.merge.log").read_text())


def test_without_slurm_it_says_so(sweep_config: Path, tmp_path: Path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "experiments.cluster.submit", sweep_config),
            *("--shards", "2", "--out", tmp_path / "x.h5"),
        ],
        cwd=ROOT,
        env=os.environ | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "submit: there is no sbatch here; run it where Slurm's commands are installed"
    )
