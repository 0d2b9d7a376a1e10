"""ProcessGroup: real children, stopped for certain."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from robot import process_group
from robot.core.errors import NudgeError, UnknownName
from robot.process_group import ProcessGroup

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time\nfor s in (2, 15): signal.signal(s, lambda *_: print('no', flush=True))\n"
    "print('up', flush=True)\nwhile True: time.sleep(60)",
]
SAVES = [
    sys.executable,
    "-c",
    "import signal, sys, time\ndef save(*_):\n    time.sleep(1)\n    sys.exit()\n"
    "signal.signal(2, save)\nprint('up', flush=True)\nwhile True: time.sleep(60)",
]


@pytest.fixture
def group():
    with ProcessGroup() as group:
        yield group


def start(group: ProcessGroup, argv: list[str], tmp_path: Path, name: str = "child") -> None:
    group.start(name, argv, os.environ, tmp_path / f"{name}.log")


def until(condition, timeout_s: float = 10.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def exists(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_exit_status_log_and_environment(group, tmp_path):
    argv = [sys.executable, "-c", "import os; print('a\\nb\\nc', os.environ['WHO']); raise SystemExit(3)"]
    group.start("child", argv, {**os.environ, "WHO": "me"}, tmp_path / "logs" / "child.log")
    assert group.wait("child", 10.0) == 3
    assert group.poll() == {"child": 3}
    assert not group.is_alive("child")
    assert group.tail("child", 2) == "b\nc me"


def test_a_running_name_is_taken_and_a_dead_one_is_free(group, tmp_path):
    start(group, SLEEP, tmp_path)
    assert group.wait("child", 0.05) is None
    with pytest.raises(NudgeError, match="already runs"):
        start(group, SLEEP, tmp_path)
    group.stop("child")
    start(group, SLEEP, tmp_path)
    assert group.is_alive("child")


def test_unknown_names_and_programs_are_named(group, tmp_path):
    with pytest.raises(UnknownName, match="lerner"):
        group.is_alive("lerner")
    with pytest.raises(NudgeError, match="no-such-program"):
        start(group, ["/no-such-program"], tmp_path)


def test_stop_interrupts_one_and_leaves_the_other(group, tmp_path):
    start(group, SLEEP, tmp_path, "a")
    start(group, SLEEP, tmp_path, "b")
    assert until(lambda: group.tail("a") == "up")
    group.stop("a")
    assert group.poll() == {"a": -signal.SIGINT, "b": None}


def test_stop_escalates_to_kill(group, tmp_path, monkeypatch):
    short = tuple((number, 0.2) for number, _ in process_group._ESCALATION)
    monkeypatch.setattr(process_group, "_ESCALATION", short)
    start(group, STUBBORN, tmp_path)
    assert until(lambda: group.tail("child") == "up")
    group.stop(patience_s=0.2)
    assert group.poll() == {"child": -signal.SIGKILL}
    assert group.tail("child") == "up\nno\nno"


@pytest.mark.parametrize(("patience_s", "status"), [(10.0, 0), (0.2, -signal.SIGTERM)])
def test_one_that_saves_as_it_ends_gets_the_time_it_is_given(group, tmp_path, patience_s, status):
    start(group, SAVES, tmp_path)
    assert until(lambda: group.tail("child") == "up")
    group.stop(patience_s=patience_s)
    assert group.poll() == {"child": status}


def test_grandchildren_die_with_the_child(group, tmp_path):
    argv = ["sh", "-c", "nohup sleep 60 & echo $!"]
    start(group, argv, tmp_path)
    assert group.wait("child", 10.0) == 0
    assert until(lambda: not exists(int(group.tail("child", 1))))


def test_children_die_when_the_parent_is_killed(tmp_path):
    log = tmp_path / "child.log"
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, sys, time, pathlib\nfrom robot.process_group import ProcessGroup\n"
            f"g = ProcessGroup()\ng.start('c', {SLEEP!r}, os.environ, pathlib.Path({str(log)!r}))\n"
            "print(g._children['c'].process.pid, flush=True)\ntime.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(process_group.__file__).parents[1])},
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert exists(child)
    parent.kill()
    parent.wait()
    assert until(lambda: not exists(child))
