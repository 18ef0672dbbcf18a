"""Predicts with a downloaded model, without a studio: `python predict.py FILE.csv`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from studio.engine.errors import DataProblem
from studio.engine.recipes.artifacts import load_unsigned
from studio.engine.recipes.predict import predict_frame
from studio.engine.recipes.trained import TrainedModel

SUGGESTED_LABEL = "Suggested Label"
SUGGESTED_LABEL_ERROR = "Suggested Label Error"
_USAGE_ERROR = 2


def predict_rows(model: TrainedModel, frame: pd.DataFrame) -> pd.DataFrame:
    """Predict every row of a frame.

    Parameters
    ----------
    model
        As `load_unsigned` returns it.
    frame
        n rows with the model's columns, as text: numbers and dates are read as the studio reads
        them. An empty text is a missing value.

    Returns
    -------
    pandas.DataFrame
        n rows: a column of probabilities per class, and the suggested label; of a regression, the
        number and how far it is usually off.

    Raises
    ------
    DataProblem
        If the frame lacks columns that the model reads.
    """
    cells = frame.astype(object).where(frame != "", None)
    predicted = predict_frame(model, cells.reset_index(drop=True))
    columns: dict[str, object] = {
        name: predicted.pred_probs[:, place] for place, name in enumerate(model.classes)
    }
    columns[SUGGESTED_LABEL] = predicted.suggested_label
    if predicted.errors is not None:
        columns[SUGGESTED_LABEL_ERROR] = predicted.errors
    return pd.DataFrame(columns, index=frame.index)


def main(folder: Path, arguments: Sequence[str]) -> int:
    """Predict the rows of a CSV file with the model in a folder; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="predict.py", description="Predict the rows of a CSV file."
    )
    parser.add_argument("file", type=Path, help="a CSV file in UTF-8 with the model's columns")
    parser.add_argument("--out", type=Path, help="where to write (default: standard output)")
    options = parser.parse_args(arguments)
    try:
        frame = pd.read_csv(options.file, dtype=str, keep_default_na=False)
        predicted = predict_rows(load_unsigned(folder), frame)
    except (DataProblem, OSError, ValueError) as problem:
        sys.stderr.write(f"{problem}\n")
        return _USAGE_ERROR
    result = pd.concat([frame, predicted], axis=1)
    result.to_csv(options.out or sys.stdout, index=False)
    return 0
