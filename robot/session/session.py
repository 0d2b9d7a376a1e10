"""A training session: its stages one after the other, each resumable and skipped when it is done."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from policies.tasks import TASKS
from robot.core.config import to_dict
from robot.core.errors import ConfigError, NudgeError
from robot.rig_file import rig_path
from robot.session.base_actions import has_base_actions
from robot.session.cell import check_rig
from robot.session.config import SessionConfig, load_config, save_config
from robot.session.job import EVALS, RIG_FILE, Job, Stage
from robot.session.live import LiveView, SessionHeader
from robot.session.log_file import log_to
from robot.session.longer import lay_final_eval_aside
from robot.session.metrics import MetricsLog
from robot.session.poll import Poll
from robot.session.recovery import recover_stores
from robot.session.rewards import check_guidance
from robot.session.rigs import load_rig
from robot.session.runner import RosRunner, Runner, make_runner
from robot.session.summary import finish
from robot.session.unattended import check_unattended

ORDER: tuple[Stage, ...] = ("demos", "bc", "base_eval", "online", "final_eval")


def run_session(run_dir: Path, config: SessionConfig) -> dict[str, object]:
    """Run what is left of the session in ``run_dir`` and return its summary (RUN/summary.json).

    Raises:
        ConfigError: the folder holds a session with other settings.
        StoreError: recording failed (a full disk); everything recorded so far stays.
    """
    _run_stages(run_dir, config, ORDER)
    return finish(run_dir, config)


def run_demos(run_dir: Path, config: SessionConfig) -> None:
    """Record the successful demonstrations that ``run_dir`` lacks; raises as `run_session` does."""
    _run_stages(run_dir, config, ("demos",))


def _run_stages(run_dir: Path, config: SessionConfig, stages: Sequence[Stage]) -> None:
    prepare(run_dir, config)
    log_to(run_dir)
    runner = make_runner(config)
    domain = f" · ROS_DOMAIN_ID={runner.domains[0]}" if isinstance(runner, RosRunner) else ""
    header = SessionHeader(config.task, config.preset, config.seed, config.host + domain, str(run_dir))
    with LiveView(header, Console(stderr=True)) as view:  # stdout is for the result
        poll = Poll(run_dir / "metrics.jsonl", view.update)
        poll()
        for stage in stages:
            _run_stage(Job(run_dir, config, stage), runner, poll)
        poll()


def prepare(run_dir: Path, config: SessionConfig) -> None:
    """Make the run folder, or check that the one there is of the same session.

    Only the server that is asked for keypoint plans may be another one, since it may have moved, and the
    online steps may be more: the session goes on for longer.
    """
    path = run_dir / "config.json"
    if path.exists():
        before = load_config(path)
        _check_same(before, config, run_dir)
        if config.online_steps > before.online_steps:
            lay_final_eval_aside(run_dir, before)
        reward = replace(before.reward, vlm=config.reward.vlm)
        if (kept := replace(before, reward=reward, online_steps=config.online_steps)) != before:
            save_config(kept, path)  # last: until then the same command does all this again
        return
    rig = load_rig(config.rig_name)
    check_rig(rig, TASKS.load(config.task), config.host)
    if config.autonomous:
        check_unattended(rig, TASKS.load(config.task))
    check_guidance(config, TASKS.load(config.task))
    run_dir.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(rig_path(config.rig_name), run_dir / RIG_FILE)
    save_config(config, path)


def _run_stage(job: Job, runner: Runner, poll: Poll) -> None:
    metrics = MetricsLog(job.run_dir / "metrics.jsonl")
    try:
        if _skipped(job):
            metrics.write("stage", stage=job.stage, state="skipped", total=0)
            return
        recover_stores(job)
        if not _done(job):
            metrics.write("stage", stage=job.stage, state="start", total=_total(job), done=_progress(job))
            runner.run(job, poll)
            _require_done(job)
        metrics.write("stage", stage=job.stage, state="done", total=_total(job))
    finally:
        metrics.close()
        poll()


def _skipped(job: Job) -> bool:
    c = job.config
    return (job.stage == "base_eval" and not c.use_base) or (
        job.stage in ("online", "final_eval") and not c.learn
    )


def _total(job: Job) -> int:
    c = job.config
    totals = {"demos": c.demos, "bc": c.bc.train_steps, "online": c.online_steps}
    return totals.get(job.stage, c.eval_episodes)


def _progress(job: Job) -> int:
    """How much of the stage's total is recorded already."""
    if job.stage == "bc":
        return 0
    if job.stage in EVALS:
        return sum(len(j.eval_share()) - (j.plan().episodes or 0) for j in job.workers())
    plan = job.plan()
    left = plan.successes if job.stage == "demos" else plan.steps
    return _total(job) - (left or 0)


def _done(job: Job) -> bool:
    # Once the base is trained its demonstrations are what they are: a lost one is not recorded again.
    if job.stage == "bc" or (job.stage == "demos" and has_base_actions(job.run_dir)):
        return has_base_actions(job.run_dir)
    done = _progress(job) >= _total(job)
    return done and (job.stage != "online" or any((job.run_dir / "weights").glob("*.weights")))


def _require_done(job: Job) -> None:
    if not _done(job):
        raise NudgeError(
            f"stage {job.stage} was stopped at {_progress(job)} of {_total(job)}; the same command goes on"
        )


def _check_same(old: SessionConfig, new: SessionConfig, run_dir: Path) -> None:
    before, after = to_dict(old), to_dict(new)
    # More of them is the same session, gone on with; fewer is a mistake.
    after["online_steps"] = min(old.online_steps, new.online_steps)
    for settings in (before, after):
        settings["reward"].pop("vlm")
    changed = [
        f"{k}: the run has {before[k]!r}, got {after[k]!r}"
        for k in before
        if before[k] != after[k] and k != "host"
    ]
    if changed:
        raise ConfigError(
            [*changed, "choose another --run folder, or repeat the run's settings to resume it"], str(run_dir)
        )
