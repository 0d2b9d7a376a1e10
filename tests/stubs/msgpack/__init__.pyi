"""msgpack ships no annotations, and pyright guesses wrong: to pyright everything in it is Any."""

from typing import Any

def __getattr__(name: str) -> Any: ...
