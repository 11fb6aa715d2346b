"""A result file as an xarray Dataset: every array with its named axes."""

from pathlib import Path

import h5py
import numpy as np
import xarray

from analysis.files import ResultError, open_result
from analysis.load import load


def dataset(path: str | Path) -> xarray.Dataset:
    """All arrays of the file by their path ("timing/unet_s", "features/mse") with the axes run,
    picture, kept_picture, step, block, layer and round, whose coordinates are names where there are
    names. Axes without a scale are called as the array and their place ("pictures/latents_2"), the
    second one of the same scale has its place behind it ("step_3"). Units and help are the
    variables' attributes, those of the file the dataset's. The table of runs
    is `load(path).runs`. Throws ResultError as `load` does.
    """
    load(path, max_images=0)  # says in one line what is wrong with a file
    variables, coordinates = {}, {}
    try:
        with open_result(Path(path)) as file:
            for name, scale in file["scale"].items():
                coordinates[name] = _plain(scale[:])

            def take(name: str, item: h5py.Dataset | h5py.Group) -> None:
                if isinstance(item, h5py.Dataset) and _is_array(name, item):
                    attributes = {key: item.attrs[key] for key in ("units", "help")}
                    variables[name] = (_axes(name, item), item[()], attributes)

            file.visititems(take)
            attributes = dict(file.attrs)
    except (KeyError, OSError) as error:
        raise ResultError(f"{path}: damaged ({' '.join(str(error).split())})") from error
    used = {axis for axes, _, _ in variables.values() for axis in axes}
    coordinates = {name: values for name, values in coordinates.items() if name in used}
    return xarray.Dataset(variables, coordinates, attributes)


def _is_array(name: str, item: h5py.Dataset) -> bool:
    return not name.startswith("scale/") and item.dtype.names is None and "help" in item.attrs


def _axes(name: str, item: h5py.Dataset) -> tuple[str, ...]:
    axes = []
    for place, axis in enumerate(item.dims):
        scales = axis.values()
        label = scales[0].name.rsplit("/", 1)[1] if scales else f"{name}_{place}"
        axes.append(f"{label}_{place}" if label in axes else label)
    return tuple(axes)


def _plain(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind in "SO":
        return np.array([v.decode() if isinstance(v, bytes) else v for v in values])
    return values
