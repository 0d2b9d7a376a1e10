"""mujoco is compiled and ships no stubs: to pyright everything in it is Any."""

from typing import Any

def __getattr__(name: str) -> Any: ...
