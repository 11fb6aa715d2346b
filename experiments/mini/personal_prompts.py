"""Writes a prompt file of scenes with the new shape, for the personalised models.

    python experiments/mini/personal_prompts.py --count 16 --output configs/prompts/personal.json
    python experiments/mini/personal_prompts.py --count 1000 --word x \
        --output results/dreambooth_1000.json

Captions are distinct and held out. In scenes the shape is always `TOKEN`, the scene reader's name
of it (models/mini-personal/scene_reader.json).
"""

import argparse
from pathlib import Path

from new_shape import TOKEN, caption_with, new_scenes
from prompts import write

SEED = 80_000_000  # training and evaluation draw other scenes


def prompt_list(count: int, word: str) -> list[dict]:
    """`count` captions with `word` for the shape, with their scenes."""
    found: dict[str, dict] = {}
    for scene in new_scenes(SEED, want_held_out=True):
        found.setdefault(caption_with(scene, word), scene.to_json())
        if len(found) == count:
            break
    return [{"caption": caption, "scene": scene} for caption, scene in found.items()]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--word", default=TOKEN, help=f"for the shape (default: {TOKEN})")
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()
    write(args.output, args.output.stem, SEED, prompt_list(args.count, args.word))


if __name__ == "__main__":
    main()
