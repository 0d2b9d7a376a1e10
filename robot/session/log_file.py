"""The command's own log: the terminal belongs to the progress view."""

from __future__ import annotations

import logging
from pathlib import Path

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def log_to(folder: Path) -> None:
    """Send this process's log to ``folder``/logs/session.log, unless somebody has set up logging already."""
    path = folder / "logs" / "session.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=path, level=logging.INFO, format=FORMAT)
