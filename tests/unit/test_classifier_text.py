"""The measurement in words and numbers, also where something is not defined."""

import json

import numpy as np

from policies.rewards.classifier.curve import Counts
from policies.rewards.classifier.measuring import Measured
from robot.session.classifier_text import numbers, table


def measured(frames: Counts, episodes: Counts) -> Measured:
    return Measured(2, 20, frames, episodes, (frames,), (episodes,), ece_raw=0.03, ece=0.01)


def test_the_table_says_how_many_of_how_many_and_how_sure():
    text = table(measured(Counts(0.5, 9, 1, 10, 500), Counts(0.5, 8, 0, 10, 1000)))
    frame, gated = text.splitlines()[2:4]
    assert "9/10 90.0% [60%, 98%]" in frame
    assert "2.00 [0.35, 11.24]" in frame
    assert gated.startswith("gated, 2 frames held")
    assert "8/8 100.0%" in gated
    assert "0.00 [0.00, 3.83]" in gated


def test_what_is_not_defined_is_none_in_words_and_null_in_json():
    nothing = Counts(0.5, 0, 0, 0, 300)
    assert np.isnan(nothing.recall)
    assert table(measured(nothing, nothing)).count("none") == 4
    told = json.loads(json.dumps(numbers(measured(nothing, nothing)), allow_nan=False))
    assert (told["gated"]["recall"], told["gated"]["false_per_1000"]) == (None, 0.0)
