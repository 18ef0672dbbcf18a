"""Profiles the columns of a table in SQL: missing cells, frequent values, and distributions."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from projects.readers.column_profile import ColumnProfile, Histogram, TopValue
from projects.readers.column_queries import EVERY_ROW, Axis, ColumnQueries
from projects.readers.facts import ROW_ID
from projects.readers.kinds import (
    CellCounts,
    has_several_units,
    has_words_among_numbers,
    infer_kind,
)
from projects.readers.profile_budget import ProfileBudget, ProfileStopwatch
from projects.readers.sampled_numbers import SampledNumbers
from studio.engine import stages
from studio.engine.choices.labels import MAX_CLASSES
from studio.engine.conventions import (
    DATE_ORDERS,
    DECIMALS,
    Convention,
    Conventions,
    FoundConvention,
)
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress, Silent
from studio.engine.schema import CleansetSpec
from studio.engine.table.column_names import is_index_name, is_index_of_library, is_time_name
from studio.engine.table.columns import MEASURED, ColumnKind

MAX_TOP_VALUES = 10
MAX_SHOWN_CHARS = 200
MAX_BINS = 20
MAX_PARTS = 40  # of the file, whose missing cells are counted apart
MAX_WORDS = 3  # words that a profile lists of a column that is mostly numbers
MAX_WORD_CHARS = 40
_MAX_UNITS = 2  # that a note names
_MEMORY_LIMIT = "512 MB"  # beyond it DuckDB spills to disk
_ASK_EVERY_S = 0.5  # whether the run is cancelled
_SILENT = Silent()
_ONE_THREAD = ProfileBudget()


def profile_table(
    parquet: Path,
    *,
    kinds: Mapping[str, ColumnKind] | None = None,
    conventions: Conventions | None = None,
    is_shown: bool = True,
    progress: Progress = _SILENT,
    budget: ProfileBudget = _ONE_THREAD,
) -> list[ColumnProfile]:
    """Profile every column of a table that `read_table` wrote, in column order.

    `kinds` and `conventions` are the user's choices. Each column takes about four scans, in bounded
    memory; DuckDB may spill into the folder of the table. Without `is_shown`, frequent values and
    histograms are skipped. Raises DataProblem beyond the limit of time or memory.
    """
    names = [name for name in pq.read_schema(parquet).names if name != ROW_ID]
    profiles = []
    stopwatch = ProfileStopwatch(budget.limit, len(names))
    with (
        _connection(parquet.parent, budget.n_threads) as connection,
        ThreadPoolExecutor(1) as thread,
    ):
        for position, name in enumerate(names):
            queries = ColumnQueries(connection, parquet, name)
            chosen = (kinds or {}).get(name)
            convention = (conventions or {}).get(name)
            work = partial(_profile, queries, name, chosen, convention, is_shown=is_shown)
            report = partial(progress, stages.PROFILING_COLUMNS, position, len(names))
            look = partial(stopwatch.look, report, position)
            look()
            try:
                found = _result(thread.submit(stopwatch.timed, work), connection, look)
            except duckdb.OutOfMemoryException as error:
                raise DataProblem(
                    f"Describing the column “{name}” takes more than {_MEMORY_LIMIT} of memory, the"
                    " limit. Use shorter texts or fewer rows."
                ) from error
            profiles.append(found)
    progress(stages.PROFILING_COLUMNS, len(names), len(names))
    return profiles


def _result(
    profile: Future[ColumnProfile],
    connection: duckdb.DuckDBPyConnection,
    look: Callable[[], None],
) -> ColumnProfile:
    """Wait for a profile; if `look` raises meanwhile, interrupt its queries."""
    while not wait([profile], timeout=_ASK_EVERY_S).done:
        try:
            look()
        except BaseException:
            connection.interrupt()
            while not wait([profile], timeout=_ASK_EVERY_S).done:  # it was between two queries
                connection.interrupt()
            raise
    return profile.result()


def profile_columns(
    parquet: Path,
    kinds: Mapping[str, ColumnKind],
    conventions: Conventions | None = None,
    *,
    n_threads: int = 1,
) -> list[ColumnProfile]:
    """Profile some columns of a table with the kinds and conventions that the user chose."""
    chosen = conventions or {}
    with _connection(parquet.parent, n_threads) as connection:
        return [
            _profile(ColumnQueries(connection, parquet, name), name, kind, chosen.get(name))
            for name, kind in kinds.items()
        ]


def conventions_of(
    profiles: Iterable[ColumnProfile], features: Container[str], label: str | None
) -> dict[str, Convention]:
    """Return the conventions of the numbers and dates of features, and of the label."""
    return {
        profile.name: profile.convention
        for profile in profiles
        if profile.convention
        and (profile.name == label or (profile.name in features and profile.kind in MEASURED))
    }


def assumed_conventions(
    profiles: Iterable[ColumnProfile], spec: CleansetSpec
) -> dict[str, FoundConvention]:
    """Return the inferred conventions of a spec for which the user made no choice."""
    return {
        profile.name: profile.found_convention
        for profile in profiles
        if profile.found_convention
        and not profile.chosen_convention
        and profile.name in spec.conventions
    }


def kind_notes(profiles: Iterable[ColumnProfile], label: str | None, *, advice: str) -> list[str]:
    """Name the columns that would be numbers but for some words, or for their units, and those with
    bounds or durations.

    `advice` says what to do about words.
    """
    notes = []
    for profile in profiles:
        if profile.name == label:
            continue
        if profile.words_note:
            notes.append(f"{profile.words_note} {advice}")
        if profile.units_note:
            notes.append(profile.units_note)
        if profile.numbers_note:
            notes.append(f"Column “{profile.name}”: {profile.numbers_note}")
    return notes


def found_conventions(parquet: Path, kinds: Mapping[str, ColumnKind]) -> dict[str, FoundConvention]:
    """Infer the conventions of the numbers and dates of some columns."""
    found = {}
    with _connection(parquet.parent, n_threads=1) as connection:
        for name, kind in kinds.items():
            queries = ColumnQueries(connection, parquet, name)
            if kind is ColumnKind.DATETIME:
                found[name] = queries.date_order(EVERY_ROW)
            elif kind in MEASURED:
                found[name] = queries.decimal(EVERY_ROW, has_written=queries.has_written())
    return found


@contextmanager
def _connection(folder: Path, n_threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY_LIMIT,
        "threads": n_threads,
        "temp_directory": str(folder / "duckdb-spill"),
        "autoinstall_known_extensions": False,
    }
    with duckdb.connect(config=config) as connection:
        connection.execute("SET TimeZone = 'UTC'")  # moments without an offset are taken as UTC
        connection.execute("LOAD parquet")
        connection.execute("SET parquet_metadata_cache = true")
        yield connection


def _profile(
    queries: ColumnQueries,
    name: str,
    chosen: ColumnKind | None,
    convention: Convention | None = None,
    *,
    is_shown: bool = True,
) -> ColumnProfile:
    distinct = queries.distinct()
    facts = queries.facts(distinct)
    decimal = queries.decimal(distinct, has_written=facts.n_written > 0)
    used_decimal = decimal.convention
    if convention is not None and convention in DECIMALS:
        used_decimal = convention
    facts = queries.with_written_numbers(facts, distinct, used_decimal)
    inferred = infer_kind(name, facts)
    kind = chosen or inferred
    words: Sequence[str] = ()
    if has_words_among_numbers(name, facts):
        words = queries.words(used_decimal, MAX_WORDS, MAX_WORD_CHARS)
    is_moment = kind is ColumnKind.DATETIME
    found = queries.date_order(distinct) if is_moment else decimal
    if convention not in (DATE_ORDERS if is_moment else DECIMALS):
        convention = None
    spread = _NO_SPREAD
    if is_shown and kind in MEASURED and facts.n_filled > 0:
        spread = _spread(queries, kind, convention or found.convention)
    sampled = None
    if facts.n_number:
        sampled = queries.sampled_numbers(facts.n_rows, used_decimal)
    top_values: tuple[TopValue, ...] = ()
    if is_shown and not spread.histogram:
        top_values = _top_values(queries, facts)
    missing_by_part: Sequence[int] = ()
    if is_shown and 0 < facts.n_missing < facts.n_rows:
        n_parts = min(facts.n_rows, MAX_PARTS)
        missing_by_part = queries.missing_by_part(facts.n_rows, n_parts)
    return ColumnProfile(
        name=name,
        kind=kind,
        inferred_kind=inferred,
        n_rows=facts.n_rows,
        n_missing=facts.n_missing,
        n_distinct=distinct.count,
        is_distinct_estimated=distinct.is_estimated,
        mean_length=round(facts.mean_length, 2),
        mean_words=round(facts.mean_words, 2) if facts.n_filled else 0.0,
        top_values=top_values,
        histogram=spread.histogram,
        lowest=spread.lowest,
        highest=spread.highest,
        partition=queries.partition() if distinct.count <= MAX_CLASSES else None,
        sketch=sampled.sketch() if sampled else None,
        counts_rows=sampled is not None and _counts_rows(name, facts, sampled),
        drawn_as=kind,
        found_convention=found if is_moment or facts.n_number else None,
        chosen_convention=convention,
        n_numbers=facts.n_number if words else 0,
        words=tuple(words),
        units=tuple(queries.units(_MAX_UNITS)) if has_several_units(facts) else (),
        missing_by_part=tuple(missing_by_part),
        n_bounds=facts.n_bounds,
        bound=queries.bound() if facts.n_bounds else "",
        duration=queries.duration() if facts.n_durations else "",
    )


def _counts_rows(name: str, facts: CellCounts, sampled: SampledNumbers) -> bool:
    if facts.n_integer < facts.n_rows:
        return False
    if is_index_of_library(name):
        return True
    if facts.n_distinct != facts.n_rows or is_time_name(name):
        return False
    return sampled.count_rows(is_named_so=is_index_name(name))


def _top_values(queries: ColumnQueries, facts: CellCounts) -> tuple[TopValue, ...]:
    if facts.n_distinct == facts.n_filled > MAX_TOP_VALUES:
        return ()  # every value occurs once, so none is frequent
    return tuple(
        TopValue(value, count)
        for value, count in queries.most_frequent(MAX_TOP_VALUES, MAX_SHOWN_CHARS)
    )


@dataclass(frozen=True, slots=True)
class _Spread:
    histogram: Histogram | None
    lowest: str | None
    highest: str | None


_NO_SPREAD = _Spread(None, None, None)


def _spread(queries: ColumnQueries, kind: ColumnKind, convention: Convention) -> _Spread:
    """Return the histogram and its range; none if no cell can be read as the chosen kind."""
    is_moment = kind is ColumnKind.DATETIME
    axis = queries.moment_axis(convention) if is_moment else queries.number_axis(convention)
    if axis is None:
        return _NO_SPREAD
    edges = _edges(axis, kind)
    write = _moment_text if is_moment else _number_text
    histogram = Histogram(tuple(edges), tuple(queries.bin_counts(axis, edges)))
    return _Spread(histogram, write(axis.lowest), write(axis.highest))


def _edges(axis: Axis, kind: ColumnKind) -> list[float]:
    """Return the edges of equally wide bins; each bin of integers spans equally many of them."""
    low = axis.lowest
    high = axis.highest
    if kind is ColumnKind.INTEGER and high - low < 2**53:
        per_bin = math.ceil((high - low + 1) / MAX_BINS)
        n_bins = math.ceil((high - low + 1) / per_bin)
        return [low - 0.5 + per_bin * position for position in range(n_bins + 1)]
    if low == high:
        return [low - 0.5, low + 0.5]
    step = high / MAX_BINS - low / MAX_BINS
    return [*(low + step * position for position in range(MAX_BINS)), high]


def _number_text(value: float) -> str:
    # From here on, not every whole number is a float, and digits would be made up.
    if value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return repr(value)


def _moment_text(seconds: float) -> str:
    moment = datetime(1970, 1, 1) + timedelta(seconds=seconds)
    return moment.isoformat(sep=" ").removesuffix(" 00:00:00")
