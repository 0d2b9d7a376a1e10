"""The replay buffer against a slow loop, and what may be drawn from where."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.replay.assemble import assemble
from policies.replay.batch import Batch
from policies.replay.buffer import ReplayBuffer
from policies.replay.episode import Episode
from policies.replay.rows import Rows, rows_within
from robot.core.errors import SpecMismatch, StoreError
from robot.core.spec import ActionSpec, ObservationSpec, RigSpec
from robot.core.types import Outcome, Source, Step
from tests.unit.counting_episode import SPEC, draw, end, header, mark, step

GAMMA = 0.9


def buffer(n_step: int = 1, capacity: int = 1000, seed: int = 0) -> ReplayBuffer:
    return ReplayBuffer(SPEC, capacity, GAMMA, n_step, seed)


def episode(episode_id: int, length: int, mode: str = "train", sources: Sequence[Source] = ()) -> Episode:
    chosen = [*sources, *[Source.POLICY] * length][:length]
    steps = [step(episode_id, t, source=s, reward=float(t)) for t, s in enumerate(chosen)]
    return assemble(header(episode_id, mode), steps, end(episode_id, length))


def marks(batch: Batch) -> np.ndarray:
    return batch.state[:, 0].astype(int)


def look_ahead(steps: list[Step], start: int, n: int) -> tuple[float, float, int]:
    """The slow reference: reward, discount and the observation to bootstrap from."""
    reward, discount, t = 0.0, 1.0, start
    while t < len(steps) and t < start + n:
        reward += discount * steps[t].reward
        discount *= GAMMA * steps[t].discount
        t += 1
        taken_over = t < len(steps) and steps[t].source is Source.HUMAN is not steps[start].source
        guided = t < len(steps) and (steps[start].source, steps[t].source) == (Source.POLICY, Source.GUIDE)
        if steps[t - 1].terminated or taken_over or guided:
            break
    return reward, discount, t


recorded = st.lists(
    st.tuples(
        st.lists(st.tuples(st.floats(-1, 1, width=32), st.sampled_from(Source)), min_size=1, max_size=9),
        st.booleans(),  # terminated
        st.booleans(),  # added step by step
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60)
@given(recorded, st.integers(1, 5))
def test_n_step_equals_the_slow_loop(episodes: list, n: int) -> None:
    replay, steps = buffer(n), {}
    for i, (plan, terminated, whole) in enumerate(episodes):
        last = len(plan) - 1
        steps[i] = [
            step(i, t, reward=r, source=s, terminated=terminated and t == last)
            for t, (r, s) in enumerate(plan)
        ]
        records = [header(i), *steps[i], end(i, len(plan))]
        for record in [assemble(header(i), steps[i], end(i, len(plan)))] if whole else records:
            replay.add(record)
    starts = {
        mark(i, t)
        for i in steps
        for t, s in enumerate(steps[i])
        if s.source in (Source.POLICY, Source.HUMAN, Source.GUIDE)
    }
    assert len(replay) == len(starts)
    if not starts:
        return
    batch = draw(replay, 64)
    assert set(marks(batch)) <= starts
    for row, value in enumerate(marks(batch)):
        i, t = divmod(int(value), 100)
        reward, discount, after = look_ahead(steps[i], t, n)
        assert batch.reward[row] == pytest.approx(reward, abs=1e-5)
        assert batch.discount[row] == pytest.approx(discount, abs=1e-6)
        if discount:
            assert batch.next_state[row, 0] == mark(i, after)


@pytest.mark.parametrize("whole", [True, False])
def test_what_a_plan_drove_to_a_success_is_a_lesson_and_no_demonstration(whole: bool) -> None:
    replay = buffer(n_step=2)
    guided = [Source.POLICY, Source.GUIDE, Source.GUIDE, Source.POLICY]
    for number, outcome in ((3, Outcome.SUCCESS), (4, Outcome.FAILURE)):
        steps = [step(number, t, source=s, reward=float(t)) for t, s in enumerate([*guided, Source.POLICY])]
        last = end(number, 5, outcome)
        records = [assemble(header(number), steps, last)] if whole else [header(number), *steps, last]
        for record in records:
            replay.add(record)
    batch = draw(replay, 200)
    at = marks(batch) - mark(3, 0)
    assert (((at == 1) | (at == 2)) == batch.shown[:, 0].T).all()
    assert (marks(batch) > mark(4, 0)).any()
    assert not batch.is_expert.any()
    # After 0 the plan took over: that step is not of the sample.
    assert ((at == 1) == batch.shown[:, 1].T).all()


def test_every_field_comes_from_its_own_step() -> None:
    replay = buffer(n_step=2)
    replay.add_episode(episode(3, 6, sources=[Source.HUMAN] * 2))
    batch = draw(replay, 200, 0.5)
    value = marks(batch)
    after = np.minimum(value + 2, mark(3, 6))
    assert (batch.state == [1, 1, -1, -1, -1] * value[:, None]).all()
    assert (batch.action == value[:, None]).all()
    last = value == mark(3, 5)  # of six steps: the second of its two is not there
    assert (batch.actions[:, 0] == value[:, None]).all()
    assert (batch.actions[:, 1] == np.where(last, 0, value + 1)[:, None]).all()
    assert (batch.whole == ~last).all()
    assert (batch.base_action == value[:, None] + 0.5).all()
    assert (batch.next_state[:, 0] == after).all()
    assert (batch.next_base_action == after[:, None] + 0.5).all()
    assert (batch.features["wrist"][:, 0, 0, 0] == value).all()
    assert (batch.next_features["wrist"][:, 1, 1, 3] == after).all()
    assert batch.features["wrist"].dtype == np.float16
    assert ((value < mark(3, 2)) == batch.shown[:, 0].T).all()
    assert batch.is_expert.tolist() == [True] * 100 + [False] * 100
    assert (value[:100] < mark(3, 2)).all()
    assert (value[100:] >= mark(3, 2)).any()


@pytest.mark.parametrize("takeover_fails", [False, True])
def test_a_rescue_does_not_excuse_what_led_to_it(takeover_fails: bool) -> None:
    replay = ReplayBuffer(SPEC, 1000, GAMMA, 3, takeover_fails=takeover_fails)
    policy, human = [Source.POLICY] * 3, [Source.HUMAN] * 2
    replay.add_episode(episode(0, 7, sources=[*policy, *human, *policy]))
    batch = draw(replay, 300, 0.0)
    rows = {int(t): i for i, t in enumerate(marks(batch))}
    # From 0, 1 and 2 up to the hand-over at 3; from the person's 3 and 4 the full three steps.
    assert [batch.next_state[rows[t], 0] for t in range(5)] == [3, 3, 3, 6, 7]
    spans = [3, 2, 1, 3, 3]
    left = [0.0 if takeover_fails and t < 3 else GAMMA ** spans[t] for t in range(5)]
    assert [batch.discount[rows[t]] for t in range(5)] == pytest.approx(left)
    assert batch.reward[rows[1]] == pytest.approx(1 + GAMMA * 2)


def test_who_is_expert_and_who_is_online() -> None:
    replay = buffer()
    replay.add_episode(episode(0, 5, "demo"))
    odd = [Source.HUMAN, Source.RESET, Source.HOLD]
    replay.add_episode(episode(1, 5, "train", odd))
    assert replay.counts == (5 + 1, 3, 2)
    assert len(replay) == 8
    assert not set(marks(draw(replay, 500))) & {mark(1, 1), mark(1, 2)}


def test_an_empty_half_is_filled_from_the_other() -> None:
    with pytest.raises(StoreError, match="empty"):
        draw(buffer(), 4)
    demos, online = buffer(), buffer()
    demos.add_episode(episode(0, 5, "demo"))
    online.add_episode(episode(0, 5, "train"))
    assert draw(demos, 8, 0.25).is_expert.all()
    assert not draw(online, 8, 0.25).is_expert.any()


def test_eval_is_refused() -> None:
    with pytest.raises(StoreError, match="eval"):
        buffer().add_episode(episode(0, 3, "eval"))


def test_what_does_not_fit_the_spec_is_named() -> None:
    other = RigSpec(ObservationSpec({"q": (9,), "tcp": (3,)}), ActionSpec(SPEC.action.arms))
    with pytest.raises(SpecMismatch, match=r"q got \(2,\), want \(9,\)"):
        ReplayBuffer(other, 100, GAMMA).add_episode(episode(0, 3))


def test_an_open_episode_can_be_drawn_up_to_its_last_seen_observation() -> None:
    replay = buffer(n_step=3)
    replay.add(header(0))
    for t in range(4):
        replay.add(step(0, t))
        assert len(replay) == t
    batch = draw(replay, 100)
    assert batch.next_state[:, 0].max() == mark(0, 3)
    replay.add(episode(1, 2))  # the open one was never ended
    assert len(replay) == 3 + 2
    with pytest.raises(StoreError, match="episode 0"):
        replay.add(step(0, 4))


def test_an_episode_cut_off_ends_at_the_observation_already_there() -> None:
    replay = buffer()
    for record in (header(0), step(0, 0), step(0, 1), end(0, 1)):
        replay.add(record)
    assert marks(draw(replay, 10)).tolist() == [0] * 10


def test_a_full_buffer_drops_the_oldest_online_and_keeps_demonstrations() -> None:
    replay = buffer(n_step=3, capacity=20)
    replay.add_episode(episode(0, 4, "demo"))
    for i in range(1, 10):  # the eighth goes round the end of the arrays
        replay.add_episode(episode(i, 5))
        assert set(marks(draw(replay, 100, 1.0))) <= {0, 1, 2, 3}
    batch = draw(replay, 500, 0.0)
    ids, after = marks(batch) // 100, batch.next_state[:, 0] // 100
    assert set(ids) == {7, 8, 9}  # 15 rows hold two whole episodes and the end of a third
    assert (after == ids).all()
    assert replay.counts.online <= 15


def test_too_small_a_buffer_says_so() -> None:
    replay = buffer(capacity=8)
    replay.add_episode(episode(0, 4, "demo"))
    with pytest.raises(StoreError, match=r"raise learner\.memory_gb"):
        replay.add_episode(episode(1, 4, "demo"))


def test_one_seed_one_sequence() -> None:
    def drawn(seed: int) -> list[int]:
        replay = buffer(seed=seed)
        replay.add_episode(episode(0, 50))
        return marks(draw(replay, 20)).tolist()

    assert drawn(1) == drawn(1) != drawn(2)


def test_a_memory_budget_is_kept() -> None:
    spec = RigSpec(ObservationSpec({"q": (31,)}, {}, {"wrist": (8, 8, 32)}), SPEC.action)
    count = rows_within(0.01, spec)
    taken = [v for v in vars(Rows(spec, count)).values() if isinstance(v, np.ndarray | dict)]
    used = sum(a.nbytes for v in taken for a in (v.values() if isinstance(v, dict) else [v]))
    assert 0.009e9 < used <= 0.01e9
    assert rows_within(1e6, spec) == 1_000_000


def test_insert_and_sample_are_fast() -> None:
    cameras = {"wrist": (8, 8, 112), "side": (8, 8, 112)}
    spec = RigSpec(ObservationSpec({"q": (2,), "tcp": (3,)}, {}, cameras), SPEC.action)
    features = {k: np.zeros((41, *s), np.float16) for k, s in cameras.items()}
    one = episode(0, 40)
    wide = Episode(**{**vars(one), "features": features})
    replay = ReplayBuffer(spec, 50_000, GAMMA, 3)
    assert best(lambda: replay.add_episode(wide)) < 0.005
    assert best(lambda: draw(replay, 256)) < 0.015


def best(call: Callable[[], object]) -> float:
    times = []  # of this thread's own work, so that a busy machine does not matter
    for _ in range(7):
        before = time.thread_time()
        call()
        times.append(time.thread_time() - before)
    return min(times)
