"""Which plan of a store stands for an episode, and whether people let it reward anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from policies.rewards.keypoints.plan import KeypointPlan
from policies.rewards.keypoints.plan_store import PlanStore


@dataclass(frozen=True)
class PlanBook:
    """The plans of one store as they stood at one time."""

    plans: tuple[KeypointPlan, ...]  # by version
    vetoed: frozenset[str]  # ids

    @classmethod
    def of(cls, store: PlanStore) -> PlanBook:
        """What ``store`` holds now; StoreError where it is damaged."""
        return cls(store.plans(), frozenset(v.plan_id for v in store.vetoes()))

    @cached_property
    def usable(self) -> Mapping[int, KeypointPlan]:
        """By version, without the vetoed ones."""
        return {p.version: p for p in self.plans if p.id not in self.vetoed}

    def like(self, plan: KeypointPlan) -> KeypointPlan | None:
        """The newest plan here, vetoed or not, made from the same pictures, else the one of its version."""
        same = [p for p in self.plans if p.image_shas and dict(p.image_shas) == dict(plan.image_shas)]
        same = same or [p for p in self.plans if p.version == plan.version]
        return same[-1] if same else None
