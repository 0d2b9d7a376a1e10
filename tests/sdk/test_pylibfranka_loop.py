"""The parts of `pylibfranka`'s 1 kHz loop without an arm: the reference's limits, the shared memory."""

from __future__ import annotations

import threading

import numpy as np

from robot.arms.franka_limits import FR3
from robot.arms.pylibfranka_memory import SharedMemory
from robot.arms.pylibfranka_reference import CartesianReference, ReferenceLimits
from robot.core.se3 import exp_so3

LIMITS = ReferenceLimits(0.5, 8.0, 1.5, 15.0, 0.006)


def test_the_reference_keeps_its_limits_whatever_it_is_asked() -> None:
    random = np.random.default_rng(0)
    reference, positions = CartesianReference(np.eye(4), LIMITS), [np.zeros(3)]
    for cycle in range(6000):
        if cycle % 10 == 0 and random.random() < 0.3:
            T = np.eye(4)
            T[:3, 3], T[:3, :3] = random.normal(0, 0.2, 3), exp_so3(random.normal(0, 0.5, 3))
            reference.aim(T, random.normal(0, 0.3, 6), 0.01)
        reference.step(0.001)
        assert np.linalg.norm(reference.angular) <= LIMITS.turn_speed_radps * 1.001
        positions.append(reference.T_base_reference[:3, 3])
    velocity = np.diff(np.array(positions), axis=0) / 0.001
    acceleration = np.diff(velocity, axis=0) / 0.001
    jerk = np.diff(acceleration, axis=0) / 0.001
    assert np.linalg.norm(velocity, axis=1).max() <= LIMITS.speed_mps * 1.001
    assert np.linalg.norm(acceleration, axis=1).max() <= LIMITS.acceleration_mps2 * 1.001
    assert np.linalg.norm(jerk, axis=1).max() <= FR3.jerk_mps3


def test_the_reference_follows_a_line_without_lag_to_speak_of_and_never_passes_its_end() -> None:
    reference, T = CartesianReference(np.eye(4), LIMITS), np.eye(4)
    twist = np.array([0.1, 0, 0, 0, 0, 0])
    furthest = 0.0
    for _ in range(100):  # a second at 0.1 m/s, a target each 10 ms, then nothing more
        T[0, 3] += 0.001
        reference.aim(T, twist, 0.01)
        for _ in range(10):
            reference.step(0.001)
    assert T[0, 3] - reference.T_base_reference[0, 3] < 0.002
    for cycle in range(500):
        if cycle == 100:
            reference.stop()
        reference.step(0.001)
        furthest = max(furthest, reference.T_base_reference[0, 3])
    assert furthest < T[0, 3] + 0.001
    assert reference.at_rest


def test_a_torn_record_is_never_read() -> None:
    memory = SharedMemory()
    record = memory.command
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            record.write(number=number, T_base_tcp=np.full((4, 4), float(number)))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3000):
            copy = record.read()
            assert (copy["T_base_tcp"] == float(copy["number"])).all()
    finally:
        stop.set()
        writer.join()
        memory.close()
