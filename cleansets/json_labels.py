"""Labels given as JSON values: numbers and booleans are written as the classes of the data are."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from studio.engine.conventions import Convention
from studio.engine.conventions.label_sets import join_labels
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask

JsonValue = str | bool | int | float
JsonLabel = JsonValue | list[JsonValue]


def label_text(
    task: MLTask,
    value: JsonLabel,
    classes: Sequence[str],
    convention: Convention = Convention.POINT,
) -> str:
    """Return the label as text: 1 becomes `1.0` if that is how the class is spelled.

    A list is a set of classes; a number is written with the decimal mark of the label column.

    Raises DataProblem if the value fits no class, or more than one.
    """
    if isinstance(value, list):
        return _set_text(task, value, classes)
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        raise DataProblem(
            f"corrected_label is {json.dumps(value)}, which is not a number that can be stored."
        )
    if task is MLTask.UNSUPERVISED or (task is MLTask.REGRESSION and not isinstance(value, bool)):
        number = json.dumps(value)
        if convention is Convention.COMMA:
            number = number.replace(".", ",")
        return number
    name = _class_name(value, classes)
    if task is MLTask.MULTI_LABEL:
        return join_labels([name])
    return name


def _set_text(task: MLTask, values: Sequence[JsonValue], classes: Sequence[str]) -> str:
    if task is not MLTask.MULTI_LABEL:
        raise DataProblem(
            f"corrected_label is the list {json.dumps(values)[:80]}; expected one label."
        )
    return join_labels(
        value if isinstance(value, str) else _class_name(value, classes) for value in values
    )


def _class_name(value: bool | float, classes: Sequence[str]) -> str:  # noqa: FBT001 (a value, not a switch)
    text = json.dumps(value)
    if text in classes:
        return text
    if isinstance(value, bool):
        spellings = [name for name in classes if name.strip().casefold() == text]
    else:
        spellings = [name for name in classes if _decimal(name) == Decimal(text)]
    if len(spellings) > 1:
        raise DataProblem(
            f"corrected_label {text} may be the class {' or '.join(spellings)}. Write it as text."
        )
    if spellings:
        return spellings[0]
    if isinstance(value, bool) or not classes or any(_decimal(name) is None for name in classes):
        raise DataProblem(f"corrected_label is {text}, which is not a class; expected text.")
    return _new_number(value, classes)


def _new_number(value: float, classes: Sequence[str]) -> str:
    """Return a number in the spelling of the classes: with `.0` or without."""
    if value != int(value):
        return json.dumps(value)
    if all(name.endswith(".0") for name in classes):
        return f"{int(value)}.0"
    return str(int(value))


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
