"""The classifier at work: one verdict a control step, from what is seen and felt in it. No clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from policies.rewards.classifier import stored as folders
from policies.rewards.classifier.calibration import probability
from policies.rewards.classifier.head import head_size, logits
from policies.rewards.classifier.inputs import Inputs
from policies.rewards.classifier.stored import StoredClassifier


class Verdict(NamedTuple):
    """Of one control step."""

    probability: float  # calibrated, that this frame shows a success; NaN where the maps hold a NaN
    success: bool  # the gate has let it through: the episode is done


class SuccessClassifier:
    """Judges a stream of steps: success once ``held_steps`` frames in a row pass both tests.

    A frame passes if its probability reaches the threshold and the arm's state is in the box of the
    successes it was trained on. Making one compiles the network, which takes about a second: not in the loop.
    """

    def __init__(self, stored: StoredClassifier) -> None:
        self.stored = stored
        self._in_a_row = 0
        shapes = (stored.inputs.features, stored.inputs.state)
        self.step(*({name: np.zeros(s, np.float32) for name, s in kind.items()} for kind in shapes))
        self.begin()

    @classmethod
    def load(cls, folder: Path, inputs: Inputs | None = None) -> SuccessClassifier:
        """From `nudge reward train`'s folder, for a rig that sees ``inputs``; None: the one it was made for.

        Raises:
            StoreError: no classifier there, or a damaged one.
            SpecMismatch: it was trained for another rig or another trunk.
        """
        return cls(folders.load(folder, inputs))

    def begin(self) -> None:
        """A new episode: nothing has passed yet."""
        self._in_a_row = 0

    def step(self, features: Mapping[str, np.ndarray], state: Mapping[str, np.ndarray]) -> Verdict:
        """The verdict on one observation: camera -> map [h, w, c], name -> state vector [n].

        Raises:
            SpecMismatch: a camera or a state vector is missing or misshapen.
        """
        s = self.stored
        maps = {camera: m[None] for camera, m in s.inputs.maps(features).items()}
        flat = s.inputs.flat_state(state)
        logit = logits(s.model, head_size(s.config), maps, flat[None])
        p = float(probability(logit, s.temperature)[0])
        passes = p >= s.threshold and bool(s.box.contains(flat))
        self._in_a_row = self._in_a_row + 1 if passes else 0
        return Verdict(p, self._in_a_row >= s.config.held_steps)
