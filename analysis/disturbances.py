"""Rounds during which the machine did something else, named and never dropped."""

import numpy as np

from analysis.load import Results

STEAL = 0.01  # share of all cores' time that a hypervisor gave to others
OTHERS = 0.05  # share that other processes took
CLOCK = 0.05  # change of the processor's clock against the rounds' median


def disturbances(results: Results) -> list[str]:
    """A line for each disturbed round: its number and what was seen. Empty where nothing was, or
    where the file does not say.
    """
    facts = results.rounds
    lines: dict[int, list[str]] = {}
    for name, limit, text in (
        ("steal_share", STEAL, "{:.1%} of the cores' time was stolen by a hypervisor"),
        ("others_share", OTHERS, "other processes took {:.0%} of the cores' time"),
    ):
        values = facts.get(name, np.empty(0))
        for place in np.flatnonzero(values > limit):
            lines.setdefault(int(place), []).append(text.format(values[place]))
    clock = facts.get("processor_mhz", np.empty(0))
    if np.isfinite(clock).any():
        change = clock / np.nanmedian(clock) - 1
        for place in np.flatnonzero(np.abs(change) > CLOCK):
            text = f"the clock was {change[place]:+.0%} from the median"
            lines.setdefault(int(place), []).append(text)
    return [f"round {place + 1}: {'; '.join(said)}" for place, said in sorted(lines.items())]
