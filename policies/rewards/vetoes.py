"""What people said against a run's plans, read again when there is news."""

from __future__ import annotations

from policies.rewards.keypoints.plan_store import PlanStore


class Vetoes:
    """Versions of the plans that must reward nothing."""

    def __init__(self, store: PlanStore) -> None:
        self._store = store
        self._seen = 0
        self.versions: frozenset[int] = frozenset()

    def changed(self) -> bool:
        """Read them if the file has grown since the last look; whether it had."""
        size = self._store.vetoes_size
        if size == self._seen:
            return False
        self._seen = size
        against = {v.plan_id for v in self._store.vetoes()}
        # What was moved from a bad plan is as bad.
        plans = self._store.plans()
        self.versions = frozenset(p.version for p in plans if {p.id, p.parent_id} & against)
        return True
