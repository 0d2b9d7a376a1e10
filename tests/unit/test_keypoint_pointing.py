"""Models that answer with coordinates: prompt, reply, plan; and agreement among several plans."""

from __future__ import annotations

import numpy as np
import pytest

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.overlay import GRASPED, OTHER, draw_plan
from policies.rewards.keypoints.pixel_formats import FORMATS, PixelFormatError
from policies.rewards.keypoints.pixel_spellings import Finding, read_reply, write_reply
from policies.rewards.keypoints.plan import KeypointPlan
from policies.rewards.keypoints.plan_making import PlanFacts, PlanSource
from policies.rewards.keypoints.plan_rules import PlanRules
from policies.rewards.keypoints.pointed import plan_from_points
from policies.rewards.keypoints.pointing import pointing_prompt, read_pointed
from policies.rewards.keypoints.sent_image import SentImage
from robot.core import se3
from robot.task import Box

IMAGE = SentImage(256, 256, 896, 896)
WANTED = {"grasp": "the red peg's upper end", "target": "the hole of the blue socket"}
PIXELS = {"grasp": np.array([60.0, 190.0]), "target": np.array([180.0, 40.0])}
K = np.array([[300.0, 0.0, 127.5], [0.0, 300.0, 127.5], [0.0, 0.0, 1.0]])
TOP = PinholeCamera(
    K, np.zeros(5), 256, 256, se3.transform([[0, -1, 0], [-1, 0, 0], [0, 0, -1]], [0.5, 0.0, 0.5])
)
FACTS = PlanFacts(1, "arm", "peg", "insert it", {}, 7, PlanRules(Box((0.2, -0.3, 0.0), (0.8, 0.3, 0.3))))


def plan(x_m: float = 0.4, confidence: float = 1.0) -> KeypointPlan:
    points = {
        "grasp": {"top": TOP.project(np.array([x_m, 0.05, 0.02]))[0]},
        "target": {"top": TOP.project(np.array([0.55, -0.1, 0.02]))[0]},
    }
    source = PlanSource("vlm", "fake", confidence)
    return plan_from_points(points, {"top": TOP}, FACTS, source, {"grasp": 0.02, "target": 0.02})


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_model_that_keeps_the_prompts_form_is_understood(name: str) -> None:
    fmt = FORMATS[name]
    prompt = pointing_prompt(WANTED, fmt, IMAGE)
    assert '"grasp" (the red peg\'s upper end)' in prompt.user
    shown = read_reply(prompt.user.split("half: ")[1].split("\n")[0], fmt, IMAGE)
    np.testing.assert_allclose([f.centre for f in shown], [[63.5, 127.5], [191.5, 127.5]], atol=0.1)
    answer = write_reply([Finding(n, p[None]) for n, p in PIXELS.items()], fmt, IMAGE)
    read = read_pointed(answer, list(WANTED), fmt, IMAGE)
    assert read is not None
    for thing, pixel in PIXELS.items():
        np.testing.assert_allclose(read[thing], pixel, atol=0.15)


def test_labels_count_for_more_than_order() -> None:
    answer = '[{"point": [100, 200], "label": "target"}, {"point": [500, 600], "label": "grasp"}]'
    read = read_pointed(answer, ["grasp", "target"], FORMATS["gemini"], IMAGE)
    assert read is not None
    np.testing.assert_allclose(read["target"], [0.2 * 256 - 0.5, 0.1 * 256 - 0.5])


def test_not_visible_and_too_few_points() -> None:
    assert read_pointed('"Not visible."', ["grasp"], FORMATS["gemini"], IMAGE) is None
    with pytest.raises(PixelFormatError, match=r"1 points for 2 wanted \(grasp, target\)"):
        read_pointed('[{"point": [1, 2]}]', ["grasp", "target"], FORMATS["gemini"], IMAGE)


def test_a_pointed_plan_is_where_it_was_pointed_at() -> None:
    made = plan()
    np.testing.assert_allclose(made.waypoints_m, [[0.4, 0.05, 0.02], [0.55, -0.1, 0.02]], atol=1e-9)
    picture = draw_plan(np.zeros((256, 256, 3), np.uint8), TOP, made).pixels
    grasp, target = ((TOP.project(p)[0] + 0.5) * 3 - 0.5 for p in made.waypoints_m)
    assert tuple(picture[round(grasp[1]), round(grasp[0])]) == GRASPED
    assert tuple(picture[round(target[1]), round(target[0])]) == OTHER
