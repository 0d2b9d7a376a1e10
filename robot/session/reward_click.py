"""`nudge reward click`: a person places the keypoints that no model gave."""

from __future__ import annotations

import getpass
import time
from pathlib import Path
from typing import Any

from policies.rewards.keypoints.clicked_points import ClickedPoints
from policies.rewards.keypoints.height_lines import HeightLines
from policies.rewards.keypoints.masks import ColourSegmenter
from policies.rewards.keypoints.plan_making import PlanFacts
from policies.rewards.keypoints.plan_store import PlanStore
from policies.rewards.operator_plans import clicked_plan
from policies.rewards.operator_question import Clicks, OperatorDesk, OperatorQuestion
from policies.tasks import TASKS
from robot.core.errors import NudgeError
from robot.session.click_console import type_in_console
from robot.session.click_window import click_in_window, has_display
from robot.session.config import load_config
from robot.session.rewards import desk_dir, plans_dir


def click_plan(run: Path, console: bool) -> dict[str, Any]:
    """Show the scene that the session in ``run`` asks about, take the clicks, check them and hand them over.

    Raises:
        NudgeError: no scene waits; or the clicks make no plan, and the reason.
    """
    desk = OperatorDesk(desk_dir(run))
    config = load_config(run / "config.json")
    question = desk.question()
    if question is None or not desk.waiting:
        raise NudgeError(
            f"no scene of {run} waits for clicks; a session asks when neither its model nor an older plan "
            "gives keypoints, and says so"
        )
    clicked = _clicks(question, desk, console)
    if clicked is None:
        return {"run": str(run), "points": {}, "text": "left as it was; the scene still waits"}
    clicks = Clicks(getpass.getuser(), clicked.pointed_at())
    heights = HeightLines.at(config.reward.heights_m, config.reward.table_z_m)
    version = PlanStore(plans_dir(run)).next_version()
    facts = PlanFacts.of(TASKS.load(config.task), version, question.image_shas, time.time_ns())
    plan = clicked_plan(question, clicks, facts, heights, ColourSegmenter()).plan
    desk.answer(clicks)
    points = {name: [round(float(v), 4) for v in at] for name, at in plan.keypoints.items()}
    placed = "\n".join(f"  {n}: x {x:.3f}, y {y:.3f}, z {z:.3f} m" for n, (x, y, z) in points.items())
    text = (
        f"keypoints handed over, in the arm's base frame:\n{placed}\n"
        "the session uses them from its next episode on"
    )
    return {"run": str(run), "points": points, "text": text}


def _clicks(question: OperatorQuestion, desk: OperatorDesk, console: bool) -> ClickedPoints | None:
    if console or not has_display():
        return type_in_console(question, desk.folder)
    return click_in_window(question)
