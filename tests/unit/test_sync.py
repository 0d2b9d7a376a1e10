"""Joining the messages of one control step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.senses import Senses
from policies.tasks import TASKS
from robot.core import topics
from robot.core.topics import EXECUTED, REWARD, Topic
from robot.core.types import Action, Image, Reward, RobotState
from robot.sync import StampSync


def send(sync: StampSync, *marks: str) -> list[list[float] | None]:
    """ "e3" is what EXECUTED carries at 3 ns; its value tells repeats apart."""
    out: list[list[float] | None] = []
    for n, mark in enumerate(marks):
        topic = EXECUTED if mark[0] == "e" else REWARD
        got: Any = sync.add(topic, Reward(int(mark[1:]), float(n)))
        out.append(got and [got[t.name].value for t in (EXECUTED, REWARD)])
    return out


def test_a_stamp_is_whole_once_every_topic_has_it_in_any_order() -> None:
    assert send(StampSync((EXECUTED, REWARD)), "e1", "r1", "r2", "e2") == [None, [0, 1], None, [3, 2]]


def test_interleaved_stamps_do_not_mix() -> None:
    assert send(StampSync((EXECUTED, REWARD)), "e1", "e2", "r1", "r2") == [None, None, [0, 2], [1, 3]]


def test_a_repeat_replaces_and_is_whole_once() -> None:
    assert send(StampSync((EXECUTED, REWARD)), "e1", "e1", "r1", "r1") == [None, None, [1, 2], None]


def test_what_is_older_than_a_whole_stamp_is_forgotten() -> None:
    assert send(StampSync((EXECUTED, REWARD)), "e1", "e2", "r2", "r1") == [None, None, [1, 2], None]


def test_only_the_newest_half_stamps_are_kept() -> None:
    sync = StampSync((EXECUTED, REWARD))
    assert send(sync, "e1", "e2", "e3", "e4", "e5", "r1")[-1] is None
    assert send(sync, "r3") == [[2, 0]]


def test_clear_forgets_halves_and_one_topic_is_always_whole() -> None:
    sync = StampSync((EXECUTED, REWARD))
    send(sync, "e1")
    sync.clear()
    assert send(sync, "r1") == [None]
    assert StampSync((REWARD,)).add(REWARD, Reward(9, 0.0)) is not None


FRONT, WRIST = topics.camera_image("front"), topics.camera_image("wrist")
MS = 1_000_000
LIMITS_MS = {FRONT: 50, WRIST: 30}


def sampled() -> StampSync:
    limits_s = {topic.name: limit * 1e-3 for topic, limit in LIMITS_MS.items()}
    return StampSync((EXECUTED, REWARD, *LIMITS_MS), limits_s)


def at(sync: StampSync, topic: Topic, ms: int) -> dict[str, int] | None:
    """Send a message stamped ``ms``; the stamps of the step it completed, by topic."""
    got: Any = sync.add(topic, Reward(ms * MS, 0.0))
    return got and {name: m.stamp_ns // MS for name, m in got.items()}


def step(ms: int, front: int, wrist: int) -> dict[str, int]:
    return {EXECUTED.name: ms, REWARD.name: ms, FRONT.name: front, WRIST.name: wrist}


def test_a_step_takes_the_newest_frames_at_or_before_it() -> None:
    sync = sampled()
    for topic, ms in ((FRONT, 80), (FRONT, 95), (FRONT, 105), (WRIST, 100), (WRIST, 101), (EXECUTED, 100)):
        assert at(sync, topic, ms) is None
    assert at(sync, REWARD, 100) == step(100, 95, 100)
    assert sync.stale_steps == 0


def test_one_frame_serves_two_steps_while_it_is_young_enough() -> None:
    sync = sampled()
    frames = [at(sync, FRONT, 95), at(sync, WRIST, 95), at(sync, EXECUTED, 100)]
    assert frames == [None, None, None]
    assert at(sync, REWARD, 100) == step(100, 95, 95)
    at(sync, EXECUTED, 125)
    assert at(sync, REWARD, 125) == step(125, 95, 95)
    at(sync, EXECUTED, 126)
    assert at(sync, REWARD, 126) is None  # 31 ms old: the wrist camera's is too old by one


def test_a_step_waits_for_a_frame_that_is_late() -> None:
    sync = sampled()
    for topic, ms in ((FRONT, 95), (EXECUTED, 100), (REWARD, 100), (FRONT, 110), (WRIST, 101)):
        assert at(sync, topic, ms) is None
    assert at(sync, WRIST, 70) == step(100, 95, 70)


def test_a_step_without_a_frame_is_given_up_and_says_which_camera_and_how_old() -> None:
    sync = sampled()
    for topic, ms in ((FRONT, 95), (WRIST, 58), (EXECUTED, 100), (REWARD, 100), (FRONT, 130)):
        assert at(sync, topic, ms) is None
    assert sync.stale_steps == 0  # 30 ms later it still waits
    at(sync, FRONT, 131)
    assert at(sync, WRIST, 90) is None
    assert sync.stale_steps == 1
    text = str(sync.stale)
    assert "step at 100000000 ns given up: /rig/camera/wrist/image: the newest frame is 42.0 ms old" in text
    assert "want at most 30 ms" in text
    assert "front" not in text


def test_a_whole_step_ends_the_wait_of_an_older_one() -> None:
    sync = sampled()
    for topic, ms in ((FRONT, 95), (EXECUTED, 100), (REWARD, 100), (EXECUTED, 110), (REWARD, 110)):
        assert at(sync, topic, ms) is None
    assert at(sync, WRIST, 98) == step(110, 95, 98)
    assert sync.stale_steps == 1
    assert at(sync, WRIST, 99) is None


def test_clear_forgets_frames_too() -> None:
    sync = sampled()
    for topic in (FRONT, WRIST, EXECUTED):
        at(sync, topic, 100)
    sync.clear()
    at(sync, EXECUTED, 100)
    assert at(sync, REWARD, 100) is None


def test_an_age_limit_for_a_topic_that_is_not_joined_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="max_age_s names"):
        StampSync((REWARD,), {FRONT.name: 0.1})


MESSAGES = st.lists(
    st.tuples(st.sampled_from([EXECUTED, REWARD, FRONT, WRIST]), st.integers(0, 40).map(lambda n: 5 * n)),
    max_size=60,
)


@given(MESSAGES)
@settings(max_examples=500, deadline=None)
def test_whatever_arrives_a_step_is_exact_fresh_and_never_from_the_future(
    messages: list[tuple[Topic, int]],
) -> None:
    """Out of order, reversed, dropped and repeated: every step that comes out keeps the promise."""
    sync = sampled()
    seen: dict[str, list[int]] = {}
    for topic, ms in messages:
        seen.setdefault(topic.name, []).append(ms)
        got = at(sync, topic, ms)
        if got is None:
            continue
        assert got[EXECUTED.name] == got[REWARD.name]
        for camera, limit in LIMITS_MS.items():
            oldest, newest = got[REWARD.name] - limit, got[REWARD.name]
            in_time = [f for f in seen[camera.name] if oldest <= f <= newest]
            assert got[camera.name] == max(in_time)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_real_cell_loses_only_the_steps_that_no_frame_was_in_time_for(data: st.DataObject) -> None:
    """Cameras at 30 and 60 Hz with dropped frames and jitter, arms at 10 Hz, all in order of arrival."""
    late = {topic: data.draw(st.integers(0, 25)) for topic in (EXECUTED, REWARD, FRONT, WRIST)}
    sent = [(t, ms) for t in (EXECUTED, REWARD) for ms in range(100, 1000, 100)]
    for camera, period in ((FRONT, 33), (WRIST, 17)):
        frames = range(data.draw(st.integers(0, 16)), 1100, period)
        kept = data.draw(st.lists(st.booleans(), min_size=len(frames), max_size=len(frames)))
        sent += [(camera, ms) for ms, keep in zip(frames, kept, strict=True) if keep]
    arrivals = sorted(sent, key=lambda m: (m[1] + late[m[0]], m[0].name))
    sync = sampled()
    whole = [got[REWARD.name] for topic, ms in arrivals if (got := at(sync, topic, ms))]
    possible = [
        s
        for s in range(100, 1000, 100)
        if all(any(s - limit <= f <= s for t, f in sent if t == c) for c, limit in LIMITS_MS.items())
    ]
    assert whole == possible


def test_senses_joins_cameras_by_age_and_reports_their_true_ages(caplog: pytest.LogCaptureFixture) -> None:
    task = TASKS.load("peg_insert")
    senses = Senses(task, None, dict.fromkeys(task.cameras, 0.05))
    zero, now = np.zeros(task.action.size, np.float32), 100 * MS
    for n, camera in enumerate(task.cameras):
        image = Image(now - (20 + n) * MS, camera, np.zeros((4, 4, 3), np.uint8))
        assert senses.add(topics.camera_image(camera), image) is None

    def control_step(stamp_ns: int) -> Any:
        v = np.zeros(6, np.float32)
        for arm in task.arms:
            state = RobotState(stamp_ns, arm, zero, zero, zero, np.eye(4), v, v, 0.04)
            senses.add(topics.arm_state(arm), state)
        senses.add(EXECUTED, Action(stamp_ns, zero, zero, zero))
        return senses.add(REWARD, Reward(stamp_ns, 0.0))

    seen = control_step(now).observation
    assert seen.stamp_ns == now
    ages = {camera: pytest.approx(0.020 + 0.001 * n) for n, camera in enumerate(task.cameras)}
    assert seen.age_s == {**dict.fromkeys(task.arms, 0.0), **ages}
    assert control_step(now + 100 * MS) is None
    control_step(now + 200 * MS)
    assert "given up: /rig/camera/" in caplog.text
