"""Writes what src/metrics/scene_reader.cpp needs: templates, colours and limits of reader.py.

python experiments/mini/export_reader.py --output models/mini-judge
python experiments/mini/export_reader.py --new-shape --output models/mini-personal
"""

import argparse
import json
from pathlib import Path

import numpy as np
from new_shape import known_shapes
from reader import CLEARANCE, FARTHEST, LEAST_AREA, LEAST_CONTRAST, LEAST_OVERLAP, templates
from scenes import BACKGROUNDS, COLOURS

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "models" / "mini-judge")
    parser.add_argument(
        "--new-shape", action="store_true", help="with the shape that new_shape.py teaches"
    )
    args = parser.parse_args()
    folder = args.output
    folder.mkdir(parents=True, exist_ok=True)
    shapes = known_shapes() if args.new_shape else templates()
    names = {
        "templates": [{"shape": shape, "size": size} for shape, size, _ in shapes],
        "colours": COLOURS,
        "backgrounds": BACKGROUNDS,
        "least_contrast": LEAST_CONTRAST,
        "least_area": LEAST_AREA,
        "least_overlap": LEAST_OVERLAP,
        "farthest": FARTHEST,
        "clearance": CLEARANCE,
    }
    (folder / "scene_reader.json").write_text(json.dumps(names, indent=1) + "\n")
    masks = np.stack([mask for _, _, mask in shapes]).astype(np.uint8)
    np.savez_compressed(folder / "scene_reader.npz", templates=masks)


if __name__ == "__main__":
    main()
