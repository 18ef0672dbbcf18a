"""What is worth asking about a choice of labels before anything is learned from it; nothing here
refuses a choice.
"""

from __future__ import annotations

from studio.engine.ml_task import MLTask
from studio.engine.table.columns import ColumnKind

MAX_CLASSES_OF_NUMBERS = 20  # up to which numbers are taken for names, such as stars from 1 to 5
_MEASURED = (ColumnKind.INTEGER, ColumnKind.NUMBER)


def question_of_numbers(
    column: str, kind: ColumnKind, task: MLTask, n_classes: int, *, remedy: str
) -> str | None:
    """Return the sentences that question many different numbers as classes, None where there is
    nothing to ask.

    `remedy` says how to choose a regression, such as "choose Regression".
    """
    if (
        task is not MLTask.MULTI_CLASS
        or kind not in _MEASURED
        or n_classes <= MAX_CLASSES_OF_NUMBERS
    ):
        return None
    return (
        f"“{column}” holds {n_classes:,} different numbers, and each is a class of its own here. "
        f"If they are measured or counted, {remedy}."
    )


def question_of_sets(
    column: str, task: MLTask, example: str, *, is_sure: bool, remedy: str
) -> str | None:
    """Return the sentences that question sets of classes as one class each; `example` is such a
    cell.
    """
    if task is not MLTask.MULTI_CLASS:
        return None
    verb = "look like" if is_sure else "may be"
    return (
        f"Cells of “{column}” {verb} sets of classes, such as {example}, and each different one is"
        f" a class of its own here. If a row may have several classes, {remedy}."
    )
