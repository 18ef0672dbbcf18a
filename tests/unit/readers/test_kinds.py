"""Kinds: what a person would call the column."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from projects.readers import ROW_ID
from projects.readers.profile import profile_table
from studio.engine.table.columns import ColumnKind

K = ColumnKind
Infer = Callable[[str, Iterable[object]], ColumnKind]


@pytest.fixture
def infer(tmp_path: Path) -> Infer:
    def kind(name: str, cells: Iterable[object]) -> ColumnKind:
        texts = [None if cell is None else str(cell) for cell in cells]
        path = tmp_path / "t.parquet"
        pq.write_table(
            pa.table({ROW_ID: range(len(texts)), name: pa.array(texts, pa.string())}), path
        )
        (profile,) = profile_table(path)
        return profile.inferred_kind

    return kind


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("survived", ["0", "1"] * 50, K.BOOLEAN),
        ("is_ok", ["True", "False", None] * 30, K.BOOLEAN),
        ("foreign", ["yes", "No", "YES"] * 30, K.BOOLEAN),
        ("flag", ["y"] * 50 + ["n"], K.BOOLEAN),
        ("own_telephone", ["none", "yes"] * 30, K.CATEGORICAL),
        ("number", ["1", "2"] * 30, K.INTEGER),
        ("age", [n % 60 + 18 for n in range(100)], K.INTEGER),
        ("duration", [f"{n % 60}.0" for n in range(100)], K.INTEGER),
        ("fare", [f"{n / 7:.4f}" for n in range(100)], K.NUMBER),
        ("delta", ["-1.5", "+2", "3e-4", ".5"] * 20, K.NUMBER),
        ("price", ["1.5", "NA", "?", "2.25", "-"] * 20, K.NUMBER),
        ("nitrate", ["0.7", "<0.5", "1.25", "> 100", "3"] * 20, K.NUMBER),
        ("stay", ["<30", ">30", "NA"] * 30, K.CATEGORICAL),
        ("age_group", ["<18", "18-64", "65", "70"] * 20, K.CATEGORICAL),
        ("split_time", [f"{n // 60}:{n % 60:02}" for n in range(100, 400, 3)], K.INTEGER),
        ("lap", [f"1:0{n % 10}:2{n % 7}.{n}" for n in range(10, 90)], K.NUMBER),
        ("aspect_ratio", ["16:9", "16:10", "4:3"] * 30, K.CATEGORICAL),
        ("opens", ["09:30", "10:00", "closed"] * 30, K.CATEGORICAL),
        ("diagnosis", ["250.1", "V45", "401", "E10", "276"] * 20, K.CATEGORICAL),
        ("zip", [f"0{n:04}" for n in range(50)] * 4, K.CATEGORICAL),
        ("card", [f"{n:020}" for n in range(80)], K.IDENTIFIER),
        ("PassengerId", range(1, 101), K.IDENTIFIER),
        ("host_id", [n % 60 * 7919 for n in range(100)], K.IDENTIFIER),
        ("admission_type_id", [n % 8 for n in range(100)], K.CATEGORICAL),
        ("column_1", range(10), K.IDENTIFIER),
        ("position", range(100), K.IDENTIFIER),
        ("order_number", [n * 13 + 70 for n in range(100)], K.IDENTIFIER),
        ("patient_nbr", [n % 180 * 7919 for n in range(200)], K.IDENTIFIER),
        ("FlightNum", [n % 60 * 13 for n in range(200)], K.INTEGER),
        ("visits_num", [n % 180 * 7919 for n in range(200)], K.INTEGER),
        ("num_visits", [n % 180 * 7919 for n in range(200)], K.INTEGER),
        ("floor_no", [n % 9 for n in range(12)], K.INTEGER),
        ("rank", range(1, 10), K.INTEGER),
        ("stud_ID", [f"f{n:05x}" for n in range(100)], K.IDENTIFIER),
        ("request", [f"REQ-{n}" for n in range(100)], K.IDENTIFIER),
        ("uuid", [f"0b{n:06x}-77aa-4c1e-9d3f-{n * 7919:012x}" for n in range(100)], K.IDENTIFIER),
        ("link", [f"https://example.org/a/{n}?q=1" for n in range(100)], K.URL),
        ("site", ["www.example.org/a", "http://x.example"] * 30, K.URL),
        ("when", [f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}" for n in range(100)], K.DATETIME),
        ("created", ["24-02-2015 11.35", "2-03-2015 9.05"] * 20, K.DATETIME),
        ("seen", ["2024-01-31T10:00:00Z", None] * 20, K.DATETIME),
        ("born", [f"{n % 28 + 1}. Oktober {1950 + n % 50}" for n in range(100)], K.DATETIME),
        ("sent", ["Thu, 25 May 2023 10:00:00 GMT", "Fri, 2 Jun 2023 09:30:00 +0200"], K.DATETIME),
        ("month", [f"20{n:02}-{n % 12 + 1:02}" for n in range(24)], K.DATETIME),
        ("day", [f"2024{n % 12 + 1:02}{n % 28 + 1:02}" for n in range(100)], K.DATETIME),
        ("part", [f"2024{n % 14 + 1:02}01" for n in range(100)], K.INTEGER),
        ("batch_id", [f"2024{n % 12 + 1:02}{n % 28 + 1:02}" for n in range(84)], K.IDENTIFIER),
        ("weight", [f"{n / 7:.1f} kg" for n in range(100)], K.NUMBER),
        ("wait", ["1 hour", "2 hours", "36 Hours"] * 20, K.INTEGER),
        ("fee", ["$ 12", "12 USD", "13"] * 20, K.INTEGER),
        ("amount", ["$ 12.50", "€ 13.50"] * 20, K.CATEGORICAL),
        ("package", ["1.5 kg", "300 g"] * 20, K.CATEGORICAL),
        ("rate", ["1.5", "n.a.", "#DIV/0!", "-inf", "TBD"] * 20, K.NUMBER),
        ("version", ["1.2.3", "1.10.0", "2.0.1"] * 20, K.CATEGORICAL),
        ("fraction", ["1/2", "3/4"] * 20, K.CATEGORICAL),
        ("age_group", ["[70-80)", "[60-70)"] * 20, K.CATEGORICAL),
        ("income", ["<=50K", ">50K"] * 20, K.CATEGORICAL),
        (
            "notes",
            ["great participation +10", "cheated on exam, gets 0pts", None] * 50,
            K.CATEGORICAL,
        ),
        (
            "timezone",
            ["Eastern Time (US & Canada)", "Central Time (US & Canada)"] * 40,
            K.CATEGORICAL,
        ),
        (
            "message",
            [f"please help me with order {n} as soon as you can" for n in range(100)],
            K.TEXT,
        ),
        ("full_name", [f"Braund, Mr. Owen Harris {n}" for n in range(100)], K.TEXT),
        ("review", [f"很快，好吃，味道足，量大{chr(0x4E00 + n)}" for n in range(100)], K.TEXT),
        ("label", [f"第{n % 2}类" for n in range(100)], K.CATEGORICAL),
        ("word", [chr(97 + n % 26) + chr(97 + n // 26) + "ing" for n in range(100)], K.TEXT),
        ("ticket", [f"A/5 {n % 60}" for n in range(100)], K.CATEGORICAL),
        ("nothing", [None] * 10, K.CATEGORICAL),
        ("constant", ["2011"] * 50, K.INTEGER),
    ],
)
def test_kind_is_what_a_person_would_say(
    infer: Infer, name: str, cells: Iterable[object], kind: ColumnKind
) -> None:
    assert infer(name, cells) is kind


def test_a_few_odd_cells_do_not_make_numbers_words(infer: Infer) -> None:
    numbers = [f"{n}.5" for n in range(995)]
    assert infer("x", [*numbers, *["broken"] * 5]) is K.NUMBER
    assert infer("x", [*numbers, *["broken"] * 50]) is not K.NUMBER


def test_long_texts_that_repeat_are_still_texts(infer: Infer) -> None:
    texts = [
        f"thank you for calling, this is a standard answer number {n % 20} of ours"
        for n in range(200)
    ]
    assert infer("reply", texts) is K.TEXT
