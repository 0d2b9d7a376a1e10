"""The computer: room and speed for what is recorded, and a kernel that keeps a 1 kHz loop's time."""

from __future__ import annotations

import getpass
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from robot.doctor.finding import Finding, ok, problem, warning

_LEAST_GB, _WANT_GB = 1.0, 10.0
_WANT_MB_PER_S = 30.0  # two cameras of 128 x 128 pixels at 10 Hz are 1 MB/s; the rest is for bad moments
_BLOCK = 1 << 20
_BLOCKS = 32
_WANT_PRIORITY = 80
_CPUS = Path("/sys/devices/system/cpu")


def look_at_disk(folder: Path) -> Iterator[Finding]:
    """Free space, and how fast it takes what must be on disk before it is learned from."""
    where = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.is_dir())
    yield space(where, shutil.disk_usage(where).free / 1e9)
    try:
        rate = _write_rate(where)
    except OSError as error:
        yield problem("disk/speed", f"cannot write in {where}: {error}", "choose another folder for runs")
        return
    yield speed(where, rate)


def space(folder: Path, free_gb: float) -> Finding:
    """A session of 6,000 steps with two cameras takes about 1 GB."""
    seen = f"{free_gb:.1f} GB free in {folder}"
    if free_gb < _LEAST_GB:
        return problem("disk/space", f"{seen}, want {_LEAST_GB:g} GB", "delete old folders in runs/")
    if free_gb < _WANT_GB:
        return warning("disk/space", f"{seen}, want {_WANT_GB:g} GB", "delete old folders in runs/")
    return ok("disk/space", seen)


def speed(folder: Path, mb_per_s: float) -> Finding:
    """Of writing that is on disk when the call returns."""
    seen = f"{mb_per_s:.0f} MB/s durable writing in {folder}"
    if mb_per_s >= _WANT_MB_PER_S:
        return ok("disk/speed", seen)
    advice = "record to a local SSD, not to a network folder or SD card (`nudge train --run /local/folder`)"
    return warning("disk/speed", f"{seen}, want {_WANT_MB_PER_S:g} MB/s", advice)


def look_at_realtime() -> Iterator[Finding]:
    """Kernel, priority and CPU governor: what a driver with a 1 kHz loop on this computer needs."""
    yield kernel(os.uname().version)
    yield priority(resource.getrlimit(resource.RLIMIT_RTPRIO)[1])
    governors = {p.read_text().strip() for p in _CPUS.glob("cpu[0-9]*/cpufreq/scaling_governor")}
    yield governor(governors)


def kernel(version: str) -> Finding:
    """By `uname -v`; a preemptible kernel is not yet a real-time one."""
    if "PREEMPT_RT" in version or "PREEMPT RT" in version:
        return ok("kernel", "PREEMPT_RT")
    advice = "install a real-time kernel (Ubuntu: `sudo pro enable realtime-kernel`) and reboot"
    seen = f"{version!r} is no real-time kernel: the 1 kHz loop may miss cycles and the arm stop"
    return warning("kernel", seen, advice)


def priority(limit: int) -> Finding:
    """The real-time priority that this user may ask for; -1 is no limit."""
    if limit == resource.RLIM_INFINITY or limit >= _WANT_PRIORITY:
        return ok("rtprio", "no limit" if limit == resource.RLIM_INFINITY else f"up to {limit}")
    line, file = f"{getpass.getuser()} - rtprio 99", "/etc/security/limits.d/99-realtime.conf"
    advice = f"echo '{line}' | sudo tee {file}; log out and in again"
    return warning("rtprio", f"this user may ask for {limit}, want {_WANT_PRIORITY}", advice)


def governor(governors: set[str]) -> Finding:
    """A CPU that saves power wakes late."""
    if governors <= {"performance"}:
        return ok("governor", "performance" if governors else "the CPU frequency is not ours to set")
    seen = f"CPU frequency governor {', '.join(sorted(governors))}, want performance"
    return warning("governor", seen, "sudo cpupower frequency-set -g performance")


def _write_rate(folder: Path) -> float:
    block = os.urandom(_BLOCK)
    with tempfile.TemporaryFile(dir=folder) as file:
        began = time.perf_counter()
        for _ in range(_BLOCKS):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
        return _BLOCKS * _BLOCK / 1e6 / (time.perf_counter() - began)
