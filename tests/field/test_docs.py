"""Every fenced YAML and shell line of the documents is taken by the program or by make."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
# What a complete config needs beside a piece that a document shows.
REST = {
    "name": "shown",
    "model": str(ROOT / "models/mini"),
    "prompts": ["a", "b"],
    "runs": [{"strategy": "full"}],
}


def blocks(*languages: str) -> list[tuple[str, str]]:
    """(document, text) of every fenced block in one of the languages."""
    return [
        (path.name, text)
        for path in DOCUMENTS
        for language, text in FENCE.findall(path.read_text())
        if language in languages
    ]


def commands() -> list[tuple[str, str]]:
    """(document, command) of every line of the shell blocks, and of `fdbench ...` in the text."""
    found = []
    for name, text in blocks("sh", "bash", "shell"):
        lines = text.replace("\\\n", " ").splitlines()
        found += [(name, line) for line in lines if line.strip() and not line.startswith("#")]
    for path in DOCUMENTS:
        prose = FENCE.sub("", path.read_text())
        found += [
            (path.name, command)
            for command in re.findall(r"`((?:build/release/)?fdbench [a-z]+ [^`]*)`", prose)
        ]
    return found


def test_every_fenced_block_is_of_a_known_kind():
    for path in DOCUMENTS:
        for language, _ in FENCE.findall(path.read_text()):
            assert language in ("", "sh", "yaml", "python"), (path, language)
    assert len(blocks("yaml")) >= 2 and len(blocks("sh")) >= 2


@pytest.mark.parametrize(("name", "text"), blocks("yaml"))
def test_yaml_blocks_are_configs(name: str, text: str, fdbench, tmp_path: Path):
    """A piece of a config, completed; the program reads the text itself, as it is shown."""
    rest = {key: value for key, value in REST.items() if key not in yaml.safe_load(text)}
    path = tmp_path / "c.yaml"
    path.write_text(text + "\n" + yaml.safe_dump(rest))
    done = fdbench("run", path, "--dry-run")
    assert done.returncode == 0, (name, done.stderr)


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))


def check_fdbench(command: str, arguments: list[str], fdbench) -> None:
    """Options of a subcommand; one with a config that is there is really run as far as --dry-run.

    Words in capitals and paths that only a reader has stand for files, `[...]` for what may be left
    out: there the parser is asked alone, with --help behind all of it.
    """
    subcommand = arguments[0]
    given = ["x" if text == "…" else text.split("|")[0] for text in arguments[1:] if text != "..."]
    known = fdbench(subcommand, "--help")
    assert known.returncode == 0, command
    for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", command):
        assert re.search(rf"{option}(?![\w-])", known.stdout), (command, option)
    is_real = subcommand in ("run", "plan") and given and (ROOT / given[0]).is_file()
    if is_real and "K/N" not in command and "NAME" not in command:
        sets = ["--set", f"model={ROOT / 'models/mini'}"]
        done = fdbench(*arguments, *sets, *(["--dry-run"] if subcommand == "run" else []))
        assert done.returncode == 0, (command, done.stderr)
        return
    done = fdbench(subcommand, *given, "--help")
    assert done.returncode == 0, (command, done.stderr)


@pytest.mark.parametrize(("name", "command"), sorted(set(commands())))
def test_commands_are_taken(name: str, command: str, fdbench):
    words = shlex.split(command.replace("\\|", "|"), comments=True)
    program = words[0].removeprefix("build/release/")
    if program == "fdbench":
        plain = [word.strip("[]") for word in words[1:]]
        check_fdbench(command, plain, fdbench)
    elif program == "make":
        assert all("=" in word or word in targets() for word in words[1:]), (name, command)
    elif program == ".venv/bin/python":
        module = words[words.index("-m") + 1]
        path = ROOT / module.replace(".", "/")
        is_ours = path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
        assert module == "pytest" or is_ours, (name, command)
    elif program == "cmake":
        presets = (ROOT / "CMakePresets.json").read_text()
        assert f'"{words[words.index("--preset") + 1]}"' in presets, (name, command)
    else:
        pytest.fail(f"{name}: no way is known to check {command!r}")
