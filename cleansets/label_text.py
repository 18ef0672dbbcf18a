"""Labels as text, by task: checking a label that a person typed, comparing and showing labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from studio.engine.conventions import Convention
from studio.engine.conventions.blanks import is_blank
from studio.engine.conventions.label_sets import Separator, join_labels, split_labels
from studio.engine.conventions.written_numbers import read_numbers
from studio.engine.errors import DataProblem
from studio.engine.labels.reading import written_cell
from studio.engine.labels.spellings import shown_spelling
from studio.engine.ml_task import MLTask

MAX_LABEL_CHARS = 500
MAX_SET_CHARS = 20_000
SHOWN_DIGITS = 6  # of a number on a page; its tooltip has all
_SWAPPED_MARKS = str.maketrans(",.", ".,")


def checked_label(
    task: MLTask, label: str, classes: Sequence[str] = (), convention: Convention = Convention.POINT
) -> str:
    """Return the label in its stored form; a set is put in the order of `classes`.

    `convention` is the decimal mark of the label column, which is the one people type.

    Raises DataProblem for a label that the task does not take.
    """
    if task is MLTask.UNSUPERVISED:
        raise DataProblem(
            "This project has no labels. Keep the row, exclude it, or mark it for later."
        )
    if task is MLTask.MULTI_LABEL:
        return _checked_set(label, classes)
    if task is MLTask.REGRESSION:
        return _checked_number(label, convention)
    if is_blank(label):
        raise DataProblem("A label cannot be empty. Give the name of a class.")
    return _short_enough(label)


def _checked_set(label: str, classes: Sequence[str]) -> str:
    if len(label) > MAX_SET_CHARS:
        raise DataProblem(
            f"This set of classes has {len(label):,} characters; at most {MAX_SET_CHARS:,} are"
            " possible."
        )
    names = [_short_enough(name) for name in split_labels(label)]
    return join_labels(in_class_order(names, classes))


def in_class_order(names: Iterable[str], classes: Sequence[str]) -> list[str]:
    """Return the distinct names: known classes in their order, then the others from A to Z."""
    place = {name: position for position, name in enumerate(classes)}
    return sorted(set(names), key=lambda name: (place.get(name, len(place)), name))


def _checked_number(label: str, convention: Convention) -> str:
    value = number(label, convention)
    if value is None:
        shown = label.strip()[:40]
        if shown:
            found = f"“{shown}” is not a number"
        else:
            found = "No number was typed"
        example = "12,5" if convention is Convention.COMMA else "12.5"
        raise DataProblem(f"{found}. Type one such as {example}.")
    text = label.strip()
    if convention is Convention.COMMA:
        in_convention = text.replace(".", ",")
    else:
        in_convention = text.replace(",", ".")
    return in_convention if number(in_convention, convention) == value else text


def _short_enough(label: str) -> str:
    if "\0" in label:
        raise DataProblem("A label cannot contain a NUL character. Type it again.")
    if len(label) > MAX_LABEL_CHARS:
        raise DataProblem(
            f"This label has {len(label)} characters; at most {MAX_LABEL_CHARS} are possible."
        )
    return label


def written_sets(labels: pa.Array, separator: Separator) -> pa.Array:
    """Return sets of classes in the form of a label column with this separator."""
    return pa.array([written_cell(label, separator) for label in labels.to_pylist()], pa.string())


def number(label: str | None, convention: Convention = Convention.POINT) -> float | None:
    """Return a label as a finite number, parsed as in the engine, or None."""
    value = float(read_numbers([label or ""], convention)[0])
    return value if math.isfinite(value) else None


def is_same_label(
    task: MLTask, one: str | None, other: str | None, convention: Convention = Convention.POINT
) -> bool:
    """Whether two labels are equal: sets in any order, numbers in any spelling."""
    return same_labels(task, [one], [other], convention)[0]


def same_labels(
    task: MLTask,
    ones: Sequence[str | None],
    others: Sequence[str | None],
    convention: Convention = Convention.POINT,
) -> list[bool]:
    """Compare labels pair by pair; a blank label counts as missing, the empty set does not."""
    pairs = zip(ones, others, strict=True)
    if task is MLTask.MULTI_LABEL:
        return [one == other or _is_same_set(one, other) for one, other in pairs]
    if task is MLTask.REGRESSION:
        left = read_numbers([label or "" for label in ones], convention)
        right = read_numbers([label or "" for label in others], convention)
        are_both_missing = np.isnan(left) & np.isnan(right)
        is_same: list[bool] = ((left == right) | are_both_missing).tolist()
        return is_same
    return [_filled(one) == _filled(other) for one, other in pairs]


def _is_same_set(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return one is other
    return set(split_labels(one)) == set(split_labels(other))


def _filled(label: str | None) -> str | None:
    return None if is_blank(label) else label


def number_text(value: float, convention: Convention = Convention.POINT) -> str:
    """Format a number with thousands separators and six digits, without trailing zeros.

    >>> number_text(452600.04), number_text(0.0123456789), number_text(-3.0)
    ('452,600', '0.0123457', '−3')
    >>> number_text(4526.5, Convention.COMMA)
    '4.526,5'
    """
    if value and not 1e-4 <= abs(value) < 1e12:
        text = f"{value:.{SHOWN_DIGITS}g}"
    else:
        n_before_point = 1
        if value:
            n_before_point = math.floor(math.log10(abs(value))) + 1
        text = f"{value:,.{max(SHOWN_DIGITS - n_before_point, 0)}f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
    if convention is Convention.COMMA:
        text = text.translate(_SWAPPED_MARKS)
    return text.replace("-", "\N{MINUS SIGN}")


def rounded_text(value: float, error: float, convention: Convention = Convention.POINT) -> str:
    """Round a number to two significant digits of its error bar.

    >>> rounded_text(175557.3, 19834.0), rounded_text(19834.0, 19834.0)
    ('176,000', '20,000')
    """
    if not error:
        return number_text(value, convention)
    step = 10.0 ** math.floor(math.log10(error) - 1)
    return number_text(round(value / step) * step, convention)


@dataclass(frozen=True, slots=True)
class ShownLabel:
    """A label as chips: a class, the classes of a set, or a number; `exact` is the stored text."""

    names: tuple[str, ...]
    exact: str

    @property
    def is_no_class(self) -> bool:
        """Whether it is the empty set."""
        return not self.names


def shown_label(
    task: MLTask,
    label: str | None,
    convention: Convention = Convention.POINT,
    *,
    as_spelled: bool = False,
) -> ShownLabel | None:
    """Return a label for a page, or None for a missing one.

    `as_spelled` makes spaces visible that would not be seen otherwise.
    """
    if label is None:
        return None
    if task is MLTask.REGRESSION:
        value = number(label, convention)
        text = label if value is None else number_text(value, convention)
        return ShownLabel((text,), label)
    if is_blank(label) and task is MLTask.MULTI_CLASS:
        return None
    names = split_labels(label) if task is MLTask.MULTI_LABEL else (label,)
    if as_spelled:
        names = tuple(map(shown_spelling, names))
    return ShownLabel(names, label)
