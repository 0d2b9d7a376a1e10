"""All that a model is asked about one scene, kept until its reply comes, and the plan made from that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from policies.rewards.keypoints.camera_model import CameraModelError, PinholeCamera
from policies.rewards.keypoints.candidates import Candidate, candidates, spread_points
from policies.rewards.keypoints.grid import Grid
from policies.rewards.keypoints.height_lines import HeightLines
from policies.rewards.keypoints.lift import (
    PIXEL_STD,
    LiftedPoint,
    at_height,
    depth_at,
    from_depth,
    from_height,
)
from policies.rewards.keypoints.masks import Mask, Segmenter
from policies.rewards.keypoints.overlay import MarkedPicture, draw_side, draw_top
from policies.rewards.keypoints.plan import GRASP, TARGET, KeypointPlan
from policies.rewards.keypoints.plan_making import PlanFacts, PlanSource, make_plan
from policies.rewards.keypoints.prompt import Prompt, build_prompt
from policies.rewards.keypoints.reply import GraspPoint, PlanReply
from policies.rewards.keypoints.sent_image import image_sha
from policies.rewards.keypoints.vocabulary import Vocabulary
from robot.core.errors import NudgeError

_TRACKED_POINTS = 24


class NotVisible(NudgeError):
    """The model says that the object or the target is not in the pictures."""


@dataclass(frozen=True, eq=False)
class View:
    """A named camera's frame uint8 RGB [H, W, 3] and, where it has one, its depth [H, W] m."""

    name: str
    camera: PinholeCamera
    frame: np.ndarray
    depth_m: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.frame.shape != (self.camera.height, self.camera.width, 3):
            raise CameraModelError(
                f"camera {self.name!r} is calibrated for {self.camera.width}x{self.camera.height} "
                f"px, the frame has shape {self.frame.shape}; use PinholeCamera.scaled, or that size"
            )


@dataclass(frozen=True, eq=False)
class TwoViews:
    """One scene from above and from the side."""

    top: View
    side: View

    @property
    def cameras(self) -> Mapping[str, PinholeCamera]:
        """What the plan's calibration id covers."""
        return {view.name: view.camera for view in (self.top, self.side)}

    @property
    def image_shas(self) -> Mapping[str, str]:
        """Of the frames as the cameras gave them."""
        return {view.name: image_sha(view.frame) for view in (self.top, self.side)}


@dataclass(frozen=True, eq=False)
class Question(TwoViews):
    """One scene's pictures, marks and prompt."""

    sentence: str
    masks: tuple[Mask, ...]
    marks: tuple[Candidate, ...]
    grid: Grid
    heights: HeightLines
    top_picture: MarkedPicture
    side_picture: MarkedPicture
    vocabulary: Vocabulary
    prompt: Prompt


def prepare_question(
    sentence: str,
    top: View,
    side: View,
    heights: HeightLines,
    segmenter: Segmenter,
    grid: Grid | None = None,
    grasped: int | None = None,
    points_per_mask: int = 5,
    near_m: np.ndarray | None = None,
) -> Question:
    """Propose masks in the top view, mark points on them, draw both pictures and write the prompt.

    ``grasped`` is the mask that is to be grasped, where it is known: its marks are P. The side view's heights
    are those at ``near_m`` [3] in base (the tool's place, for a thing in the hand), else where that mask, or
    the largest, is by its depth or would stand on the table. Raises NoObject, LiftError.
    """
    grid = grid or Grid()
    masks = segmenter.propose(top.frame, top.depth_m)
    marks = candidates(masks, grasped, points_per_mask)
    near = _stands(top, masks[grasped or 0], heights) if near_m is None else np.asarray(near_m, float)
    vocabulary = Vocabulary.of(tuple(m.label for m in marks), grid, heights)
    return Question(
        sentence=sentence,
        top=top,
        side=side,
        masks=masks,
        marks=marks,
        grid=grid,
        heights=heights,
        top_picture=draw_top(top.frame, marks, grid),
        side_picture=draw_side(side.frame, side.camera, heights, near),
        vocabulary=vocabulary,
        prompt=build_prompt(sentence, vocabulary, heights),
    )


def plan_from_reply(
    question: Question, reply: PlanReply, facts: PlanFacts, source: PlanSource
) -> KeypointPlan:
    """The plan that a reply to this question means; ``source.confidence`` is multiplied by the model's own.

    The grasp is the marked point itself, by the top view's depth or where its ray meets the height line; the
    other places are straight above a mark or a part of the table. Raises NotVisible, LiftError and PlanError.
    """
    if reply.grasp is None or reply.target is None:
        raise NotVisible(
            f"the model does not see what {question.sentence!r} needs; clear the view and ask again"
        )
    grasp = reply.grasp
    lifted = {GRASP: _on_mark(question, grasp.keypoint, question.heights.z_m(grasp.height), grasp.height)}
    between = [f"via{i}" for i in range(1, len(reply.waypoints) + 1)]
    for name, block in zip(between, reply.waypoints, strict=True):
        lifted[name] = _above(question, block.tile, block.height, grasp)
    lifted[TARGET] = _above(question, reply.target.at, reply.target.height, grasp)
    mask = question.masks[_mark(question, grasp.keypoint).mask]
    points = {question.top.name: spread_points(mask, _TRACKED_POINTS)}
    sure = PlanSource(
        source.provenance,
        source.model,
        source.confidence * reply.confidence,
        question.prompt.sha,
        source.parent_id,
    )
    return make_plan(lifted, between, question.cameras, points, facts, sure)


def _stands(top: View, mask: Mask, heights: HeightLines) -> np.ndarray:
    pixel = spread_points(mask, 1)[0]
    if top.depth_m is not None:
        return from_depth(pixel, float(depth_at(top.depth_m, pixel)[0]), top.camera).point_m
    return from_height(pixel, top.camera, heights.table_z_m).point_m


def _on_mark(question: Question, label: str, z_m: float, known_to: str) -> LiftedPoint:
    """The marked point in base: by its depth, where there is a depth image, else at ``z_m``.

    ``known_to`` is the height line that says how well the height is known.
    """
    view, pixel = question.top, _mark(question, label).pixel
    if view.depth_m is not None:
        return from_depth(pixel, float(depth_at(view.depth_m, pixel)[0]), view.camera)
    return from_height(pixel, view.camera, z_m, PIXEL_STD, question.heights.std_m(known_to))


def _above(question: Question, name: str, height: str, grasp: GraspPoint) -> LiftedPoint:
    """In base, at the height line above a mark, or above the part of the table that a tile shows.

    Not where the ray of either has that height: seen from near by, that is above another place. A mark on the
    grasped thing is as high as the grasp, one on another thing about as high as the table.
    """
    view, heights = question.top, question.heights
    if name in question.vocabulary.tiles:
        low, high = question.grid.corners_px(name, view.camera.size)
        spread_px = float(np.mean(high - low)) / np.sqrt(12)
        below = from_height((low + high) / 2, view.camera, heights.table_z_m, spread_px)
    else:
        same = _mark(question, name).mask == _mark(question, grasp.keypoint).mask
        z_m = heights.z_m(grasp.height) if same else heights.table_z_m
        below = _on_mark(question, name, z_m, grasp.height)
    return at_height(below, heights.z_m(height), heights.std_m(height))


def _mark(question: Question, label: str) -> Candidate:
    return next(m for m in question.marks if m.label == label)
