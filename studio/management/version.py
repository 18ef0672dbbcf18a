"""The studio's version, from pyproject.toml, since it runs from its folder without installation."""

from __future__ import annotations

import tomllib
from pathlib import Path

_PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def version_line() -> str:
    """Return what `--version` prints."""
    project = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]
    return f"Cleanset Studio {project['version']}"
