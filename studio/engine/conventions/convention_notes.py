"""Notes on columns whose numbers or dates can be read in several ways."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from studio.engine.conventions.convention import DATE_ORDERS, DECIMALS, Convention, FoundConvention
from studio.engine.conventions.written_dates import read_moments
from studio.engine.conventions.written_numbers import read_numbers
from studio.engine.counted import counted

NAMES = {
    Convention.POINT: "with a decimal point",
    Convention.COMMA: "with a decimal comma",
    Convention.DAY_FIRST: "day first",
    Convention.MONTH_FIRST: "month first",
    Convention.YEAR_FIRST: "year first",
}


def convention_notes(found: Mapping[str, FoundConvention], *, advice: str) -> tuple[str, ...]:
    """Return a sentence or two for each ambiguous column.

    `advice` says how to choose another reading.

    >>> dates = FoundConvention(Convention.MONTH_FIRST, is_certain=False, example="5/1/2023")
    >>> (note,) = convention_notes({"day": dates}, advice="Choose.")
    >>> print(note.replace(". ", "\\n"))
    Column “day”: “5/1/2023” may be 2023-01-05 (day first) or 2023-05-01 (month first)
    It is read month first
    Choose.
    """
    notes = []
    for name, one in found.items():
        if not one.is_certain:
            notes.append(
                f"Column “{name}”: {readings(one)}. It is read {NAMES[one.convention]}. {advice}"
            )
        if one.n_other:
            notes.append(f"Column “{name}”: {_others(one)}")
    return tuple(notes)


def readings(found: FoundConvention) -> str:
    """Return which values the example of a column may have."""
    values = []
    if found.convention in DECIMALS:
        for decimal in DECIMALS:
            number = read_numbers([found.example], decimal)[0]
            values.append(f"{number:.15g} ({NAMES[decimal]})")
    else:
        for order in DATE_ORDERS:
            moment = read_moments([found.example], order).iloc[0]
            if not pd.isna(moment):
                values.append(f"{moment.date().isoformat()} ({NAMES[order]})")
    return f"“{found.example}” may be {' or '.join(values)}"


def other_conventions(found: FoundConvention) -> tuple[Convention, ...]:
    """Return the conventions under which the example of a column has another value.

    >>> other_conventions(FoundConvention(Convention.MONTH_FIRST, example="01/02/2023"))
    (<Convention.DAY_FIRST: 'day-first'>,)
    """
    if not found.example:
        return ()
    if found.convention in DECIMALS:
        return tuple(one for one in DECIMALS if one is not found.convention)
    others = []
    for order in DATE_ORDERS:
        moment = read_moments([found.example], order).iloc[0]
        if order is not found.convention and not pd.isna(moment):
            others.append(order)
    return tuple(others)


def _others(found: FoundConvention) -> str:
    as_read = NAMES[found.convention]
    if found.convention in DECIMALS:
        (other,) = (mark for mark in DECIMALS if mark is not found.convention)
        cells = counted(found.n_other, "cell is", "cells are")
        return f"{cells} written {NAMES[other]}, others {as_read}; each is read as it is written."
    why = f"when read {as_read}, as the others are, and"
    cells = counted(
        found.n_other, f"cell is no date {why} counts", f"cells are no dates {why} count"
    )
    return f"{cells} as missing."
