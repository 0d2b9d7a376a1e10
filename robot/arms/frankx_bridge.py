"""Stand-alone bridge to frankx 0.2, for a Python 3.8 or 3.9 of its own that knows nothing of Nudge.

``python3.8 frankx_bridge.py OPTIONS``: length-prefixed JSON in on stdin, out on stdout; ends when stdin does.
frankx 0.2 reads no state while it moves, so the arm moves in short steps from rest to rest and is read
between them; the newest target wins.
"""

from __future__ import annotations

import json
import math
import os
import struct
import sys
import threading
import time
from typing import Any, BinaryIO

PERIOD_S = 0.01  # between states at rest
SAME_M, SAME_RAD = 0.0002, 0.001  # nearer than this is there
SAME_WIDTH_M = 0.001
# frankx steers by Euler angles that jump where the tool's z points down, so it sees the tool turned about x.
Z_UP = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0]


class Wire:
    """Whole messages over a pair of pipes: four bytes of length, little endian, then JSON."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source, self._sink = source, sink
        self._lock = threading.Lock()

    def send(self, **message: Any) -> None:
        body = json.dumps(message).encode()
        with self._lock:
            self._sink.write(struct.pack("<I", len(body)) + body)
            self._sink.flush()

    def receive(self) -> dict[str, Any] | None:
        """The next message, or None when the other side is gone."""
        head = self._source.read(4)
        if len(head) < 4:
            return None
        size = struct.unpack("<I", head)[0]
        body = self._source.read(size)
        return json.loads(body) if len(body) == size else None


class Inbox:
    """The newest of everything that was asked for; filled by a thread."""

    def __init__(self, wire: Wire) -> None:
        self.target: list[float] | None = None
        self.width: float | None = None
        self.recover = False
        self.quit = False
        self.wake = threading.Event()
        threading.Thread(target=self._fill, args=(wire,), daemon=True).start()

    def _fill(self, wire: Wire) -> None:
        while not self.quit:
            message = wire.receive()
            if message is None or message["type"] == "quit":
                self.quit = True
            elif message["type"] == "target":
                self.target = message["pose"]
            elif message["type"] == "gripper":
                self.width = message["width"]
            elif message["type"] == "recover":
                self.recover = True
            self.wake.set()


class Hand:
    """The gripper in a thread: frankx gives Python's lock back while the fingers move."""

    def __init__(self, gripper: Any, options: dict[str, Any], inbox: Inbox) -> None:
        self._gripper, self._options, self._inbox = gripper, options, inbox
        self.width, self.error = float(gripper.width()), ""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        asked = -1.0
        while not self._inbox.quit:
            wanted = self._inbox.width
            try:
                if wanted is not None and abs(wanted - asked) > SAME_WIDTH_M:
                    asked = wanted
                    self._go(wanted)
                self.width = float(self._gripper.width())
            except Exception as error:  # a grasp of nothing is no fault of the arm: the width tells
                self.error = str(error)
            time.sleep(5 * PERIOD_S)

    def _go(self, wanted: float) -> None:
        speed, force = self._options["gripper_speed"], self._options["gripper_force"]
        if wanted > self.width:
            self._gripper.move(wanted, speed)
        else:
            self._gripper.grasp(wanted, speed, force, 0.1, 0.1)  # whatever is held was meant


class Bridge:
    """Reads at rest, moves in steps, reports a fault once and then waits to be recovered."""

    def __init__(self, frankx: Any, options: dict[str, Any], wire: Wire, inbox: Inbox) -> None:
        self._frankx, self._options, self._wire, self._inbox = frankx, options, wire, inbox
        # Not repeat_on_error, its default: frankx would recover a reflex by itself and go on.
        self._robot = frankx.Robot(options["host"], options["dynamic_rel"], False, False)
        self._robot.set_default_behavior()  # reflexes at 20 Nm a joint, 30 N at the tool
        self._robot.set_EE(Z_UP)
        self._hand = Hand(frankx.Gripper(options["host"]), options, inbox) if options["gripper"] else None
        self._fault = ""

    def run(self) -> None:
        """Until asked to quit or the pipe ends."""
        self._wire.send(type="ready")
        while not self._inbox.quit:
            state = self._robot.get_state()
            self._report(state)
            if self._inbox.recover:
                self._recover()
            elif not self._fault and not self._stopped(state):
                self._step(state)
            self._inbox.wake.wait(PERIOD_S)
            self._inbox.wake.clear()

    def _report(self, state: Any) -> None:
        self._wire.send(
            type="state",
            stamp_ns=time.time_ns(),
            q=list(state.q),
            dq=list(state.dq),
            tau=list(state.tau_J),
            tau_ext=list(state.tau_ext_hat_filtered),
            pose=list(state.O_T_EE),
            width=self._hand.width if self._hand else 0.0,
        )

    def _stopped(self, state: Any) -> bool:
        """Whether the arm stands still by a reflex or a button that no motion here has met."""
        mode = str(state.robot_mode).rsplit(".", 1)[-1]
        if mode in ("Reflex", "UserStopped"):
            self._raise(f"robot mode {mode}: {names(state.last_motion_errors)}")
        return mode in ("Reflex", "UserStopped")

    def _step(self, state: Any) -> None:
        pose, self._inbox.target = self._inbox.target, None
        if pose is None:
            return
        here, there = self._frankx.Affine(list(state.O_T_EE)), self._frankx.Affine(pose)
        length = math.dist((here.x, here.y, here.z), (there.x, there.y, there.z))
        angle = turn_between(list(state.O_T_EE), pose)
        if length < SAME_M and angle < SAME_RAD:
            return
        share = min(
            1.0, self._options["step_m"] / max(length, 1e-9), self._options["step_rad"] / max(angle, 1e-9)
        )
        goal = here.slerp(there, share)
        if max(abs(goal.a - here.a), abs(goal.b - here.b), abs(goal.c - here.c)) > math.pi:
            self._raise(
                "frankx would turn the tool the long way round: keep it away from half a turn and flat"
            )
            return
        self._move(goal)

    def _move(self, goal: Any) -> None:
        motion = self._frankx.WaypointMotion([self._frankx.Waypoint(goal)])
        if not self._robot.move(motion):  # frankx prints the exception and returns False
            state = self._robot.get_state()
            self._raise(names(state.last_motion_errors) or f"motion refused in robot mode {state.robot_mode}")

    def _raise(self, text: str) -> None:
        self._fault = text
        self._inbox.target = None
        self._wire.send(type="fault", text=text)

    def _recover(self) -> None:
        self._inbox.recover, self._inbox.target = False, None
        try:
            cleared = bool(self._robot.recover_from_errors())
            why = "" if cleared else names(self._robot.get_state().current_errors)
        except Exception as error:  # the driver hears why, the fault stays
            cleared, why = False, str(error)
        self._fault = "" if cleared else self._fault
        self._wire.send(type="recovered", ok=cleared, text=why)


def names(errors: Any) -> str:
    """The vendor's names of the errors that are set."""
    return ", ".join(n for n in dir(errors) if not n.startswith("_") and getattr(errors, n) is True)


def turn_between(a: list[float], b: list[float]) -> float:
    """Angle, rad, between two column-major poses: the trace of their relative rotation."""
    trace = sum(a[4 * j + i] * b[4 * j + i] for i in range(3) for j in range(3))
    return math.acos(max(-1.0, min(1.0, (trace - 1.0) / 2.0)))


def main() -> None:
    """Serve one arm; the last message says why it ended, if nobody asked for it."""
    private = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # frankx prints on stdout, which would garble the messages
    wire = Wire(sys.stdin.buffer, private)
    ending = "refused"
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))  # it holds a frankx.py, the driver
    try:
        import frankx  # pyright: ignore[reportMissingImports]

        bridge = Bridge(frankx, json.loads(sys.argv[1]), wire, Inbox(wire))
        ending = "lost"
        bridge.run()
        code = 0
    except BrokenPipeError:
        code = 0  # nobody listens any more
    except Exception as error:
        wire.send(type=ending, text=f"{type(error).__name__}: {error}")
        code = 1
    os._exit(code)  # not by the interpreter, which would wait for the thread that reads stdin, or abort


if __name__ == "__main__":
    main()
