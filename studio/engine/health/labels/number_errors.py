"""How far given numbers lie from the predicted ones."""

from __future__ import annotations

import numpy as np

from studio.engine.health.base import Analysis
from studio.engine.schema.health import NumberErrors

N_BINS = 24
_SHOWN = (1, 99)  # percentiles that the histogram spans


def find_number_errors(analysis: Analysis) -> NumberErrors | None:
    """Describe given − predicted over the labeled rows of a regression task."""
    predictions = analysis.evidence.predictions
    given = np.asarray(analysis.evidence.study.labels.targets, dtype=np.float64)
    if predictions is None or not np.isfinite(given).any():
        return None
    differences = (given - predictions[:, 0])[np.isfinite(given)]
    sizes = np.abs(differences)
    low, high = np.percentile(differences, _SHOWN)
    if high <= low:  # a histogram needs an extent
        high = low + 1
    edges = np.linspace(low, high, N_BINS + 1)
    counts = np.histogram(np.clip(differences, edges[0], edges[-1]), edges)[0]
    return NumberErrors(
        median=float(np.median(sizes)),
        ninety=float(np.percentile(sizes, 90)),
        worst=float(sizes.max()),
        bias=float(differences.mean()),
        edges=tuple(edges.tolist()),
        counts=tuple(counts.tolist()),
        ratio_floor=analysis.evidence.study.labels.scale.floor,
    )
