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
import numpy.typing as npt
import pyarrow as pa

from cleansets.models import Cleanset, ReviewAction, ReviewEvent
from cleansets.overlay import DECISION_FIELDS, review_table
from cleansets.row_query import AS_OF
from studio.database import read_together

MAX_KEPT = 8  # cleansets; a million decisions take 50 MB
MAX_CHUNKS = 32  # of a table; to put them into one takes longer than to append a decision
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
        table = _marked(review_table(cleanset), cleanset, newest)
        current = _Kept(cleanset.issues_key, newest, table)
    with _lock:
        _kept[cleanset.pk] = current
        _kept.move_to_end(cleanset.pk)
        if len(_kept) > MAX_KEPT:
            _kept.popitem(last=False)
    return current.table


def kept_reviews(cleanset: Cleanset) -> pa.Table:
    """Return the reviews as this process knew them last, without looking for newer ones."""
    with _lock:
        known = _kept.get(cleanset.pk)
    if known is not None and known.issues_key == cleanset.issues_key:
        return known.table
    return present_reviews(cleanset)


def is_newest(action: ReviewAction) -> bool:
    """Return whether the action was the newest one when the reviews were last looked up."""
    with _lock:
        known = _kept.get(action.cleanset_id)
    return known is not None and known.newest == (action.pk, action.number)


def _newest(cleanset: Cleanset) -> tuple[UUID, int | None] | None:
    actions = cleanset.review_actions.filter(number__isnull=False).order_by("-number")
    return actions.values_list("pk", "number").first()


def _updated(cleanset: Cleanset, kept: _Kept) -> _Kept | None:
    """Return the cached table with later changes applied; None if there are too many of them."""
    first = 0 if kept.newest is None else kept.newest[1] or 0
    since = cleanset.review_actions.filter(number__gte=first).order_by("number")
    events = ReviewEvent.objects.filter(
        review_action__cleanset=cleanset, review_action__number__gt=first
    )
    changed_rows = events.values_list("row_id")[: MAX_CHANGED + 1]
    found, event_rows, decisions = read_together(
        since.values_list("pk", "number", "n_rows")[: MAX_CHANGED + 2],
        changed_rows,
        cleanset.reviews.filter(row_id__in=changed_rows).values_list(*DECISION_FIELDS),
    )
    actions = [(UUID(str(pk)), number, n_rows) for pk, number, n_rows in found]
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
    changed = sorted({row_id for (row_id,) in event_rows})
    is_changed = np.isin(kept.table.column("row_id").to_numpy(), changed)
    unchanged = _without(kept.table, is_changed)
    table = pa.concat_tables([unchanged, review_table(cleanset, changed, decisions)])
    if table.column("row_id").num_chunks > MAX_CHUNKS:
        table = table.combine_chunks()
    return _Kept(kept.issues_key, newest, _marked(table, cleanset, newest))


def _without(table: pa.Table, is_changed: npt.NDArray[np.bool_]) -> pa.Table:
    """Return the table without the changed rows; few are left out without copying the others."""
    places = np.flatnonzero(is_changed).tolist()
    if len(places) > MAX_CHUNKS:
        return table.filter(pa.array(~is_changed))
    ends = [*places, len(table)]
    starts = [0, *(place + 1 for place in places)]
    parts = [table.slice(start, end - start) for start, end in zip(starts, ends, strict=True)]
    return pa.concat_tables(parts)


def _marked(
    table: pa.Table, cleanset: Cleanset, newest: tuple[UUID, int | None] | None
) -> pa.Table:
    return table.replace_schema_metadata({AS_OF: f"{cleanset.pk} {newest}"})
