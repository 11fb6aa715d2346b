"""Runs clang-tidy on C++ files of src/, each with the command that the build compiles it with.

usage: clang_tidy.py BUILD             all of src/
       clang_tidy.py BUILD FILE...     these files
       clang_tidy.py BUILD --changed   what differs from the parent of the merge base with the main
                                       branch, and what includes such a header

BUILD is a configured build folder. clang cannot use GCC's precompiled header, so it makes its own
of the same headers first: half of the time for a file would go into reading them, the rest goes
into checking them (clang-tidy 14 looks through all headers, even though it keeps quiet about
those of libraries). Exit code 1: a file has findings.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

OUTPUT = Path("build/lint")
CLANG = "clang++-14"
# OpenMP's header is GCC's own here; without it at::parallel_for is a plain loop.
NOT_FOR_CLANG = re.compile(r" -include \S+/cmake_pch\.hxx| -Winvalid-pch| -fopenmp| -o \S+ -c \S+$")
NO_WARNINGS = "-Wno-unknown-warning-option -Wno-pragma-system-header-outside-header"
MAIN_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


def clang_command(command: str) -> str:
    """A compile command for clang, without input and output."""
    flags = NOT_FOR_CLANG.sub("", command).split(" ", 1)[1]
    return f"{CLANG} {flags} {NO_WARNINGS}"


def write_commands(build: Path) -> list[str]:
    """Precompiles the headers and writes compile_commands.json to OUTPUT; gives src/'s files."""
    root = Path.cwd()
    precompiled = root / OUTPUT / "headers.pch"
    header = root / build / "CMakeFiles/fdbench_pch.dir/cmake_pch.hxx"
    OUTPUT.mkdir(parents=True, exist_ok=True)
    commands = []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = Path(entry["file"])
        compile_it = clang_command(entry["command"])
        if source == root / build / "pch.cpp":  # carries the precompiled header (CMakeLists.txt)
            make = f"{compile_it} -x c++-header {header} -o {precompiled}"
            subprocess.run(make, shell=True, check=True, cwd=entry["directory"])
        if source.is_relative_to(root / "src"):
            command = f"{compile_it} -include-pch {precompiled} -c {source}"
            commands.append(entry | {"command": command})
    (OUTPUT / "compile_commands.json").write_text(json.dumps(commands, indent=1))
    return sorted(str(Path(command["file"]).relative_to(root)) for command in commands)


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


def is_fine(name: str) -> bool:
    """Whether the file has no finding; those that it has are printed."""
    layers = "|".join(Path("src/layers.txt").read_text().split())
    header_filter = f"--header-filter=src/({layers})/"
    command = ["clang-tidy-14", "-p", str(OUTPUT), "--quiet", header_filter, name]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stdout or done.stderr, end="", flush=True)
    return done.returncode == 0


def main() -> int:
    os.chdir(Path(__file__).parents[1])
    build, *names = sys.argv[1:]
    files = write_commands(Path(build))
    if names == ["--changed"]:
        files = changed_files(files)
    elif names:
        files = names
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        fine = list(pool.map(is_fine, files))
    print(f"clang-tidy: {len(fine)} files, {fine.count(False)} with findings")
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
