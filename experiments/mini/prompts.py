"""Writes a prompt file: captions that training never saw, each with its scene.

    python experiments/mini/prompts.py --count 1000 --output configs/prompts/full_1000.json

Captions are distinct. There are only about 860 held-out one-object captions, so very long lists
hold more pictures of two and three objects than the training distribution does.
"""

import argparse
import json
from pathlib import Path

from scenes import scenes

PROMPT_SEED = 20_000_000  # training uses small seeds; captions are disjoint in any case


def prompt_list(count: int, seed: int) -> list[dict]:
    """`count` distinct held-out captions with their scenes."""
    found: dict[str, dict] = {}
    for scene in scenes(seed, want_held_out=True):
        found.setdefault(scene.caption(), scene.to_json())
        if len(found) == count:
            break
    return [{"caption": caption, "scene": scene} for caption, scene in found.items()]


def write(path: Path, name: str, seed: int, prompts: list[dict]) -> None:
    """One prompt per line, so that a difference between two lists is readable."""
    lines = ",\n".join("    " + json.dumps(prompt, separators=(", ", ": ")) for prompt in prompts)
    head = f'{{\n  "name": {json.dumps(name)},\n  "seed": {seed},\n  "prompts": [\n'
    path.write_text(f"{head}{lines}\n  ]\n}}\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--name", help="default: the stem of the output file")
    parser.add_argument("--seed", type=int, default=PROMPT_SEED)
    args = parser.parse_args()
    name = args.name or args.output.stem
    write(args.output, name, args.seed, prompt_list(args.count, args.seed))


if __name__ == "__main__":
    main()
