"""Why a model predicts what it does for one row: what its parts change, left out and alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from studio.engine.conventions.label_sets import split_labels
from studio.engine.ml_task import MLTask
from studio.engine.recipes.predict import NewSpelling, predict_frame
from studio.engine.recipes.trained import TrainedModel
from studio.engine.table.columns import ColumnKind

MAX_PIECES = 24  # of a text; each is predicted once
N_SHOWN = 12
_LEAST_EFFECT = 0.005  # of a probability


@dataclass(frozen=True, slots=True)
class Reason:
    """A part of a row.

    Attributes
    ----------
    column, piece
        A column; of a text column also the words that were left out.
    effect
        By how much this part raises the probability of the suggested label, or the number: the mean
        of what is lost without it and what it alone adds to a row without any cell.
    """

    column: str
    piece: str
    effect: float


def reasons(
    model: TrainedModel, cells: Mapping[str, str | None], spelling: NewSpelling | None = None
) -> list[Reason]:
    """Return the parts of a row that change its prediction most, the strongest first.

    Parameters
    ----------
    model
        A trained model.
    cells
        The row's cell in each feature column.
    spelling
        How the row was read.

    Notes
    -----
    Each part is left out in turn (a cell becomes empty, a text loses some words), and then left
    alone, and both rows are predicted. That shows what the model itself goes by, whatever it is
    made of, also where two parts say the same and either would be enough. The mean of the two is
    the beginning of a Shapley value: its first and last term.
    """
    whole = {name: cells.get(name) for name in model.feature_columns}
    nothing = dict.fromkeys(whole)
    parts: list[tuple[str, str]] = []
    without: list[dict[str, str | None]] = []
    alone: list[dict[str, str | None]] = []
    for name, cell in whole.items():
        if cell is None or not cell.strip():
            continue
        pieces: list[tuple[str, str | None]] = [(cell.strip(), None)]
        if model.spec.column_kinds[name] is ColumnKind.TEXT:
            pieces = _without_pieces(cell)
        for piece, rest in pieces:
            parts.append((name, piece))
            without.append({**whole, name: rest})
            alone.append({**nothing, name: piece})
    rows = [whole, nothing, *without, *alone]
    predicted = predict_frame(model, pd.DataFrame(rows, dtype=object), spelling)
    if model.spec.task is MLTask.REGRESSION:
        numbers = pd.to_numeric(pd.Series(predicted.suggested_label), errors="coerce")
        values = numbers.to_numpy(dtype=np.float64)
        least = 0.0
    else:
        codes = _codes_of(predicted.suggested_label[0], model.classes, predicted.pred_probs[0])
        values = predicted.pred_probs[:, codes].mean(axis=1).astype(np.float64)
        least = _LEAST_EFFECT
    lost = values[0] - values[2 : 2 + len(parts)]
    added = values[2 + len(parts) :] - values[1]
    effects = ((lost + added) / 2).tolist()
    found = [
        Reason(column, piece, effect)
        for (column, piece), effect in zip(parts, effects, strict=True)
        if abs(effect) > least
    ]
    return sorted(found, key=lambda reason: -abs(reason.effect))[:N_SHOWN]


def _codes_of(
    label: str, classes: tuple[str, ...], pred_probs: np.ndarray[tuple[int], np.dtype[np.float32]]
) -> list[int]:
    """Return the codes of the suggested classes; of an empty set, that of the likeliest class."""
    names = (label,) if label in classes else split_labels(label)
    return [classes.index(name) for name in names] or [int(np.argmax(pred_probs))]


def _without_pieces(text: str) -> list[tuple[str, str | None]]:
    """Return groups of words that follow each other, each with the text without it."""
    words = text.split()
    if len(words) < 2:
        return [(text.strip(), None)]
    size = -(-len(words) // MAX_PIECES)
    starts = range(0, len(words), size)
    return [
        (" ".join(words[start : start + size]), " ".join(words[:start] + words[start + size :]))
        for start in starts
    ]
