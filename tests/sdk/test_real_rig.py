"""A whole `nudge demo` over ROS 2 on a rig of real drivers, with a camera that goes in mid-episode."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("franka")

from policies.replay.episode_store import EpisodeStore
from policies.replay.journal import read_journal
from policies.tasks import TASKS
from robot.core.types import Outcome, Source, Step
from robot.session.rigs import load_rig
from tests.ros.session_command import Nudge
from tests.sdk.franka_sim import start_franka_sim
from tests.sdk.real_rig import Video, write_rig
from tests.sdk.terminal import Terminal

pytestmark = [pytest.mark.ros, pytest.mark.slow, pytest.mark.timeout(300)]
CAMERAS = ("wrist", "front")


class Story:
    """What happened: an episode cut off by a lost camera, then one that a person led to success."""

    def __init__(self, folder: Path, host: str, terminal: Terminal) -> None:
        self.rig, self._terminal = folder / "cell.yaml", terminal
        videos = {c: Video(folder / f"{c}.avi") for c in CAMERAS}
        write_rig(self.rig, host, {c: v.path for c, v in videos.items()}, terminal.name)
        run = folder / "run"
        self.store = EpisodeStore(run / "episodes")
        self.seen: list[Step] = []  # of the last episode, while it went on
        self._nudge = Nudge(
            run, "demo", "--rig", str(self.rig), "--task", "peg_insert", "--demos", "1", "--run", str(run)
        )
        try:
            self._until(self._steps)
            with terminal.held("f"):
                self._until(lambda: len(self._steps()) > 5)
                self.cut = self.store.layout.journal_ids()[-1]
                videos["front"].pull()
                self._until(lambda: self.cut in self.store.ids())
                self.held = self._nudge.outsider("hold")
            videos["front"].plug_in()
            self._succeed()
            self.status, self.err, self.out = self._nudge.ends(60), self._nudge.err, self._nudge.out
        finally:
            self._nudge.close()

    @property
    def outcomes(self) -> list[Outcome]:
        return [c.outcome for c in self.store.cards("demo")]

    def _succeed(self) -> None:
        """Lead the arm down in an episode until a good part of it is done, and call it a success."""
        while Outcome.SUCCESS not in self.outcomes:
            self._until(self._steps)
            with self._terminal.held("f"):
                self._until(lambda: len(self._steps()) > 20 or not self._steps())
            if self._steps():
                self._terminal.press("y")
                self._until(lambda: not self._steps())

    def _steps(self) -> list[Step]:
        """Of the episode in progress."""
        journals = [self.store.layout.journal(i) for i in self.store.layout.journal_ids()]
        try:
            messages = [m for j in journals for m in read_journal(j).messages]
        except FileNotFoundError:  # finished meanwhile
            return []
        steps = [m for m in messages if isinstance(m, Step)]
        self.seen = steps or self.seen
        return steps

    def _until(self, condition: Callable[[], Any]) -> None:
        def tried() -> Any:
            if not self._steps():
                self._terminal.press("x")  # the scene is set: the arm may go to its start
            return condition()

        self._nudge.until(tried)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    sim, terminal = start_franka_sim(gripper_object_width=0.04), Terminal()
    try:
        yield Story(tmp_path_factory.mktemp("rig"), sim.host, terminal)
    finally:
        sim.kill()
        terminal.close()


@pytest.fixture
def episode(story: Story):
    return story.store.read(max(story.store.ids()))


def test_the_session_ends_with_its_demonstration(story: Story) -> None:
    assert story.status == 0, story.err
    assert story.outcomes[-1] is Outcome.SUCCESS
    assert "Traceback" not in story.err


def test_a_camera_lost_in_mid_episode_cuts_it_off_and_holds_the_arm(story: Story) -> None:
    assert story.store.card(story.cut).outcome is Outcome.ABORTED
    assert len(story.store.read(story.cut)) > 5
    held, strayed_rad = story.held.split(", strayed ")
    assert held == "held"
    assert float(strayed_rad) < 0.02  # two seconds of keys would be 0.2


def test_the_arm_went_where_the_keys_asked(episode) -> None:
    human = episode.source == Source.HUMAN
    assert human.sum() > 10
    down = TASKS.load("peg_insert").action.arms[0].axes.index("z")  # the tool points down
    assert (episode.action[human, down] > 0).any()
    way = episode.state["arm/position"][-1] - episode.state["arm/position"][0]
    assert way[2] > 0.02
    np.testing.assert_allclose(way[:2], 0.0, atol=0.005)


def test_no_step_saw_an_old_frame(story: Story) -> None:
    oldest_s = {c: r.max_age_s for c, r in load_rig(story.rig).cameras.items()}
    assert story.seen
    for step in story.seen:
        assert all(step.observation.age_s[c] <= oldest_s[c] for c in CAMERAS)


@pytest.mark.parametrize("camera", CAMERAS)
def test_both_cameras_are_in_the_store(episode, camera: str) -> None:
    images = episode.images[camera]
    assert images.shape == (len(episode) + 1, 128, 128, 3)
    assert images.std(axis=(1, 2, 3)).min() > 10
    assert len(np.unique(images.reshape(len(images), -1)[:, :64], axis=0)) > 2  # it plays


def test_the_header_says_who_and_where(story: Story, episode) -> None:
    assert episode.header.operator not in ("", "simulated")
    assert episode.header.calibration == str(story.rig)
    assert load_rig(story.rig).arms["arm"].driver == "franka"
