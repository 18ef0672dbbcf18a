"""How certain the predictions of a file are: a histogram whose bars open their rows."""

from __future__ import annotations

from contextlib import closing

from django.http import QueryDict

from inference.models import PredictionBatch
from projects.readers import ROW_ID
from studio import tables
from studio.charts import Axis, Chart, Rectangle
from studio.engine.counted import counted
from studio.engine.ml_task import MLTask
from studio.figures import percent

N_BINS = 20
LOW = 0.5  # a probability below which a prediction is called uncertain

Range = tuple[float, float]


def asked_range(params: QueryDict) -> Range | None:
    """Read the probabilities of the rows to show; None if the address names none."""
    try:
        low = float(params.get("from", ""))
        high = float(params.get("to", ""))
    except ValueError:
        return None
    return (low, high) if 0 <= low < high <= 1 else None


def rows_in(batch: PredictionBatch, wanted: Range, n_rows: int) -> list[int]:
    """Return the positions of rows with such a probability, the least certain first."""
    low, high = wanted
    condition = f"p >= ? AND (p < ? OR {high!r} = 1)"
    query = (
        f"SELECT {ROW_ID} FROM ({_probabilities(batch)}) WHERE {condition}"
        f" ORDER BY p, {ROW_ID} LIMIT {n_rows}"
    )
    with closing(tables.connect()) as connection:
        found = connection.execute(query, [_path(batch), low, high]).fetchall()
    return [row_id for (row_id,) in found]


def confidence_chart(batch: PredictionBatch) -> Chart | None:
    """Draw the probabilities of the suggested classes; None for other tasks and empty files."""
    if batch.deployed_model.cleanset.task is not MLTask.MULTI_CLASS or not batch.n_rows:
        return None
    counts = _counts(batch)
    n_low = sum(counts[: round(LOW * N_BINS)])
    across = Axis.across()
    upwards = Axis.of_counts(max(counts))
    ends = [place / N_BINS for place in range(N_BINS + 1)]
    texts = [f"{ends[place]:.2f} to {ends[place + 1]:.2f}" for place in range(N_BINS)]
    urls = [
        f"{batch.get_absolute_url()}?from={ends[place]}&to={ends[place + 1]}#_prediction_preview"
        for place in range(N_BINS)
    ]
    rectangles = [
        Rectangle(
            x=across.place(ends[place]) + 1,
            y=upwards.place(count),
            width=across.length / N_BINS - 2,
            height=upwards.place(0) - upwards.place(count),
            text=f"{texts[place]}: {counted(count, 'row')}",
            kind="wrong" if ends[place] < LOW else "right",
            url=urls[place],
        )
        for place, count in enumerate(counts)
        if count
    ]
    title = f"No row is predicted with a probability below {LOW}"
    if n_low:
        title = (
            f"{n_low:,} of {counted(batch.n_rows, 'row')} ({percent(n_low / batch.n_rows)})"
            f" {'is' if n_low == 1 else 'are'} predicted with a probability below {LOW}"
        )
    return Chart(
        title=title,
        x_label="Probability of the suggested label",
        y_label="Rows",
        x_ticks=across.ticks(),
        y_ticks=upwards.ticks(),
        rectangles=rectangles,
        header=["Probability", "Rows"],
        table=[[texts[place], f"{count:,}"] for place, count in enumerate(counts) if count],
        row_urls=[urls[place] for place, count in enumerate(counts) if count],
    )


def _counts(batch: PredictionBatch) -> list[int]:
    place = f"least(floor(p * {N_BINS}), {N_BINS - 1})::INTEGER"
    query = f"SELECT {place}, count(*) FROM ({_probabilities(batch)}) GROUP BY 1"
    with closing(tables.connect()) as connection:
        found = dict(connection.execute(query, [_path(batch)]).fetchall())
    return [found.get(k, 0) for k in range(N_BINS)]


def _probabilities(batch: PredictionBatch) -> str:
    columns = tables.numbered_columns(tables.local_path(batch.result_key))
    classes = columns[1 : len(batch.deployed_model.manifest["classes"]) + 1]
    return (
        f"SELECT {columns[0]} AS {ROW_ID}, greatest({', '.join(classes)}) AS p"
        f" FROM read_parquet(?) AS result({', '.join(columns)})"
    )


def _path(batch: PredictionBatch) -> str:
    return str(tables.local_path(batch.result_key))
