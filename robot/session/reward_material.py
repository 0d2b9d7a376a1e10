"""The episodes of a run that were learned from, and the keypoint plans that go with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from policies.replay.episode import Episode
from policies.replay.episode_store import EpisodeStore
from policies.rewards.config import RewardConfig, Rule
from policies.rewards.followed import MakeObject
from policies.rewards.keypoints.plan_store import PlanStore
from policies.rewards.plan_book import PlanBook
from policies.rewards.seen_object import SeenObjects
from policies.rewards.true_object import TrueObject
from robot.core.errors import NudgeError
from robot.session.config import SessionConfig, load_config
from robot.session.job import Job
from robot.session.rewards import camera_mounts, is_seen, plans_dir

MODES = ("demo", "train")


@dataclass(frozen=True)
class RewardMaterial:
    """A stored run as something to score again."""

    run: Path
    session: SessionConfig
    book: PlanBook
    ids: tuple[int, ...]  # of the demonstrations and training episodes

    @cached_property
    def arm(self) -> str:
        """Whose base frame the plans are in."""
        return Job(self.run, self.session, "demos").task.arms[0]

    def make_object(self, rule: Rule, version: int) -> MakeObject:
        """What follows a plan's object as live, with the cameras that this version of the run was made from.

        Raises:
            StoreError: the session followed objects with cameras, and did not keep their models.
        """
        job = Job(self.run, self.session, "demos")
        if not is_seen(job.task, rule):
            return TrueObject
        mounts = camera_mounts(job, self.session.reward)
        kept = PlanStore(plans_dir(self.run)).cameras(version)
        fixed = {name: camera for name, camera in kept.items() if mounts[name].on == "base"}
        return SeenObjects(lambda _: fixed, None)

    @property
    def discount(self) -> float:
        """Of one control step, the learner's own."""
        return self.session.learner.residual.discount

    def config(self, rule: Rule) -> RewardConfig:
        """The session's reward settings under another rule."""
        return replace(self.session.reward, rule=rule)

    def episodes(self) -> Iterator[Episode]:
        """One after another: a run with pictures does not fit into memory."""
        store = EpisodeStore(self.run / "episodes")
        return (store.read(i) for i in self.ids)


def read_material(run: Path) -> RewardMaterial:
    """What there is in ``run``.

    Raises:
        ConfigError: no session there. NudgeError: it has no episodes or no plans.
    """
    session = load_config(run / "config.json")
    store = EpisodeStore(run / "episodes")
    ids = sorted(card.header.episode_id for mode in MODES for card in store.cards(mode))
    book = PlanBook.of(PlanStore(plans_dir(run)))
    if not ids:
        raise NudgeError(f"{run} has no recorded episodes; record some with `nudge train` or `nudge demo`")
    if session.reward.vlm is None or not book.plans:
        raise NudgeError(
            f"{run} has {len(book.plans)} keypoint plans and learned by the rule {session.reward.rule!r}; "
            "want a run with plans: train with `reward: {rule: shaped, vlm: {..}}` in its settings"
        )
    return RewardMaterial(run, session, book, tuple(ids))
