"""The command line: helps, refusals with the nearest name, and who wins where settings are given twice."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from robot import __version__, cli
from robot.arguments import Train
from robot.session.config import SessionConfig

ROOT = Path(__file__).parents[2]
MISTAKES = """
task: peg_insrt
demos: 0
onlin_steps: 5
bc: {train_stps: 3}
learner: {residual: {discount: 2.0}}
"""


@pytest.fixture
def nudge(monkeypatch, capsys):
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["nudge", *arguments])
        try:
            status = cli.main()
        except SystemExit as end:
            status = int(end.code or 0)
        return status, *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    "command", ["train", "demo", "eval", "replay", "doctor", "reward", "reward train", "reward eval"]
)
def test_every_help_shows_its_example(nudge, command):
    status, out, _ = nudge(*command.split(), "--help")
    assert status == 0
    assert "For example:" in out
    assert f"\n  nudge {command} " in out
    assert "None" not in out


def test_the_first_help_tells_of_version_and_completion(nudge):
    _, out, _ = nudge("--help")
    assert "--version" in out
    assert "--tyro-print-completion" in out
    assert nudge("--version")[:2] == (0, f"nudge {__version__}\n")
    assert "Bash completion for nudge" in nudge("--tyro-print-completion", "bash")[1]


def test_the_command_imports_no_framework():
    code = "import sys, robot.cli; print(*{'torch', 'jax', 'mujoco', 'rclpy', 'zarr'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "\n"), done.stderr


def test_five_mistakes_are_reported_at_once_with_the_nearest_names(nudge, tmp_path):
    path = tmp_path / "mistakes.yaml"
    path.write_text(MISTAKES)
    status, out, err = nudge("train", "--config", str(path), "--run", str(tmp_path / "run"))
    assert (status, out) == (2, "")
    assert f"5 problems in {path}" in err
    for hint in ("'peg_insert'", "'online_steps'", "'train_steps'", "demos: got 0", "discount: got 2.0"):
        assert hint in err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("train", "--task", "peg_inser"), "did you mean 'peg_insert'?"),
        (("train", "--preset", "residul"), "did you mean 'residual'?"),
        (("demo", "--task", "lft"), "did you mean 'lift'?"),
        (("train", "--config", "/nowhere.yaml"), "cannot be read"),
        (("eval", "/nowhere"), "no session to read"),
        (("replay", "/nowhere"), "nothing is recorded in /nowhere"),
    ],
)
def test_mistakes_are_one_message_and_exit_2(nudge, arguments, hint):
    status, _, err = nudge(*arguments)
    assert status == 2
    assert err.startswith("error: ")
    assert hint in err


def test_the_command_line_wins_over_the_file_and_the_file_over_the_preset(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("preset: rlpd\ntask: lift\ndemos: 7\nseed: 3\nlearner: {warmup_steps: 11}\n")
    config = cli.session_config(Train(config=path, demos=9, interventions=False))
    assert (config.preset, config.task, config.demos, config.seed) == ("rlpd", "lift", 9, 3)
    assert not config.use_base
    assert not config.interventions
    assert config.learner.warmup_steps == 11
    assert config.learner.memory_gb == SessionConfig().learner.memory_gb


def test_a_tasks_settings_lie_between_the_defaults_and_the_file(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text("bc: {batch_size: 32}\ndemos: 30\n")
    config = cli.session_config(Train(task="handover", preset="rlpd", config=path))
    assert (config.demos, config.bc.train_steps, config.bc.batch_size) == (30, 3500, 32)
    assert config.learner.residual.discount == 0.99
    assert config.learner.residual.residual_scale == 1.0  # the preset's
    path.write_text("task: handover\n")
    assert cli.session_config(Train(config=path)).demos == 40


def test_what_a_preset_is_about_wins_over_the_tasks_settings():
    ours, hilserl = (cli.session_config(Train(task="handover", preset=p)) for p in ("residual", "hilserl"))
    assert (ours.learner.residual.bc_weight, hilserl.learner.residual.bc_weight) == (20.0, 0.0)
    assert (ours.learner.residual.residual_scale, hilserl.learner.residual.discount) == (0.5, 0.99)
    assert (hilserl.learner.warmup_steps, hilserl.bc.train_steps) == (100, 3500)


def test_a_job_in_the_background_can_still_be_interrupted(nudge):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell starts background jobs
    try:
        nudge("--version")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
