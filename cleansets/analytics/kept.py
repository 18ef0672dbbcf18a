"""Figures that are kept: until the next action on their cleanset, or for good."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from cleansets import selectors
from cleansets.models import Cleanset

T = TypeVar("T")
MAX_KEPT = 128

_kept: OrderedDict[tuple[object, ...], Any] = OrderedDict()
_lock = threading.Lock()


def kept(cleanset: Cleanset, name: str, compute: Callable[[], T]) -> T:
    """Return what `compute` returns, computed once for each state of the decisions."""
    newest = selectors.actions(cleanset).values_list("pk", "number").first()
    return _kept_as((cleanset.pk, cleanset.issues_key, newest, name), compute)


def kept_for_good(cleanset: Cleanset, name: str, compute: Callable[[], T]) -> T:
    """Return what `compute` returns of the results alone, which no decision changes."""
    return _kept_as((cleanset.pk, cleanset.issues_key, name), compute)


def _kept_as(key: tuple[object, ...], compute: Callable[[], T]) -> T:
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
