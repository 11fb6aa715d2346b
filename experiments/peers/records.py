"""The measurement as an fdbench result file (docs/results.md), as JSON and as a table."""

import datetime
import hashlib
import json
import os
import subprocess
from pathlib import Path

import h5py
import numpy as np

from experiments.peers.measure import Measurement, speedup
from experiments.peers.methods import PEER_BY_NAME
from experiments.peers.worker import program

BASELINE, EAGER = "full", "diffusers"
DEFAULTS = {"text": "", "int64": -1, "float64": np.nan, "bool": False}
SCALES = {"R": "run", "G": "stage", "P": "picture", "S": "step", "N": "round"}


def run_records(measured: Measurement, facts: dict, num_steps: int) -> list[dict]:
    """One row of /runs a method. fdbench's own come from the program; of a peer that runs the same
    layers as one of them the counts are taken from there, of the others nothing is counted.
    """
    known = {row["name"]: row for row in facts["runs"]}
    records = []
    for run, name in enumerate(measured.names):
        record = dict(known[name]) if name in known else _peer_record(name, known, num_steps)
        record |= _times(measured, run)
        if measured.unit == "call":
            record |= {"num_steps": 1, "layers_run": -1, "layers_total": -1, "multiply_adds": -1}
        else:
            error = (measured.made[name].double() - measured.made[BASELINE].double()) ** 2
            record |= {"num_pictures": 1, "latent_mse_to_full": error.mean().item()}
        records.append(record)
    full = known[BASELINE]["multiply_adds"]
    for record in records:
        if record.get("multiply_adds", -1) > 0:
            record["multiply_adds_ratio"] = full / record["multiply_adds"]
    return records


def _peer_record(name: str, known: dict, num_steps: int) -> dict:
    told = dict(PEER_BY_NAME[name].record)
    twin = known.get(told.pop("like", None), {})
    counted = ("layers_run", "layers_total", "multiply_adds", "key_steps", "num_key_steps")
    shared = {key: twin[key] for key in counted if key in twin}
    fixed = {"name": name, "execution": "sequential", "sampler": "ddim", "num_steps": num_steps}
    return fixed | shared | told | {"max_parallel": 0, "noise_injection_alpha": 0.0}


def _times(measured: Measurement, run: int) -> dict:
    """Medians, and speedups over the baseline."""
    base, row = measured.names.index(BASELINE), {"num_rounds": measured.total_s.shape[1]}
    for part in ("unet", "total"):
        seconds = getattr(measured, f"{part}_s")
        median, low, high = speedup(seconds, run, base)
        row |= {f"{part}_s": float(np.median(seconds[run])), f"{part}_speedup": median}
        row |= {f"{part}_speedup_low": low, f"{part}_speedup_high": high}
    row["unet_calls"] = row["step_calls"] = int(measured.unet_calls[run, -1])
    return row


def summary(measured: Measurement, skipped: dict[str, str], settings: dict) -> dict:
    """What is printed and written as JSON. Ratios are speedups: above 1 the method is faster."""
    rows = []
    for run, name in enumerate(measured.names):
        row = {"name": name, "seconds": measured.total_s[run].tolist()}
        row |= {"unet_seconds": measured.unet_s[run].tolist()}
        row["median_s"] = float(np.median(measured.total_s[run]))
        for key, reference in (("over_fdbench_full", BASELINE), ("over_diffusers", EAGER)):
            if reference in measured.names:
                ratio, low, high = measured.ratios(name, reference)
                difference = measured.difference(name, reference)
                row[key] = {"ratio": ratio, "interval": [low, high], "difference": difference}
        rows.append(row)
    agreement = None
    if EAGER in measured.names:
        agreement = measured.difference(BASELINE, EAGER)
    return {
        "settings": settings,
        "fdbench_full_differs_from_diffusers": agreement,
        "methods": rows,
        "skipped": skipped,
    }


def table(result: dict) -> str:
    """The summary for a terminal."""
    settings = result["settings"]
    unit = {"latent": "s/latent", "call": "s/call"}[settings["unit"]]
    lines = [["method", unit, "speedup over fdbench full", "over diffusers", "difference"]]
    for row in result["methods"]:
        cells = [row["name"], f"{row['median_s']:.4f}"]
        cells += [_ratio_text(row.get(key)) for key in ("over_fdbench_full", "over_diffusers")]
        compared = row.get("over_diffusers")
        lines.append([*cells, f"{compared['difference']:.1e}" if compared else ""])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    text.append(
        f"\nmedian of {settings['rounds']} interleaved rounds, [95% bootstrap interval];"
        " difference: largest, to diffusers eager, over its largest value"
    )
    text += [f"skipped: {name}: {reason}" for name, reason in result["skipped"].items()]
    return "\n".join(text)


def _ratio_text(ratio: dict | None) -> str:
    if ratio is None:
        return ""
    low, high = ratio["interval"]
    shown = f"{ratio['ratio']:.3f}"
    return shown if np.isnan(low) else f"{shown} [{low:.3f}, {high:.3f}]"


def write_file(path: Path, measured: Measurement, facts: dict, result: dict) -> None:
    """Writes the HDF5 file under a temporary name and renames it."""
    schema = _schema()
    settings = result["settings"]
    records = run_records(measured, facts, settings["steps"])
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        with h5py.File(temporary, "w") as file:
            _write_attributes(file, facts, result, schema)
            _write_runs(file, records, schema["runs"])
            _write_prompts(file, settings)
            _write_arrays(file, measured, facts, schema["datasets"])
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, result: dict) -> None:
    """The summary; what is not a number, such as the interval of a single round, becomes null."""
    path.write_text(json.dumps(_without_nan(result), indent=2) + "\n")


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _schema() -> dict:
    command = [str(program()), "schema", "--format", "json"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def _write_attributes(file: h5py.File, facts: dict, result: dict, schema: dict) -> None:
    settings = result["settings"]
    flat = {key: str(value) for key, value in settings.items()}
    text = json.dumps(flat, sort_keys=True)
    created = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    attributes = facts["provenance"] | {
        "format": schema["format"],
        "schema_version": schema["schema_version"],
        "name": "peers",
        "config": json.dumps(settings, indent=2),
        "config_path": "",
        "settings": text,
        "config_hash": hashlib.sha256(text.encode()).hexdigest()[:32],
        "device": "cpu",
        "num_threads": facts["threads"],
        "model": settings["model"],
        "weights_hash": facts["weights_hash"],
        "num_parameters": facts["num_parameters"],
        "guidance_scale": settings["guidance"],
        "seed": settings["seed"],
        "dtype": settings["dtype"],
        "detail": "block",
        "created": created,
        "peers": json.dumps(_without_nan(result)),
    }
    for name, value in attributes.items():
        file.attrs[name] = value


def _write_runs(file: h5py.File, records: list[dict], fields: list[dict]) -> None:
    """Texts are as long as the longest, as the program writes them."""
    rows = [
        tuple(_value(record.get(field["name"]), field["type"]) for field in fields)
        for record in records
    ]
    types = []
    for column, field in enumerate(fields):
        longest = max((len(row[column]) for row in rows), default=0) if _is_text(field) else 0
        kinds = {"text": _text_type(longest), "int64": "i8", "float64": "f8", "bool": "?"}
        types.append((field["name"], kinds[field["type"]]))
    dataset = file.create_dataset("runs", data=np.array(rows, dtype=types))
    dataset.attrs["units"] = [field["unit"] for field in fields]
    dataset.attrs["help"] = [field["help"] for field in fields]


def _text_type(length: int) -> np.dtype:
    """UTF-8 of fixed length; HDF5 does not convert from h5py's own type S, which is ASCII."""
    return h5py.string_dtype("utf-8", max(length, 1))


def _is_text(field: dict) -> bool:
    return field["type"] == "text"


def _value(value: object, kind: str) -> object:
    value = DEFAULTS[kind] if value is None else value
    return str(value).encode() if kind == "text" else value


def _write_prompts(file: h5py.File, settings: dict) -> None:
    caption = settings["prompt"].encode()
    types = [("index", "i8"), ("seed", "i8"), ("caption", _text_type(len(caption)))]
    file.create_dataset("prompts", data=np.array([(0, settings["seed"], caption)], dtype=types))


def _write_arrays(file: h5py.File, measured: Measurement, facts: dict, datasets: list) -> None:
    arrays = {
        "/timing/unet_s": measured.unet_s,
        "/timing/total_s": measured.total_s,
        "/timing/order": measured.order,
        "/timing/unet_calls": measured.unet_calls,
    }
    if measured.unit == "latent":
        made = [measured.made[name].numpy() for name in measured.names]
        arrays["/timesteps"] = np.array([[facts["timesteps"][0]]] * len(made))  # one stage
        arrays["/pictures/latents"] = np.stack(made)
        errors = [((latent - made[0]) ** 2).mean() for latent in made]
        arrays["/pictures/latent_mse_to_full"] = np.array(errors)[:, None]
    _write_scales(file, measured, arrays)
    for info in datasets:
        if info["name"] not in arrays:
            continue
        dataset = file.create_dataset(info["name"], data=arrays[info["name"]], dtype=info["type"])
        dataset.attrs["units"], dataset.attrs["help"] = info["unit"], info["help"]
        for place, axis in enumerate(info["axes"]):
            if axis in SCALES and f"scale/{SCALES[axis]}" in file:
                dataset.dims[place].attach_scale(file[f"scale/{SCALES[axis]}"])


def _write_scales(file: h5py.File, measured: Measurement, arrays: dict) -> None:
    values = {"round": np.arange(measured.total_s.shape[1])}
    names = [name.encode() for name in measured.names]
    values["run"] = np.array(names, dtype=_text_type(max(map(len, names))))
    if "/timesteps" in arrays:
        steps = arrays["/timesteps"].shape[-1]
        values |= {"picture": np.arange(1), "stage": np.arange(1), "step": np.arange(steps)}
    for name, data in values.items():
        file.create_dataset(f"scale/{name}", data=data).make_scale(name)
