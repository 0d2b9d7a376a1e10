"""A plan on its way into the store, with what it was made from and pictures of it."""

from __future__ import annotations

from collections.abc import Sequence

from policies.rewards.keypoints import encoded
from policies.rewards.keypoints.overlay import draw_plan
from policies.rewards.keypoints.plan import KeypointPlan
from policies.rewards.keypoints.plan_store import PlanStore
from policies.rewards.keypoints.question import View


def store_plan(store: PlanStore, plan: KeypointPlan, views: Sequence[View]) -> None:
    """Write a plan made from these views; StoreError as `PlanStore.write`."""
    pictures = {v.name: encoded.jpeg(draw_plan(v.frame, v.camera, plan).pixels) for v in views}
    store.keep_scene(plan.version, {v.name: v.camera for v in views}, pictures)
    store.write(plan)
