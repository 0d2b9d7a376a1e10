"""From labelled episodes to a finished classifier: split, train, calibrate, choose a threshold, measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from policies.rewards.classifier.calibration import fit_temperature
from policies.rewards.classifier.config import ClassifierConfig
from policies.rewards.classifier.curve import THRESHOLDS, choose, episode_counts
from policies.rewards.classifier.frames import frames_of
from policies.rewards.classifier.gate import learn_box
from policies.rewards.classifier.head import head_size, logits
from policies.rewards.classifier.inputs import Inputs
from policies.rewards.classifier.labels import LabelledEpisode
from policies.rewards.classifier.measuring import Measured, measure, score
from policies.rewards.classifier.split import Split, split
from policies.rewards.classifier.stored import StoredClassifier
from policies.rewards.classifier.training import Report, Trained, train


@dataclass(frozen=True)
class Made:
    """A classifier, how its training went, and how good it is on the episodes held out."""

    stored: StoredClassifier
    trained: Trained
    parts: Split
    held_out: Measured


def make_classifier(
    episodes: Sequence[LabelledEpisode], inputs: Inputs, config: ClassifierConfig, report: Report
) -> Made:
    """Nothing is fitted to the held-out episodes: temperature and threshold come from the tuning ones.

    Raises:
        NudgeError: too few successes or failures, or no threshold keeps the false positives low enough.
    """
    parts = split(episodes, config)
    train_on, tune_on = frames_of(parts.train), frames_of(parts.tune)
    trained = train(train_on, tune_on, config, report)
    logit = logits(trained.model, head_size(config), tune_on.features, tune_on.state)
    temperature = fit_temperature(logit, tune_on.positive)
    box = learn_box(parts.train, inputs, config)
    seen = tuple(sorted({e.start for e in (*parts.train, *parts.tune)}))
    stored = StoredClassifier(config, inputs, trained.model, box, temperature, 1.0, seen)
    stored = replace(stored, threshold=_threshold(stored, parts.tune))
    return Made(stored, trained, parts, measure(stored, parts.held_out))


def _threshold(stored: StoredClassifier, tune: Sequence[LabelledEpisode]) -> float:
    scored, c = score(stored, tune), stored.config
    curve = [episode_counts(scored, t, c.held_steps) for t in THRESHOLDS]
    return choose(curve, c.max_false_per_1000).threshold
