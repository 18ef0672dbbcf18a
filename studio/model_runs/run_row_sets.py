"""Sets of a run's rows by prediction, for the review page.

A set is named RUN.WHAT: a cell of the confusion matrix (`cell,GIVEN,PREDICTED` by code), the missed
or wrongly predicted rows of a class (`missed,CODE`, `wrongly,CODE`), a bar of the confidence
histogram (`bar,NUMBER,right` or `wrong`), a slice (`slice,NUMBER`), a group of a column
(`group,COLUMN,NUMBER`), or a comparison with another run (`gained,RUN`, `lost,RUN`,
`bothwrong,RUN`; with a second RUN, by whose thresholds both predict, as in `gained,RUN,RUN`),
filters of the gallery (`where,QUERY`), or a part of a map: a cluster
(`cluster,PROJECTION,NUMBER`), an area inside corners (`area,PROJECTION,x.y-x.y-x.y`), the rows
nearest to a row (`near,ROW`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from django.core.exceptions import ValidationError

from cleansets.explanations import nearest_rows
from cleansets.row_address import NO_CLASS
from cleansets.row_sets import RowSet, row_set
from studio.engine.errors import DataProblem
from studio.engine.evaluation.runs.run_rows import RunRows
from studio.engine.ml_task import MLTask
from studio.model_runs.compared_runs import row_changes
from studio.model_runs.evaluation_file import (
    ALL_ROWS,
    USED,
    read_evaluation,
    read_members,
    read_slice_rows,
)
from studio.model_runs.gallery_address import (
    MEASURES,
    PredictionFilters,
    end_text,
    parse_where,
    where_text,
)
from studio.model_runs.gallery_rows import other_run, rows_where
from studio.model_runs.models import ModelRun, Projection
from studio.model_runs.plane_file import stored_plane
from studio.model_runs.rows_file import stored_rows
from studio.runs import Status

KIND = "run"
N_BARS = 20
N_NEAREST = 20
RowIds = npt.NDArray[np.int64]
Found = tuple[str, RowIds]


def among(run: ModelRun, *what: object) -> str:
    """Return the value with which an address of the review page selects the rows."""
    return f"{KIND}:{run.pk}.{','.join(map(str, what))}"


def among_where(run: ModelRun, filters: PredictionFilters, within: str = "") -> str:
    """Return the value that selects the rows of a set, `within`, whose predictions match."""
    if not filters.is_filtering:
        return within
    return among(run, "where", where_text(filters, within))


def where_of(run: ModelRun, value: str) -> tuple[PredictionFilters, str]:
    """Return the filters that `among_where` wrote for this run, and the set that they are within;
    of any other value, no filters.
    """
    prefix = among(run, "where") + ","
    if not value.startswith(prefix):
        return PredictionFilters(), value
    return parse_where(value.removeprefix(prefix))


def find_rows(name: str) -> RowSet | None:
    """Return the named set of rows, or None if it does not exist."""
    run_id, _, what = name.partition(".")
    run = _measured(run_id)
    found = None if run is None else _found(run, what)
    if run is None or found is None:
        return None
    title, row_ids = found
    return RowSet(f"{run.name}: {title}", run.project_id, row_ids)


def _found(run: ModelRun, what: str) -> Found | None:
    kind, *arguments = what.split(",")
    if kind == "where":
        return _where(run, ",".join(arguments))
    try:
        if kind in _PARTS:
            return _against(run, _PARTS[kind], *arguments)
        return _found_in(run, kind, *arguments) if kind in _FINDERS else None
    except (
        TypeError,
        ValueError,
        IndexError,
        KeyError,
        ValidationError,
    ):  # an address that somebody made up
        return None
    except DataProblem:  # thresholds that were removed since
        return None


def _where(run: ModelRun, text: str) -> Found | None:
    filters, within = parse_where(text)
    row_ids = rows_where(run, filters)
    words = filter_words(run, filters)
    if within:
        outer = row_set(within)
        if outer is None or outer.project_id != run.project_id:
            return None
        row_ids = np.intersect1d(row_ids, outer.row_ids)
        words.append(outer.title)
    return ", ".join(words), row_ids


def filter_words(run: ModelRun, filters: PredictionFilters) -> list[str]:
    """Return what each of the filters keeps, in words."""
    words = []
    if filters.predicted:
        shown = "no class" if filters.predicted == NO_CLASS else filters.predicted
        words.append(f"predicted {shown}")
    if filters.verdict:
        words.append(f"predicted {filters.verdict}ly")
    for name in MEASURES:
        low, high = getattr(filters, name)
        if low is not None or high is not None:
            words.append(f"{name} {range_words(low, high)}")
    other = other_run(run, filters.other) if filters.change else None
    if other is not None:
        words.append(changes_in(run, other).get(filters.change, "nothing known"))
    return words


def range_words(low: float | None, high: float | None) -> str:
    """Return a range in words."""
    if low is None:
        return f"up to {end_text(high)}"
    if high is None:
        return f"from {end_text(low)}"
    return f"{end_text(low)} to {end_text(high)}"


@lru_cache(maxsize=32)
def _found_in(run: ModelRun, kind: str, *arguments: str) -> Found | None:
    """Return rows of one run; cached, since those of an evaluated run never change."""
    return _FINDERS[kind](run, *arguments)


def _measured(run_id: str) -> ModelRun | None:
    try:
        return ModelRun.objects.select_related("project").get(pk=run_id, status=Status.SUCCEEDED)
    except (ModelRun.DoesNotExist, ValidationError, ValueError):
        return None


def rows_of(run: ModelRun) -> RunRows:
    """Return the rows of a run with the labels it learned from."""
    return stored_rows(run.rows_key, run.task, tuple(run.classes)).run


def _has(values: npt.NDArray[Any], code: int) -> npt.NDArray[np.bool_]:
    return np.asarray(values[:, code] if values.ndim == 2 else values == code, dtype=bool)


def _cell(run: ModelRun, given: str, predicted: str) -> Found:
    rows = rows_of(run)
    names = rows.classes[int(given)], rows.classes[int(predicted)]
    is_cell = _has(rows.measures.labels, int(given)) & _has(rows.measures.predicted, int(predicted))
    return f"labeled {names[0]}, predicted {names[1]}", rows.row_id[is_cell]


def _missed(run: ModelRun, code: str) -> Found:
    rows = rows_of(run)
    found = _has(rows.measures.labels, int(code)) & ~_has(rows.measures.predicted, int(code))
    return f"labeled {rows.classes[int(code)]} and not predicted so", rows.row_id[found]


def _wrongly(run: ModelRun, code: str) -> Found:
    rows = rows_of(run)
    found = ~_has(rows.measures.labels, int(code)) & _has(rows.measures.predicted, int(code))
    return f"wrongly predicted {rows.classes[int(code)]}", rows.row_id[found]


def _bar(run: ModelRun, number: str, verdict: str) -> Found | None:
    rows = rows_of(run)
    confidence = rows.measures.confidence
    if confidence is None:
        return None
    bars = np.minimum((confidence.astype(np.float64) * N_BARS).astype(int), N_BARS - 1)
    is_wanted = rows.is_right if verdict == "right" else ~rows.is_right
    title = f"{verdict}, confidence {int(number) / N_BARS:.0%} to {(int(number) + 1) / N_BARS:.0%}"
    return title, rows.row_id[(bars == int(number)) & is_wanted]


def _slice(run: ModelRun, number: str) -> Found:
    description, row_ids = read_slice_rows(run.evaluation_key, int(number))
    return description, row_ids


def _against(run: ModelRun, part: str, other_id: str, by_id: str = "") -> Found | None:
    other = _measured(other_id)
    by = _measured(by_id) if by_id else None
    if other is None or other.project_id != run.project_id:
        return None
    if by_id and (by is None or by.project_id != run.project_id):
        return None
    changes = row_changes(run, other, by)
    title = changes_in(run, other)[part.replace("_", "")]
    return title, getattr(changes, part)


def changes_in(run: ModelRun, other: ModelRun) -> dict[str, str]:
    """Return in words how rows can change from a run to another one."""
    if run.task is MLTask.REGRESSION:
        return {
            "gained": f"{other.name} comes closer",
            "lost": f"{other.name} is farther away",
        }
    return {
        "gained": f"right only in {other.name}",
        "lost": f"wrong only in {other.name}",
        "bothwrong": f"wrong in {other.name} too",
    }


def _group(run: ModelRun, column: str, number: str) -> Found:
    document = read_evaluation(run.evaluation_key, USED, ALL_ROWS)
    groups = document["residuals_by_column"][int(column)]["groups"]
    members = read_members(run.evaluation_key, int(column))
    title = str(groups[int(number)]["description"])
    return title, rows_of(run).row_id[members == int(number)]


def _cluster(run: ModelRun, projection_id: str, number: str) -> Found | None:
    projection = _projection(run, projection_id)
    if projection is None:
        return None
    cluster = projection.summary["clusters"][int(number)]
    row_ids = stored_plane(projection.plane_key).rows_of_cluster(int(number))
    return cluster_title(cluster["terms"], int(number)), row_ids


def cluster_title(terms: Sequence[str], number: int) -> str:
    """Return the name of a cluster."""
    return ", ".join(terms) or f"cluster {number + 1}"


def _area(run: ModelRun, projection_id: str, written: str) -> Found | None:
    projection = _projection(run, projection_id)
    if projection is None:
        return None
    corners = [corner.split(".") for corner in written.split("-")]
    at = np.array([[int(x), int(y)] for x, y in corners], dtype=np.float64)
    row_ids = stored_plane(projection.plane_key).rows_inside(at)
    return f"an area of the map by {projection.get_method_display()}", row_ids


def _near(run: ModelRun, row: str) -> Found | None:
    assert run.cleanset is not None
    row_id = int(row)
    if not 0 <= row_id < (run.cleanset.n_rows or 0):
        return None
    found = [row_id, *nearest_rows(run.cleanset, row_id, N_NEAREST)]
    return f"most like row {row_id + 1:,}", np.array(sorted(found), dtype=np.int64)


def _projection(run: ModelRun, projection_id: str) -> Projection | None:
    mine = run.projections.filter(pk=projection_id, status=Status.SUCCEEDED)
    return mine.first()


_FINDERS: Mapping[str, Callable[..., Found | None]] = {
    "cell": _cell,
    "missed": _missed,
    "wrongly": _wrongly,
    "bar": _bar,
    "slice": _slice,
    "group": _group,
    "cluster": _cluster,
    "area": _area,
    "near": _near,
}
_PARTS = {"gained": "gained", "lost": "lost", "bothwrong": "both_wrong"}
