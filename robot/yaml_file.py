"""Settings that a person wrote as YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from robot.core.errors import ConfigError


def read_yaml(path: Path) -> dict[str, Any]:
    """The table in the file; ConfigError names the file when it cannot be read or holds no table."""
    try:
        data = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError([f"cannot be read: {error}"], str(path)) from error
    if not isinstance(data, dict):
        raise ConfigError([f"got {type(data).__name__}, want a table of settings"], str(path))
    return data
