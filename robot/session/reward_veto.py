"""`nudge reward veto`: a person's word that a plan must not reward anything."""

from __future__ import annotations

import getpass
import time
from pathlib import Path
from typing import Any

from policies.rewards.keypoints.plan import KeypointPlan
from policies.rewards.keypoints.plan_store import PlanStore
from robot.core.errors import NudgeError
from robot.session.config import load_config
from robot.session.rewards import plans_dir


def veto_plan(run: Path, plan: str, reason: str) -> dict[str, Any]:
    """Record a veto against ``plan``, a version or an id, for good.

    Raises:
        NudgeError: no such plan, no reason, or it is vetoed already.
    """
    load_config(run / "config.json")  # a mistyped folder is told as that, not as one without plans
    if not reason.strip():
        raise NudgeError("a veto without a reason; give one for whoever reads the run later: --reason TEXT")
    store = PlanStore(plans_dir(run))
    found = _find(store, plan, run)
    before = next((v for v in store.vetoes() if v.plan_id == found.id), None)
    if before is not None:
        raise NudgeError(f"plan {found.version} was vetoed by {before.who} already: {before.reason}")
    given = store.veto(found.id, reason.strip(), getpass.getuser(), time.time_ns())
    text = (
        f"plan {found.version} ({found.id}) vetoed: {given.reason}\n"
        "a running learner takes its rewards back by itself; the recorded episodes stay as they are, and "
        "`nudge reward relabel` labels them 0"
    )
    return {"run": str(run), "version": found.version, "id": found.id, "reason": given.reason, "text": text}


def _find(store: PlanStore, plan: str, run: Path) -> KeypointPlan:
    plans = store.plans()
    found = next((p for p in plans if plan in (p.id, str(p.version))), None)
    if found is None:
        known = f"versions {plans[0].version} to {plans[-1].version}" if plans else "none"
        raise NudgeError(
            f"no plan {plan!r} in {plans_dir(run)}, which holds {known}; give a version or an id"
        )
    return found
