"""The query string of the review table: filters, order, page and columns, parsed and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from django.http import QueryDict

from cleansets.issue_columns import ISSUE_COLUMNS, SCORES
from studio.engine.schema import Part

ALL_ROWS = "all"
UNDECIDED = "undecided"
CORRECTED = "corrected"
NEEDS_REVIEW = "needs-review"
UNLABELED = "-"  # in place of a label: rows without one
NO_CLASS = "--"  # in place of a label: sets in which no class applies
ACTIONS = (UNDECIDED, "auto-fix", "keep", "exclude", "label", CORRECTED, NEEDS_REVIEW)
MAX_SET_NAME = 1_000
MAX_TAG_CHARS = 30
GIVEN = "given_label"
SUGGESTED = "suggested_label"
# Label columns that hold numbers in a regression, and the names of their fields in the form.
LABEL_RANGES = {GIVEN: "given", SUGGESTED: "suggested"}
CELL_KINDS = ("has", "is", "min", "max", "missing", "filled")  # conditions on an uploaded column
VALUELESS = ("missing", "filled")
PARTS = tuple(part.value for part in Part)  # of a split
COPIES_DIFFER = "copies-differ"
CHANGED = "changed"
RANDOM = "random"
ONLY = (COPIES_DIFFER, CHANGED, RANDOM)
ISSUE_KEYS = tuple(issue.key for issue in ISSUE_COLUMNS)


@dataclass(frozen=True, slots=True)
class Range:
    """Rows whose score, or whose label as a number, lies in [low, high]; None is an open end."""

    column: str
    low: float | None = 0.0
    high: float | None = 1.0

    def __str__(self) -> str:
        return f"{self.column}:{_written(self.low)}:{_written(self.high)}"


@dataclass(frozen=True, slots=True)
class CellFilter:
    """A condition on an uploaded column; in an address `kind.column=value`."""

    column: str
    kind: str
    value: str = ""

    @property
    def field(self) -> tuple[str, str]:
        """The name and value that stand for it in an address."""
        return f"{self.kind}.{self.column}", self.value or "1"


@dataclass(frozen=True, slots=True)
class RowQuery:
    """Filters, order and page of the review table; empty means no filter."""

    issue: str = ISSUE_KEYS[0]
    given: str = ""
    suggested: str = ""
    action: str = ""
    ranges: tuple[Range, ...] = ()
    cells: tuple[CellFilter, ...] = ()
    search: str = ""
    among: str = ""
    part: str = ""
    only: str = ""
    tag: str = ""
    sort: str = ""
    ascending: bool = False
    page: int = 1
    own: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()

    @classmethod
    def parse(cls, params: QueryDict, issues: Sequence[str] = ISSUE_KEYS) -> RowQuery:
        """Parse an address, ignoring invalid fields. The first of `issues` is the default."""
        first = issues[0] if issues else ALL_ROWS
        return cls(
            issue=_one_of(params.get("issue", first), (*issues, ALL_ROWS), first),
            given=params.get("given", ""),
            suggested=params.get("suggested", ""),
            action=_one_of(params.get("action", ""), ACTIONS, ""),
            ranges=_ranges(params),
            cells=_cells(params),
            search=params.get("q", "").strip(),
            among=params.get("among", "")[:MAX_SET_NAME],
            part=_one_of(params.get("split", ""), PARTS, ""),
            only=_one_of(params.get("only", ""), ONLY, ""),
            tag=" ".join(params.get("tag", "")[:MAX_TAG_CHARS].split()),
            sort=params.get("sort", ""),
            ascending=params.get("dir") == "asc",
            page=_page_number(params.get("page", "")),
            own=tuple(params.getlist("own")),
            scores=tuple(score for score in params.getlist("show") if score in SCORES),
        )

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The query as names and values, for the hidden fields of a form."""
        return [
            (name, value)
            for name, values in QueryDict(self.params(page=self.page)).lists()
            for value in values
        ]

    @property
    def next_page(self) -> int:
        """The page after this one; a view of undecided rows shrinks, so there it is the same."""
        return self.page if self.action == UNDECIDED else self.page + 1

    @property
    def score_ranges(self) -> list[Range]:
        """The ranges for which the filter bar has no fields."""
        return [part for part in self.ranges if part.column not in LABEL_RANGES]

    @property
    def label_ranges(self) -> dict[str, tuple[str, str]]:
        """The ends of the ranges of label columns by the names of their form fields."""
        ends = {part.column: (_written(part.low), _written(part.high)) for part in self.ranges}
        return {field: ends.get(column, ("", "")) for column, field in LABEL_RANGES.items()}

    def params(self, **changes: Any) -> str:
        """Return the query string with some fields changed; a changed filter starts at page 1."""
        wanted = replace(self, **({"page": 1} | changes))
        params = QueryDict(mutable=True)
        single = {
            "issue": wanted.issue,
            "given": wanted.given,
            "suggested": wanted.suggested,
            "action": wanted.action,
            "q": wanted.search,
            "among": wanted.among,
            "split": wanted.part,
            "only": wanted.only,
            "tag": wanted.tag,
            "sort": wanted.sort,
            "dir": "asc" if wanted.ascending else "",
        }
        for name, value in single.items():
            if value:
                params[name] = value
        params.setlist("range", [str(part) for part in wanted.ranges])
        for part in wanted.cells:
            params.appendlist(*part.field)
        params.setlist("own", list(wanted.own))
        params.setlist("show", list(wanted.scores))
        if wanted.page > 1:
            params["page"] = str(wanted.page)
        return params.urlencode()


def _one_of(value: str, choices: Sequence[str], default: str) -> str:
    return value if value in choices else default


def _page_number(text: str) -> int:
    if text.isdecimal() and len(text) < 10:
        return max(int(text), 1)
    return 1


def _ranges(params: QueryDict) -> tuple[Range, ...]:
    """Parse `range=column:low:high`, then the fields of the filter bar, which replace a range of
    the same column.
    """
    ranges = [str(text).split(":") for text in params.getlist("range")]
    if params.get("range_score"):
        ranges.append([params.get(name, "") for name in ("range_score", "range_min", "range_max")])
    for column, field in LABEL_RANGES.items():
        if f"{field}_from" in params:
            ranges.append([column, params.get(f"{field}_from", ""), params.get(f"{field}_to", "")])
    found = {parts[0]: _range(*parts) for parts in ranges if len(parts) == 3}
    return tuple(part for part in found.values() if part is not None)


def _cells(params: QueryDict) -> tuple[CellFilter, ...]:
    """Parse `kind.column=value`, then the fields of the filter menu, which add a filter."""
    fields = [(name, value) for name, values in params.lists() for value in values]
    if params.get("cell_column"):
        name = f"{params.get('cell_kind', '')}.{params['cell_column']}"
        fields.append((name, params.get("cell_value", "").strip()))
    found = []
    for name, text in fields:
        value = text.replace("\0", "")
        kind, _, column = name.partition(".")
        if not column or kind not in CELL_KINDS:
            continue
        if kind in VALUELESS:
            found.append(CellFilter(column, kind))
        elif value:
            found.append(CellFilter(column, kind, value))
    return tuple(dict.fromkeys(found))


def _range(column: str, low: str, high: str) -> Range | None:
    """Return the range, or None if it is invalid or excludes nothing."""
    start = _number(low)
    end = _number(high)
    if column in LABEL_RANGES:
        if start is None and end is None:
            return None
        return Range(column, start, end)
    if column not in SCORES:
        return None
    if low and (start is None or not 0 <= start <= 1):
        return None
    if end is None or not 0 <= end <= 1:
        end = 1.0
    return Range(column, start or 0.0, end)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def _written(end: float | None) -> str:
    return "" if end is None else f"{end:.15g}"
