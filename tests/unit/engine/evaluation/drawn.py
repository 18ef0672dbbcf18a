"""Predictions drawn from a known distribution."""

from __future__ import annotations

import numpy as np

from studio.engine.evaluation.inputs.predictions import Predictions
from studio.engine.ml_task import MLTask


def drawn_classes(
    n_rows: int, n_classes: int = 3, *, strength: float = 1.5, sharpness: float = 1.5, seed: int = 0
) -> Predictions:
    """Rows of classes 1 : 2 : 3 …; probabilities are overconfident where sharpness is above 1."""
    rng = np.random.default_rng(seed)
    prior = np.arange(1, n_classes + 1) / sum(range(1, n_classes + 1))
    labels = rng.choice(n_classes, n_rows, p=prior).astype(np.int32)
    logits = rng.normal(size=(n_rows, n_classes)) + strength * np.eye(n_classes)[labels]
    powers = np.exp((logits + np.log(prior)) * sharpness)
    probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return Predictions(
        task=MLTask.MULTI_CLASS,
        classes=tuple(f"class {code}" for code in range(n_classes)),
        row_id=np.arange(n_rows),
        labels=labels,
        predicted=probabilities.argmax(axis=1).astype(np.int32),
        probabilities=probabilities,
    )


def drawn_numbers(n_rows: int, *, seed: int = 0) -> Predictions:
    """Numbers with an error of standard deviation 1."""
    rng = np.random.default_rng(seed)
    labels = rng.normal(0, 2, n_rows)
    predicted = labels + rng.normal(0, 1, n_rows)
    return Predictions(MLTask.REGRESSION, (), np.arange(n_rows), labels, predicted)
