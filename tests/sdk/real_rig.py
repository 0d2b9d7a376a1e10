"""A rig of real drivers without hardware: franka-sim's control unit, two videos, a terminal's keys."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from robot.rig_file import RIGS


def write_rig(path: Path, host: str, videos: dict[str, Path], tty: str) -> None:
    """fr3_one_arm with what is simulated here; its limits allow for a machine busy with the simulation."""
    rig: dict[str, Any] = yaml.safe_load((RIGS / "fr3_one_arm.yaml").read_text())
    arm = rig["arms"]["arm"]
    arm["options"] |= {"host": host, "realtime": "ignore"}
    arm["start_position_m"] = [0.5, 0.0, 0.3]
    arm["limits"] |= {"stale_state_s": 0.5, "leash_m": 0.06, "speed_scale": 1.0}
    for name, video in videos.items():
        options = {"source": str(video), "loop": True, "timeout_s": 2.0}
        rig["cameras"][name] = {"driver": "opencv", "options": options, "max_age_s": 0.4, "min_fps": 2.0}
    hand = {"device": "keyboard", "arm": "arm", "options": {"tty": tty}, "mapping": {"frame": "base"}}
    path.write_text(yaml.safe_dump(rig | {"teleop": [hand]}))


class Video:
    """Half a second of noise in a file; its plug can be pulled while somebody plays it."""

    def __init__(self, path: Path) -> None:
        self.path, random = path, np.random.default_rng(0)
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30, (320, 240))
        for _ in range(15):  # more bytes than a reader takes in ahead
            writer.write(random.integers(0, 256, (240, 320, 3), dtype=np.uint8))
        writer.release()
        self._content = path.read_bytes()

    def pull(self) -> None:
        """The file is empty, also for whoever has it open."""
        os.truncate(self.path, 0)

    def plug_in(self) -> None:
        """All of it is there again at once."""
        new = self.path.with_suffix(".new")
        new.write_bytes(self._content)
        new.replace(self.path)
