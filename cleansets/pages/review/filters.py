"""The filter bar of the review page."""

from __future__ import annotations

from cleansets import row_address, row_query
from cleansets.issue_columns import SCORE_TITLES
from cleansets.label_text import number_text
from cleansets.models import Cleanset
from cleansets.pages.review.table import LABEL_TITLES
from cleansets.review_order import FLAG, RANDOM_PERIODS, REVIEW_ORDERS, VALUABLE
from cleansets.row_address import Range, RowQuery
from cleansets.row_query import RowSource
from cleansets.row_sets import row_set
from cleansets.shown_columns import own_columns_shown
from studio.engine.ml_task import MLTask
from studio.engine.schema import Part

ONLY_TITLES = {
    row_address.COPIES_DIFFER: "Differing copies",
    row_address.CHANGED: "Changed rows",
    row_address.RANDOM: "Random rows that are not flagged",
}
ACTION_TITLES = {
    "undecided": "Undecided",
    "auto-fix": "Auto-fix",
    "keep": "Keep",
    "exclude": "Exclude",
    "label": "Label",
    "corrected": "Corrected",
    "needs-review": "Needs review",
}
CELL_KIND_TITLES = {
    "has": "contains",
    "is": "is",
    "min": "at least",
    "max": "at most",
    "missing": "is missing",
    "filled": "is not missing",
}
ORDER_TITLES = {
    VALUABLE: "By value",
    **{name: f"By value, 1 in {period} random" for name, period in RANDOM_PERIODS.items()},
}
LABEL_ACTIONS = ("label", "corrected")


def filters(cleanset: Cleanset, query: RowQuery, source: RowSource) -> dict[str, object]:
    """Build the filter bar and the chips of the active filters."""
    has_labels = cleanset.task is not MLTask.UNSUPERVISED
    shown = own_columns_shown(cleanset, query, source)
    others = [name for name in source.own_columns if name not in shown]
    has_sets = cleanset.task is MLTask.MULTI_LABEL
    no_class = [(row_address.NO_CLASS, "no class")] if has_sets else []
    unlabeled = [(row_address.UNLABELED, "- (unlabeled)")]
    if has_sets and not cleanset.counts.get("is_initially_unlabeled"):
        unlabeled = []
    return {
        "given_specials": [*no_class, *unlabeled],
        "given_choices": _label_choices(source, "given_label", query, query.given),
        "suggested_specials": [(row_address.UNLABELED, "- (none)"), *no_class],
        "no_class": no_class,
        "suggested_choices": _label_choices(source, "suggested_label", query, query.suggested),
        "action_choices": [
            choice
            for choice in ACTION_TITLES.items()
            if has_labels or choice[0] not in LABEL_ACTIONS
        ],
        "part_choices": _split_parts(cleanset),
        "training_params": query.params(part=Part.TRAINING.value),
        "score_choices": [
            (name, title) for name, title in SCORE_TITLES.items() if name in source.result_columns
        ],
        "own_choices": source.own_columns,
        # All uploaded columns with their visibility, visible ones first and in their order.
        "column_choices": [(name, name in shown) for name in (*shown, *others)],
        "order_choices": _order_choices(query, source),
        "cell_kinds": CELL_KIND_TITLES.items(),
        "cell_fields": [part.field for part in query.cells],
        "chips": chips(query, cleanset.task),
    }


def _order_choices(query: RowQuery, source: RowSource) -> list[tuple[str, str]]:
    """Return the orders of review; the one of the column sorted by, where there is one, comes
    first.
    """
    if FLAG not in source.result_columns:
        return []
    by_column = "" if query.sort in REVIEW_ORDERS else query.sort
    return [(by_column, "By column" if by_column else "By score"), *ORDER_TITLES.items()]


def _split_parts(cleanset: Cleanset) -> list[tuple[str, str]]:
    """Return the parts of the cleanset's split and their titles; none without a split."""
    split = cleanset.manifest.get("split") or {"n_rows": {}}
    return [(part, f"{part.capitalize()} ({n_rows})") for part, n_rows in split["n_rows"].items()]


def _label_choices(
    source: RowSource, column: str, query: RowQuery, chosen: str
) -> list[tuple[str, int]]:
    """Return the classes in the view, and always the one that is filtered by."""
    choices = row_query.label_choices(source, column, query)
    is_class = chosen not in ("", row_address.UNLABELED, row_address.NO_CLASS)
    if is_class and chosen not in dict(choices):
        choices.append((chosen, 0))
    return choices


def chips(query: RowQuery, task: MLTask) -> list[tuple[str, str, str]]:
    """Return name, value and the address without the filter, for each active filter."""
    among = row_set(query.among) if query.among else None
    found = [
        ("Given", _label_chip(query.given, task), query.params(given="")),
        ("Suggested", _label_chip(query.suggested, task), query.params(suggested="")),
        ("Action", ACTION_TITLES.get(query.action, ""), query.params(action="")),
        ("Text", query.search, query.params(search="")),
        ("Rows", among.title if among else "", query.params(among="")),
        ("Split", query.part, query.params(part="")),
        ("Tag", query.tag, query.params(tag="")),
        ("Only", ONLY_TITLES.get(query.only, ""), query.params(only="")),
    ]
    for part in query.ranges:
        others = tuple(other for other in query.ranges if other != part)
        title = LABEL_TITLES.get(part.column) or SCORE_TITLES[part.column]
        found.append((title, _range_text(part), query.params(ranges=others)))
    for filtered in query.cells:
        remaining = tuple(other for other in query.cells if other != filtered)
        condition = f"{CELL_KIND_TITLES[filtered.kind]} {filtered.value}".strip()
        found.append((filtered.column, condition, query.params(cells=remaining)))
    return [chip for chip in found if chip[1]]


def _label_chip(wanted: str, task: MLTask) -> str:
    is_class = wanted not in ("", row_address.UNLABELED, row_address.NO_CLASS)
    if task is MLTask.MULTI_LABEL and is_class:
        return f"has {wanted}"
    words = {row_address.UNLABELED: "none", row_address.NO_CLASS: "no class"}
    return words.get(wanted, wanted)


def _range_text(part: Range) -> str:
    if part.low is None:
        return f"up to {number_text(part.high or 0.0)}"
    if part.high is None:
        return f"from {number_text(part.low)}"
    return f"{number_text(part.low)} to {number_text(part.high)}"
