"""The things of each scene that labels name: their words, their geoms, the point that stands for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from robot.core.errors import UnknownName


@dataclass(frozen=True)
class Thing:
    """A thing and its keypoint, on its surface where it has one there.

    ``frame`` is a site or body of the model, ``offset_m`` the keypoint in it. Colours are no part of
    ``words``: the cell's are randomised.
    """

    name: str
    words: str  # what a model is asked for: the keypoint itself, so that there is one right answer
    frame: str
    offset_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    bodies: tuple[str, ...] = ()  # whose geoms are its mask; their children's are not ...
    geoms: tuple[str, ...] = ()  # ... and further ones by name
    on_surface: bool = True  # a depth camera sees the keypoint itself


_HAND = Thing(
    name="hand",
    words="the middle of the front face of the robot's gripper body, above the fingers",
    frame="hand",
    offset_m=(0.03, 0.0, 0.033),
    bodies=("left_finger", "right_finger"),
    geoms=("hand_box",),
)
_SOCKET = Thing(
    name="socket",
    words="the middle of the opening of the square socket that stands on the table",
    frame="socket",
    bodies=("socket",),
    on_surface=False,
)
_PEG = Thing(
    name="peg",
    words="the lower end of the peg in the gripper, on its front face",
    frame="peg_tip",
    offset_m=(0.01, 0.0, -0.005),
    geoms=("peg",),
)
_CUBE = Thing(
    name="cube",
    words="the middle of the upper face of the cube on the table",
    frame="cube",
    offset_m=(0.0, 0.0, 0.02),
    bodies=("cube",),
)
_DISC = Thing(
    name="disc",
    words="the middle of the upper face of the round disc in the pan",
    frame="disc",
    offset_m=(0.0, 0.0, 0.004),
    bodies=("disc",),
)
_PAN = Thing(
    name="pan",
    words="the middle of the floor of the pan in the gripper",
    frame="pan",
    bodies=("pan",),
)
_CLIP = Thing(
    name="clip",
    words="the middle of the block that the small cable clip on the table stands on",
    frame="clip",
    offset_m=(0.0, 0.0, -0.01),
    bodies=("clip",),
    on_surface=False,
)
_POST = Thing(
    name="post",
    words="the upper end of the post to which the cable is fixed",
    frame="post",
    offset_m=(-0.01, 0.0, 0.008),
    bodies=("post",),
)

THINGS: Mapping[str, tuple[Thing, ...]] = MappingProxyType(
    {
        "peg_insert": (_SOCKET, _PEG, _HAND),
        "lift": (_CUBE, _HAND),
        "flip": (_DISC, _PAN, _HAND),
        "cable_route": (_CLIP, _POST, _HAND),
    }
)


def things_of(scene: str) -> tuple[Thing, ...]:
    """The labelled things of a scene; UnknownName for one that has no labels."""
    if scene not in THINGS:
        raise UnknownName("scene with labelled things", scene, THINGS)
    return THINGS[scene]
