"""What the replay says of the steps around a sample: the action before, the base's next ones, who drove."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from policies.replay.assemble import assemble
from policies.replay.batch import Batch
from policies.replay.buffer import ReplayBuffer
from policies.replay.episode import Episode
from robot.core.types import Source
from tests.unit.counting_episode import SPEC, draw, end, header, mark, step

P, H = Source.POLICY, Source.HUMAN


def episode(number: int, sources: Sequence[Source], mode: str = "train") -> Episode:
    steps = [step(number, t, source=s) for t, s in enumerate(sources)]
    return assemble(header(number, mode), steps, end(number, len(steps)))


def drawn(replay: ReplayBuffer, expert_fraction: float = 0.5) -> tuple[Batch, dict[int, int]]:
    """A large batch, and where in it each mark is."""
    batch = draw(replay, 600, expert_fraction)
    return batch, {int(value): i for i, value in enumerate(batch.state[:, 0])}


def test_the_action_before_is_of_the_same_episode_whoever_decided_it() -> None:
    replay = ReplayBuffer(SPEC, 100, 0.9, 2)
    replay.add_episode(episode(1, [H] * 3, "demo"))
    replay.add_episode(episode(2, [P, H, H, P, P]))
    for record in (header(3), step(3, 0), step(3, 1), step(3, 2)):  # still open
        replay.add(record)
    batch, at = drawn(replay)
    for value, i in at.items():
        first = value % 100 == 0
        assert batch.previous_action[i].tolist() == ([0, 0] if first else [value - 1, value - 1])
        # The next observation's: of the last step that led there, a person's where one took over.
        assert batch.next_previous_action[i, 0] == batch.next_state[i, 0] - 1
    assert {mark(1, 0), mark(2, 0), mark(2, 3), mark(3, 1)} <= set(at)


def test_the_ring_gives_no_other_episodes_action() -> None:
    replay = ReplayBuffer(SPEC, 20, 0.9, 2)
    replay.add_episode(episode(0, [H] * 4, "demo"))
    for number in range(1, 12):
        replay.add_episode(episode(number, [P] * 5))
        batch, at = drawn(replay)
        held = set(at)
        for value, i in at.items():
            known = value % 100 and value - 1 in held  # dropped where the ring has come round to it
            assert batch.previous_action[i, 0] == (value - 1 if known else 0)


def test_the_bases_actions_go_on_to_the_last_one_known() -> None:
    replay = ReplayBuffer(SPEC, 100, 0.9, 3)
    replay.add_episode(episode(1, [P, P, H, P]))
    batch, at = drawn(replay, 0.0)
    last = mark(1, 4)  # the final observation has a base action too
    for value, i in at.items():
        steps = np.minimum(value + np.arange(3), last) + 0.5
        assert batch.base_actions[i, :, 0].tolist() == steps.tolist()
        after = np.minimum(batch.next_state[i, 0] + np.arange(3), last) + 0.5
        assert batch.next_base_actions[i, :, 0].tolist() == after.tolist()


def test_each_step_says_whether_it_is_there_and_who_showed_it() -> None:
    replay = ReplayBuffer(SPEC, 100, 0.9, 3)
    replay.add_episode(episode(1, [P, P, H, H, P]))
    batch, at = drawn(replay)
    there = {0: "110", 1: "100", 2: "111", 3: "110", 4: "100"}  # up to a take-over, or the end
    shown = {0: "000", 1: "000", 2: "110", 3: "100", 4: "000"}
    for t in range(5):
        i = at[mark(1, t)]
        assert "".join(str(int(x)) for x in batch.present[i]) == there[t]
        assert "".join(str(int(x)) for x in batch.shown[i].all(-1)) == shown[t]
        assert not batch.actions[i][~batch.present[i]].any()
    demo = ReplayBuffer(SPEC, 100, 0.9, 3)
    demo.add_episode(episode(1, [P] * 4, "demo"))
    assert drawn(demo)[0].shown[:, 0].all()
