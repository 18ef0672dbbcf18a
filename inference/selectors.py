"""What the pages of predictions show, read from the batches and the first rows of their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.db.models import QuerySet

from cleansets.analytics.classes import class_counts
from cleansets.label_text import ShownLabel, number_text, rounded_text, shown_label
from inference.confidences import Range, rows_in
from inference.models import PredictionBatch
from models_app.models import DeployedModel
from projects.readers import ROW_ID
from studio import cell_sql, tables
from studio.engine.conventions import Convention
from studio.engine.counted import counted
from studio.engine.ml_task import MLTask
from studio.sql import quoted

N_PREVIEW_ROWS = 20
N_RUNNERS_UP = 2
NEGLIGIBLE = 0.005  # a probability that would read as 0.00
N_BARS = 20


def batches_of(model: DeployedModel) -> QuerySet[PredictionBatch]:
    """Return the predicted files of a model, newest first."""
    files = PredictionBatch.objects.filter(deployed_model=model, is_typed=False)
    return files.order_by("-queued_at")


@dataclass(frozen=True, slots=True)
class LabelShare:
    """Number of rows with a suggested class, as fractions of all rows and of the largest class.

    `trained_on` is the fraction of the rows that the model learned from; None if it is not known.
    """

    label: str
    n_rows: int
    fraction: float
    fraction_of_most: float
    trained_on: float | None = None


def label_shares(batch: PredictionBatch) -> list[LabelShare]:
    """Return the suggested labels with their number of rows, most frequent first."""
    most = max((n_rows for _, n_rows in batch.label_counts), default=1)
    trained_on = _trained_on(batch.deployed_model)
    return [
        LabelShare(label, n, n / (batch.n_rows or 1), n / most, trained_on.get(label))
        for label, n in batch.label_counts
    ]


def _trained_on(model: DeployedModel) -> dict[str, float]:
    """Return each class's fraction of the rows, by the labels as they are now."""
    cleanset = model.cleanset
    if not cleanset.issues_key:
        return {}
    n_rows = cleanset.n_rows or 1
    return {count.name: count.n_now / n_rows for count in class_counts(cleanset)}


@dataclass(frozen=True, slots=True)
class ClassProbability:
    """A class and its probability for one row."""

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One predicted row: its number from 1, its cells, and the suggested label.

    `probability` is that of the suggested class, `error` the error bar of a number, `runners_up`
    the next most probable classes. With the guard, `abstains` says whether to leave the row to a
    person, `is_strange` whether it is out of distribution, and `note` what was found in its cells.
    """

    number: int
    columns: list[str]
    cells: list[str | None]
    suggested: ShownLabel | None
    runners_up: list[ClassProbability]
    probability: float | None = None
    error: str = ""
    abstains: bool = False
    is_strange: bool = False
    note: str = ""

    @property
    def named_cells(self) -> list[tuple[str, str | None]]:
        """The cells, each with the name of its column."""
        return list(zip(self.columns, self.cells, strict=True))


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of a batch."""

    columns: list[str]
    rows: list[PreviewRow]


@dataclass(frozen=True, slots=True)
class NumberSpread:
    """The distribution of a batch's predicted numbers, as text; `bars` is the histogram."""

    lowest: str
    highest: str
    mean: str
    median: str
    mean_error: str
    bars: list[NumberBar]

    @property
    def drawing_text(self) -> str:
        """The histogram in one sentence."""
        return f"Suggested numbers from {self.lowest} to {self.highest} in {len(self.bars)} bars"


@dataclass(frozen=True, slots=True)
class NumberBar:
    """One bar of the histogram; `height` is from 0 to 100."""

    height: float
    label: str


def preview(batch: PredictionBatch, wanted: Range | None = None) -> Preview:
    """Return the first rows, or the least certain ones in a range of probabilities, with the
    columns that the model reads.
    """
    rows = range(N_PREVIEW_ROWS) if wanted is None else rows_in(batch, wanted, N_PREVIEW_ROWS)
    features = batch.deployed_model.cleanset.feature_columns
    columns = [batch.column_map.get(name, name) for name in features]
    cells = _rows(tables.local_path(batch.table_key), rows).to_pylist()
    results = _rows(tables.local_path(batch.result_key), rows).columns[1:]
    by_row = zip(*(column.to_pylist() for column in results), strict=True)
    shown = [
        _preview_row(
            batch.deployed_model, row[ROW_ID] + 1, {name: row[name] for name in columns}, result
        )
        for row, result in zip(cells, by_row, strict=True)
    ]
    if batch.report:
        # The columns of the guard are the last ones, in a fixed order.
        *_, is_strange, _, abstains, _, _, notes = (column.to_pylist() for column in results)
        shown = [
            replace(
                row,
                abstains=abstains[place],
                is_strange=is_strange[place],
                note=notes[place] or "",
            )
            for place, row in enumerate(shown)
        ]
    return Preview(columns, shown)


def _preview_row(
    model: DeployedModel, number: int, cells: Mapping[str, str | None], result: tuple[Any, ...]
) -> PreviewRow:
    """Read one row of the result file: class probabilities, the label, a number's error bar."""
    task = model.cleanset.task
    classes = model.manifest["classes"]
    label = result[len(classes)]
    suggested = shown_label(task, label, model.cleanset.label_convention)
    columns = list(cells)
    values = list(cells.values())
    if task is MLTask.REGRESSION:
        error = rounded_text(result[1], result[1], model.cleanset.label_convention)
        return PreviewRow(number, columns, values, suggested, [], error=error)
    ranked = sorted(map(ClassProbability, classes, result), key=lambda found: -found.probability)
    suggested_names = suggested.names if suggested else ()
    runners_up = [
        found
        for found in ranked
        if found.label not in suggested_names and found.probability >= NEGLIGIBLE
    ][:N_RUNNERS_UP]
    probability = None
    if task is MLTask.MULTI_CLASS:
        probability = ranked[0].probability
    return PreviewRow(number, columns, values, suggested, runners_up, probability)


def number_spread(batch: PredictionBatch) -> NumberSpread | None:
    """Return the distribution of the predicted numbers; None for other tasks and empty files."""
    if batch.deployed_model.cleanset.task is not MLTask.REGRESSION or not batch.n_rows:
        return None
    path = tables.local_path(batch.result_key)
    label, error = pq.read_schema(path).names[1:3]
    convention = batch.deployed_model.cleanset.label_convention
    number = cell_sql.number(quoted(label), convention)
    read = f"SELECT {number} AS x, {quoted(error)} AS error FROM read_parquet(?)"
    with tables.connect() as connection:
        found = connection.execute(
            f"SELECT min(x), max(x), avg(x), median(x), avg(error) FROM ({read})", [str(path)]
        ).fetchone()
        low, high, *_ = found or (0.0, 0.0)
        width = (high - low) / N_BARS
        place = f"least(floor((x - {low!r}) / {width!r}), {N_BARS - 1})::INTEGER" if width else "0"
        bars = connection.execute(
            f"SELECT {place}, count(*) FROM ({read}) GROUP BY 1", [str(path)]
        ).fetchall()
    lowest, highest, mean, median = (number_text(value, convention) for value in (found or ())[:4])
    return NumberSpread(
        lowest=lowest,
        highest=highest,
        mean=mean,
        median=median,
        mean_error=rounded_text(found[4], found[4], convention) if found else "",
        bars=_bars(dict(bars), low, width, convention),
    )


def _bars(
    counts: dict[int, int], low: float, width: float, convention: Convention
) -> list[NumberBar]:
    most = max(counts.values())
    ends = [number_text(low + width * place, convention) for place in range(N_BARS + 1)]
    return [
        NumberBar(
            100 * counts.get(place, 0) / most,
            f"{ends[place]} to {ends[place + 1]}: {counted(counts.get(place, 0), 'row')}",
        )
        for place in range(N_BARS if width else 1)
    ]


def _rows(path: Path, row_ids: Sequence[int]) -> pa.Table:
    """Read some rows, in the order that is asked for."""
    query = f"SELECT * FROM read_parquet(?) WHERE list_contains(?, {ROW_ID})"
    order = f" ORDER BY list_position(?, {ROW_ID})"
    wanted = list(row_ids)
    with closing(tables.connect()) as connection:
        found = connection.sql(query + order, params=[str(path), wanted, wanted])
        return found.to_arrow_table()
