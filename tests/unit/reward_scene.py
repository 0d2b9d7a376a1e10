"""A drawn table with a red and a blue square, two cameras over it, and a tool."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from policies.rewards.config import RewardConfig
from policies.rewards.keypoints.height_lines import HeightLines
from policies.rewards.keypoints.masks import ColourSegmenter
from policies.rewards.keypoints.question import Question, View, prepare_question
from policies.rewards.plan_views import PlanViews
from policies.rewards.vlm.config import VlmConfig
from policies.senses import Sensed
from policies.tasks.lift import LIFT_STATE
from robot.core import topics
from robot.core.se3 import Matrix, inverse, quat_xyzw, rot6d, transform
from robot.core.topics import Topic
from robot.core.types import Action, CameraInfo, Image, Observation, Reward, RobotState
from robot.rig import CameraMount
from tests.vlm_servers.server import NOBODY

TASK = LIFT_STATE
SIZE = 256
K = np.array([[300.0, 0.0, 127.5], [0.0, 300.0, 127.5], [0.0, 0.0, 1.0]])
# Above the table looking down, its upper border towards +x; and at x = 1.1 looking back along the table.
T_BASE_TOP = transform([[0, -1, 0], [-1, 0, 0], [0, 0, -1]], [0.5, 0.0, 0.5])
T_BASE_SIDE = transform([[0, 0, -1], [1, 0, 0], [0, -1, 0]], [1.1, 0.0, 0.1])
RED, BLUE = np.array([0.47, 0.03, 0.0]), np.array([0.55, -0.05, 0.0])
TOOL = transform(np.diag([1.0, -1.0, -1.0]), [0.5, 0.0, 0.12])
VLM = VlmConfig(NOBODY, "test-vlm")
CONFIG = RewardConfig("shaped", vlm=VLM, top_camera="top", side_camera="side")


def fixed(T: Matrix) -> CameraMount:
    x, y, z = (float(v) for v in T[:3, 3])
    a, b, c, w = (float(v) for v in quat_xyzw(T[:3, :3]))
    return CameraMount("base", (x, y, z), (a, b, c, w))


MOUNTS = {"top": fixed(T_BASE_TOP), "side": fixed(T_BASE_SIDE)}


@dataclass(frozen=True, eq=False)
class Squares:
    """Where the middles of the squares lie, None for one that is not there, and how wide they are."""

    red: np.ndarray | None = field(default_factory=RED.copy)
    blue: np.ndarray | None = field(default_factory=BLUE.copy)
    second_red: np.ndarray | None = None
    half_m: float = 0.02


AT_FIRST = Squares()


def picture(T_base_cam: Matrix, squares: Squares = AT_FIRST) -> np.ndarray:
    frame = np.clip(np.random.default_rng(0).normal(140, 3, (SIZE, SIZE, 3)), 0, 255).astype(np.uint8)
    red, blue = (200, 40, 35), (40, 60, 200)
    for centre, colour in ((squares.red, red), (squares.second_red, red), (squares.blue, blue)):
        if centre is None:
            continue
        corners = centre + squares.half_m * np.array([[-1, -1, 0], [-1, 1, 0], [1, 1, 0], [1, -1, 0]])
        seen = (np.column_stack([corners, np.ones(4)]) @ inverse(T_base_cam)[:3].T) @ K.T
        cv2.fillPoly(frame, [np.rint(seen[:, :2] / seen[:, 2:]).astype(np.int32)], colour)
    return frame


def show(hear: Callable[[Topic, object], None], stamp_ns: int = 0, squares: Squares = AT_FIRST) -> None:
    """Both cameras' frames of a moment."""
    for camera, T in (("top", T_BASE_TOP), ("side", T_BASE_SIDE)):
        hear(topics.camera_info(camera), CameraInfo(stamp_ns, camera, SIZE, SIZE, K, np.zeros(5)))
        hear(topics.camera_image(camera), Image(stamp_ns, camera, picture(T, squares)))


def question(squares: Squares = AT_FIRST) -> Question:
    """As the planner asks it."""
    views = PlanViews(MOUNTS)
    show(views.hear, squares=squares)
    seen = views.at(0, TOOL)
    assert seen is not None
    top, side = seen
    assert isinstance(top, View)
    return prepare_question(
        TASK.sentence, top, side, HeightLines.at(CONFIG.heights_m, CONFIG.table_z_m), ColourSegmenter()
    )


def lifting_reply() -> str:
    """Grasp the red square in its middle, and lift it 8 cm straight up."""
    asked = question()
    pixel = asked.top.camera.project(RED)[0]
    mark = min(asked.marks, key=lambda m: float(np.linalg.norm(m.pixel - pixel))).label
    grasp, target = {"keypoint": mark, "height": "h0"}, {"at": mark, "height": "h4"}
    reply = {"reasoning": "", "visible": True, "grasp": grasp, "waypoints": [], "target": target}
    return json.dumps({**reply, "confidence": 0.5})


def sensed(step: int, tool_m: np.ndarray, red_m: np.ndarray, episode_id: int = 0) -> Sensed:
    """One control step of 0.1 s: where the tool and the red square are."""
    stamp_ns, zeros = 100_000_000 * step, np.zeros(7, np.float32)
    T_base_tcp = transform(TOOL[:3, :3], tool_m)
    T_tcp_red = inverse(T_base_tcp) @ transform(np.eye(3), red_m)
    state = {"privileged/cube": np.concatenate([T_tcp_red[:3, 3], rot6d(T_tcp_red[:3, :3])])}
    arm = RobotState(stamp_ns, "arm", zeros, zeros, zeros, T_base_tcp, zeros[:6], zeros[:6], 0.04, episode_id)
    executed = Action(stamp_ns, zeros[:5], zeros[:5], zeros[:5])
    seen = Observation(stamp_ns, {k: v.astype(np.float32) for k, v in state.items()})
    return Sensed(stamp_ns, episode_id, executed, Reward(stamp_ns, 0.0), seen, {"arm": arm})
