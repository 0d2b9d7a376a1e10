"""The tracker's settings."""

from __future__ import annotations

from dataclasses import dataclass

from robot.core.errors import ConfigError

_SHARES = ("tracked_share", "suspect_share", "min_correlation", "max_chroma")


@dataclass(frozen=True)
class TrackerConfig:
    """Lengths in pixels of the image as given; right for objects of 25 to 200 pixels across."""

    homography_from_px: float = 60.0  # smaller objects are not seen sharply enough to tell how they tilt
    sample_points: int = 80  # at most; fewer where the mask is small or plain
    window_px: int = 11  # side of the patch that is followed and compared; odd
    tolerance_px: float = 1.0  # of a point from the common motion
    forward_backward_px: float = 1.0  # a point flowed there and back must end this near
    min_correlation: float = 0.6  # of a patch with the anchor's, after the motion is undone
    max_chroma: float = 0.06  # change of colour (r and g of r + g + b = 1) that is still the object
    tracked_share: float = 0.45  # of the sample points must agree
    suspect_share: float = 0.3  # below it the frame counts as missed
    patience_frames: int = 2  # missed in a row before the object is lost
    jump_share: float = 0.4  # of the object's size: the most it may move in a frame
    reanchor_every: int = 15  # frames, while all is well; always when not
    search_every: int = 3  # frames, while lost: looking through the whole image is slow

    def __post_init__(self) -> None:
        problems = [
            f"{name}: got {getattr(self, name)}, want more than 0 and at most 1"
            for name in _SHARES
            if not 0 < getattr(self, name) <= 1
        ]
        if self.window_px < 5 or self.window_px % 2 == 0:
            problems.append(f"window_px: got {self.window_px}, want an odd number of at least 5 pixels")
        if self.suspect_share > self.tracked_share:
            problems.append(f"suspect_share: got {self.suspect_share}, want at most tracked_share")
        positive = (
            "sample_points",
            "tolerance_px",
            "forward_backward_px",
            "patience_frames",
            "homography_from_px",
        )
        positive += ("jump_share", "reanchor_every", "search_every")
        problems += [f"{n}: got {getattr(self, n)}, want above 0" for n in positive if getattr(self, n) <= 0]
        if problems:
            raise ConfigError(problems, "tracker")
