"""Whether stated confidence can be believed: how often the model is right where it is confident."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from studio.engine.evaluation.metrics.catalogue import N_BINS
from studio.engine.evaluation.metrics.row_measures import confidence_bins
from studio.engine.evaluation.uncertainty.intervals import wilson

N_BARS = 20  # of the histogram


def reliability(
    confidence: npt.NDArray[np.floating], is_right: npt.NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """Return for each bin of confidence how often the model is right there; bins without rows are
    left out.
    """
    bins = confidence_bins(confidence)  # those of the expected calibration error
    counts = np.bincount(bins, minlength=N_BINS)
    stated = np.bincount(bins, weights=confidence, minlength=N_BINS)
    right = np.bincount(bins, weights=is_right, minlength=N_BINS)
    found = []
    for place in np.flatnonzero(counts).tolist():
        share = wilson(float(right[place]), float(counts[place]))
        found.append(
            {
                "low": place / N_BINS,
                "high": (place + 1) / N_BINS,
                "n_rows": int(counts[place]),
                "confidence": float(stated[place] / counts[place]),
                "right": share.to_dict(),
            }
        )
    return found


def confidence_histogram(
    confidence: npt.NDArray[np.floating], is_right: npt.NDArray[np.bool_]
) -> dict[str, list[int]]:
    """Count right and wrong predictions in twentieths of confidence."""
    bars = np.minimum((confidence.astype(np.float64) * N_BARS).astype(np.int64), N_BARS - 1)
    return {
        "right": np.bincount(bars[is_right], minlength=N_BARS).tolist(),
        "wrong": np.bincount(bars[~is_right], minlength=N_BARS).tolist(),
    }
