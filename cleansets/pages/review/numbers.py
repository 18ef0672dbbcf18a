"""The predicted number of a row, and its drawing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cleansets import held_out
from cleansets.label_text import (
    number,
    number_text,
    rounded_text,
)
from cleansets.models import Cleanset
from studio.engine.conventions import Convention
from studio.engine.labels.scale import LabelScale
from studio.engine.schema.health import Health

# Of the drawing of a number, in its own units.
SCALE_WIDTH = 320.0
SCALE_MARGIN = 24.0
N_TICKS = 4


@dataclass(frozen=True, slots=True)
class Tick:
    """A number below the axis of the drawing."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class NumberScale:
    """Positions on the drawing's axis, in its units; the error bar runs from `low` to `high`."""

    ticks: tuple[Tick, ...]
    predicted: float
    low: float
    high: float
    given: float | None
    corrected: float | None


@dataclass(frozen=True, slots=True)
class NumberChoice:
    """The out-of-sample prediction of a number, its error bar, and the distance to the given
    number.

    `error` is empty where numbers are compared by their ratios: the bar is then asymmetric, longer
    upwards than downwards.
    """

    predicted: str
    error: str
    low: str
    high: str
    distance: str
    scale: NumberScale


def number_choice(cleanset: Cleanset, row: Mapping[str, Any]) -> NumberChoice:
    """Return the predicted number with its error bar, and the given and corrected ones."""
    predicted, error = held_out.predicted_number(cleanset, int(row["row_id"]))
    errors = Health.from_dict(cleanset.health or {}).number_errors
    compared = LabelScale(errors.ratio_floor if errors else None)
    high = predicted + error
    low = predicted - error
    if compared.is_by_ratio:  # the bar reaches as far by factors: high / predicted downwards
        low = predicted**2 / high
    convention = cleanset.label_convention
    given = number(row["given_label"], convention)
    corrected = number(row["corrected_label"], convention)
    distance = ""
    if given is not None and error:
        n_bars = compared.distances(np.array(given), np.array(predicted), np.array(error))
        distance = f"{float(n_bars):.1f}"
    return NumberChoice(
        predicted=rounded_text(predicted, error, convention),
        error="" if compared.is_by_ratio else rounded_text(error, error, convention),
        low=rounded_text(low, error, convention),
        high=rounded_text(high, error, convention),
        distance=distance,
        scale=_scale(predicted, (low, high), convention, given=given, corrected=corrected),
    )


def _scale(
    predicted: float,
    bar: tuple[float, float],
    convention: Convention,
    *,
    given: float | None,
    corrected: float | None,
) -> NumberScale:
    low, high = bar
    drawn = [value for value in (low, high, given, corrected) if value is not None]
    first = min(drawn)
    width = (max(drawn) - min(drawn)) or abs(predicted) or 1.0

    def x(value: float) -> float:
        return round(SCALE_MARGIN + (value - first) / width * (SCALE_WIDTH - 2 * SCALE_MARGIN), 1)

    return NumberScale(
        ticks=tuple(
            Tick(x(value), number_text(value, convention))
            for value in _round_numbers(first, first + width)
        ),
        predicted=x(predicted),
        low=x(low),
        high=x(high),
        given=None if given is None else x(given),
        corrected=None if corrected is None else x(corrected),
    )


def _round_numbers(first: float, last: float) -> list[float]:
    """Return a few round numbers between two."""
    rough = (last - first) / N_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    start = math.ceil(first / step)
    return [place * step for place in range(start, math.floor(last / step) + 1)]
