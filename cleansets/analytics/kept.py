"""Figures that are kept until the next action on their cleanset."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from cleansets import selectors
from cleansets.models import Cleanset

T = TypeVar("T")
MAX_KEPT = 64

_kept: OrderedDict[tuple[object, ...], Any] = OrderedDict()
_lock = threading.Lock()


def kept(cleanset: Cleanset, name: str, compute: Callable[[], T]) -> T:
    """Return what `compute` returns, computed once for each state of the decisions."""
    newest = selectors.actions(cleanset).values_list("pk", "number").first()
    key = (cleanset.pk, cleanset.issues_key, newest, name)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            found: T = _kept[key]
            return found
    found = compute()
    with _lock:
        _kept[key] = found
        if len(_kept) > MAX_KEPT:
            _kept.popitem(last=False)
    return found
