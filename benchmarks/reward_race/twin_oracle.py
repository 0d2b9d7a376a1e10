"""Answers questions about a session's scenes from the twin's truth: well, noisily, or wrongly on purpose."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass
from itertools import count
from typing import Literal

import numpy as np

from policies.rewards.config import RewardConfig
from policies.rewards.keypoints.height_lines import HeightLines
from policies.rewards.keypoints.lift import LiftError
from policies.rewards.keypoints.masks import ColourSegmenter
from policies.rewards.keypoints.plan import PlanError
from policies.rewards.keypoints.plan_making import PlanFacts, PlanSource
from policies.rewards.keypoints.plan_rules import PlanRules
from policies.rewards.keypoints.question import Question, View, plan_from_reply, prepare_question
from policies.rewards.keypoints.reply import parse_reply
from policies.rewards.plan_views import PlanViews
from robot.core import topics
from robot.core.se3 import Matrix
from robot.core.types import Arrays, Image
from robot.task import Task
from sim.camera import camera_info, camera_mounts
from sim.rendering import Renderer
from sim.twin import make_twin
from tests.vlm_servers.chat import ChatRequest

Kind = Literal["oracle", "noisy", "decoy"]
NOISE_PX = 8.0  # of the pictures as they are sent
_AHEAD = 40  # scenes looked at for one question before it is given up


@dataclass(frozen=True, eq=False)
class Scene:
    """One start of a session, as its question shows it and as it is."""

    seed: int
    asked: Question
    poses: Arrays


class TwinOracle:
    """Knows a session's starts by drawing them itself; an `Answer` of the loopback servers.

    Args:
        task: with an object that the Truth calls ``thing`` and that is to be lifted by ``lift_m``.
        config: of the session.
        first_seeds: of the stages that ask; each counts up by one an episode.
        kind: whether the answers are any good.
    """

    def __init__(
        self,
        task: Task,
        config: RewardConfig,
        first_seeds: tuple[int, ...],
        kind: Kind = "oracle",
        thing: str = "cube",
        lift_m: float = 0.1,
    ) -> None:
        self._task, self._config, self._kind, self._thing, self._lift_m = task, config, kind, thing, lift_m
        self._twin = make_twin(task)
        size = (task.image_size, task.image_size)
        self._renderer: Renderer | None = None
        self._size = size
        mounts = camera_mounts(task)
        self._mounts = {c: mounts[c] for c in config.cameras}
        self._seeds = [count(first) for first in first_seeds]
        self._known: dict[str, Scene] = {}
        self._lock = threading.Lock()
        self._rng = np.random.default_rng(first_seeds[0])

    def __call__(self, request: ChatRequest) -> str:
        """The reply to a question about one of the scenes; KeyError for a picture of none of them."""
        with self._lock:
            scene = self._scene(hashlib.sha256(request.images[0]).hexdigest())
            return json.dumps(self._reply(scene))

    def _scene(self, picture: str) -> Scene:
        for turn in range(_AHEAD):
            if picture in self._known:
                break
            scene = self._draw(next(self._seeds[turn % len(self._seeds)]))
            self._known[hashlib.sha256(scene.asked.top_picture.png).hexdigest()] = scene
        return self._known[picture]

    def _draw(self, seed: int) -> Scene:
        self._twin.reset(seed)
        views = PlanViews(self._mounts)
        # A context belongs to the thread that made it, and every request has a thread of its own.
        renderer = Renderer(self._twin.model, self._size)
        for camera in self._mounts:
            info = camera_info(self._twin.model, camera, self._size[0], 0)
            pixels = renderer.draw(self._twin.data, camera)
            views.hear(topics.camera_info(camera), info)
            views.hear(topics.camera_image(camera), Image(0, camera, pixels))
        renderer.close()
        seen = views.at(0, self._T_base_tcp())
        assert seen is not None
        top, side = seen
        heights = HeightLines.at(self._config.heights_m, self._config.table_z_m)
        asked = prepare_question(self._task.sentence, top, side, heights, ColourSegmenter())
        poses = self._twin.scene.poses(self._twin.model, self._twin.data)
        return Scene(seed, asked, {k: np.array(v) for k, v in poses.items()})

    def _T_base_tcp(self) -> Matrix:
        return self._twin.state(0, self._task.arms[0]).T_base_tcp

    def _reply(self, scene: Scene) -> dict[str, object]:
        asked, place = scene.asked, scene.poses[self._thing][:3, 3]
        mark = self._mark(asked, place)
        grasp = {"keypoint": mark, "height": self._height(asked, place)}
        target = {"at": mark, "height": self._height(asked, place + np.array([0.0, 0.0, self._lift_m]))}
        if self._kind == "decoy":
            target = self._decoy(asked, grasp)
        return _reply(grasp, target)

    def _mark(self, asked: Question, place: np.ndarray) -> str:
        pixel = asked.top.camera.project(place)[0] + self._noise(asked.top, asked.top_picture.pixels)
        return min(asked.marks, key=lambda m: float(np.linalg.norm(m.pixel - pixel))).label

    def _height(self, asked: Question, place: np.ndarray) -> str:
        """The line nearest to where the place is seen from the side."""
        side = asked.side.camera
        seen = side.project(place)[0] + self._noise(asked.side, asked.side_picture.pixels)
        lines = {
            n: side.project(np.array([*place[:2], asked.heights.z_m(n)]))[0] for n in asked.heights.names
        }
        return min(lines, key=lambda n: abs(float(lines[n][1] - seen[1])))

    def _noise(self, view: View, picture: np.ndarray) -> np.ndarray:
        if self._kind != "noisy":
            return np.zeros(2)
        return self._rng.normal(size=2) * NOISE_PX * view.frame.shape[1] / picture.shape[1]

    def _decoy(self, asked: Question, grasp: dict[str, str]) -> dict[str, str]:
        """On the table, as far from the thing as the workspace reaches."""
        lowest = asked.heights.names[0]
        ways: dict[str, float] = {}
        for tile in asked.vocabulary.tiles:
            reply = json.dumps(_reply(grasp, {"at": tile, "height": lowest}))
            facts = PlanFacts(
                1, self._task.arms[0], self._task.name, "", {}, 0, PlanRules(self._task.workspace)
            )
            try:
                plan = plan_from_reply(
                    asked, parse_reply(reply, asked.vocabulary), facts, PlanSource("vlm", "decoy", 1.0)
                )
            except (LiftError, PlanError):
                continue
            ways[tile] = float(np.linalg.norm(plan.waypoints_m[-1] - plan.waypoints_m[0]))
        return {"at": max(ways, key=lambda t: ways[t]), "height": lowest}


def _reply(grasp: dict[str, str], target: dict[str, str]) -> dict[str, object]:
    return {
        "reasoning": "read off the truth",
        "visible": True,
        "grasp": grasp,
        "waypoints": [],
        "target": target,
        "confidence": 1.0,
    }
