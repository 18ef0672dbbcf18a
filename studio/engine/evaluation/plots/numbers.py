"""How predicted numbers lie to the given ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.engine.evaluation.uncertainty.resampling import Floats
from studio.engine.groups.partitions import Partition, range_of_each

N_CELLS = 24  # on each side of the picture of predicted against given
N_RANGES = 10  # of predicted numbers, with equally many rows each


def predicted_against_given(labels: Floats, predicted: Floats) -> dict[str, Any]:
    """Count rows in a grid that spans both, without the outermost hundredth."""
    together = np.concatenate([labels, predicted])
    low, high = np.quantile(together, [0.005, 0.995])
    if low == high:  # a grid needs an extent
        low -= 0.5
        high += 0.5
    edges = np.linspace(low, high, N_CELLS + 1)
    given = np.clip(labels, low, high)
    stated = np.clip(predicted, low, high)
    counts, _, _ = np.histogram2d(given, stated, bins=(edges, edges))
    return {"edges": edges.tolist(), "counts": counts.astype(int).tolist()}


def residuals_by_prediction(labels: Floats, predicted: Floats) -> list[dict[str, Any]]:
    """Describe given less predicted numbers in tenths of the predicted ones."""
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, N_RANGES + 1)))
    place = range_of_each(predicted, edges)
    residuals = labels - predicted
    found = []
    for number in range(max(1, len(edges) - 1)):
        here = residuals[place == number]
        if not len(here):
            continue
        span = {
            "low": float(edges[number]),
            "high": float(edges[min(number + 1, len(edges) - 1)]),
        }
        found.append(span | _described(here))
    return found


def residuals_by_column(
    labels: Floats, predicted: Floats, groups: Mapping[str, Partition]
) -> list[dict[str, Any]]:
    """Describe the residuals in the groups of each column."""
    return [
        {
            "column": name,
            "groups": residuals_by_group(labels, predicted, one.members, one.descriptions),
        }
        for name, one in groups.items()
    ]


def residuals_by_group(
    labels: Floats, predicted: Floats, members: npt.NDArray[np.int8], descriptions: Sequence[str]
) -> list[dict[str, Any]]:
    """Describe given less predicted numbers in each group, all of which have rows."""
    residuals = labels - predicted
    return [
        {"description": description, **_described(residuals[members == number])}
        for number, description in enumerate(descriptions)
    ]


def _described(residuals: Floats) -> dict[str, Any]:
    tenth, middle, ninth = np.quantile(residuals, [0.1, 0.5, 0.9]).tolist()
    return {
        "n_rows": len(residuals),
        "mean": float(residuals.mean()),
        "p10": tenth,
        "median": middle,
        "p90": ninth,
        "mean_absolute_error": float(np.abs(residuals).mean()),
    }
