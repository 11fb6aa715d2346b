"""The paper's numbers (paper.yaml) and which run of ours each of them belongs to."""

from functools import cache
from pathlib import Path

import yaml

TEXT_TO_IMAGE = "text_to_image"  # of the paper's tasks, that of most of its tables


@cache
def numbers() -> dict:
    """The content of paper.yaml."""
    return yaml.safe_load(Path(__file__).with_name("paper.yaml").read_text(encoding="utf-8"))


def paper_steps() -> int:
    """Sampling steps of the paper's Tables 5 and 14."""
    return numbers()["num_steps"]


def key_sets(num_steps: int) -> dict[str, tuple[int, ...]]:
    """The paper's key sets by name, rescaled to `num_steps` by order -> floor(order * S / 50), as
    downward counts.
    """
    total = paper_steps()
    scaled = {}
    for row in numbers()["table5"]:
        if "keys" in row:
            orders = {(total - key) * num_steps // total for key in row["keys"]}
            scaled[row["strategy"]] = tuple(num_steps - order for order in sorted(orders))
    return scaled


def key_set_name(keys: tuple[int, ...], num_steps: int, hint: str = "") -> str:
    """Name of the paper's set with these key steps ("" if none); `hint` (a run's name) decides
    between equal sets, and alone when the key steps are not known.
    """
    parts = hint.replace("-", "_").split("/")
    names = [name for name, of_paper in key_sets(num_steps).items() if keys in (of_paper, ())]
    hinted = [name for name in names if name in parts]
    return (hinted or (names if keys else []) or [""])[0]


def table5() -> dict[str, dict]:
    """Rows of Table 5 by key set, with `speedup` and `work_ratio` (GFLOPs of the full run / of this
    one) computed.
    """
    rows = {row["strategy"]: dict(row) for row in numbers()["table5"]}
    for row in rows.values():
        row["speedup"] = rows["full"]["unet_s"] / row["unet_s"]
        row["work_ratio"] = rows["full"]["gflops"] / row["gflops"]
    return rows


def table14() -> dict[str, dict]:
    """Rows of Table 14 by our name of the strategy."""
    return {row["strategy"]: dict(row) for row in numbers()["table14"]}


def paper_row(strategy: str, key_set: str) -> dict:
    """The paper's numbers for a strategy with one of its key sets; {} where it prints none."""
    if strategy == "full":
        return table5()["full"]
    if strategy == "encoder":
        return table5().get(key_set, {})
    return table14().get(strategy, {}) if key_set == "non_uniform_IV" else {}
