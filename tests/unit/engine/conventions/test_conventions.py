"""How numbers and dates of a column are written is found from all of its cells, and never guessed
silently.
"""

from __future__ import annotations

import numpy as np
import pytest

from studio.engine.conventions import Convention, find_date_order
from studio.engine.conventions.convention_notes import convention_notes
from studio.engine.conventions.number_style import find_style
from studio.engine.conventions.written_dates import date_evidence, read_moments
from studio.engine.conventions.written_numbers import decimal_mark, read_numbers

POINT, COMMA = Convention.POINT, Convention.COMMA
DAY, MONTH, YEAR = Convention.DAY_FIRST, Convention.MONTH_FIRST, Convention.YEAR_FIRST


def _counts(cells: list[str]) -> np.ndarray:
    return np.ones(len(cells), dtype=np.int64)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("10,5", 10.5),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1 234", 1234),
        ("1\u00a0234,5", 1234.5),
        ("1\u202f234", 1234),
        ("1'234.50", 1234.5),
        ("1’234", 1234),
        ("1,23,456", 123456),
        ("$9,930.00", 9930),
        ("1.234,56 €", 1234.56),
        ("CHF 12.30", 12.3),
        ("R$ 5,50", 5.5),
        ("6.9%", 6.9),
        ("(5.00)", -5),
        ("53,5 kg", 53.5),
        ("-1.5°C", -1.5),
        ("12 m²", 12),
        ("3 days", 3),
        ("$(1,200.00)", -1200),
        ("−5", -5),
        ("–5,5", -5.5),
        ("5-", -5),
        ("１２３．５", 123.5),
        ("1,5e3", 1500),
        ("0,123", 0.123),
    ],
)
def test_a_cell_with_one_meaning_is_read_alike_in_any_column(cell: str, number: float) -> None:
    assert read_numbers([cell], POINT)[0] == read_numbers([cell], COMMA)[0] == number


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "-",
        "inf",
        "nan",
        "1e400",
        "N/A",
        "about 12",
        "1.2.3",
        "10.0.0.1",
        "12 34",
        "(5",
        "--5",
        "1,2,3",
        "5 stones",
        "kg 5",
    ],
)
def test_cell_that_is_not_a_number_is_missing(cell: str) -> None:
    assert np.isnan(read_numbers([cell], POINT)[0])
    assert np.isnan(read_numbers([cell], COMMA)[0])


@pytest.mark.parametrize(
    ("cell", "point", "comma"), [("1,234", 1234, 1.234), ("1.234", 1.234, 1234)]
)
def test_a_cell_with_two_meanings_is_read_by_the_convention(
    cell: str, point: float, comma: float
) -> None:
    assert read_numbers([cell], POINT)[0] == point
    assert read_numbers([cell], COMMA)[0] == comma


@pytest.mark.parametrize(
    ("cells", "convention", "is_certain"),
    [
        (["1", "22", "333"], POINT, True),
        (["1.5", "1.234"], POINT, True),
        (["0.998", "1.234"], POINT, True),
        (["1,5", "1,234", "1.234"], COMMA, True),
        (["1.234.567", "1.234"], COMMA, True),
        (["1,234", "2,345"], POINT, False),
        (["1.234", "2.345"], POINT, False),
        (["1,234", "2,345", "12,345", "950", "7", "12"], POINT, True),
        (["1,234", "2,345", "12,345", "950", "7", "4321"], POINT, False),
        ([f"{n}.500" for n in range(101, 120)] + ["950", "7", "12"], COMMA, True),
        (["1.5", "2,5", "1,234"], POINT, False),
    ],
)
def test_decimal_mark_is_found_from_the_whole_column(
    cells: list[str], convention: Convention, is_certain: bool
) -> None:
    found = decimal_mark(cells, _counts(cells))
    assert (found.convention, found.is_certain) == (convention, is_certain)


@pytest.mark.parametrize(
    ("cells", "order", "is_certain", "n_other"),
    [
        (["2023-05-01", "2023-13-05"], YEAR, True, 0),
        (["01/05/2023", "13/05/2023"], DAY, True, 0),
        (["01/05/2023", "05/13/2023"], MONTH, True, 0),
        (["01/05/2023", "02/06/2023"], MONTH, False, 0),
        (["01.05.2023", "02.06.2023"], DAY, False, 0),
        (["01/01/2023", "02/02/2023"], MONTH, True, 0),
        (["13/05/2023", "14/05/2023", "05/13/2023"], DAY, True, 1),
        (["99-01-05", "98-02-06"], YEAR, True, 0),
        (["23-01-05", "24-02-06"], YEAR, False, 0),
    ],
)
def test_order_of_dates_is_found_from_the_whole_column(
    cells: list[str], order: Convention, is_certain: bool, n_other: int
) -> None:
    found = find_date_order(date_evidence(cells, _counts(cells)))
    assert (found.convention, found.is_certain, found.n_other) == (order, is_certain, n_other)


def test_day_and_month_are_never_swapped_in_one_cell() -> None:
    read = read_moments(["05/01/2023", "01/13/2023", "30/02/2023"], DAY)
    assert [str(moment)[:10] for moment in read] == ["2023-01-05", "NaT", "NaT"]


def test_words_that_a_parser_would_complete_from_today_are_not_dates() -> None:
    assert read_moments(["12", "May", "10:30", "yesterday"], DAY).isna().all()


def test_assumptions_and_mixtures_are_reported_with_both_readings_and_counts() -> None:
    numbers, dates = ["1,234"], ["13/05/2023", "14/05/2023", "05/13/2023"]
    found = {
        "price": decimal_mark(numbers, _counts(numbers)),
        "day": find_date_order(date_evidence(dates, _counts(dates))),
    }
    assert convention_notes(found, advice="Choose.") == (
        (
            "Column “price”: “1,234” may be 1234 (with a decimal point) or 1.234 (with a decimal"
            " comma). It is read with a decimal point. Choose."
        ),
        (
            "Column “day”: 1 cell is no date when read day first, as the others are, and counts as"
            " missing."
        ),
    )


@pytest.mark.parametrize(
    ("cells", "convention", "number", "written"),
    [
        (["46,54", "1101,6"], COMMA, "-12.5", "-12,5"),
        (["1.234,50 €", "12,00 €"], COMMA, "98765.25", "98.765,25 €"),
        (["$1,200.00", "($7.50)"], POINT, "-1500", "($1,500)"),
        (["1\u00a0234", "7"], POINT, "1234567.5", "1\u00a0234\u00a0567.5"),
        (["6.9%"], POINT, "12.5", "12.5%"),
        (["1.5", "n/a"], POINT, "-0.25", "-0.25"),
    ],
)
def test_a_new_number_is_written_like_the_others(
    cells: list[str], convention: Convention, number: str, written: str
) -> None:
    assert find_style(cells, _counts(cells), convention).styled(number) == written
