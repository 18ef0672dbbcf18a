"""Predictions for held-out rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cleansets.models import Cleanset
from studio import tables


def class_probabilities(cleanset: Cleanset, row_id: int) -> npt.NDArray[Any]:
    """Return the probabilities of the classes, shape (n_classes,)."""
    probabilities = np.load(tables.local_path(cleanset.pred_probs_key), mmap_mode="r")
    return np.asarray(probabilities[row_id])


def predicted_number(cleanset: Cleanset, row_id: int) -> tuple[float, float]:
    """Return the predicted number and its error bar."""
    predictions = np.load(tables.local_path(cleanset.predictions_key), mmap_mode="r")
    number, error = predictions[row_id]
    return float(number), float(error)
