"""Profiles: counts are those of the table, and what is stored reads back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest

from projects.readers import (
    ReadLimits,
    column_queries,
    profile,
    profile_budget,
    read_table,
)
from projects.readers.column_profile import ColumnProfile, TopValue
from projects.readers.facts import TimeLimit
from projects.readers.profile import profile_table
from projects.readers.profile_budget import ProfileBudget
from studio.engine.conventions import Convention
from studio.engine.errors import DataProblem
from studio.engine.progress import Cancelled, Silent
from studio.engine.table.columns import ColumnKind

Profiler = Callable[..., dict[str, ColumnProfile]]


@pytest.fixture
def profiles(tmp_path: Path) -> Profiler:
    def profile(columns: dict[str, list[str]], **options: object) -> dict[str, ColumnProfile]:
        source, out = tmp_path / "t.json", tmp_path / "it's out.parquet"
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        source.write_text(json.dumps(rows))
        read_table(source, "t.json", out, progress=Silent(), limits=ReadLimits())
        return {found.name: found for found in profile_table(out, **options)}  # type: ignore[arg-type]

    return profile


def test_missing_and_distinct_are_counted(profiles: Profiler) -> None:
    column = profiles({"a": ["x", "", "y", "x", ""]})["a"]
    assert (column.n_rows, column.n_missing, column.n_distinct, column.missing_fraction) == (
        5,
        2,
        2,
        0.4,
    )
    assert not column.is_distinct_estimated
    assert column.top_values == (TopValue("x", 2), TopValue("y", 1))


def test_missing_cells_are_counted_by_the_part_of_the_file_they_are_in(
    profiles: Profiler,
) -> None:
    cells = ["x"] * 75 + [""] * 5
    counts = profiles({"a": cells, "b": ["y"] * 80})
    assert counts["a"].missing_by_part == (*[0] * 37, 1, 2, 2)
    assert counts["b"].missing_by_part == ()


def within(cpu_s: float) -> ProfileBudget:
    return ProfileBudget(limit=TimeLimit(cpu_s))


THREE_COLUMNS = {"a": ["x", "y"], "b": ["1", "2"], "c": ["z", ""]}


def test_profiling_stops_beyond_its_processor_time(
    profiles: Profiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(thread_time=count(0, 4).__next__, monotonic=lambda: 0.0)
    monkeypatch.setattr(profile_budget, "time", clock)
    assert len(profiles(THREE_COLUMNS, budget=within(12.0))) == 3
    with pytest.raises(DataProblem) as caught:
        profiles(THREE_COLUMNS, budget=within(7.0))
    assert str(caught.value) == (
        "Describing the columns takes more than the 7 seconds of processor time that are allowed"
        " for a file of this size; 2 of 3 columns were done. Use fewer columns or rows."
    )


def test_profiling_stops_at_last_on_a_busy_machine(
    profiles: Profiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(thread_time=lambda: 0.0, monotonic=count(0, 60).__next__)
    monkeypatch.setattr(profile_budget, "time", clock)
    with pytest.raises(DataProblem, match="not finished after 100 seconds, the longest"):
        profiles(THREE_COLUMNS, budget=within(10.0))


def test_wide_tables_and_large_files_may_take_longer_to_profile() -> None:
    limits = ReadLimits()
    assert limits.time_to_profile(1_000, 10).cpu_s == pytest.approx(243, abs=0.1)
    assert limits.time_to_profile(1_000, 2_000).cpu_s == pytest.approx(840, abs=0.1)
    assert limits.time_to_profile(50 * 1024**2, 10).cpu_s == pytest.approx(4_243)


def test_column_that_takes_too_much_memory_is_named(
    profiles: Profiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "_MEMORY_LIMIT", "1 MB")
    cells = [f"{number} " + "x" * 100 for number in range(10_000)]
    with pytest.raises(DataProblem, match="column “long” takes more than 1 MB of memory"):
        profiles({"long": cells})


def test_values_are_distinguished_exactly(profiles: Profiler) -> None:
    assert profiles({"a": ["x", "X", " x", "x "]})["a"].n_distinct == 4


def test_most_frequent_values_come_first_and_then_the_earlier_ones(profiles: Profiler) -> None:
    cells = [f"v{n}" for n in range(30)] + ["v7"] * 5 + ["v3"] * 2
    top = profiles({"a": cells})["a"].top_values
    assert [value.value for value in top] == [
        "v7",
        "v3",
        "v0",
        "v1",
        "v2",
        "v4",
        "v5",
        "v6",
        "v8",
        "v9",
    ]
    assert [value.count for value in top[:3]] == [6, 3, 1]


def test_long_values_are_cut_for_showing(profiles: Profiler) -> None:
    (top,) = profiles({"a": ["long " * 100] * 3})["a"].top_values
    assert top == TopValue(("long " * 40) + "…", 3)


def test_integers_are_counted_in_bins_of_whole_numbers(profiles: Profiler) -> None:
    column = profiles({"n": ["1", "2", "2", "5", "-1", "", "NA"]})["n"]
    assert column.kind is ColumnKind.INTEGER
    assert column.histogram is not None
    assert column.histogram.edges == (-1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5)
    assert column.histogram.counts == (1, 0, 1, 2, 0, 0, 1)
    assert (column.lowest, column.highest) == ("-1", "5")


@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e300])
def test_every_number_falls_into_one_bin(profiles: Profiler, scale: float) -> None:
    cells = [repr(scale * (n - 50) / 7) for n in range(101)]
    column = profiles({"x": cells})["x"]
    assert column.kind is ColumnKind.NUMBER
    assert column.histogram is not None
    assert len(column.histogram.edges) == 21
    assert sum(column.histogram.counts) == 101
    assert list(column.histogram.edges) == sorted(column.histogram.edges)
    assert (float(column.lowest or 0), float(column.highest or 0)) == (
        float(cells[0]),
        float(cells[-1]),
    )


def test_one_number_over_and_over_has_a_histogram(profiles: Profiler) -> None:
    column = profiles({"x": ["2.5"] * 4})["x"]
    assert column.histogram is not None
    assert (column.histogram.edges, column.histogram.counts) == ((2.0, 3.0), (4,))
    assert column.is_constant


@pytest.mark.parametrize(
    ("first", "last", "lowest", "highest"),
    [
        ("2024-01-31", "2024-03-01", "2024-01-31", "2024-03-01"),
        ("31/01/2024", "01/03/2024", "2024-01-31", "2024-03-01"),
        ("01/31/2024", "03/01/2024", "2024-01-31", "2024-03-01"),
        ("31.01.2024", "01.03.2024", "2024-01-31", "2024-03-01"),
        ("24-02-2015 11.35", "25-02-2015 09.00", "2015-02-24 11:35:00", "2015-02-25 09:00:00"),
        (
            "2024-01-31T10:00:00Z",
            "2024-01-31T12:00:00+01:00",
            "2024-01-31 10:00:00",
            "2024-01-31 11:00:00",
        ),
        ("Jan 31, 2024", "Mar 1, 2024", "2024-01-31", "2024-03-01"),
        ("31 January 2024", "1 March 2024", "2024-01-31", "2024-03-01"),
        ("1/31/2024 1:05 PM", "2/1/2024 9:00 AM", "2024-01-31 13:05:00", "2024-02-01 09:00:00"),
        (
            "Tue Feb 24 11:35:52 +0000 2015",
            "Wed Feb 25 00:00:00 +0000 2015",
            "2015-02-24 11:35:52",
            "2015-02-25",
        ),
    ],
)
def test_dates_are_read_in_the_way_they_are_written(
    profiles: Profiler, first: str, last: str, lowest: str, highest: str
) -> None:
    column = profiles({"when": [last, first, ""]})["when"]
    assert column.kind is ColumnKind.DATETIME
    assert (column.lowest, column.highest) == (lowest, highest)
    assert column.histogram is not None
    assert sum(column.histogram.counts) == 2


@pytest.mark.parametrize(
    ("cells", "kind", "lowest", "highest"),
    [
        (["10,5", "1.234,5", "7"], ColumnKind.NUMBER, "7", "1234.5"),
        (["$9,930.00", "$31,590.50", "$7.00"], ColumnKind.NUMBER, "7", "31590.5"),
        (["(28.60)", "16.87", "−3.00"], ColumnKind.NUMBER, "-28.6", "16.87"),
        (["6.9%", "13.7%", "5 %"], ColumnKind.NUMBER, "5", "13.7"),
        (["1 234", "12\u00a0345", "900"], ColumnKind.INTEGER, "900", "12345"),
        (["1’234", "12'345", "900"], ColumnKind.INTEGER, "900", "12345"),
    ],
)
def test_numbers_are_numbers_however_they_are_written(
    profiles: Profiler, cells: list[str], kind: ColumnKind, lowest: str, highest: str
) -> None:
    column = profiles({"x": cells * 3})["x"]
    assert (column.kind, column.lowest, column.highest) == (kind, lowest, highest)
    assert column.histogram is not None
    assert sum(column.histogram.counts) == 9


def test_the_chosen_convention_decides_what_is_shown(profiles: Profiler) -> None:
    cells = {"price": ["1,234", "2,345"], "day": ["01/02/2024", "03/04/2024"]}
    assumed = profiles(cells)
    assert [column.is_convention_assumed for column in assumed.values()] == [True, True]
    assert (assumed["price"].highest, assumed["day"].lowest) == ("2345", "2024-01-02")
    chosen = profiles(cells, conventions={"price": Convention.COMMA, "day": Convention.DAY_FIRST})
    assert [column.is_convention_assumed for column in chosen.values()] == [False, False]
    assert (chosen["price"].highest, chosen["day"].lowest) == ("2.345", "2024-02-01")
    stored = json.loads(json.dumps(chosen["price"].to_dict()))
    assert ColumnProfile.from_dict(stored) == chosen["price"]


def test_codes_and_sets_of_names_are_not_numbers(profiles: Profiler) -> None:
    found = profiles(
        {
            "phone": ["030 1234", "030 9876"],
            "tags": ["1,2,3", "4,5"],
            "version": ["1.2.3", "1.10.2"],
        }
    )
    assert {column.kind for column in found.values()}.isdisjoint(
        {ColumnKind.NUMBER, ColumnKind.INTEGER}
    )


def test_the_chosen_kind_decides_what_is_shown(profiles: Profiler) -> None:
    cells = {"stars": ["1", "2", "2", "5"], "code": ["a", "b", "c", "d"]}
    chosen = {"stars": ColumnKind.CATEGORICAL, "code": ColumnKind.NUMBER}
    found = profiles(cells, kinds=chosen)
    assert (found["stars"].kind, found["stars"].inferred_kind) == (
        ColumnKind.CATEGORICAL,
        ColumnKind.INTEGER,
    )
    assert found["stars"].top_values[0] == TopValue("2", 2)
    assert found["code"].histogram is None
    assert len(found["code"].top_values) == 4


def test_an_empty_column_has_an_empty_profile(profiles: Profiler) -> None:
    column = profiles({"a": ["x", "y"], "b": ["", ""]})["b"]
    assert (column.n_missing, column.n_distinct, column.top_values, column.histogram) == (
        2,
        0,
        (),
        None,
    )
    assert column.is_constant


def test_names_with_quotes_and_spaces_are_profiled(profiles: Profiler) -> None:
    names = ['say "hi"', "it's", " padded ", "a;b--", "select", "很好"]
    found = profiles({name: ["x", "y"] for name in names})
    assert [column.n_distinct for column in found.values()] == [2] * len(names)
    assert list(found) == names


def test_copies_and_renamings_share_their_partition(profiles: Profiler) -> None:
    found = profiles(
        {
            "label": ["a", "b", "a", "c"],
            "renamed": ["1", "2", "1", "3"],
            "other": ["a", "b", "b", "c"],
            "same counts": ["a", "a", "b", "c"],
            "with gap": ["a", "b", "a", ""],
        }
    )
    marks = [column.partition for column in found.values()]
    assert marks[0] == marks[1] == marks[4]
    assert len(set(marks)) == 3


def are_on_one_line(one: ColumnProfile, other: ColumnProfile) -> bool:
    assert one.sketch is not None
    assert other.sketch is not None
    pairs = list(zip(one.sketch, other.sketch, strict=True))
    return any(all(abs(a - sign * b) < 0.01 for a, b in pairs) for sign in (1, -1))


def test_numbers_on_one_line_share_their_sketch_and_others_do_not(profiles: Profiler) -> None:
    rng = np.random.default_rng(0)
    speed = rng.normal(30, 5, 400)
    sentinel = np.where(np.arange(400) % 9 == 0, -9999.0, 0.0)
    found = profiles(
        {
            "speed": written(speed),
            "in miles": written(speed / 1.609344),
            "falling": written(500 - 2 * speed),
            "rounded": written(np.round(speed, 2)),
            "cost": written(3 * speed + rng.normal(0, 1, 400)),
            "coded": written(np.where(sentinel < 0, sentinel, speed)),
            "coded too": written(np.where(sentinel < 0, sentinel, rng.normal(0, 1, 400))),
            "word": ["red", "blue"] * 200,
        }
    )
    assert found["word"].sketch is None
    for name in ("in miles", "falling", "rounded"):
        assert are_on_one_line(found["speed"], found[name]), name
    assert not are_on_one_line(found["speed"], found["cost"])
    assert not are_on_one_line(found["coded"], found["coded too"])


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("column_1", np.arange(300)),
        ("Unnamed: 0", np.random.default_rng(0).permutation(300)),
        ("Unnamed: 0.1", np.tile(np.arange(150), 2)),
        ("__index_level_0__", np.arange(300) * 2),
        ("index", np.arange(500)[np.arange(500) % 5 < 3]),
        ("position", np.cumsum(np.random.default_rng(0).integers(1, 40, 300))),
        ("kept", np.r_[0:150, 9000:9150]),
        ("order", 1_000_000_000 + np.arange(300)),
        ("from the end", np.arange(300)[::-1]),
    ],
)
def test_saved_index_is_recognised_with_gaps_or_without(
    profiles: Profiler, name: str, numbers: npt.NDArray[np.int64]
) -> None:
    assert profiles({name: [str(number) for number in numbers]})[name].counts_rows


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("population", [str(int(1.05**n * 1000)) for n in range(200)]),
        ("rooms", [str(n // 10) for n in range(300)]),
        ("year", [str(1800 + n) for n in range(200)]),
        ("timestamp", [str(1_700_000_000 + 60 * n) for n in range(200)]),
        ("when", [f"2024{month:02d}{day:02d}" for month in range(1, 13) for day in range(1, 29)]),
        ("sent", [str(1_700_000_000_000 + 86_400_000 * n) for n in range(200)]),
        ("height", [f"{n / 10}" for n in range(1, 300)]),
        ("age", [str(n) for n in np.random.default_rng(0).permutation(300) + 7]),
        ("moment", [f"2024-01-{day:02d}" for day in range(1, 32)]),
        ("rank", ["1", "2", "3"]),
    ],
)
def test_sorted_columns_and_times_are_not_an_index(
    profiles: Profiler, name: str, cells: list[str]
) -> None:
    assert not profiles({name: cells})[name].counts_rows


def written(numbers: npt.NDArray[np.float64]) -> list[str]:
    return [str(number) for number in numbers]


def test_stored_profiles_read_back_equal(profiles: Profiler) -> None:
    found = profiles(
        {"n": ["1", "2", "3"], "x": ["0.5", "", "1"], "t": ["a", "b", "a"], "d": ["2024-01-31"] * 3}
    )
    for column in found.values():
        assert ColumnProfile.from_dict(json.loads(json.dumps(column.to_dict()))) == column


def test_estimates_are_marked_and_near(profiles: Profiler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_queries, "MAX_EXACT_DISTINCT", 1000)
    column = profiles({"a": [f"value {n}" for n in range(5000)]})["a"]
    assert column.is_distinct_estimated
    assert column.n_distinct == pytest.approx(5000, rel=0.1)


def test_a_cancelled_profile_stops(profiles: Profiler) -> None:
    class Stopping(Silent):
        def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
            if done == 1:
                raise Cancelled

    with pytest.raises(Cancelled):
        profiles({"a": ["x"], "b": ["y"]}, progress=Stopping())


def measured(n_words: int, word: str = "heavy") -> list[str]:
    """Return a hundred measurements, all different, of which the last are words."""
    return [f"{row * 1.37:.2f}" for row in range(100 - n_words)] + [word] * n_words


@pytest.mark.parametrize(
    ("n_words", "is_said"), [(1, False), (2, True), (5, True), (25, True), (26, False)]
)
def test_words_among_numbers_are_named_if_they_change_the_kind(
    profiles: Profiler, n_words: int, is_said: bool
) -> None:
    profile = profiles({"weight": measured(n_words)})["weight"]
    assert bool(profile.words_note) is is_said


def test_numbers_of_several_units_are_not_compared_and_the_units_are_named(
    profiles: Profiler,
) -> None:
    profile = profiles({"weight": ["1.5 kg", "300 g", "2 kg"]})["weight"]
    assert profile.units_note == (
        "Column “weight” is taken as categorical, because its numbers have different units, such as"
        " “kg” and “g”. To learn from them as numbers, convert them to one unit in the file."
    )
    chosen = profiles({"weight": ["1.5 kg", "300 g"]}, kinds={"weight": ColumnKind.NUMBER})
    assert chosen["weight"].units_note == ""


def test_it_is_said_how_bounds_and_durations_are_read(profiles: Profiler) -> None:
    found = profiles({"nitrate": ["0.7", "<0.5", "3"], "lap": ["1:20", "2:05", "1:00:00"]})
    assert found["nitrate"].lowest == "0.5"
    assert found["nitrate"].numbers_note == (
        "1 cell is a bound, such as “<0.5”, and read without the sign."
    )
    assert found["lap"].highest == "3600"
    assert found["lap"].numbers_note == ("Durations are read in their smallest unit: “1:20” as 80.")
    chosen = profiles({"lap": ["1:20", "2:05"]}, kinds={"lap": ColumnKind.CATEGORICAL})
    assert chosen["lap"].numbers_note == ""


def test_the_first_words_are_named_without_placeholders(profiles: Profiler) -> None:
    cells = ["?", "n/a", *measured(5)[:-5], "light", "heavy", "light", " broken ", "lost"]
    profile = profiles({"weight": cells})["weight"]
    assert profile.kind is ColumnKind.IDENTIFIER
    assert ColumnProfile.from_dict(json.loads(json.dumps(profile.to_dict()))) == profile
    assert (
        profile.words_note
        == "Column “weight” is taken as identifier, although 95 of its 102 filled cells are"
        " numbers; "
        "others are words: “light”, “heavy”, “broken”."
    )


def test_a_chosen_kind_codes_and_identifiers_are_not_asked_about(profiles: Profiler) -> None:
    chosen = profiles({"weight": measured(5)}, kinds={"weight": ColumnKind.NUMBER})["weight"]
    assert (chosen.kind, chosen.words_note) == (ColumnKind.NUMBER, "")
    codes = profiles({"zip": [f"0{row % 40 + 1000}" for row in range(95)] + ["none given"] * 5})[
        "zip"
    ]
    assert codes.words_note == ""
    keys = profiles({"customer_id": [str(row % 90) for row in range(95)] + ["guest"] * 5})[
        "customer_id"
    ]
    assert keys.words_note == ""


class CancelledSoon:
    """Progress of a run that is cancelled while its first column is profiled."""

    n_calls = 0

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        self.n_calls += 1
        if self.n_calls > 1:
            raise Cancelled

    def log(self, line: str) -> None:
        pass


def test_cancel_is_heard_within_one_long_query(
    profiles: Profiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = "(SELECT count(*) FROM range(1000000000) AS a, range(1000000000) AS b)"

    def slow_distinct(queries: column_queries.ColumnQueries) -> None:
        queries._connection.execute(f"SELECT * FROM {endless}")

    monkeypatch.setattr(column_queries.ColumnQueries, "distinct", slow_distinct)
    started = time.monotonic()
    with pytest.raises(Cancelled):
        profiles({"a": ["x", "y"]}, progress=CancelledSoon())
    assert time.monotonic() - started < 10
