"""The recorder node: messages in any order a broken actor sends them, and a disk that refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policies.recorder import RecorderNode
from policies.replay.episode_store import EpisodeStore
from robot.core.errors import StoreError
from robot.core.topics import EXPERIENCE, Topic
from robot.core.types import Outcome, Status
from tests.unit.counting_episode import end, header, mark, step


class Bench:
    """A recorder with its statuses kept."""

    def __init__(self, root: Path) -> None:
        self.statuses: list[Status] = []
        self.store = EpisodeStore(root)
        self.node = RecorderNode(root)
        self.node.publish = self._keep
        self.node.start()

    def send(self, *messages: Any) -> None:
        for message in messages:
            self.node.on(EXPERIENCE, message)

    def _keep(self, topic: Topic, message: Status) -> None:
        self.statuses.append(message)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "store")
    yield bench
    bench.node.close()


def test_an_episode_is_stored_and_reported(bench: Bench) -> None:
    bench.send(header(0), step(0, 0), step(0, 1), end(0, 2, Outcome.SUCCESS))
    assert bench.store.read(0).success
    values = [(s.values["steps"], s.values["finalised"]) for s in bench.statuses]
    assert values == [(0, 0), (1, 0), (2, 0), (2, 1)]
    assert bench.statuses[-1].stamp_ns == mark(0, 2)


def test_repeated_headers_and_steps_change_nothing(bench: Bench) -> None:
    bench.send(header(0), step(0, 0), header(0), step(0, 0), step(0, 1), end(0, 2), header(0), end(0, 2))
    assert len(bench.store.read(0)) == 2
    assert (bench.store.ids(), bench.node.failed) == ([0], False)


def test_a_new_header_ends_the_open_episode(bench: Bench) -> None:
    bench.send(header(0), step(0, 0), step(0, 1), header(1), step(1, 0), end(1, 1))
    assert bench.store.read(0).outcome is Outcome.ABORTED
    assert (len(bench.store.read(0)), len(bench.store.read(1))) == (1, 1)
    assert [s.values["episode_id"] for s in bench.statuses if s.values["finalised"]] == [0, 1]


def test_closing_stores_the_open_episode(bench: Bench) -> None:
    bench.send(header(0), step(0, 0), step(0, 1))
    bench.node.close()
    assert len(bench.store.read(0)) == 1


def test_a_restarted_recorder_does_not_join_the_rest(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.send(header(0), step(0, 0), step(0, 1))
    bench.node.close()
    again = Bench(bench.store.layout.root)
    again.send(header(0), step(0, 2), step(0, 3), end(0, 4), header(1), step(1, 0), end(1, 1))
    assert (len(again.store.read(0)), again.store.ids()) == (1, [0, 1])
    assert sum("ignored" in m for m in caplog.messages) == 1
    again.node.close()


@pytest.mark.parametrize("bad", [step(0, 5), end(0, 9)])
def test_a_lost_step_stops_recording_once(bench: Bench, bad: Any, caplog: pytest.LogCaptureFixture) -> None:
    bench.send(header(0), step(0, 0), bad, step(0, 1), header(1), step(1, 0), end(1, 1))
    assert bench.node.failed
    assert bench.statuses[-1].values["failed"] == 1
    assert "episode 0" in bench.statuses[-1].text
    assert sum("recording stopped" in m for m in caplog.messages) == 1
    assert bench.store.ids() == []


def test_a_number_taken_by_another_episode_is_an_error_not_a_repeat(bench: Bench) -> None:
    bench.send(header(0, "demo"), step(0, 0), end(0, 1), header(0, "train"))
    assert bench.node.failed
    assert "already in" in bench.statuses[-1].text


def test_two_recorders_on_one_store(bench: Bench) -> None:
    with pytest.raises(StoreError, match="another process"):
        Bench(bench.store.layout.root)
