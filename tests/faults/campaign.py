"""What the files of the fault campaign share."""

import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.sweeps import limit_file_size, start

COUNT = int(os.environ.get("FDBENCH_FAULTS", "3"))  # of each kind


def killed(arguments: list[object], instant: float) -> None:
    """The program, ended with SIGKILL after so many seconds."""
    process = start(*arguments)
    time.sleep(instant)
    process.kill()
    process.communicate()


def timed(call: Callable[[], object]) -> float:
    begin = time.monotonic()
    call()
    return time.monotonic() - begin


def instant(index: int, duration: float) -> float:
    """A random instant in the index-th of COUNT equal parts of the duration."""
    return duration * (index + random.Random(index).random()) / COUNT


class Disk:
    """A small disk at a folder: a tmpfs where the user may mount one (root), else files that may
    not grow beyond what is left."""

    SIZE = 8 << 20

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.limit = folder, None
        mount = ["mount", "-t", "tmpfs", "-o", f"size={self.SIZE}", "tmpfs", str(folder)]
        self.mounted = subprocess.run(mount, capture_output=True).returncode == 0

    def fill(self, room: int) -> None:
        """Leaves so many bytes."""
        if not self.mounted:
            self.limit = limit_file_size(room)
            return
        free = shutil.disk_usage(self.folder).free
        (self.folder / "filler").write_bytes(bytes(free - room))

    def clear(self) -> None:
        """Makes room again."""
        self.limit = None
        (self.folder / "filler").unlink(missing_ok=True)

    def unmount(self) -> None:
        if self.mounted:
            subprocess.run(["umount", str(self.folder)], check=True)
