"""The 1 kHz loop of `pylibfranka`, a process: ``python -m robot.arms.pylibfranka_loop FD OPTIONS``.

It ends when its parent is gone or asks for it, after a smooth stop.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from robot.arms.pylibfranka_law import Impedance, ImpedanceLaw, Joints, within_rate
from robot.arms.pylibfranka_memory import BIN_US, PERIOD_BINS, Phase, SharedMemory, as_text
from robot.arms.pylibfranka_reference import CartesianReference, ReferenceLimits
from robot.core.se3 import Matrix

if TYPE_CHECKING:
    import pylibfranka

_TARGET_TIMEOUT_S = 0.1  # without a new target for so long, the reference stops
_PARENT_CYCLES = 50  # between looks for the parent
_PRIORITY = 80  # of SCHED_FIFO; the kernel's own threads are above
_FIRST_HORIZON_S = 0.01


@dataclass(frozen=True)
class LoopOptions:
    """What the loop needs to know, as JSON on its command line."""

    host: str
    realtime: bool
    collision_torques_nm: tuple[float, ...]
    collision_wrench: tuple[float, ...]
    impedance: Impedance
    reference: ReferenceLimits

    @staticmethod
    def parse(text: str) -> LoopOptions:
        """From the command line."""
        data = json.loads(text)
        data |= {"impedance": Impedance(**data["impedance"])}
        return LoopOptions(**data | {"reference": ReferenceLimits(**data["reference"])})


class ControlLoop:
    """Reads states until a target comes, then controls; a reflex ends control until it is recovered."""

    def __init__(self, options: LoopOptions, memory: SharedMemory, robot: pylibfranka.Robot) -> None:
        import pylibfranka

        self._sdk: Any = pylibfranka
        self._options, self._memory, self._robot = options, memory, robot
        self._model = robot.load_model()
        self._phase, self._answered = Phase.READING, 0
        self._parent, self._cycle = os.getppid(), 0
        self._periods = np.zeros(PERIOD_BINS, np.int64)
        self._ignored = 0  # targets up to this one are older than the last fault

    def run(self) -> None:
        """Until asked to quit or the parent is gone; raises what libfranka raises when the network breaks."""
        while not self._over():
            self._read_once()
            if self._phase is Phase.READING and self._memory.command.peek("number") > self._ignored:
                self._control_until_fault()
            elif self._memory.command.peek("recover") > self._answered:
                self._recover()

    def _read_once(self) -> None:
        """One state without control; a stop that somebody pressed, or an old reflex, is a fault."""
        state = self._robot.read_once()
        pose, J = _pose(state.O_T_EE), self._jacobian(state)
        self._publish(state, pose, J, pose)
        mode = state.robot_mode
        if self._phase is Phase.READING and mode == self._sdk.RobotMode.Reflex:
            self._fault(f"stopped by a reflex before Nudge took over: {state.last_motion_errors}")
        elif self._phase is Phase.READING and mode == self._sdk.RobotMode.UserStopped:
            self._fault("the user stop is pressed: release it, then recover")

    def _control_until_fault(self) -> None:
        try:
            self._control()
        except (self._sdk.ControlException, self._sdk.CommandException) as error:
            self._fault(_plain(error))
        if self._phase is Phase.CONTROL:
            self._phase = Phase.READING

    def _control(self) -> None:
        """Torque control from the measured pose on, until the process is to end; holds when nobody sends."""
        control = self._robot.start_torque_control()
        self._phase = Phase.CONTROL
        state, _ = control.readOnce()
        reference = CartesianReference(_pose(state.O_T_EE), self._options.reference)
        law = ImpedanceLaw(self._options.impedance, np.array(state.q))
        follow = _Targets(self._memory, reference, self._ignored)
        torques = self._sdk.Torques([0.0] * 7)
        control.writeOnce(torques)
        before_s, ending = time.perf_counter(), False
        while not (ending and reference.at_rest):
            state, duration = control.readOnce()
            now_s = time.perf_counter()
            self._periods[min(int((now_s - before_s) * 1e6 / BIN_US), PERIOD_BINS - 1)] += 1
            before_s = now_s
            ending = ending or self._over()
            follow.update(now_s, ending)
            for _ in range(max(round(duration.to_sec() * 1000), 1)):  # lost cycles too are time that passed
                reference.step(0.001)
            torques.tau_J = self._torque(law, reference, state).tolist()
            control.writeOnce(torques)
        control.readOnce()
        torques.motion_finished = True
        control.writeOnce(torques)

    def _torque(
        self, law: ImpedanceLaw, reference: CartesianReference, state: pylibfranka.RobotState
    ) -> Joints:
        pose, J, goal = _pose(state.O_T_EE), self._jacobian(state), reference.T_base_reference
        self._publish(state, pose, J, goal)
        twist = np.array(reference.linear + reference.angular)
        coriolis = np.array(self._model.coriolis(state))
        tau = law.torque(pose, np.array(state.q), np.array(state.dq), J, goal, twist, coriolis)
        return within_rate(tau, np.array(state.tau_J_d))

    def _recover(self) -> None:
        """What a person asked for: the vendor's recovery, once; the answer is the phase it leaves."""
        try:
            if self._phase is Phase.FAULT:
                self._robot.automatic_error_recovery()
                self._phase = Phase.READING
        except (self._sdk.ControlException, self._sdk.CommandException) as error:
            self._fault(f"recovery refused: {_plain(error)}")
        self._ignored = self._memory.command.peek("number")
        self._answered = self._memory.command.peek("recover")
        self._read_once()
        self._memory.state.write(phase=self._phase, answered=self._answered)

    def _fault(self, text: str) -> None:
        self._phase = Phase.FAULT
        self._memory.state.write(phase=Phase.FAULT, text=as_text(text))

    def _over(self) -> bool:
        self._cycle += 1
        orphan = self._cycle % _PARENT_CYCLES == 0 and os.getppid() != self._parent
        return orphan or bool(self._memory.command.peek("quit"))

    def _jacobian(self, state: pylibfranka.RobotState) -> Matrix:
        return np.array(self._model.zero_jacobian(state)).reshape(7, 6).T

    def _publish(self, state: pylibfranka.RobotState, pose: Matrix, J: Matrix, reference: Matrix) -> None:
        dq = np.array(state.dq)
        self._memory.state.write(
            stamp_ns=time.time_ns(),
            phase=self._phase,
            q=state.q,
            dq=dq,
            tau=state.tau_J,
            T_base_tcp=pose,
            T_base_reference=reference,
            twist=J @ dq,
            wrench=state.K_F_ext_hat_K,
            T_tcp_stiffness=_pose(state.EE_T_K),
            jacobian=J,
            success_rate=state.control_command_success_rate,
            periods=self._periods,
        )


class _Targets:
    """Hands each new target to the reference, and stops it when none comes."""

    def __init__(self, memory: SharedMemory, reference: CartesianReference, ignored: int) -> None:
        self._command, self._reference = memory.command, reference
        self._number, self._stamp_ns, self._since_s = ignored, 0, time.perf_counter()
        self._stopped = False

    def update(self, now_s: float, ending: bool) -> None:
        number = self._command.peek("number")
        if number > self._number and not ending:
            self._take(number, now_s)
        elif not self._stopped and (ending or now_s - self._since_s > _TARGET_TIMEOUT_S):
            self._reference.stop()
            self._stopped = True

    def _take(self, number: int, now_s: float) -> None:
        command = self._command.read()
        gap_s = (int(command["stamp_ns"]) - self._stamp_ns) * 1e-9
        horizon_s = gap_s if 0 < gap_s <= _TARGET_TIMEOUT_S else _FIRST_HORIZON_S
        self._reference.aim(command["T_base_tcp"], command["twist"], horizon_s)
        self._number, self._stamp_ns, self._since_s = number, int(command["stamp_ns"]), now_s
        self._stopped = False


def _pose(column_major: list[float]) -> Matrix:
    return np.array(column_major).reshape(4, 4).T


def _plain(error: Exception) -> str:
    return (
        str(error).removeprefix("libfranka: ").split("\ncontrol_command_success_rate")[0].strip().rstrip(".")
    )


def _connect(options: LoopOptions) -> pylibfranka.Robot:
    """The robot, its reflexes set on purpose; this thread above all others when the kernel can do that."""
    import pylibfranka

    config = pylibfranka.RealtimeConfig
    if options.realtime:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    robot = pylibfranka.Robot(options.host, config.kEnforce if options.realtime else config.kIgnore)
    torque, force = list(options.collision_torques_nm), list(options.collision_wrench)
    robot.set_collision_behavior(torque, torque, force, force)
    return robot


def main() -> None:
    """Run until asked to quit; the shared state tells why when it ends otherwise."""
    memory, options = SharedMemory(int(sys.argv[1])), LoopOptions.parse(sys.argv[2])
    ending = Phase.REFUSED
    try:
        loop = ControlLoop(options, memory, _connect(options))
        gc.disable()  # a collection costs milliseconds; the loop makes no cycles
        ending = Phase.LOST
        loop.run()
    except Exception as error:  # whatever it is, the driver has to be told
        memory.state.write(phase=ending, text=as_text(f"{type(error).__name__}: {_plain(error)}"))
        sys.exit(1)


if __name__ == "__main__":
    main()
