"""The rows of a run as they are predicted with thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from studio.engine.evaluation.runs.run_rows import RunRows
from studio.engine.evaluation.thresholds import codes_by_threshold
from studio.engine.ml_task import MLTask


def rows_by_threshold(
    rows: RunRows, probabilities: npt.NDArray[np.float32], thresholds: Mapping[str, float]
) -> RunRows:
    """Return a run's rows as they are predicted with thresholds; see `labels_by_threshold`.

    `probabilities` has a row for each of them, and a column for each class that the model knows:
    these are the first of the run's classes.
    """
    known = rows.classes[: probabilities.shape[1]]
    chosen = {code: thresholds[name] for code, name in enumerate(known) if name in thresholds}
    if not chosen:
        return rows
    measures = rows.measures
    if measures.task is MLTask.MULTI_LABEL:
        predicted = measures.predicted.copy()
        for code, bound in chosen.items():
            predicted[:, code] = probabilities[:, code] >= bound
        return replace(rows, measures=replace(measures, predicted=predicted))
    codes = codes_by_threshold(probabilities, chosen, likeliest=measures.predicted)
    confidence = np.take_along_axis(probabilities, codes[:, None].astype(np.int64), axis=1)[:, 0]
    return replace(rows, measures=replace(measures, predicted=codes, confidence=confidence))
