"""How often Python collects reference cycles."""

from __future__ import annotations

import gc

# Allocations between two collections; Python's default is 700, and each walks all libraries.
_NEW_OBJECTS = 50_000


def collect_less_often() -> None:
    """Collect cycles less often.

    Collections took a tenth of a command's start, 0.1 s of an improved run of 0.4 s, and a seventh
    of a reviewer's decision.
    """
    gc.set_threshold(_NEW_OBJECTS, 20, 100)
