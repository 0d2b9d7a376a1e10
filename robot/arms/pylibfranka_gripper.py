"""The hand of `pylibfranka`, a process: ``python -m robot.arms.pylibfranka_gripper FD OPTIONS``.

Not a thread: the bindings keep Python's lock during a grasp, seconds long, and the guard would stand still.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robot.arms.pylibfranka_memory import Phase, SharedMemory, as_text

if TYPE_CHECKING:
    import pylibfranka

_ANY_WIDTH_M = 0.1  # a grasp ends well whatever is held
_SAME_M = 0.001


@dataclass(frozen=True)
class GripperOptions:
    """As JSON on the command line."""

    host: str
    speed_mps: float
    force_n: float


class GripperLoop:
    """Opens by moving and closes by grasping, to the newest width asked for; reports in between."""

    def __init__(self, options: GripperOptions, memory: SharedMemory) -> None:
        import pylibfranka

        self._options, self._memory, self._parent = options, memory, os.getppid()
        self._failures = (pylibfranka.CommandException,)
        self._gripper: pylibfranka.Gripper = pylibfranka.Gripper(options.host)
        self._number, self._asked_m = 0, -1.0

    def run(self) -> None:
        """Until asked to quit or the parent is gone."""
        while os.getppid() == self._parent and not self._memory.command.peek("quit"):
            state = self._gripper.read_once()  # waits for the hand's next state, some tens of milliseconds
            self._memory.gripper_state.write(
                phase=Phase.READING, width_m=state.width, grasped=state.is_grasped, done=self._number
            )
            command = self._memory.gripper_command.read()
            if int(command["number"]) > self._number:
                self._go(float(command["width_m"]), state.width)
                self._number = int(command["number"])

    def _go(self, width_m: float, now_m: float) -> None:
        if abs(width_m - self._asked_m) < _SAME_M:
            return
        self._asked_m, text = width_m, ""
        try:
            if width_m > now_m:
                self._gripper.move(width_m, self._options.speed_mps)
            else:
                speed, force = self._options.speed_mps, self._options.force_n
                self._gripper.grasp(width_m, speed, force, _ANY_WIDTH_M, _ANY_WIDTH_M)
        except self._failures as error:  # it closed on nothing, or was stopped: the width tells
            text = str(error)
        self._memory.gripper_state.write(text=as_text(text))


def main() -> None:
    """Run until asked to quit; the shared state tells why when it ends otherwise."""
    memory, options = SharedMemory(int(sys.argv[1])), GripperOptions(**json.loads(sys.argv[2]))
    ending = Phase.REFUSED
    try:
        loop = GripperLoop(options, memory)
        ending = Phase.LOST
        loop.run()
    except Exception as error:  # whatever it is, the driver has to be told
        memory.gripper_state.write(phase=ending, text=as_text(f"{type(error).__name__}: {error}"))
        sys.exit(1)


if __name__ == "__main__":
    main()
