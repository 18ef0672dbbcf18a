"""The rows of one bar of the histogram of errors of numbers, for the review page.

A set is named CLEANSET.NUMBER, by the place of the bar.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cleansets import selectors
from cleansets.label_text import number_text
from cleansets.models import Cleanset
from cleansets.row_sets import RowSet
from studio import tables
from studio.engine.conventions.written_numbers import read_numbers
from studio.engine.schema.health import Health

KIND = "error"


def among_errors(cleanset: Cleanset, place: int) -> str:
    """Return the value with which an address of the review page selects the rows."""
    return f"{KIND}:{cleanset.pk}.{place}"


def find_rows(name: str) -> RowSet | None:
    """Return the rows of a bar, or None if it does not exist."""
    found = selectors.named_place(name)
    if found is None:
        return None
    cleanset, place = found
    errors = Health.from_dict(cleanset.health or {}).number_errors
    if errors is None or place >= len(errors.counts):
        return None
    edges = np.array(errors.edges)
    differences = _differences(cleanset)
    # As in the histogram, the outermost bars hold all that is beyond, and the last one its end.
    shown = np.clip(differences, edges[0], edges[-1])
    bars = np.minimum(np.searchsorted(edges, shown, side="right") - 1, len(errors.counts) - 1)
    bars[np.isnan(differences)] = -1
    low = number_text(errors.edges[place])
    high = number_text(errors.edges[place + 1])
    return RowSet(
        f"given minus predicted number from {low} to {high}",
        cleanset.project_id,
        np.flatnonzero(bars == place),
    )


def _differences(cleanset: Cleanset) -> npt.NDArray[np.float64]:
    """Return given − predicted; NaN without a label."""
    labels = selectors.row_source(cleanset).results.column("given_label").to_pylist()
    given = read_numbers([label or "" for label in labels], cleanset.label_convention)
    predictions = np.load(tables.local_path(cleanset.predictions_key), mmap_mode="r")
    differences: npt.NDArray[np.float64] = given - predictions[:, 0]
    differences[~np.isfinite(differences)] = np.nan
    return differences
