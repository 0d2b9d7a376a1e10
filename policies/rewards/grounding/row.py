"""One labelled question about one picture, as TRL's GRPOTrainer and VLM-R1 read it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from policies.rewards.grounding.asking import question_text, right_reply
from policies.rewards.grounding.mask_rle import MaskRle, encode
from policies.rewards.grounding.target import COLUMNS, Target, Wants

_EASY, _MEDIUM = 0.01, 0.002  # of the frame's area


@dataclass(frozen=True)
class GroundingRow:
    """The columns. Pixels are of the frame, ``point_m`` and ``T_base_cam`` in the robot's base, metres."""

    id: str
    task: str
    camera: str
    seed: int  # of the scene: splits are by it
    label: str
    words: str
    wants: Wants
    coord_format: str
    prompt: Sequence[Mapping[str, str]]  # chat messages
    image: str  # path of a PNG, from the data set's folder
    image_sha256: str  # of that file
    width: int
    height: int
    gt_points: Sequence[Sequence[float]]
    gt_masks_rle: Sequence[MaskRle]
    gt_boxes: Sequence[Sequence[float]]
    visible: bool
    difficulty: str  # easy, medium or hard by the thing's share of the picture; hidden
    point_m: Sequence[float]
    K: Sequence[Sequence[float]]
    T_base_cam: Sequence[Sequence[float]]

    @property
    def target(self) -> Target:
        """What the reward functions judge by."""
        return Target(**{name: getattr(self, name) for name in COLUMNS})

    def asked_in(self, coord_format: str) -> GroundingRow:
        """The same question in another model's coordinates; UnknownName for a name that none has."""
        row = replace(self, coord_format=coord_format)
        return replace(row, prompt=_messages(row.words, row.target))

    @property
    def json_line(self) -> str:
        """For TRL: one JSON object with every column."""
        return json.dumps(asdict(self))

    @property
    def vlm_r1_line(self) -> str:
        """For VLM-R1: id, image, conversations and the solution as text."""
        solution = right_reply(self.target)
        turns = [
            {"from": "human", "value": "<image>" + self.prompt[-1]["content"]},
            {"from": "gpt", "value": solution},
        ]
        return json.dumps({"id": self.id, "image": self.image, "conversations": turns, "solution": solution})

    @classmethod
    def from_json_line(cls, line: str) -> GroundingRow:
        """What `json_line` wrote; TypeError for other columns, ValueError for no JSON."""
        return cls(**json.loads(line))


@dataclass(frozen=True, eq=False)
class Labels:
    """The truth about one thing in one frame, as the twin knows it."""

    label: str
    words: str
    mask: np.ndarray  # [H, W] bool
    pixel: np.ndarray  # [2] its keypoint
    visible: bool  # the keypoint is
    point_m: np.ndarray  # [3]


@dataclass(frozen=True, eq=False)
class Shot:
    """One frame and where it was taken."""

    task: str
    camera: str
    seed: int
    image: str
    image_sha256: str
    K: np.ndarray  # [3, 3]
    T_base_cam: np.ndarray  # [4, 4]


def make_row(shot: Shot, labels: Labels, wants: Wants, coord_format: str) -> GroundingRow:
    """The row of one question; "not visible" is right where no pixel of the frame shows the thing."""
    height, width = labels.mask.shape
    seen = bool(labels.mask.any())
    target = Target(
        label=labels.label,
        wants=wants,
        coord_format=coord_format,
        width=width,
        height=height,
        gt_points=[np.round(labels.pixel, 3).tolist()] if seen else [],
        gt_masks_rle=[encode(labels.mask)] if seen else [],
        gt_boxes=[_box(labels.mask)] if seen else [],
        visible=seen,
    )
    return GroundingRow(
        id=f"{shot.task}-{shot.seed}-{shot.camera}-{labels.label}-{wants}",
        task=shot.task,
        camera=shot.camera,
        seed=shot.seed,
        words=labels.words,
        prompt=_messages(labels.words, target),
        image=shot.image,
        image_sha256=shot.image_sha256,
        difficulty=_difficulty(float(labels.mask.mean())),
        point_m=labels.point_m.tolist(),
        K=shot.K.tolist(),
        T_base_cam=shot.T_base_cam.tolist(),
        **{name: getattr(target, name) for name in COLUMNS},
    )


def is_answerable(labels: Labels, wants: Wants) -> bool:
    """Whether there is one right answer: not for a hidden keypoint of a thing whose rest is seen."""
    return wants == "box" or labels.visible or not labels.mask.any()


def _messages(words: str, target: Target) -> list[dict[str, str]]:
    return [{"role": "user", "content": question_text(words, target)}]


def _box(mask: np.ndarray) -> list[float]:
    """Left, top, right, bottom along the outer edges of the outermost pixels."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [columns[0] - 0.5, rows[0] - 0.5, columns[-1] + 0.5, rows[-1] + 0.5]


def _difficulty(share: float) -> str:
    if share == 0:
        return "hidden"
    return "easy" if share >= _EASY else "medium" if share >= _MEDIUM else "hard"
