"""Conditions that make a command fail, so that a pipeline can depend on a metric."""

from __future__ import annotations

import operator
import re
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.engine.errors import DataProblem
from studio.engine.table.near_names import nearest_name

GATE_FAILED = 3  # exit status
EXAMPLE = "accuracy<0.9"
_FORM = re.compile(r"\s*([\w.-]+)\s*(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?(?:[eE]-?\d+)?)\s*")
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition such as accuracy<0.9."""

    text: str
    figure: str
    sign: str
    bound: float

    def failure(self, figures: Mapping[str, float | None]) -> str | None:
        """Return a sentence if the condition is met, else None. Raises DataProblem for an unknown
        figure.
        """
        if self.figure not in figures:
            nearest = nearest_name(self.figure, list(figures))
            question = "" if nearest is None else f" Did you mean {nearest}?"
            names = ", ".join(name for name in figures if "." not in name)
            raise DataProblem(
                f"--fail-if {self.text}: there is no figure {self.figure}.{question} Known are"
                f" {names}, each also with .low and .high."
            )
        value = figures[self.figure]
        if value is None:
            return f"{self.figure} is not defined for these rows; {self.text} is not ruled out."
        if _OPERATORS[self.sign](value, self.bound):
            return f"{self.figure} is {value:.4g}, which meets --fail-if {self.text}."
        return None


def add_gate_option(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--fail-if",
        action="append",
        default=[],
        metavar="CONDITION",
        help=(
            f"end with status {GATE_FAILED} if a metric is so, such as “{EXAMPLE}”; its interval is"
            " accuracy.low and accuracy.high. May be repeated"
        ),
    )


def read_gates(texts: Sequence[str]) -> list[Gate]:
    """Parse the conditions of --fail-if."""
    gates = []
    for text in texts:
        found = _FORM.fullmatch(text)
        if found is None:
            raise DataProblem(
                f"--fail-if {text} is not a condition. Expected a metric, one of < <= > >=, and a"
                f" number, such as “{EXAMPLE}”."
            )
        gates.append(Gate(text.strip(), found[1], found[2], float(found[3])))
    return gates


def figures_of(metrics: Mapping[str, Mapping[str, Any]], prefix: str = "") -> dict[str, Any]:
    """Return value, low and high of each metric by its name in conditions."""
    figures: dict[str, Any] = {}
    for name, estimate in metrics.items():
        figures[f"{prefix}{name}"] = estimate["value"]
        figures[f"{prefix}{name}.low"] = estimate["low"]
        figures[f"{prefix}{name}.high"] = estimate["high"]
    return figures
