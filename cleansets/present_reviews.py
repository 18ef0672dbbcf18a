"""The current decisions of a cleanset, cached between requests.

A cleanset may have a million decisions of which a request changes one. So each process keeps the
tables of the cleansets that are in use, and reads only what newer actions changed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import pyarrow as pa

from cleansets.models import Cleanset, ReviewEvent
from cleansets.overlay import review_table

MAX_KEPT = 8  # cleansets; a million decisions take 50 MB
MAX_CHANGED = 5_000  # rows that are read one by one; beyond, all are read anew


@dataclass(frozen=True, slots=True)
class _Kept:
    """A table of reviews as of the newest action (None before the first)."""

    issues_key: str
    newest: tuple[UUID, int | None] | None
    table: pa.Table


_kept: OrderedDict[UUID, _Kept] = OrderedDict()
_lock = threading.Lock()


def present_reviews(cleanset: Cleanset) -> pa.Table:
    """Return the current reviews, as `overlay.review_table` does."""
    with _lock:
        known = _kept.get(cleanset.pk)
    current = None
    if known is not None and known.issues_key == cleanset.issues_key:
        current = _updated(cleanset, known)
    if current is None:
        newest = _newest(cleanset)
        current = _Kept(cleanset.issues_key, newest, review_table(cleanset))
    with _lock:
        _kept[cleanset.pk] = current
        _kept.move_to_end(cleanset.pk)
        if len(_kept) > MAX_KEPT:
            _kept.popitem(last=False)
    return current.table


def _newest(cleanset: Cleanset) -> tuple[UUID, int | None] | None:
    actions = cleanset.review_actions.filter(number__isnull=False).order_by("-number")
    return actions.values_list("pk", "number").first()


def _updated(cleanset: Cleanset, kept: _Kept) -> _Kept | None:
    """Return the cached table with later changes applied; None if there are too many of them."""
    first = 0 if kept.newest is None else kept.newest[1] or 0
    actions = list(
        cleanset.review_actions.filter(number__gte=first)
        .order_by("number")
        .values_list("pk", "number", "n_rows")[: MAX_CHANGED + 2]
    )
    if kept.newest is not None:
        # An action that was rolled back may have been read; its number went to another one.
        if not actions or actions[0][:2] != kept.newest:
            return None
        del actions[0]
    if not actions:
        return kept
    if len(actions) > MAX_CHANGED or sum(n_rows for *_, n_rows in actions) > MAX_CHANGED:
        return None
    newest = actions[-1][:2]
    events = ReviewEvent.objects.filter(review_action__in=[pk for pk, *_ in actions])
    changed = sorted(set(events.values_list("row_id", flat=True)))
    is_unchanged = ~np.isin(kept.table.column("row_id").to_numpy(), changed)
    parts = [kept.table.filter(pa.array(is_unchanged)), review_table(cleanset, changed)]
    return _Kept(kept.issues_key, newest, pa.concat_tables(parts).combine_chunks())
