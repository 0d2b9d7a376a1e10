"""The gate: k frames in a row, inside the box of the successes, and a NaN never passes."""

import numpy as np
import pytest

from policies.rewards.classifier.config import ClassifierConfig
from policies.rewards.classifier.gate import first_held, learn_box
from policies.rewards.classifier.labels import labelled
from robot.core.errors import NudgeError
from robot.core.types import Outcome
from tests.unit.classifier_toys import INPUTS, toy_episode

CONFIG = ClassifierConfig(box_margin=0.1)


@pytest.fixture
def box():
    episodes = [labelled(toy_episode(i), INPUTS, CONFIG) for i in range(5)]
    return learn_box([e for e in episodes if e is not None], INPUTS, CONFIG)


@pytest.mark.parametrize(
    ("passes", "held", "fires"),
    [([0, 1, 1, 1], 3, 3), ([1, 1, 0, 1, 1], 3, None), ([0, 1], 1, 1), ([1], 2, None), ([1, 0, 1, 1], 2, 3)],
)
def test_it_takes_k_frames_in_a_row(passes, held, fires):
    assert first_held(np.array(passes, bool), held) == fires


def test_the_box_holds_where_successes_end_and_not_where_they_begin(box):
    end = np.array([0.1, 0.2, -1.0, 0.0, 0.0], np.float32)
    assert box.contains(end)
    assert not box.contains(end + np.array([0, 0, 1.0, 0, 0], np.float32))


def test_what_changes_after_a_success_does_not_count_but_its_nan_does(box):
    end = np.array([0.1, 0.2, -1.0, 50.0, 0.0], np.float32)
    assert box.contains(end)  # the twist
    for i in range(5):
        broken = end.copy()
        broken[i] = np.nan
        assert not box.contains(broken)


def test_a_box_needs_a_success():
    failure = labelled(toy_episode(0, Outcome.FAILURE), INPUTS, CONFIG)
    assert failure is not None
    with pytest.raises(NudgeError, match="no success"):
        learn_box([failure], INPUTS, CONFIG)
