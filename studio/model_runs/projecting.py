"""Places the rows of a run in two dimensions, and names the clusters that they form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from django.conf import settings

from cleansets.frames import read_frame
from studio import storage, tables
from studio.engine import stages
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from studio.engine.progress import Progress
from studio.engine.projection.hills import Hills, find_hills
from studio.engine.projection.plane import MIN_ROWS, Method, Plane
from studio.engine.projection.reduction import project
from studio.engine.projection.typical_terms import typical_terms
from studio.engine.table.cells import Cells
from studio.engine.table.columns import ColumnKind
from studio.model_runs.models import ModelRun, Projection
from studio.model_runs.plane_file import StoredPlane
from studio.model_runs.rows_file import stored_rows


def project_run(projection: Projection, progress: Progress) -> Mapping[str, Any]:
    """Project the rows of a run, publish the plane, and return the fields to store."""
    run = projection.model_run
    assert run.cleanset is not None
    progress(stages.READING_FEATURES)
    row_id, features = _features(run)
    seed = run.cleanset.spec().seed
    plane = project(
        features,
        Method(projection.method),
        seed=seed,
        progress=progress,
        cache=settings.CACHE_DIR / "numba",
    )
    progress(stages.NAMING_CLUSTERS)
    placed = row_id[plane.rows]
    hills = find_hills(plane.points)
    names = _names(run, placed, hills)
    progress(stages.SAVING)
    stored = StoredPlane(
        row_id=placed.astype(np.uint32),
        points=plane.points,
        members=hills.members,
        density=(hills.density * 255).round().astype(np.uint8),
    )
    with tables.scratch() as folder:
        out = folder / "plane.npz"
        stored.write(out)
        key = storage.projection_file(projection.pk, projection.attempt, out.name)
        tables.publish(out, key)
    return {
        "plane_key": key,
        "n_rows": len(row_id),
        "n_placed": len(placed),
        "n_fitted": plane.n_fitted,
        "summary": {
            "explained": plane.explained,
            "clusters": _clusters(run, plane, hills, placed, names),
        },
    }


def _features(run: ModelRun) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.floating]]:
    """Return the rows of the run that have features, and these.

    Raises
    ------
    DataProblem
        If the analysis kept none, or too few rows have some.
    """
    assert run.cleanset is not None
    key = run.cleanset.space_key or run.cleanset.embeddings_key
    if not key:
        raise DataProblem(
            "This analysis kept no features of its rows. Analyse the data again, then draw the map"
            " of that run."
        )
    space = np.load(tables.local_path(key), mmap_mode="r")
    row_id = stored_rows(run.rows_key, run.task, tuple(run.classes)).run.row_id
    row_id = row_id[np.isfinite(space[row_id, 0])]
    if len(row_id) < MIN_ROWS:
        raise DataProblem(
            f"A map needs at least {MIN_ROWS} rows that have features; this run has only"
            f" {len(row_id):,}."
        )
    return row_id, space[row_id]


def _names(run: ModelRun, placed: npt.NDArray[np.int64], hills: Hills) -> list[list[str]]:
    """Return what is typical of each cluster: words of texts, values of the other columns."""
    assert run.cleanset is not None
    spec = run.cleanset.spec()
    names = list(spec.feature_columns)
    frame = read_frame(tables.local_path(run.cleanset.version.table_key), names, placed)
    columns = {name: Cells.of(frame[name].tolist(), spec.conventions.get(name)) for name in names}
    kinds = {name: spec.column_kinds.get(name, ColumnKind.TEXT) for name in names}
    return typical_terms(columns, kinds, hills.members, len(hills.tops))


def _clusters(
    run: ModelRun,
    plane: Plane,
    hills: Hills,
    placed: npt.NDArray[np.int64],
    names: list[list[str]],
) -> list[dict[str, Any]]:
    """Describe the clusters: where they are, what is typical, and how often the run is wrong."""
    rows = stored_rows(run.rows_key, run.task, tuple(run.classes)).run
    at = np.searchsorted(rows.row_id, placed)
    is_number = run.task is MLTask.REGRESSION
    is_wrong = np.zeros(len(placed), dtype=bool) if is_number else ~rows.is_right[at]
    found = []
    for number, (x, y) in enumerate(hills.tops.tolist()):
        is_member = hills.members == number
        found.append(
            {
                "terms": names[number],
                "x": round(x, 1),
                "y": round(y, 1),
                "n_rows": int(is_member.sum()),
                "n_wrong": None if is_number else int(is_wrong[is_member].sum()),
            }
        )
    return found
