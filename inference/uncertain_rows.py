"""Rows of a predicted file that a person should look at, with the columns of the dataset."""

from __future__ import annotations

from contextlib import closing

import pyarrow as pa
import pyarrow.parquet as pq

from inference.models import PredictionBatch
from projects.readers import ROW_ID
from studio import tables
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from studio.sql import quoted

MAX_ROWS = 100_000
# The columns of a guard are the last ones of a result, in a fixed order.
_ABSTAIN, _SURE = -4, -8
_HIGH, _LOW = -7, -8


def uncertain_rows(batch: PredictionBatch, n_least: int | None = None) -> pa.Table:
    """Return the rows that abstain, which include those out of distribution; or the least certain.

    Parameters
    ----------
    batch
        Predicted with the guard.
    n_least
        How many of the least certain rows: those with the lowest confidence, or the widest
        interval. None returns those that abstain.

    Returns
    -------
    pyarrow.Table
        The uploaded cells as text, in the columns of the dataset that the model was trained on;
        those that the file does not have are left out.
    """
    if batch.coverage is None:
        raise DataProblem(
            "These rows were predicted without the guard, so that nothing says which are uncertain."
            " Predict the file again with it."
        )
    sources = _sources(batch)
    table = tables.local_path(batch.table_key)
    result = tables.local_path(batch.result_key)
    columns = tables.numbered_columns(result)
    cells = ", ".join(f"t.{quoted(source)} AS {quoted(name)}" for name, source in sources.items())
    joined = (
        f"read_parquet(?) AS t JOIN read_parquet(?) AS r({', '.join(columns)})"
        f" ON t.{ROW_ID} = r.{columns[0]}"
    )
    if n_least is None:
        query = f"SELECT {cells} FROM {joined} WHERE r.{columns[_ABSTAIN]} ORDER BY t.{ROW_ID}"
        n_wanted = MAX_ROWS
    else:
        order = f"r.{columns[_SURE]}"
        if batch.deployed_model.cleanset.task is MLTask.REGRESSION:
            order = f"r.{columns[_LOW]} - r.{columns[_HIGH]}"
        query = f"SELECT {cells} FROM {joined} ORDER BY {order}, t.{ROW_ID}"
        n_wanted = min(n_least, MAX_ROWS)
    with closing(tables.connect()) as connection:
        found = connection.sql(f"{query} LIMIT {n_wanted}", params=[str(table), str(result)])
        return found.to_arrow_table()


def _sources(batch: PredictionBatch) -> dict[str, str]:
    """Return the column of the file for each column of the dataset that it has."""
    version = batch.deployed_model.cleanset.project.version
    in_file = set(pq.read_schema(tables.local_path(batch.table_key)).names)
    sources = {}
    for column in version.columns:
        name = column["name"]
        source = batch.column_map.get(name, name)
        if source in in_file:
            sources[name] = source
    return sources
