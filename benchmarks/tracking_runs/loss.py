"""What a tracker did while its object was hidden, and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.tracking_runs.follow import CLEAR, HIDDEN, Track

GOOD_M = 0.01  # a point further off is not recovered, and one given of a hidden object is wrong


@dataclass(frozen=True)
class Loss:
    """Of one film; steps are control steps of 0.1 s."""

    seed: int
    hidden_steps: int
    silent_after: int | None  # hidden steps until the first without a point
    lost_after: int | None  # until the tracker of every camera says lost
    false_steps: int  # hidden steps with a point all the same
    wrong_steps: int  # of those, more than 10 mm off
    recovered_after: int | None  # clear steps until a point less than 10 mm off
    wrong_after_steps: int  # clear steps after the cover with a point more than 10 mm off


def loss(track: Track) -> Loss:
    """The one time that the cube was hidden."""
    hidden = np.flatnonzero(track.shown < HIDDEN)
    after = np.arange(hidden[-1] + 1, len(track.shown))
    clear = after[track.shown[after] > CLEAR]
    given = np.isfinite(track.error_m)
    wrong = given & (np.nan_to_num(track.error_m) > GOOD_M)
    return Loss(
        track.seed,
        len(hidden),
        _first(~given[hidden]),
        _first(track.lost[hidden]),
        int(given[hidden].sum()),
        int(wrong[hidden].sum()),
        _first((given & ~wrong)[clear]),
        int(wrong[clear].sum()),
    )


def _first(flags: np.ndarray) -> int | None:
    return int(np.argmax(flags)) if flags.any() else None
