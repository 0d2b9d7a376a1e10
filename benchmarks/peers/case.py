"""What every learner is given alike: the sizes of one update."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One size of problem, on one number of threads."""

    critics: int
    cameras: int
    batch: int
    critic_updates: int  # K: a full update is K critic updates, then one actor update
    state_size: int
    action_size: int
    image_size: int  # pixels, square
    one_thread: bool  # one core and one thread, or all there are
