"""Answers that stay true: they depend on the results of an analysis, which never change, and at
most on the decisions as of a certain action.

Each process keeps those of the views in use: counts, choices of labels, and the row ids of a whole
order, so that a page far down needs no sort.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

MAX_KEPT = 256  # answers
MAX_ORDERS = 8  # of row ids; of a million rows, each takes 4 MB

T = TypeVar("T")


class FixedResults:
    """The answers that were asked for last."""

    def __init__(self, max_kept: int) -> None:
        self._max_kept = max_kept
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return what `compute` returned when the key was asked for first."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                found: T = self._kept[key]
                return found
        found = compute()
        with self._lock:
            self._kept[key] = found
            if len(self._kept) > self._max_kept:
                self._kept.popitem(last=False)
        return found


answers = FixedResults(MAX_KEPT)
orders = FixedResults(MAX_ORDERS)
