"""`nudge reward check`: go or no-go for a dense reward, on the recorded episodes of a run."""

from __future__ import annotations

import dataclasses
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from policies.replay.episode import Episode
from policies.rewards.check.evidence import Evidence, Pay, gather
from policies.rewards.check.verdict import VERSIONS, Criterion, Verdict, judge
from policies.rewards.config import RewardConfig, Rule
from policies.rewards.episode_scores import score_in_order
from policies.rewards.keypoints.masks import NoObject
from policies.tasks import TASKS
from robot.core.types import Outcome
from robot.session.reward_material import RewardMaterial, read_material
from robot.session.rewards import DENSE


def check_reward(run: Path, rule: Rule) -> dict[str, Any]:
    """Score ``run``'s episodes, and bad versions of the good ones, by ``rule``; status 1 for a no-go.

    Raises:
        NudgeError: too few episodes that a plan can score.
    """
    material = read_material(run)
    limit = TASKS.load(material.session.task).time_limit_steps
    pay = Pay(DENSE[rule], material.discount, limit)
    config, left_out = material.config(rule), Counter[str]()
    evidence: list[Evidence] = []
    bar = track(material.episodes(), "scoring", len(material.ids), console=Console(stderr=True))
    for episode in bar:
        found = _evidence(episode, material, config, pay)
        if isinstance(found, str):
            left_out[found] += 1
        else:
            evidence.append(found)
    verdict = judge(evidence)
    about = {"run": str(run), "rule": rule, "go": verdict.go, "left_out": dict(left_out)}
    text = _text(verdict, rule, left_out)
    return {**about, **_plain(verdict), "status": 0 if verdict.go else 1, "text": text}


def _evidence(episode: Episode, material: RewardMaterial, config: RewardConfig, pay: Pay) -> Evidence | str:
    """Of one episode, or why there is none."""
    versions = episode.plan[episode.plan > 0]
    if episode.outcome is Outcome.ABORTED:
        return "cut off, judged by nobody"
    if not len(versions):
        return "without a plan"
    plan = material.book.usable.get(int(versions[-1]))
    if plan is None:
        return "whose plan was vetoed"
    first = int(np.argmax(episode.plan == plan.version))
    thing = material.make_object(config.rule, plan.version)
    score = partial(score_in_order, episode, plan, config, material.arm, thing)
    try:
        return gather(episode, first, score, pay, material.arm) or "too short after the plan's arrival"
    except NoObject:
        return "whose object the cameras cannot follow"


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {
        "successes": verdict.successes,
        "failures": verdict.failures,
        "criteria": [{**dataclasses.asdict(c), "passed": c.passed} for c in verdict.criteria],
        "returns": verdict.returns,
        "dense_returns": verdict.dense_returns,
    }


def _text(verdict: Verdict, rule: str, left_out: Counter[str]) -> str:
    gone = "".join(f"; {n} {why}, left out" for why, n in sorted(left_out.items()))
    lines = [f"rule {rule}, {verdict.successes} successes and {verdict.failures} failures{gone}"]
    lines += [_row(c) for c in verdict.criteria]
    lines += [f"{'mean return of a success':30}{'whole':>10}{'dense':>10}"]
    for name in ("true", *VERSIONS):
        lines.append(f"  {name:28}{verdict.returns[name]:>10.3f}{verdict.dense_returns[name]:>10.3f}")
    failed = [
        f"{c.name} {c.value:.3f}, want {c.bound} {c.threshold:g}" for c in verdict.criteria if not c.passed
    ]
    return "\n".join([*lines, "GO" if verdict.go else f"NO-GO: {'; '.join(failed)}"])


def _row(c: Criterion) -> str:
    sign = "pass" if c.passed else "FAIL"
    return f"{sign}  {c.name:24}{c.value:>10.3f}  {c.bound} {c.threshold:<6g}{c.meaning}"
