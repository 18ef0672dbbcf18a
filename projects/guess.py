"""Guesses what a user wants to learn from a table: the label column, text or tabular, and the
columns to learn from.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from studio.engine.choices.labels import MAX_CLASSES
from studio.engine.ml_task import MLTask, Modality
from studio.engine.table.column_names import has_word
from studio.engine.table.columns import ColumnKind

_LABEL_NAMES = {"label", "labels", "class", "target", "y", "given_label", "category"}
_LABEL_WORDS = {
    "label", "class", "target", "category", "sentiment", "topic", "intent", "emotion", "given",
    "grade", "outcome",
    "diagnosis", "species", "variety", "survived", "churn", "churned", "exited", "default",
    "fraud", "spam", "approved",
    "readmitted", "income", "attrition", "converted", "subscribed", "response", "result",
    "quality", "rating", "tag",
    "labels", "tags", "classes", "topics", "categories", "genres", "emotions",
}  # fmt: skip
# Columns that leak the label: known truth, verdicts on it, or the result of an earlier analysis.
_TELLING_NAME = re.compile(
    r"(?i)(^|_)(true|correct|corrected|actual|gold|golden|guessed|predicted|suggested|human|confidence)(_|$)"
    r"|^is_(label_(error|issue)|initially_unlabeled|well_labeled|ambiguous|outlier|near_duplicate)$|^has_rare_class$"
    r"|_issue_score$|^(ambiguous|outlier|near_duplicate)_score$|^cleanlab_"
)
_SPLIT_NAME = re.compile(
    r"(?i)^(split|subset|partition|fold(_?id)?|is_?(train|test)(ing)?|data_?set)$"
)
# Words in the name of a column of numbers that people want to predict.
_MEASURE_WORDS = {
    "price", "value", "cost", "amount", "salary", "score", "revenue", "sales", "demand", "delay",
    "duration", "yield",
    "consumption", "charges", "premium", "rent", "target", "quality", "rating",
}  # fmt: skip
_TEXT_WORDS = {
    "text", "message", "review", "comment", "content", "body", "question", "utterance",
    "description", "sentence",
    "tweet", "document", "abstract", "summary", "headline", "feedback", "query", "request", "post",
    "email", "title",
    "note", "notes",
}  # fmt: skip
_MANY_WORDS = 8.0  # mean words from which a text column makes the project a text project
_FEW_CLASSES = 20
_MAX_EMPTY_FRACTION = 0.5  # of a label column that is guessed
# Mean rows per number from which two columns that group the rows alike are called copies.
_MIN_ROWS_PER_NUMBER = 5.0
_SKETCH_TOLERANCE = 0.01  # of columns that correlate by 0.99999; of rounded copies, too
_MAX_NAMED = 10
_MIN_ROWS_PER_CLASS = 2.0  # on average, below which a column names rows, not classes


class ColumnSummary(Protocol):
    """What a guess needs to know of a column; a column profile has it."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> ColumnKind: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def n_missing(self) -> int: ...
    @property
    def n_distinct(self) -> int: ...
    @property
    def mean_words(self) -> float: ...
    @property
    def is_constant(self) -> bool: ...
    @property
    def partition(self) -> str | None: ...
    @property
    def sketch(self) -> tuple[float, ...] | None: ...
    @property
    def counts_rows(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Guess:
    """What the form of a new project shows at first.

    Attributes
    ----------
    modality
        Text or tabular.
    task
        The requested task, if any. Otherwise multi-label for a label column of sets, multi-class
        for one of classes, regression for one of measurements, and unsupervised if no label column
        was found.
    label_column, text_column
        None if none was found. `text_column` is also set in a tabular guess, if there is one.
    feature_columns
        The features of a tabular project, in the order of the table.
    left_out
        The columns that are not features, each with a reason that completes "left out: …".
    """

    modality: Modality
    task: MLTask
    label_column: str | None
    text_column: str | None
    feature_columns: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]


def guess_choice(
    columns: Sequence[ColumnSummary],
    *,
    task: MLTask | None = None,
    sets: Collection[str] = (),
    label_column: str | None = None,
) -> Guess:
    """Guess the choice for a new project from the profiles of a table's columns.

    Parameters
    ----------
    columns
        All columns, in the order of the table.
    task
        The task that the label column must fit, if it is already known.
    sets
        Names of the columns whose cells are sets of classes.
    label_column
        The label column, if it is already known.

    Returns
    -------
    Guess
        A suggestion; the user can change every part of it.
    """
    label = next((column for column in columns if column.name == label_column), None)
    if label is None and task is not MLTask.UNSUPERVISED:
        label = _guess_label(columns, task, sets)
    text = _guess_text(columns, label)
    is_text = text is not None and (
        has_word(text.name, _TEXT_WORDS) or text.mean_words >= _MANY_WORDS
    )
    reasons = {
        column.name: _reason_against(column, label) for column in columns if column is not label
    }
    features = tuple(name for name, reason in reasons.items() if reason is None)
    if not features:
        # In a file with nothing else, numbers that look like row numbers may be measurements.
        features = tuple(
            column.name for column in columns if column is not label and column.counts_rows
        )
    return Guess(
        modality=Modality.TEXT if is_text else Modality.TABULAR,
        task=task or _task(label, sets),
        label_column=label.name if label else None,
        text_column=text.name if text else None,
        feature_columns=features,
        left_out=tuple((name, reason) for name, reason in reasons.items() if reason is not None),
    )


def _task(label: ColumnSummary | None, sets: Collection[str]) -> MLTask:
    if label is None:
        return MLTask.UNSUPERVISED
    if label.name in sets:
        return MLTask.MULTI_LABEL
    if _has_classes(label) or label.kind not in _MEASURED:
        return MLTask.MULTI_CLASS
    return MLTask.REGRESSION


def _guess_label(
    columns: Sequence[ColumnSummary], task: MLTask | None, sets: Collection[str]
) -> ColumnSummary | None:
    points = [
        (_label_points(column, position, len(columns), is_set=column.name in sets), column)
        for position, column in enumerate(columns)
        if fits_task(column, task, sets)
    ]
    best, column = max(points, key=lambda pair: pair[0], default=(0.0, None))
    return column if best > 0 else None


def fits_task(column: ColumnSummary, task: MLTask | None, sets: Collection[str]) -> bool:
    """Whether a column may hold the labels of a task; None means any task."""
    if column.n_distinct < 2:
        return False
    if task is None and column.n_missing > _MAX_EMPTY_FRACTION * column.n_rows:
        return False
    if task is MLTask.MULTI_LABEL:
        return column.name in sets
    if task is MLTask.REGRESSION:
        return column.kind in _MEASURED
    is_measured = task is None and column.kind in _MEASURED and _is_measure(column.name)
    return _has_classes(column) or is_measured or (task is None and column.name in sets)


def _is_measure(name: str) -> bool:
    return name.strip().lower() in _LABEL_NAMES or has_word(name, _MEASURE_WORDS)


def _label_points(column: ColumnSummary, position: int, n_columns: int, *, is_set: bool) -> float:
    """Score a column as the label; zero or less rules it out."""
    name = column.name.strip().lower()
    if _TELLING_NAME.search(name) or _SPLIT_NAME.search(name):
        return 0.0
    is_classes = is_set or _has_classes(column)
    points = 0.0
    if name in _LABEL_NAMES:
        points = 100.0
    elif has_word(column.name, _LABEL_WORDS):
        points = 60.0
    if not is_classes and _is_measure(column.name):
        points = max(points, 50.0)
    if position == n_columns - 1:
        points += 20.0
    elif position == 0:
        points += 5.0
    if is_set or column.n_distinct <= _FEW_CLASSES:
        points += 15.0
    if column.kind in (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN) or not is_classes:
        points += 10.0
    return points - 50.0 * column.n_missing / column.n_rows


_MEASURED = (ColumnKind.INTEGER, ColumnKind.NUMBER)


def _has_classes(column: ColumnSummary) -> bool:
    n_filled = column.n_rows - column.n_missing
    if column.kind in (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN):
        return column.n_distinct <= min(MAX_CLASSES, n_filled / _MIN_ROWS_PER_CLASS)
    return column.kind is ColumnKind.INTEGER and column.n_distinct <= min(
        _FEW_CLASSES, n_filled / _MIN_ROWS_PER_CLASS
    )


def _guess_text(
    columns: Sequence[ColumnSummary], label: ColumnSummary | None
) -> ColumnSummary | None:
    texts = [column for column in columns if column.kind is ColumnKind.TEXT and column is not label]
    return max(
        texts,
        key=lambda column: (has_word(column.name, _TEXT_WORDS), column.mean_words),
        default=None,
    )


def _reason_against(column: ColumnSummary, label: ColumnSummary | None) -> str | None:
    if column.n_distinct == 0:
        return "it is empty"
    if column.is_constant:
        return "all its cells are equal"
    if column.counts_rows:
        return "its numbers only say where in the file a row stood"
    if column.kind is ColumnKind.IDENTIFIER:
        return "it identifies rows"
    if column.kind is ColumnKind.URL:
        return "it holds web addresses"
    if label is not None and _is_renamed(column, label):
        return f"it is a copy of the label column {label.name}"
    if label is not None and _is_rescaled(column, label):
        return f"it is the label column {label.name}, on another scale"
    return _reason_by_name(column.name.strip())


def _is_renamed(column: ColumnSummary, label: ColumnSummary) -> bool:
    """Whether a column groups the rows as the label does, in groups large enough to rule out
    chance.

    Any two columns whose numbers are all different group the rows alike: each row by itself.
    """
    if column.partition is None or column.partition != label.partition:
        return False
    are_measured = column.kind in _MEASURED and label.kind in _MEASURED
    min_rows_per_value = _MIN_ROWS_PER_NUMBER if are_measured else _MIN_ROWS_PER_CLASS
    return label.n_distinct * min_rows_per_value <= label.n_rows - label.n_missing


def _is_rescaled(column: ColumnSummary, label: ColumnSummary) -> bool:
    """Whether the column is a linear function of the label, such as a copy."""
    if column.sketch is None or label.sketch is None:
        return False
    pairs = list(zip(column.sketch, label.sketch, strict=True))
    is_rising = all(abs(left - right) <= _SKETCH_TOLERANCE for left, right in pairs)
    is_falling = all(abs(left + right) <= _SKETCH_TOLERANCE for left, right in pairs)
    return is_rising or is_falling


def _reason_by_name(name: str) -> str | None:
    if _SPLIT_NAME.search(name):
        return "by its name it says which part of the data a row belongs to"
    if _TELLING_NAME.search(name):
        return "by its name it tells about the label"
    return None


def notes_on_features(
    columns: Sequence[ColumnSummary], label_column: str | None, features: Collection[str]
) -> list[str]:
    """List the columns that are not features, with reasons, and the features that have a reason
    against them.
    """
    label = next((column for column in columns if column.name == label_column), None)
    notes = []
    left_out = []
    for column in columns:
        reason = None
        if column is not label:
            reason = _reason_against(column, label)
        if reason is not None and column.name in features:
            notes.append(f"“{column.name}” is learned from, although {reason}.")
        elif reason is not None:
            left_out.append(f"“{column.name}” ({reason})")
    if left_out:
        n_more = len(left_out) - _MAX_NAMED
        more = f" and {n_more:,} more" if n_more > 0 else ""
        notes.append(f"Not learned from: {', '.join(left_out[:_MAX_NAMED])}{more}.")
    return notes
