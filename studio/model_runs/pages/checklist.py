"""The guide's questions about training data, answered from the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from studio.engine.counted import counted
from studio.model_runs.models import ModelRun

MIN_ROWS = 20  # of a class, to be learned with some certainty
MAX_IMBALANCE = 20  # times that the largest class is larger than the smallest
MAX_EXCHANGED = 0.3  # of the rows of both classes that are taken for the other
TEST_SHARE = (0.1, 0.3)
_SHOWN = 5


class Verdict(Enum):
    """An answer: the kind of its badge, and its text."""

    YES = ("good", "Yes")
    LOOK = ("warning", "Look")
    ASK = ("info", "Ask yourself")


@dataclass(frozen=True, slots=True)
class Answer:
    """A question, its answer, and why."""

    question: str
    verdict: Verdict
    why: str

    @property
    def badge(self) -> str:
        return self.verdict.value[0]

    @property
    def word(self) -> str:
        return self.verdict.value[1]


def checklist(
    run: ModelRun, document: Mapping[str, Any], parts: Mapping[str, int], n_verified: int
) -> list[Answer]:
    """Answer the questions; `parts` are the rows of each part of the split."""
    answers = []
    per_class = document.get("per_class") or []
    if per_class:
        answers += [_enough_rows(per_class), _balance(per_class), _distinct(document)]
    answers += [_split(parts), _reviewed(run, document, n_verified), _like_production(parts)]
    return answers


def _enough_rows(per_class: list[dict[str, Any]]) -> Answer:
    question = "Does each class have enough rows?"
    few = sorted(
        (one for one in per_class if one["labeled"] < MIN_ROWS), key=lambda one: one["labeled"]
    )
    if not few:
        least = min(per_class, key=lambda one: one["labeled"])
        return Answer(
            question,
            Verdict.YES,
            f"The smallest, {least['class']}, has {counted(least['labeled'], 'row')}.",
        )
    names = ", ".join(f"{one['class']} ({one['labeled']:,})" for one in few[:_SHOWN])
    more = f" and {len(few) - _SHOWN:,} more" if len(few) > _SHOWN else ""
    return Answer(
        question, Verdict.LOOK, f"Fewer than {MIN_ROWS} rows: {names}{more}. Label more of them."
    )


def _balance(per_class: list[dict[str, Any]]) -> Answer:
    question = "Are the classes about as frequent as each other?"
    present = [one for one in per_class if one["labeled"]]
    if not present:  # all sets are empty
        return Answer(question, Verdict.LOOK, "No row is labeled with any class.")
    most = max(present, key=lambda one: one["labeled"])
    least = min(present, key=lambda one: one["labeled"])
    factor = most["labeled"] / least["labeled"]
    why = (
        f"{most['class']} has {most['prevalence']:.1%} of the rows, {least['class']}"
        f" {least['prevalence']:.1%}."
    )
    if factor > MAX_IMBALANCE:
        return Answer(
            question, Verdict.LOOK, f"{why} Judge by macro F1 and by class, not by accuracy."
        )
    return Answer(question, Verdict.YES, why)


def _distinct(document: Mapping[str, Any]) -> Answer:
    question = "Can the classes be told apart?"
    counts = document["confusion"]["counts"]
    names = document["confusion"]["classes"]
    labeled = [max(sum(row), 1) for row in counts]
    exchanged = [
        f"{names[i]} and {names[j]}"
        for i in range(len(names))
        for j in range(i)
        if min(counts[i][j] / labeled[i], counts[j][i] / labeled[j]) >= MAX_EXCHANGED
    ]
    if not exchanged:
        return Answer(question, Verdict.YES, "No two classes are often taken for each other.")
    found = "; ".join(exchanged[:_SHOWN])
    return Answer(
        question, Verdict.LOOK, f"{found}. Should they be one class, or be described better?"
    )


def _split(parts: Mapping[str, int]) -> Answer:
    question = "Are about 20% of the rows kept for testing?"
    n_rows = sum(parts.values())
    if not parts.get("test"):
        return Answer(
            question,
            Verdict.LOOK,
            "There is no split: all rows are cross-validated. A column such as split, with the"
            " values train and test, makes one.",
        )
    share = parts["test"] / n_rows
    is_good = TEST_SHARE[0] <= share <= TEST_SHARE[1]
    verdict = Verdict.YES if is_good else Verdict.LOOK
    return Answer(question, verdict, f"{share:.0%} of the rows are for testing.")


def _reviewed(run: ModelRun, document: Mapping[str, Any], n_verified: int) -> Answer:
    question = "Are labels tracked and reviewed?"
    why = (
        f"{counted(n_verified, 'row was', 'rows were')} decided by hand and"
        f" {counted(run.n_corrected or 0, 'label')} corrected,"
        f" of {counted(run.n_rows or 0, 'row')}."
    )
    return Answer(question, Verdict.YES if n_verified else Verdict.LOOK, why)


def _like_production(parts: Mapping[str, int]) -> Answer:
    question = "Are the test rows like what the model will see?"
    return Answer(
        question,
        Verdict.ASK,
        "Only you know where the rows come from. Rows from later, other places or other people"
        " tell more than rows drawn from the same pile.",
    )
