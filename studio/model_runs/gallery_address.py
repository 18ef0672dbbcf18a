"""The query string of the gallery: what the review table knows, and filters on predictions.

`predicted`, `verdict`, `confidence_from` and so on are filters on a run's predictions; `with` names
another run, and `change` what became of its predictions; the rest is display. The review page
ignores all of these, so it gets them as a set of rows (`run_row_sets`).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from django.http import QueryDict

from cleansets.row_address import ALL_ROWS, ISSUE_KEYS, MAX_SET_NAME, RowQuery

RIGHT, WRONG = "right", "wrong"
CHANGES = ("gained", "lost", "bothwrong")
SIZES = ("s", "m", "l")
OWN = "own."  # before the name of an uploaded column to sort by
MEASURES = ("confidence", "error")  # whose ends a range can have


@dataclass(frozen=True, slots=True)
class PredictionFilters:
    """Filters on the predictions of a run; empty means no filter.

    A range has a low and a high end; None is an open one. `change` is in comparison with the run
    `other`.
    """

    predicted: str = ""
    verdict: str = ""
    confidence: tuple[float | None, float | None] = (None, None)
    error: tuple[float | None, float | None] = (None, None)
    other: str = ""
    change: str = ""

    @classmethod
    def parse(cls, params: QueryDict) -> PredictionFilters:
        """Parse an address, ignoring invalid fields."""
        other = _run_id(params.get("with", ""))
        verdict = params.get("verdict", "")
        change = params.get("change", "")
        return cls(
            predicted=params.get("predicted", "").replace("\0", ""),
            verdict=verdict if verdict in (RIGHT, WRONG) else "",
            confidence=_ends(params, "confidence"),
            error=_ends(params, "error"),
            other=other,
            change=change if other and change in CHANGES else "",
        )

    @property
    def is_filtering(self) -> bool:
        """Whether some rows may be left out."""
        return replace(self, other="") != PredictionFilters()

    def add_to(self, params: QueryDict) -> None:
        """Write the filters into an address."""
        texts = {
            "predicted": self.predicted,
            "verdict": self.verdict,
            "with": self.other,
            "change": self.change,
        }
        for name in MEASURES:
            low, high = getattr(self, name)
            texts |= {f"{name}_from": end_text(low), f"{name}_to": end_text(high)}
        for name, text in texts.items():
            if text:
                params[name] = text


@dataclass(frozen=True, slots=True)
class GalleryQuery:
    """Filters, order, page and display of the gallery."""

    rows: RowQuery
    predictions: PredictionFilters = PredictionFilters()
    size: str = "m"
    has_probabilities: bool = True
    is_gray: bool = False

    @classmethod
    def parse(cls, params: QueryDict) -> GalleryQuery:
        """Parse an address, ignoring invalid fields; without a kind of issue, all rows."""
        size = params.get("size", "")
        return cls(
            rows=RowQuery.parse(params, (ALL_ROWS, *ISSUE_KEYS)),
            predictions=PredictionFilters.parse(params),
            size=size if size in SIZES else "m",
            has_probabilities=params.get("probabilities") != "hidden",
            is_gray=params.get("colour") == "gray",
        )

    @property
    def sorts_own(self) -> str:
        """The uploaded column that the rows are sorted by, if it is one."""
        return self.rows.sort.removeprefix(OWN) if self.rows.sort.startswith(OWN) else ""

    @property
    def display_fields(self) -> list[tuple[str, str]]:
        """Everything that is not a filter, for the hidden fields of the filter form."""
        return [
            (name, value)
            for name, values in QueryDict(self.params()).lists()
            for value in values
            if name in ("size", "probabilities", "colour", "own", "show")
        ]

    def params(self, **changes: Any) -> str:
        """Return the query string with some fields of the rows changed, from page 1."""
        return self.changed(**changes).address

    def changed(self, **changes: Any) -> GalleryQuery:
        """Return the query with fields of any of its parts changed."""
        own = {name: changes.pop(name) for name in list(changes) if name in self.__slots__}
        predictions = {
            name: changes.pop(name) for name in list(changes) if name in PredictionFilters.__slots__
        }
        return replace(
            self,
            rows=replace(self.rows, **({"page": 1} | changes)),
            predictions=replace(self.predictions, **predictions),
            **own,
        )

    @property
    def address(self) -> str:
        """The query string."""
        params = QueryDict(self.rows.params(page=self.rows.page), mutable=True)
        self.predictions.add_to(params)
        if self.size != "m":
            params["size"] = self.size
        if not self.has_probabilities:
            params["probabilities"] = "hidden"
        if self.is_gray:
            params["colour"] = "gray"
        return params.urlencode()


def where_text(filters: PredictionFilters, among: str) -> str:
    """Return the filters as the name of a set of rows; `among` is another set to be within."""
    params = QueryDict(mutable=True)
    filters.add_to(params)
    if among:
        params["among"] = among
    return params.urlencode()


def parse_where(text: str) -> tuple[PredictionFilters, str]:
    """Parse what `where_text` wrote."""
    params = QueryDict(text)
    return PredictionFilters.parse(params), params.get("among", "")[:MAX_SET_NAME]


def end_text(end: float | None) -> str:
    """Write an end of a range; an open one is empty."""
    return "" if end is None else f"{end:.15g}"


def _ends(params: QueryDict, name: str) -> tuple[float | None, float | None]:
    return _number(params.get(f"{name}_from", "")), _number(params.get(f"{name}_to", ""))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def _run_id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return ""
