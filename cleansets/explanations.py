"""What the analysis kept to explain single rows: votes, near rows, what cells speak for."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cleansets.models import Cleanset
from studio import tables
from studio.engine.explanations.near_rows import distances_from, nearest, nearest_by_fold
from studio.engine.schema.explanation import EVERY_CLASS, EVERY_VALUE
from studio.engine.text.words import words_of
from studio.sql import text_literal

LEAST_RATIO = 1.5  # between two classes, for a value to speak for one of them
NO_LEVEL = -1


def votes(cleanset: Cleanset, row_id: int) -> list[tuple[str, float]]:
    """Return what each model of the ensemble predicts: the code of a class, or a number."""
    if not cleanset.votes_key:
        return []
    values = np.load(tables.local_path(cleanset.votes_key), mmap_mode="r")[row_id]
    return list(zip(cleanset.explained["voters"], values.tolist(), strict=True))


def n_numbers(cleanset: Cleanset) -> int:
    """Return how many numbers the vectors of all rows have together: the cost of near rows."""
    key = _vectors_key(cleanset)
    if not key:
        return 0
    return int(np.load(tables.local_path(key), mmap_mode="r").size)


def _vectors_key(cleanset: Cleanset) -> str:
    return cleanset.space_key or cleanset.embeddings_key


def nearest_rows(cleanset: Cleanset, row_id: int, n_rows: int) -> list[int]:
    """Return the rows most like a row, nearest first; rows that were left out are never near."""
    return near_rows(cleanset, row_id, n_rows).rows


@dataclass(frozen=True, slots=True)
class NearRows:
    """The rows most like a row, nearest first: of all, and within each fold but its own."""

    rows: list[int]
    by_fold: dict[int, list[int]]


def near_rows(
    cleanset: Cleanset, row_id: int, n_rows: int, *, with_folds: bool = False
) -> NearRows:
    """Return the rows most like a row, none if the analysis kept no vectors."""
    key = _vectors_key(cleanset)
    if not key:
        return NearRows([], {})
    space = np.load(tables.local_path(key), mmap_mode="r")
    distances = distances_from(space, row_id)
    by_fold = {}
    if with_folds and cleanset.fold_id_key:
        fold_id = np.load(tables.local_path(cleanset.fold_id_key), mmap_mode="r")
        by_fold = nearest_by_fold(distances, fold_id, int(fold_id[row_id]), n_rows)
    return NearRows(nearest(distances, n_rows), by_fold)


@dataclass(frozen=True, slots=True)
class Contrast:
    """How many times as often a class has a value as another class has; below 1 it speaks for the
    other.
    """

    column: str
    value: str
    is_word: bool
    ratio: float


def contrasts(
    cleanset: Cleanset,
    row_id: int,
    cells: Mapping[str, str | None],
    code: int,
    other: int = EVERY_CLASS,
    *,
    own: Collection[int] = (),
) -> list[Contrast]:
    """Return the values of a row that one class has more often than another, strongest first.

    `other` is the other class; by default all rows without the first. The row's own classes,
    `own`, are not counted: what is said of a row must not rest on its own label.
    """
    counts = _counts_of_row(cleanset, row_id, cells)
    found = []
    for (column, value, is_word), by_code in counts.items():
        if column == EVERY_VALUE:
            continue
        class_sizes = counts[EVERY_VALUE, "", False]
        n_with = by_code.get(code, 0)
        n_all = class_sizes.get(code, 0)
        n_other_with = by_code.get(other, 0)
        n_other_all = class_sizes.get(other, 0)
        if code in own:
            n_with = max(n_with - 1, 0)
            n_all = max(n_all - 1, 0)
        if other in own or other == EVERY_CLASS:
            n_other_with = max(n_other_with - 1, 0)
            n_other_all = max(n_other_all - 1, 0)
        if other == EVERY_CLASS:
            n_other_with = max(n_other_with - n_with, 0)
            n_other_all = max(n_other_all - n_all, 0)
        # As if each class had one row more with the value and one without.
        fraction = (n_with + 1) / (n_all + 2)
        other_fraction = (n_other_with + 1) / (n_other_all + 2)
        ratio = fraction / other_fraction
        if max(ratio, 1 / ratio) >= LEAST_RATIO:
            found.append(Contrast(column, value, is_word, ratio))
    return sorted(found, key=lambda one: (-abs(math.log(one.ratio)), one.column, one.value))


def _counts_of_row(
    cleanset: Cleanset, row_id: int, cells: Mapping[str, str | None]
) -> dict[tuple[str, str, bool], dict[int, int]]:
    """Return how many rows of each class have each value of a row: (column, value, is a word)."""
    wanted: list[tuple[str, str, int]] = [(EVERY_VALUE, "", NO_LEVEL)]
    leveled: list[str] = cleanset.explained["leveled_columns"]
    if cleanset.levels_key:
        levels = np.load(tables.local_path(cleanset.levels_key), mmap_mode="r")[row_id].tolist()
        pairs = zip(leveled, levels, strict=True)
        wanted += [(name, "", level) for name, level in pairs if level != NO_LEVEL]
    for name, cell in cells.items():
        if name not in leveled:
            wanted += [(name, word, NO_LEVEL) for word in sorted(words_of(cell or ""))]
    columns, values, of_levels = zip(*wanted, strict=True)
    table = pa.table({"column": columns, "value": values, "level": pa.array(of_levels, pa.int16())})
    path = text_literal(str(tables.local_path(cleanset.value_counts_key)))
    connection = tables.connect()
    try:
        connection.register("wanted", table)
        found = connection.execute(
            f'SELECT counts."column", counts.value, counts.level, code, n'
            f' FROM read_parquet({path}) AS counts JOIN wanted ON counts."column" ='
            ' wanted."column" AND counts.level = wanted.level AND (counts.level >= 0 OR'
            " counts.value = wanted.value)"
        ).fetchall()
    finally:
        connection.close()
    counts: dict[tuple[str, str, bool], dict[int, int]] = {}
    for column, value, level, code, n in found:
        is_word = level == NO_LEVEL and column != EVERY_VALUE
        counts.setdefault((column, value, is_word), {})[code] = n
    return counts


def class_threshold(cleanset: Cleanset, code: int) -> float | None:
    """Return the mean probability of a class in the rows labeled with it, if it is known."""
    thresholds: list[float] = cleanset.explained.get("class_thresholds", [])
    return thresholds[code] if thresholds else None
