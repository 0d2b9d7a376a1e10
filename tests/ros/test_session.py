"""A small session through the real command: interrupted, resumed, forged at, its processes killed."""

import shlex
import time
from pathlib import Path

import psutil
import pytest

pytest.importorskip("rclpy")

from policies.replay.episode_store import EpisodeStore
from robot.core.types import Outcome
from tests.ros.session_command import Nudge, stored_summary

pytestmark = [pytest.mark.ros, pytest.mark.slow, pytest.mark.timeout(300)]
DEMOS, ONLINE_STEPS = 3, 900  # long enough that the outsiders and the kills find it running
CONFIG = f"""
task: peg_insert_state
demos: {DEMOS}
online_steps: {ONLINE_STEPS}
eval_episodes: 4
eval_workers: 1
use_base: true
bc: {{train_steps: 40, warmup_steps: 5, widths: [16, 32], sampling_steps: 2}}
learner:
  warmup_steps: 40
  critic_only_updates: 10
  slack_updates: 20
  publish_every: 20
  checkpoint_every: 60
  residual: {{batch_size: 32, critics: 2, hidden: [32, 32], utd_ratio: 2}}
"""


class Story:
    """What happened to the session, in order; the tests look at one part each."""

    def __init__(self, folder: Path) -> None:
        self.run = folder / "run"
        config = folder / "tiny.yaml"
        config.write_text(CONFIG)
        self.arguments = ("train", "--config", str(config), "--run", str(self.run))
        self._interrupted()
        self._resumed()

    def _interrupted(self) -> None:
        nudge = Nudge(self.run, *self.arguments)
        try:
            nudge.until(lambda: nudge.rows("episode"))
            self.children, began = nudge.children(), time.monotonic()
            nudge.interrupt()
            self.interrupt_status, self.interrupt_err = nudge.ends(30), nudge.err
            self.interrupt_took_s = time.monotonic() - began
            self.survivors = [p for p in self.children if p.is_running()]
            self.demos_before = EpisodeStore(self.run / "episodes").ids()
        finally:
            nudge.close()

    def _resumed(self) -> None:
        nudge = Nudge(self.run, *self.arguments)
        try:
            nudge.until(lambda: (self.run / "logs" / "online-actor.log").exists())
            self.observed = nudge.outsider("observe")
            self.forged = nudge.outsider("forge")
            self.version_then = max(r["weights_version"] for r in nudge.rows("learner"))
            nudge.kill("learner")
            nudge.until(lambda: len(nudge.rows("restart")) == 1 and nudge.child("learner"))
            self._kill_actor_in_mid_episode(nudge)
            nudge.until(lambda: len(nudge.rows("restart")) == 2)
            self.status, self.err = nudge.ends(), nudge.err
            self.restarts = [r["node"] for r in nudge.rows("restart")]
            self.online = [r for r in nudge.rows("episode") if r["stage"] == "online"]
        finally:
            nudge.close()

    def _kill_actor_in_mid_episode(self, nudge: Nudge) -> None:
        def under_way() -> bool:
            journals = (self.run / "episodes" / "journal").glob("*")
            return any(p.stat().st_size > 5000 for p in journals)

        # Held still first: an episode takes half a second, and could end between a look and the kill.
        while True:
            nudge.until(under_way)
            actor = psutil.Process(nudge.until(lambda: nudge.child("actor")))
            actor.suspend()
            time.sleep(0.3)  # what it had sent is recorded
            if under_way():
                return nudge.kill("actor")
            actor.resume()


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(tmp_path_factory.mktemp("session"))


def test_ctrl_c_stops_everything_and_says_how_to_go_on(story):
    assert story.interrupt_status == 130
    assert story.interrupt_took_s < 12
    assert len(story.children) == 4
    assert not story.survivors
    assert f"Go on with: {shlex.join(['nudge', *story.arguments])}" in story.interrupt_err
    assert "Traceback" not in story.interrupt_err


def test_the_same_command_resumes_and_reaches_the_end(story):
    assert story.status == 0, story.err
    assert story.demos_before[0] == 0
    summary = stored_summary(story.run)
    assert summary["online_steps"] >= ONLINE_STEPS
    assert summary["episodes"] == 4
    assert "Traceback" not in story.err


def test_a_plain_ros_2_script_sees_the_graph_and_the_arm(story):
    assert story.observed == "joints 7\n"


def test_killed_learner_and_actor_are_restarted(story):
    assert story.restarts == ["learner", "actor"]
    assert story.online[-1]["weights_version"] > story.version_then


def test_every_step_is_stored_once_and_budgets_are_met(story):
    store = EpisodeStore(story.run / "episodes")
    episodes = store.read_all()
    assert not list((story.run / "episodes" / "journal").iterdir())
    assert [e.header.episode_id for e in episodes] == sorted({e.header.episode_id for e in episodes})
    demos = [e for e in episodes if e.header.mode == "demo" and e.success]
    assert len(demos) == DEMOS
    train = [e for e in episodes if e.header.mode == "train"]
    assert sum(map(len, train)) >= ONLINE_STEPS
    assert any(e.outcome is Outcome.ABORTED for e in train), "the killed actor's episode"
    for e in episodes:
        assert (e.stamp_ns[1:] - e.stamp_ns[:-1] == 100_000_000).all(), e.header


def test_forged_weights_are_refused_with_a_reason_and_control_goes_on(story):
    assert story.forged == "published 3\n"
    log = (story.run / "logs" / "online-actor.log").read_text()
    reasons = ("made for spec another rig", "the signature does not match", "is not finite")
    assert [log.count(f"refused: {r}") or r in log for r in reasons] == [1, 1, True]
    assert all(r["weights_version"] < 1000 for r in story.online)
    assert story.online[-1]["outcome"] != "aborted"


def test_camera_frames_are_plain_images(tmp_path):
    run, demos = tmp_path / "demos", 15  # enough that the outsider is there before the last
    nudge = Nudge(run, "demo", "--task", "peg_insert", "--demos", str(demos), "--run", str(run))
    try:
        assert nudge.outsider("image") == "rgb8 128 128\n"
        assert nudge.ends() == 0, nudge.err
        assert "nudge replay" in nudge.out
        episodes = [e for e in EpisodeStore(run / "episodes").read_all("demo") if e.success]
        assert len(episodes) == demos
        episode = episodes[0]
        assert episode.images["wrist"].shape == (len(episode) + 1, 128, 128, 3)
    finally:
        nudge.close()
