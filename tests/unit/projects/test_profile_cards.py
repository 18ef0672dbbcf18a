"""How profiles are drawn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from projects.forms.datasets import KindsForm
from projects.readers.column_profile import ColumnProfile, Histogram, TopValue
from projects.views.profile_cards import ProfileCard, profile_cards
from studio.engine.table.columns import ColumnKind


def profile(kind: ColumnKind, **fields: object) -> ColumnProfile:
    facts = {"n_rows": 1000, "n_missing": 0, "n_distinct": 3, "is_distinct_estimated": False}
    lengths = {"mean_length": 4.0, "mean_words": 1.0, "partition": None}
    return ColumnProfile(name="c", kind=kind, inferred_kind=kind, **(facts | lengths | fields))


def card(shown: ColumnProfile) -> ProfileCard:
    return profile_cards(KindsForm([shown]))[0]


def test_bars_are_as_high_as_their_share_of_the_fullest_and_say_their_rows() -> None:
    drawn = card(
        profile(
            ColumnKind.NUMBER,
            histogram=Histogram((0.0, 2500.0, 5000.0), (1200, 300)),
            lowest="0",
            highest="5000",
        )
    )

    assert [(bar.height, bar.label) for bar in drawn.bars] == [
        (100, "0 to 2,500: 1,200 rows"),
        (25, "2,500 to 5,000: 300 rows"),
    ]
    assert drawn.drawing_text == "c from 0 to 5,000 in 2 bars"


def test_empty_cells_are_drawn_by_the_part_of_the_file_they_are_in() -> None:
    drawn = card(profile(ColumnKind.TEXT, n_rows=10, n_missing=4, missing_by_part=(0, 1, 3)))

    assert [(round(bar.height), bar.label) for bar in drawn.missing_bars] == [
        (0, "rows 1 to 4: 0.0% empty"),
        (33, "rows 5 to 7: 33.3% empty"),
        (100, "rows 8 to 10: 100.0% empty"),
    ]
    assert card(profile(ColumnKind.TEXT)).missing_bars == []


def test_edges_of_moments_are_dates() -> None:
    day = 86_400.0
    drawn = card(
        profile(
            ColumnKind.DATETIME,
            histogram=Histogram((0.0, 10 * day), (4,)),
            lowest="1970-01-01",
            highest="1970-01-11",
        )
    )

    assert drawn.bars[0].label == "1970-01-01 to 1970-01-11: 4 rows"
    assert drawn.high == "1970-01-11"


def test_only_the_most_frequent_values_are_listed_and_the_rest_is_counted() -> None:
    values = tuple(TopValue(f"v{n}", 100 - n) for n in range(10))

    drawn = card(profile(ColumnKind.CATEGORICAL, top_values=values, n_distinct=30))

    assert [value.value for value in drawn.values] == ["v0", "v1", "v2", "v3", "v4"]
    assert drawn.rest == "25 more values in 510 rows"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"n_missing": 1000, "n_distinct": 0}, "Every cell is empty."),
        ({"n_distinct": 1000}, "Every value is different."),
        (
            {"n_distinct": 2, "top_values": (TopValue("a", 1), TopValue("b", 1))},
            "Every value is different: a, b …",
        ),
        ({"n_distinct": 1, "top_values": (TopValue("a", 1000),)}, ""),
    ],
)
def test_columns_without_frequent_values_say_so(fields: dict[str, object], said: str) -> None:
    assert card(profile(ColumnKind.TEXT, **fields)).rest == said


def test_a_changed_kind_is_marked_apart_from_an_inferred_one() -> None:
    found = profile(ColumnKind.TEXT)

    assert not card(found).is_chosen
    assert card(replace(found, kind=ColumnKind.CATEGORICAL)).is_chosen
