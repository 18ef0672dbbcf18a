"""What the points of a map are coloured by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cleansets.cell_filters import CellReading
from cleansets.issue_columns import BADGES, issues_in
from cleansets.label_text import number_text
from studio.engine.counted import counted
from studio.engine.ml_task import MLTask
from studio.figures import percent
from studio.model_runs.gallery_address import OWN
from studio.model_runs.gallery_rows import RunSource, own_values
from studio.model_runs.plane_file import StoredPlane
from studio.model_runs.run_row_sets import cluster_title
from studio.sql import text_literal

N_COLOURS = 11
N_SHAPES = 4
N_GROUPS = N_COLOURS * N_SHAPES  # that differ by colour or shape, the largest ones
OTHER = N_GROUPS  # the code of all others
N_STEPS = 16  # of a scale
NOTHING = 255  # rows without a value
_TRIM = 0.01  # of the values at each end of a scale, which have the colour of the end
TITLES = {
    "predicted": "Predicted label",
    "given": "Given label",
    "clean": "Corrected label",
    "verdict": "Right or wrong",
    "confidence": "Confidence",
    "error": "Error",
    "issue": "Issue",
    "split": "Split",
    "cluster": "Cluster",
}


@dataclass(frozen=True, slots=True)
class LegendItem:
    """A colour, what it stands for, and how many points have it; `style` is its CSS class."""

    code: int
    style: str
    name: str
    n_points: int

    @property
    def shape(self) -> int:
        """The number of its shape."""
        return self.code % N_SHAPES


@dataclass(frozen=True, slots=True)
class Colouring:
    """The colours of points.

    Attributes
    ----------
    codes
        Of each point, shape (n,): a group or a step of the scale; `NOTHING` without a value.
    items
        The groups in the legend; of a scale, its steps.
    ends
        What the ends of a scale stand for; None for groups.
    """

    by: str
    title: str
    codes: npt.NDArray[np.uint8]
    items: list[LegendItem]
    ends: tuple[str, str] | None


def colour_choices(source: RunSource, *, has_split: bool) -> list[tuple[str, str]]:
    """Return by what the points can be coloured."""
    task = source.run.task
    left_out = set()
    if task is MLTask.REGRESSION:
        left_out |= {"verdict", "confidence"}
    else:
        left_out.add("error")
    if not source.has_confidence:
        left_out.add("confidence")
    if not has_split:
        left_out.add("split")
    names = [(name, title) for name, title in TITLES.items() if name not in left_out]
    return [*names, *((f"{OWN}{name}", name) for name in source.rows.own_columns)]


def colouring(
    source: RunSource, plane: StoredPlane, clusters: Sequence[Mapping[str, Any]], by: str
) -> Colouring:
    """Return the colours of the points of a map."""
    title = TITLES.get(by) or by.removeprefix(OWN)
    if by == "cluster":
        names = [cluster_title(one["terms"], number) for number, one in enumerate(clusters)]
        values: list[Any] = [
            names[number] if number >= 0 else None for number in plane.members.tolist()
        ]
    else:
        values = _values(source, plane, by)
    is_scale = any(isinstance(value, float) for value in values)
    if is_scale:
        return _scale(by, title, values)
    style: Callable[[int, str], str] = _style
    if by == "verdict":
        style = _verdict_style
    return _groups(by, title, values, style)


def _values(source: RunSource, plane: StoredPlane, by: str) -> list[Any]:
    """Return the value of each point: a text, a float, or None."""
    run = source.run
    column = by.removeprefix(OWN)
    if by.startswith(OWN) and column in source.rows.own_columns:
        reading = source.rows.readings.get(column, CellReading())
        source.rows.register("own_values", own_values(source.rows.table, column, reading))
        return _looked_up(source, plane, "own_values", "value")
    if by in ("given", "clean"):
        found = _looked_up(source, plane, "rows", f"{by}_label::VARCHAR")
        if run.task is MLTask.REGRESSION:
            return [_number(value) for value in found]
        return found
    if by == "issue":
        return _looked_up(source, plane, "issues", _issue_sql(source))
    if by == "verdict" and run.task is not MLTask.REGRESSION:
        found = _looked_up(source, plane, "predictions", source.is_right_sql)
        return ["right" if is_right else "wrong" for is_right in found]
    if by == "split":
        return [part or None for part in _looked_up(source, plane, "predictions", "part")]
    if by == "error" and run.task is MLTask.REGRESSION:
        return _looked_up(source, plane, "predictions", "abs(predicted - label)::DOUBLE")
    if by == "confidence" and source.has_confidence:
        return _looked_up(source, plane, "predictions", "confidence::DOUBLE")
    return source.predicted_texts(plane.row_id)


def _looked_up(source: RunSource, plane: StoredPlane, table: str, value: str) -> list[Any]:
    """Return a value of the points' rows, in their order."""
    source.register_rows(plane.row_id)
    found = source.rows.fetch(
        f"SELECT {value} FROM {table} WHERE row_id IN (SELECT row_id FROM shown_rows)"
        " ORDER BY row_id"
    )
    return [one for (one,) in found]


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _issue_sql(source: RunSource) -> str:
    """Return SQL for the first issue of a row."""
    known = [issue for issue in issues_in(source.rows.result_columns) if issue in BADGES]
    if not known:
        return "NULL::VARCHAR"
    cases = " ".join(f"WHEN {issue.flag} THEN {text_literal(issue.badge)}" for issue in known)
    return f"CASE {cases} END"


def _scale(by: str, title: str, values: Sequence[float | None]) -> Colouring:
    numbers = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    has_value = np.isfinite(numbers)
    low, high = (float(end) for end in np.quantile(numbers[has_value], [_TRIM, 1 - _TRIM]))
    if by == "confidence":
        high = 1.0
    span = (high - low) or 1.0
    steps = np.clip((numbers - low) / span * N_STEPS, 0, N_STEPS - 1)
    codes = np.where(has_value, np.nan_to_num(steps), NOTHING).astype(np.uint8)
    counts = np.bincount(codes, minlength=NOTHING + 1)
    items = [LegendItem(step, f"map-s{step}", "", int(counts[step])) for step in range(N_STEPS)]
    text = percent if by == "confidence" else number_text
    return Colouring(by, title, codes, items, (text(low), text(high)))


def _groups(
    by: str, title: str, values: Sequence[Any], style: Callable[[int, str], str]
) -> Colouring:
    texts = [None if value is None else str(value) for value in values]
    counts = Counter(text for text in texts if text is not None)
    largest = sorted(counts, key=lambda name: (-counts[name], name))[:N_GROUPS]
    code_of: dict[str | None, int] = {name: code for code, name in enumerate(largest)}
    code_of[None] = NOTHING
    codes = np.array([code_of.get(text, OTHER) for text in texts], dtype=np.uint8)
    items = [
        LegendItem(code, style(code, name), name or "no class", counts[name])
        for code, name in enumerate(largest)
    ]
    n_others = len(counts) - len(largest)
    if n_others:
        n_points = int((codes == OTHER).sum())
        name = counted(n_others, "other")
        items.append(LegendItem(OTHER, "map-other", name, n_points))
    n_without = int((codes == NOTHING).sum())
    if n_without:
        items.append(LegendItem(NOTHING, "map-none", "none", n_without))
    return Colouring(by, title, codes, items, None)


def _style(code: int, _: str) -> str:
    return f"map-c{code % N_COLOURS}"


def _verdict_style(_: int, name: str) -> str:
    return f"map-{name}"
