"""The rows of a cell of the noise matrix, for the review page.

A set is named CLEANSET?given=CLASS&true=CLASS; where rows have several classes,
CLEANSET?class=CLASS&given=1&true=0: the class is given, and probably does not apply.
"""

from __future__ import annotations

from urllib.parse import urlencode

import numpy as np
import numpy.typing as npt
from django.http import QueryDict

from cleansets import selectors
from cleansets.analytics.kept import kept
from cleansets.models import Cleanset
from cleansets.row_query import set_condition
from cleansets.row_sets import RowSet
from studio.engine.ml_task import MLTask

KIND = "estimated"
_ESTIMATED = """
    SELECT row_id, given_label::VARCHAR AS given, CASE
        WHEN action IS NOT NULL THEN clean_label
        WHEN is_label_issue THEN coalesce(suggested_label, given_label)
        ELSE given_label END::VARCHAR AS estimated
    FROM rows WHERE action IS DISTINCT FROM 'exclude'"""


def among_cell(cleanset: Cleanset, given: str, true: str) -> str:
    """Return the value with which an address of the review page selects the rows of a cell."""
    return f"{KIND}:{cleanset.pk}?{urlencode({'given': given, 'true': true})}"


def among_class(cleanset: Cleanset, name: str, *, is_given: bool, is_true: bool) -> str:
    """Return the value for a cell of the matrix of one class."""
    cell = {"class": name, "given": int(is_given), "true": int(is_true)}
    return f"{KIND}:{cleanset.pk}?{urlencode(cell)}"


def find_rows(name: str) -> RowSet | None:
    """Return the named set of rows, or None if it does not exist."""
    pk, _, text = name.partition("?")
    cleanset = selectors.named_cleanset(pk)
    if cleanset is None or "is_label_issue" not in selectors.row_source(cleanset).result_columns:
        return None
    cell = QueryDict(text).dict()
    given, true = cell.get("given", ""), cell.get("true", "")
    if not given or not true:
        return None
    row_ids = kept(cleanset, f"estimated:{text}", lambda: _row_ids(cleanset, cell))
    if cleanset.task is MLTask.MULTI_LABEL:
        return RowSet(_title(cell), cleanset.project_id, row_ids)
    return RowSet(f"given “{given}”, probably “{true}”", cleanset.project_id, row_ids)


def _row_ids(cleanset: Cleanset, cell: dict[str, str]) -> npt.NDArray[np.int64]:
    if cleanset.task is MLTask.MULTI_LABEL:
        conditions: list[str] = ["given IS NOT NULL AND estimated IS NOT NULL"]
        values: list[object] = []
        for column, is_in in (("given", cell["given"]), ("estimated", cell["true"])):
            contains, pattern = set_condition(column, cell.get("class", ""))
            conditions.append(contains if is_in == "1" else f"NOT {contains}")
            values.append(pattern)
    else:
        conditions = ["given = ?", "estimated = ?"]
        values = [cell["given"], cell["true"]]
    found = selectors.row_source(cleanset).fetch(
        f"SELECT row_id FROM ({_ESTIMATED}) WHERE {' AND '.join(conditions)}", values
    )
    return np.array([row_id for (row_id,) in found], dtype=np.int64)


def _title(cell: dict[str, str]) -> str:
    given = "given" if cell["given"] == "1" else "not given"
    true = "applies" if cell["true"] == "1" else "does not apply"
    return f"“{cell.get('class', '')}” {given}, probably {true}"
