"""What Clean Top K would do, shown by some of its rows and by its most frequent changes."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from cleansets import row_query, selectors
from cleansets.analytics.advice import errors_text
from cleansets.analytics.stopping import expected_errors
from cleansets.label_text import ShownLabel, shown_label
from cleansets.models import Cleanset
from cleansets.top_k import TopK
from studio.engine.ml_task import MLTask
from studio.figures import percent

N_EACH = 5  # rows from the beginning, by chance in between, and from the end
N_CHANGES = 5
MAX_CHARS = 160


@dataclass(frozen=True, slots=True)
class ExampleRow:
    """A row that Clean Top K would look at; `place` is its place in the view, from 1.

    One that was decided by hand does not change.
    """

    place: int
    row_id: int
    text: str
    label: ShownLabel | None
    suggested: ShownLabel | None
    is_manual: bool


@dataclass(frozen=True, slots=True)
class LabelChange:
    """How often one label would become another."""

    label: ShownLabel | None
    suggested: ShownLabel | None
    n_rows: int


def example_rows(cleanset: Cleanset, top_k: TopK) -> list[ExampleRow]:
    """Return rows from the beginning and the end of those in question, and some in between."""
    source = selectors.row_source(cleanset)
    places = spread(row_query.count_first(top_k.query, source, top_k.k))
    columns = cleanset.feature_columns
    found = row_query.fetch_places(top_k.query, source, places, columns)
    return [
        ExampleRow(
            place=place,
            row_id=row["row_id"],
            text=" · ".join(row["own"][name] or "–" for name in columns)[:MAX_CHARS],
            label=_shown(cleanset, row["clean_label"]),
            suggested=_shown(cleanset, row["suggested_label"]),
            is_manual=row["is_manual"],
        )
        for place, row in found
    ]


def spread(n_rows: int) -> list[int]:
    """Return places, from 1, at the beginning, by chance in between, and at the end.

    The same number of rows has the same places each time.

    >>> spread(100)[:5], spread(100)[-5:], spread(3)
    ([1, 2, 3, 4, 5], [96, 97, 98, 99, 100], [1, 2, 3])
    """
    if n_rows <= 3 * N_EACH:
        return list(range(1, n_rows + 1))
    between = range(N_EACH + 1, n_rows - N_EACH + 1)
    chosen = Random(n_rows).sample(between, N_EACH)  # noqa: S311  (nothing is kept secret by it)
    return [
        *range(1, N_EACH + 1),
        *sorted(chosen),
        *range(n_rows - N_EACH + 1, n_rows + 1),
    ]


def label_changes(cleanset: Cleanset, top_k: TopK) -> list[LabelChange]:
    """Return the most frequent changes of labels that auto-fix would make."""
    if top_k.choice != "auto-fix" or cleanset.task is not MLTask.MULTI_CLASS:
        return []
    source = selectors.row_source(cleanset)
    return [
        LabelChange(_shown(cleanset, label), _shown(cleanset, suggested), n_rows)
        for label, suggested, n_rows in row_query.count_changes(
            top_k.query, source, top_k.k, limit=N_CHANGES
        )
    ]


def _shown(cleanset: Cleanset, label: str | None) -> ShownLabel | None:
    return shown_label(cleanset.task, label, cleanset.label_convention)


def expected_precision(cleanset: Cleanset, top_k: TopK) -> str:
    """Say how many of the undecided label issues among the rows are expected to be wrong."""
    found = expected_errors(cleanset, top_k.query, top_k.k)
    if found is None:
        return ""
    n_rows, errors = found
    issues = "label issue" if n_rows == 1 else f"{n_rows:,} label issues"
    share = percent(errors.value / n_rows, 0)
    low = percent(errors.low / n_rows, 0)
    high = percent(errors.high / n_rows, 0)
    return (
        f"Of the {issues} among them that nobody has decided, about {errors_text(errors)} are"
        f" wrong: expected precision {share}, 90% interval {low} to {high}."
    )
