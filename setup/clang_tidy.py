"""Runs clang-tidy on C++ files of src/, each with the command that the build compiles it with.

usage: clang_tidy.py BUILD             all of src/
       clang_tidy.py BUILD FILE...     these files
       clang_tidy.py BUILD --changed   what differs from the parent of the merge base with the main
                                       branch, and what includes such a header

BUILD is a configured build folder. clang cannot use GCC's precompiled header, so it makes its own
of the same headers first. clang-tidy 14 looks through all headers, even though it keeps quiet about
those of libraries, so files of a layer are checked together, included one after the other, where
they can be (names of unnamed namespaces must differ). Exit code 1: a file has findings.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

OUTPUT = Path("build/lint")
AT_ONCE = 12
CLANG = "clang++-14"
# OpenMP's header is GCC's own here; without it at::parallel_for is a plain loop.
NOT_FOR_CLANG = re.compile(r" -include \S+/cmake_pch\.hxx| -Winvalid-pch| -fopenmp| -o \S+ -c \S+$")
NO_WARNINGS = "-Wno-unknown-warning-option -Wno-pragma-system-header-outside-header"
MAIN_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


def clang_command(command: str) -> str:
    """A compile command for clang, without input and output."""
    flags = NOT_FOR_CLANG.sub("", command).split(" ", 1)[1]
    return f"{CLANG} {flags} {NO_WARNINGS}"


def write_commands(build: Path) -> dict[str, str]:
    """Precompiles the headers; gives src/'s files with what compiles them, without the file."""
    root = Path.cwd()
    precompiled = root / OUTPUT / "headers.pch"
    header = root / build / "CMakeFiles/fdbench_pch.dir/cmake_pch.hxx"
    OUTPUT.mkdir(parents=True, exist_ok=True)
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = Path(entry["file"])
        compile_it = clang_command(entry["command"])
        if source == root / build / "pch.cpp":  # carries the precompiled header (CMakeLists.txt)
            make = f"{compile_it} -x c++-header {header} -o {precompiled}"
            subprocess.run(make, shell=True, check=True, cwd=entry["directory"])
        if source.is_relative_to(root / "src"):
            name = str(source.relative_to(root))
            commands[name] = f"{compile_it} -include-pch {precompiled} -c"
    return commands


def git(*arguments: str) -> str | None:
    """What git prints; None where it fails."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def changed_files(files: list[str]) -> list[str]:
    """Of `files`: those that differ from the base, and those that include a header that does."""
    merge_bases = (git("merge-base", "HEAD", branch) for branch in MAIN_BRANCHES)
    base = next(filter(None, merge_bases), "HEAD") + "^"
    differing = git("diff", "--name-only", base)
    if differing is None:
        print(f"clang-tidy: there is no commit {base} to compare with, so all of src/ is checked")
        return files
    changed = set(differing.splitlines())
    headers = [name.removeprefix("src/") for name in changed if name.endswith(".h")]
    includes = {f'#include "{header}"' for header in headers}

    def is_concerned(name: str) -> bool:
        return name in changed or not includes.isdisjoint(Path(name).read_text().splitlines())

    return [name for name in files if is_concerned(name)]


class Joined:
    """Files that are checked together, by one command."""

    def __init__(self, names: list[str], command: str, number: int) -> None:
        self.names = names
        self.path = Path.cwd() / OUTPUT / f"joined_{number}.cpp"
        self.command = f"{command} {self.path}"
        self.path.write_text("".join(f'#include "{Path(name).resolve()}"\n' for name in names))

    def compiles(self) -> bool:
        """Whether no name of one file stands in the way of another."""
        check = self.command.replace(" -c ", " -fsyntax-only ")
        return subprocess.run(check, shell=True, capture_output=True).returncode == 0

    def is_fine(self) -> bool:
        """Whether the files have no finding; those that they have are printed."""
        layers = "|".join(Path("src/layers.txt").read_text().split())
        command = ["clang-tidy-14", "-p", str(OUTPUT), "--quiet", "--config-file=src/.clang-tidy"]
        command += [f"--header-filter=src/({layers})/", str(self.path)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stdout or done.stderr, end="", flush=True)
        return done.returncode == 0


def joined_files(commands: dict[str, str], pool: ThreadPoolExecutor) -> list[Joined]:
    """The files in as few groups as compile, none of more than AT_ONCE."""
    waiting: list[list[str]] = []
    for command in sorted(set(commands.values())):
        alike = [name for name in sorted(commands) if commands[name] == command]
        waiting += [alike[i : i + AT_ONCE] for i in range(0, len(alike), AT_ONCE)]
    groups: list[Joined] = []
    number = 0
    while waiting:
        tried = []
        for names in waiting:
            tried.append(Joined(names, commands[names[0]], number := number + 1))
        waiting = []
        for group, compiles in zip(tried, pool.map(Joined.compiles, tried), strict=True):
            if compiles or len(group.names) == 1:
                groups.append(group)
            else:
                half = len(group.names) // 2
                waiting += [group.names[:half], group.names[half:]]
    return groups


def main() -> int:
    os.chdir(Path(__file__).parents[1])
    build, *names = sys.argv[1:]
    commands = write_commands(Path(build))
    everything = sorted(commands)
    names = changed_files(everything) if names == ["--changed"] else names or everything
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        groups = joined_files({name: commands[name] for name in names}, pool)
        folder = str(Path.cwd() / build)
        entries = [
            {"directory": folder, "file": str(group.path), "command": group.command}
            for group in groups
        ]
        (OUTPUT / "compile_commands.json").write_text(json.dumps(entries, indent=1))
        fine = list(pool.map(Joined.is_fine, groups))
    count = f"{len(names)} files in {len(groups)} groups"
    print(f"clang-tidy: {count}, {fine.count(False)} with findings")
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
