"""Spectra of pictures and latents: at which frequencies a run takes or adds power, and whether
prior noise injection gives back what propagation took.

A spectrum is the power of the two-dimensional Fourier transform of a picture less its mean (no
window), averaged over rings of equal frequency and over channels (pictures: luminance, ITU-R 601).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.files import open_result
from analysis.load import Results

LUMINANCE = (0.299, 0.587, 0.114)
HIGH = 0.25  # [cycles a pixel] half of the highest frequency along an axis: above it lies texture
NUM_RESAMPLES = 1000
FEWEST = 2  # pictures for an interval


@dataclass
class Spectra:
    """Of pictures or of latents. R runs, P pictures, F frequencies."""

    frequencies: np.ndarray  # [F] cycles a pixel
    power: np.ndarray  # [R, P, F]
    high_share: np.ndarray  # [R, P] share of the power above HIGH

    def ratio(self, run: int, baseline: int) -> np.ndarray:
        """[3, F]: mean power over the baseline's, the ends of its 95% interval over pictures."""
        own, other = self.power[run], self.power[baseline]
        chosen = _resamples(len(own))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = own[chosen].mean(axis=1) / other[chosen].mean(axis=1)
            middle = own.mean(axis=0) / other.mean(axis=0)
        return np.stack([middle, *np.quantile(ratios, [0.025, 0.975], axis=0)])


def spectra(results: Results) -> dict[str, Spectra]:
    """ "pictures" and "latents" of the file, those that are there; nothing of random weights."""
    if results.full is None or int(results.attributes.get("synthetic", 0) or 0):
        return {}
    found = {}
    with open_result(results.path) as file:
        for name, dataset in (("pictures", "pictures/images"), ("latents", "pictures/latents")):
            if dataset not in file or 0 in file[dataset].shape:
                continue
            runs = [_of_run(file[dataset][run]) for run in range(len(results.runs))]
            frequencies = runs[0][0]
            found[name] = Spectra(
                frequencies, np.stack([run[1] for run in runs]), np.stack([run[2] for run in runs])
            )
    return {name: one for name, one in found.items() if len(one.frequencies) > 1}


def _of_run(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of [P, h, w, 3] uint8 or [P, c, h, w]."""
    if values.dtype == np.uint8:
        values = (values @ np.array(LUMINANCE))[:, None]
    return radial_power(values.astype(np.float64))


def radial_power(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """images [P, c, h, w] -> frequencies [F] (cycles a pixel), power [P, F] and the share [P] of
    all power that lies above HIGH. Ring k holds what is nearest to k / min(h, w) cycles a pixel;
    what lies beyond the highest frequency along an axis (the corners) counts for the share alone.
    NaN where a picture is of one colour.
    """
    height, width = images.shape[-2:]
    centred = images - images.mean(axis=(-2, -1), keepdims=True)
    power = (np.abs(np.fft.fft2(centred)) ** 2).mean(axis=1) / (height * width)
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])
    side = min(height, width)
    rings = np.rint(radius * side).astype(int)
    count = side // 2
    sums = np.stack([power[:, rings == k].mean(axis=-1) for k in range(1, count + 1)], axis=-1)
    total = power.sum(axis=(-2, -1))
    high = power[:, radius > HIGH].sum(axis=-1)
    share = np.divide(high, total, out=np.full(len(total), np.nan), where=total > 0)
    return np.arange(1, count + 1) / side, sums, share


def high_frequencies(results: Results, found: Spectra) -> pd.DataFrame:
    """One row a run: name, share of the power at high frequencies (mean over pictures), difference
    to the run that it is compared with (in share, paired by picture) with low and high (95%), and
    restored: where a run injects prior noise and another is the same without it, the part of what
    that one had lost that came back (NaN elsewhere, and where nothing was lost).
    """
    names = list(results.runs["name"])
    rows = []
    for run, name in enumerate(names):
        partner = _compared_with(results, run)
        row = {"name": name, "share": float(np.nanmean(found.high_share[run]))}
        row |= {"difference": np.nan, "low": np.nan, "high": np.nan, "restored": np.nan}
        if partner not in (None, run):
            pairs = found.high_share[run] - found.high_share[partner]
            row["difference"] = float(np.nanmean(pairs))
            if np.isfinite(pairs).sum() >= FEWEST:
                pairs = pairs[np.isfinite(pairs)]
                means = pairs[_resamples(len(pairs))].mean(axis=1)
                row["low"], row["high"] = np.quantile(means, [0.025, 0.975])
        rows.append(row)
    table = pd.DataFrame(rows)
    for run, plain in _injections(results):
        lost = table["difference"].iloc[plain]
        if lost < 0 and table["high"].iloc[plain] < 0:
            gained = table["difference"].iloc[run] - lost
            table.loc[run, "restored"] = gained / -lost
    return table


def _compared_with(results: Results, run: int) -> int | None:
    names = list(results.runs["name"])
    partner = (
        str(results.runs["compared_with"].iloc[run]) if "compared_with" in results.runs else ""
    )
    return names.index(partner) if partner in names else results.full


def _injections(results: Results) -> list[tuple[int, int]]:
    """(run with prior noise, the run that is the same without it)."""
    same = ("strategy", "key_steps", "num_steps", "sampler", "execution", "strategy_options")
    runs = results.runs
    if "noise_injection_alpha" not in runs or not set(same) <= set(runs.columns):
        return []
    plans = [tuple(runs[column].iloc[run] for column in same) for run in range(len(runs))]
    injects = runs["noise_injection_alpha"] > 0
    return [
        (run, plain)
        for run in np.flatnonzero(injects)
        for plain in np.flatnonzero(~injects)
        if plans[run] == plans[plain]
    ]


def _resamples(count: int) -> np.ndarray:
    """[NUM_RESAMPLES, count] places drawn with replacement, always the same."""
    return np.random.default_rng(0).integers(0, count, size=(NUM_RESAMPLES, count))
