"""Spectra of known patterns, and what the report makes of them."""

import numpy as np
import pandas as pd
import pytest

from analysis.load import Results
from analysis.spectra import HIGH, Spectra, high_frequencies, radial_power


def waves(frequency: int, side: int = 32, amplitude: float = 1.0) -> np.ndarray:
    """[1, 1, side, side]: a cosine along x of `frequency` cycles over the picture."""
    x = np.arange(side)
    line = amplitude * np.cos(2 * np.pi * frequency * x / side) + 5
    return np.tile(line, (side, 1))[None, None]


@pytest.mark.parametrize("frequency", [1, 4, 8, 15])
def test_a_wave_has_its_power_at_its_frequency(frequency):
    frequencies, power, share = radial_power(waves(frequency, amplitude=3))
    ring = np.argmin(np.abs(frequencies - frequency / 32))
    assert frequencies[ring] == frequency / 32
    assert power[0].argmax() == ring
    others = np.delete(power[0], ring)
    assert others.max() < 1e-20 * power[0, ring] + 1e-20
    # Parseval: the power of all coefficients is the sum of squares, 32 * 32 * 3^2 / 2.
    radius = np.hypot(np.fft.fftfreq(32)[:, None], np.fft.fftfreq(32)[None, :])
    members = (np.rint(radius * 32) == frequency).sum()
    assert power[0, ring] * members == pytest.approx(32 * 32 * 9 / 2)
    assert share[0] == pytest.approx(1.0 if frequency / 32 > HIGH else 0.0, abs=1e-12)


def test_white_noise_is_flat():
    noise = np.random.default_rng(0).normal(size=(64, 2, 32, 32))
    frequencies, power, share = radial_power(noise)
    radius = np.hypot(np.fft.fftfreq(32)[:, None], np.fft.fftfreq(32)[None, :])
    # A coefficient's power has the standard deviation 1; of a real picture half of them are free.
    free = np.array([(np.rint(radius * 32) == k).sum() for k in range(1, 17)]) / 2 * 64 * 2
    assert (np.abs(power.mean(axis=0) - 1) < 4 / np.sqrt(free)).all()
    assert share.mean() == pytest.approx((radius > HIGH).mean(), abs=0.01)


def test_a_picture_of_one_colour_has_no_share():
    _, power, share = radial_power(np.full((1, 1, 8, 8), 7.0))
    assert np.isnan(share[0]) and power.max() == 0


def test_pictures_that_are_not_square():
    frequencies, power, _ = radial_power(np.random.default_rng(1).normal(size=(2, 1, 16, 24)))
    assert frequencies.tolist() == [k / 16 for k in range(1, 9)]
    assert power.shape == (2, 8) and np.isfinite(power).all()


def made(shares: dict[str, list[float]], alphas: dict[str, float]) -> tuple[Results, Spectra]:
    """Runs with these shares in each picture; equal but for the injected noise."""
    names = list(shares)
    runs = pd.DataFrame({"name": names, "compared_with": "full", "execution": "sequential"})
    runs["strategy"] = ["full" if name == "full" else "encoder" for name in names]
    runs["noise_injection_alpha"] = [alphas.get(name, 0.0) for name in names]
    for column in ("key_steps", "num_steps", "sampler", "strategy_options"):
        runs[column] = "x"
    empty = pd.DataFrame()
    results = Results(None, {}, runs, empty, empty, empty, 0)
    share = np.array(list(shares.values()))
    return results, Spectra(np.array([0.1, 0.4]), np.ones((*share.shape, 2)), share)


def test_differences_are_paired_and_injection_is_told_what_it_gave_back():
    rng = np.random.default_rng(2)
    full = 0.2 + 0.1 * rng.random(16)  # pictures differ far more than runs do
    results, found = made(
        {
            "full": list(full),
            "e": list(full - 0.02 + 0.001 * rng.normal(size=16)),
            "e_noise": list(full - 0.005),
        },
        {"e_noise": 0.003},
    )
    table = high_frequencies(results, found).set_index("name")
    assert table.loc["e", "difference"] == pytest.approx(-0.02, abs=0.001)
    assert table.loc["e", "low"] < -0.02 < table.loc["e", "high"] < -0.018
    assert table.loc["e_noise", "restored"] == pytest.approx(0.75, abs=0.02)
    assert table.loc[["full", "e"], "restored"].isna().all()
    assert np.isnan(table.loc["full", "difference"])


def test_nothing_is_given_back_where_nothing_was_lost():
    results, found = made(
        {"full": [0.2, 0.3, 0.25], "e": [0.21, 0.29, 0.25], "n": [0.3, 0.4, 0.35]}, {"n": 0.1}
    )
    assert high_frequencies(results, found)["restored"].isna().all()


def test_the_ratio_is_of_means_with_a_band_over_pictures():
    power = np.ones((2, 8, 3))
    power[1, :, 2] = np.linspace(0.4, 0.6, 8)
    middle, low, high = Spectra(np.arange(3), power, np.ones((2, 8))).ratio(1, 0)
    assert middle.tolist() == pytest.approx([1, 1, 0.5])
    assert low[2] < 0.5 < high[2] and low[2] > 0.4 and high[2] < 0.6
    assert low[0] == high[0] == 1
