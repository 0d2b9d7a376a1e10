"""`nudge reward relabel`: dense labels of a stored run by another rule or other plans, beside the old."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from policies.replay.episode import Episode
from policies.rewards.config import RewardConfig, Rule
from policies.rewards.episode_scores import score_as_named, score_episode
from policies.rewards.keypoints.masks import NoObject
from policies.rewards.keypoints.plan_store import PlanStore
from policies.rewards.label_columns import LabelColumns, Labels
from policies.rewards.label_difference import LabelDifference, difference, summary
from policies.rewards.plan_book import PlanBook
from robot.core.config import to_dict
from robot.core.errors import NudgeError
from robot.session.reward_material import RewardMaterial, read_material
from robot.session.rewards import DENSE


def relabel(run: Path, rule: Rule, plans: Path | None, name: str | None) -> dict[str, Any]:
    """Label ``run``'s demonstrations and training episodes by ``rule`` into ``run``/rewards/``name``.

    By its own plans an episode is labelled from the observation on at which its plan was there, as live; by
    those in ``plans`` from its first one on, since they are known beforehand.
    Labels are 0 where the plan was vetoed, or where none in ``plans`` fits the last one an episode names.

    Raises:
        NudgeError: nothing to label or to label by. StoreError: the name is taken by another job.
    """
    material = read_material(run)
    others = None if plans is None else _others(plans)
    folder = run / "rewards" / (name or rule)
    columns = LabelColumns(folder, _about(material, rule, plans, others))
    found = [
        _difference(episode, columns, material, rule, others)
        for episode in track(
            material.episodes(), "labelling", len(material.ids), console=Console(stderr=True)
        )
    ]
    told = summary(found)
    columns.finish({**told, "each": [{**dataclasses.asdict(d), "changed": d.changed} for d in found]})
    return {"folder": str(folder), "rule": rule, **told, "text": f"{_text(told)}\nlabels: {folder}"}


def _others(folder: Path) -> PlanBook:
    book = PlanBook.of(PlanStore(folder))
    if not book.plans:
        raise NudgeError(f"{folder} holds no keypoint plans; give the folder `plans` of a run that has some")
    return book


def _about(
    material: RewardMaterial, rule: Rule, plans: Path | None, others: PlanBook | None
) -> dict[str, Any]:
    """All that the labels depend on."""
    book = others or material.book
    return {
        "run": str(material.run.resolve()),
        "rule": rule,
        "plans": None if plans is None else str(plans.resolve()),
        "plan_ids": {str(p.version): p.id for p in book.plans},
        "vetoed": sorted(book.vetoed),
        "episodes": list(material.ids),
        "discount": material.discount,
        "reward": to_dict(material.config(rule)),
    }


def _difference(
    episode: Episode, columns: LabelColumns, material: RewardMaterial, rule: Rule, others: PlanBook | None
) -> LabelDifference:
    number, config = episode.header.episode_id, material.config(rule)
    labels = columns.read(number)
    if labels is None:
        labels = _own(episode, material, config) if others is None else _by(others, episode, material, config)
        columns.write(number, labels)
    return difference(episode, labels, DENSE[material.session.reward.rule], DENSE[rule], material.discount)


def _own(episode: Episode, material: RewardMaterial, config: RewardConfig) -> Labels:
    usable = material.book.usable
    thing = partial(material.make_object, config.rule)
    dense = score_as_named(episode, usable, config, material.arm, thing)
    return Labels(dense, np.where(np.isin(episode.plan, list(usable)), episode.plan, 0).astype(np.int32))


def _by(others: PlanBook, episode: Episode, material: RewardMaterial, config: RewardConfig) -> Labels:
    named = next((p for p in material.book.plans if p.version == episode.plan.max()), None)
    plan = None if named is None else others.like(named)
    none = np.zeros(len(episode) + 1, np.int32)
    if named is None or plan is None or plan.id in others.vetoed:
        return Labels(np.zeros(len(none), np.float32), none)
    thing = material.make_object(config.rule, named.version)
    try:
        dense = score_episode(episode, plan, config, material.arm, thing)
    except NoObject:
        return Labels(np.zeros(len(none), np.float32), none)
    return Labels(dense, np.full_like(none, plan.version))


def _text(told: dict[str, Any]) -> str:
    return (
        f"{told['episodes']} episodes, {told['labelled']} labelled by a plan, {told['changed']} changed\n"
        f"change of a label: mean {told['mean_change']:.4f}, most {told['max_change']:.4f}\n"
        f"mean dense return: {told['mean_live_return']:.4f} live, {told['mean_new_return']:.4f} now"
    )
