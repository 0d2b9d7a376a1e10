"""Which frames the success classifier learns from, and that no start is on two sides of its split."""

from dataclasses import replace

import numpy as np
import pytest

from policies.replay.episode import Episode
from policies.rewards.classifier.config import ClassifierConfig
from policies.rewards.classifier.inputs import inputs_of
from policies.rewards.classifier.labels import LabelledEpisode, labelled
from policies.rewards.classifier.split import split
from robot.core.errors import ConfigError, NudgeError, SpecMismatch
from robot.core.spec import ObservationSpec
from robot.core.types import Outcome, Source
from tests.unit.classifier_toys import INPUTS, toy_episode

CONFIG = ClassifierConfig(margin_steps=2, last_steps=3, before_steps=2, hard_weight=4.0)


def judged(episode: Episode, config: ClassifierConfig = CONFIG) -> LabelledEpisode:
    made = labelled(episode, INPUTS, config)
    assert made is not None
    return made


def test_only_the_last_frame_of_a_success_is_one_and_its_margin_teaches_nothing():
    assert judged(toy_episode(0, steps=5)).label.tolist() == [0, 0, 0, -1, -1, 1]


def test_without_a_margin_the_frame_before_a_success_is_none():
    config = replace(CONFIG, margin_steps=0)
    assert judged(toy_episode(0, steps=3), config).label.tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("outcome", [Outcome.FAILURE, Outcome.TIME_LIMIT])
def test_no_frame_of_a_failure_is_a_success_and_its_last_ones_weigh_more(outcome):
    made = judged(toy_episode(0, outcome, steps=5))
    assert made.label.tolist() == [0] * 6
    assert made.weight.tolist() == [1, 1, 1, 4, 4, 4]


def test_a_cut_off_episode_teaches_nothing_because_nobody_judged_it():
    assert labelled(toy_episode(0, Outcome.ABORTED), INPUTS, CONFIG) is None


def test_frames_in_and_just_before_an_intervention_weigh_more_but_a_demonstration_is_none():
    source = np.full(12, Source.POLICY, np.int8)
    source[5:7] = Source.HUMAN
    practice = replace(toy_episode(0, Outcome.TIME_LIMIT, mode="train"), source=source)
    assert judged(practice).weight.tolist() == [1, 1, 1, 4, 4, 4, 4, 1, 1, 1, 4, 4, 4]
    demo = replace(practice, header=replace(practice.header, mode="demo"))
    assert judged(demo).weight.tolist() == [1] * 10 + [4] * 3


def test_a_split_keeps_a_start_whole_and_both_kinds_on_every_side():
    kinds = [Outcome.SUCCESS, Outcome.TIME_LIMIT]
    # Two evaluations met every start: the base failed where the final policy did not.
    episodes = [judged(toy_episode(i % 12, kinds[i % 2 if i < 12 else 1])) for i in range(24)]
    parts = split(episodes, CONFIG)
    sides = [{e.start for e in part} for part in (parts.train, parts.tune, parts.held_out)]
    assert sorted(map(len, sides)) == [2, 4, 6]
    assert set.union(*sides) == {e.start for e in episodes}
    assert sum(map(len, sides)) == 12
    for part in (parts.train, parts.tune, parts.held_out):
        assert {e.success for e in part} == {True, False}


def test_a_split_depends_on_the_seed_alone():
    episodes = [judged(toy_episode(i, Outcome(i % 2))) for i in range(20)]

    def held_out(seed: int, order: int) -> set[str]:
        return {e.start for e in split(episodes[::order], replace(CONFIG, seed=seed)).held_out}

    assert held_out(0, 1) == held_out(0, -1)
    assert held_out(0, 1) != held_out(1, 1)


def test_too_few_failures_are_refused_with_the_next_step():
    episodes = [judged(toy_episode(i, Outcome.SUCCESS if i > 1 else Outcome.FAILURE)) for i in range(9)]
    with pytest.raises(NudgeError, match=r"2 starts failed, want at least 3.*nudge eval RUN"):
        split(episodes, CONFIG)


def test_privileged_state_is_never_an_input_and_a_task_without_cameras_is_refused():
    spec = ObservationSpec({"arm/position": (3,), "privileged/socket": (9,)}, {}, {"wrist": (2, 2, 4)})
    assert list(inputs_of("peg", spec, "trunk").state) == ["arm/position"]
    with pytest.raises(SpecMismatch, match="'peg' has no cameras"):
        inputs_of("peg", replace(spec, features={}), "trunk")


def test_another_camera_is_refused_by_name():
    with pytest.raises(SpecMismatch, match="features 'wrist': missing, got \\['front'\\]"):
        INPUTS.maps({"front": np.zeros((2, 2, 4))})


def test_every_mistake_in_the_settings_is_told():
    with pytest.raises(ConfigError) as error:
        ClassifierConfig(held_steps=0, positive_share=1.0, hard_weight=0.5, held_out_share=0.8)
    assert len(error.value.problems) == 4
