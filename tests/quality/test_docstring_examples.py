"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest
from django.conf import settings

PACKAGES = ("studio", "projects", "cleansets", "models_app", "inference")


def modules_with_examples() -> list[str]:
    """Return the dotted names of the modules whose docstrings show examples."""
    root = Path(settings.BASE_DIR)
    paths = [path for package in PACKAGES for path in (root / package).rglob("*.py")]
    return sorted(
        ".".join(path.relative_to(root).with_suffix("").parts)
        for path in paths
        if ">>> " in path.read_text()
    )


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_in_docstrings_give_what_they_show(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.attempted > 0
    assert outcome.failed == 0
