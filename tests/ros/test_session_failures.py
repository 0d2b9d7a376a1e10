"""What a session survives, and how it says that it cannot go on: over ROS 2, demonstrations alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("psutil")

from policies.replay.episode_store import EpisodeStore
from tests.ros.session_command import ROOT, Nudge

pytestmark = [pytest.mark.ros, pytest.mark.slow]


def demo(run: Path, count: int, task: str = "peg_insert_state", **environment: str) -> Nudge:
    return Nudge(run, "demo", "--task", task, "--demos", str(count), "--run", str(run), **environment)


@pytest.mark.parametrize("environment", [{"MUJOCO_GL": "osmesa"}, {"MUJOCO_EGL_DEVICE_ID": "99"}])
def test_missing_gl_is_one_message(tmp_path, environment):
    nudge = demo(tmp_path / "run", 1, "peg_insert", **environment)
    try:
        assert nudge.ends(60) == 2
        assert nudge.err.count("the twin cannot draw its cameras") == 1
        assert "Traceback" not in nudge.err
        assert not nudge.rows("restart")
    finally:
        nudge.close()


def test_killed_cell_teleop_and_recorder_take_the_graph_with_them_and_nothing_is_lost(tmp_path):
    nudge = demo(tmp_path / "run", 8)
    try:
        for number, process in enumerate(("cell", "teleop", "recorder"), start=1):
            nudge.until(lambda n=number: len(nudge.rows("episode")) >= n)
            nudge.kill(process)
            nudge.until(lambda n=number: len(nudge.rows("restart")) == n)
        assert nudge.ends(90) == 0, nudge.err
    finally:
        nudge.close()
    assert [r["node"] for r in nudge.rows("restart")] == ["cell", "teleop", "recorder"]
    episodes = EpisodeStore(tmp_path / "run" / "episodes").read_all()
    assert sum(e.success for e in episodes) == 8
    for e in episodes:
        assert (e.stamp_ns[1:] - e.stamp_ns[:-1] == 100_000_000).all(), e.header


def test_a_damaged_episode_is_told_in_one_line_and_replaced(tmp_path):
    run = tmp_path / "run"
    first = demo(run, 2)
    assert first.ends(60) == 0, first.err
    victim = run / "episodes" / "episodes" / "00000000.zarr" / "zarr.json"
    victim.write_bytes(victim.read_bytes()[:-20])
    listed = subprocess_nudge("replay", str(run))
    assert "damaged" in listed.stdout
    shown = subprocess_nudge("replay", str(run), "--episode", "0")
    assert (shown.returncode, shown.stderr.count("\n")) == (2, 1), shown.stderr
    again = demo(run, 2)
    assert again.ends(60) == 0, again.err
    assert again.err.count("00000000.zarr is damaged") == 1
    assert [c.header.episode_id for c in EpisodeStore(run / "episodes").cards("demo")] == [1, 2]


def subprocess_nudge(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "robot.cli", *arguments]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=30)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    episodes = tmp_path / "run" / "episodes"
    episodes.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(episodes)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield episodes
    subprocess.run(["umount", "-l", episodes], check=True)


def test_a_full_disk_ends_the_session_with_one_message_and_it_resumes(tmp_path, small_disk):
    full = demo(tmp_path / "run", 6)
    assert full.ends(60) == 2, full.err
    message = full.err[full.err.index("error:") :]
    assert message.count("No space left on device") == 1
    assert "Traceback" not in full.err
    stored = EpisodeStore(small_disk).read_all()
    assert 0 < len(stored) < 6
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    again = demo(tmp_path / "run", 6)
    assert again.ends(60) == 0, again.err
    assert sum(e.success for e in EpisodeStore(small_disk).read_all()) == 6
