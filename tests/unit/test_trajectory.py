"""One episode's bookkeeping: what becomes a step, when it ends and how."""

from __future__ import annotations

import numpy as np
import pytest

from policies.senses import Sensed
from policies.trajectory import Trajectory
from robot.core.types import Action, Key, Label, Observation, Outcome, Reward, Source, Step


def action(t: int, source: Source = Source.POLICY) -> Action:
    return Action(t, np.full(2, t), np.full(2, t + 0.1), np.full(2, -0.1), source, weights_version=t)


def sensed(t: int, source: Source = Source.POLICY, **reward: bool) -> Sensed:
    """What is seen at t, after the action with the values 100 + t."""
    return Sensed(t, 3, action(100 + t, source), Reward(t, t / 10, **reward), Observation(t, {}), {})


def run(trajectory: Trajectory, *arrivals: Sensed) -> list[Step]:
    steps = []
    for now in arrivals:
        step = trajectory.arrive(now)
        steps += [step] if step else []
        if trajectory.outcome is None:
            trajectory.leave(now, action(now.stamp_ns))
    return steps


def test_a_step_joins_what_was_seen_before_with_what_was_executed_and_earned_after() -> None:
    first, second = run(Trajectory(3, 11, 9), sensed(0), sensed(1), sensed(2, Source.HUMAN))
    assert (first.step, first.observation.stamp_ns, first.action[0], first.reward) == (0, 0, 101, 0.1)
    assert (second.step, second.observation.stamp_ns, second.action[0], second.reward) == (1, 1, 102, 0.2)
    assert (second.base_action[0], second.proposed_action[0], second.weights_version) == (1.1, 1, 1)
    assert (first.is_intervention, second.is_intervention) == (False, True)
    assert (second.episode_id, second.discount, second.terminated, second.truncated) == (3, 1.0, False, False)


def test_success_terminates_and_is_worth_one() -> None:
    trajectory = Trajectory(3, 11, 9)
    last = run(trajectory, sensed(0), sensed(1), sensed(2, success=True))[-1]
    assert (last.terminated, last.truncated, last.discount, last.reward) == (True, False, 0.0, 1.0)
    end = trajectory.end(sensed(2), action(2))
    assert (end.outcome, end.steps, end.observation.stamp_ns) == (Outcome.SUCCESS, 2, 2)
    assert end.base_action[0] == pytest.approx(2.1)


def test_failure_terminates_without_bootstrap() -> None:
    trajectory = Trajectory(3, 11, 9)
    last = run(trajectory, sensed(0), sensed(1, failure=True))[-1]
    assert (trajectory.outcome, last.terminated, last.discount) == (Outcome.FAILURE, True, 0.0)


def test_the_time_limit_only_truncates() -> None:
    trajectory = Trajectory(3, 11, 2)
    steps = run(trajectory, sensed(0), sensed(1), sensed(2))
    assert [s.truncated for s in steps] == [False, True]
    assert (steps[-1].terminated, steps[-1].discount, trajectory.outcome) == (False, 1.0, Outcome.TIME_LIMIT)


def test_success_in_the_last_step_counts() -> None:
    trajectory = Trajectory(3, 11, 1)
    run(trajectory, sensed(0), sensed(1, success=True))
    assert trajectory.outcome is Outcome.SUCCESS


@pytest.mark.parametrize(
    ("key", "outcome", "terminated"),
    [
        (Key.SUCCESS, Outcome.SUCCESS, True),
        (Key.FAILURE, Outcome.FAILURE, True),
        (Key.STOP, Outcome.ABORTED, False),
    ],
)
def test_a_key_ends_the_episode_with_the_step_in_flight(key: Key, outcome: Outcome, terminated: bool) -> None:
    trajectory = Trajectory(3, 11, 9)
    run(trajectory, sensed(0))
    trajectory.press(key)
    (step,) = run(trajectory, sensed(1))
    assert trajectory.outcome is outcome
    assert (step.terminated, step.truncated) == (terminated, not terminated)
    assert (step.discount, step.reward) == (
        float(not terminated),
        {Key.SUCCESS: 1.0, Key.FAILURE: 0.0}.get(key, 0.1),
    )


def test_a_key_that_judges_nothing_leaves_the_verdict_alone() -> None:
    trajectory = Trajectory(3, 11, 9)
    trajectory.press(Key.CLEAR)
    assert len(run(trajectory, sensed(0), sensed(1))) == 1
    assert trajectory.outcome is None
    trajectory.press(Key.SUCCESS)
    trajectory.press(Key.CLEAR)
    trajectory.arrive(sensed(2))
    assert trajectory.outcome is Outcome.SUCCESS


def test_it_counts_what_a_person_drove_and_how_often_control_changed() -> None:
    trajectory = Trajectory(3, 11, 9)
    who = [Source.RESET, Source.POLICY, Source.HUMAN, Source.HUMAN, Source.POLICY, Source.HUMAN]
    run(trajectory, *(sensed(t, source) for t, source in enumerate(who)))
    tally = trajectory.tally
    assert (trajectory.steps, tally.interventions, tally.handovers) == (5, 3, 3)
    assert tally.total_reward == pytest.approx(0.1 + 0.2 + 0.3 + 0.4 + 0.5)


def test_what_a_plan_drove_is_counted_and_is_no_handover() -> None:
    trajectory = Trajectory(3, 11, 9)
    who = [Source.RESET, Source.POLICY, Source.GUIDE, Source.GUIDE, Source.POLICY, Source.GUIDE, Source.HUMAN]
    run(trajectory, *(sensed(t, source) for t, source in enumerate(who)))
    tally = trajectory.tally
    assert (tally.guided, tally.interventions, tally.handovers) == (3, 1, 1)


def test_labels_find_their_observations_however_late_they_come() -> None:
    trajectory = Trajectory(3, 11, 9)
    run(trajectory, sensed(0, Source.RESET), sensed(1, Source.RESET))  # two looks, one first observation
    assert trajectory.labelled([]) is None
    run(trajectory, sensed(2), sensed(3))
    late = trajectory.labelled([Label(0.1, 5), Label(0.2, 5), Label(0.3, 5)])
    assert late is not None
    assert (late.episode_id, late.steps.tolist(), late.plan.tolist()) == (3, [0, 1], [5, 5])
    np.testing.assert_allclose(late.dense, [0.2, 0.3])
    assert trajectory.labelled([Label(0.4, 5)]) is None  # of the newest, which goes with its own step
    (step,) = run(trajectory, sensed(4))
    assert (step.step, step.label) == (2, Label(0.4, 5))
    assert trajectory.labelled([Label(0.5, 5)]) is None
    assert trajectory.end(sensed(4), action(4)).label == Label(0.5, 5)


def test_labels_without_a_plan_need_not_be_told_late() -> None:
    trajectory = Trajectory(3, 11, 9)
    run(trajectory, sensed(0), sensed(1))
    assert trajectory.labelled([Label(), Label()]) is None
