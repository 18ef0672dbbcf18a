"""Numbers and times as people say them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.http import QueryDict

from studio.figures import duration, filesize, percent
from studio.templatetags.studio import query, when


def plain(text: object) -> str:
    return str(text).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.7, "1 min 0 s"),
        (250, "4 min 10 s"),
        (3599.6, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_duration_has_its_two_largest_units(seconds: float | None, text: str) -> None:
    assert plain(duration(seconds)) == text


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [
        (None, "–"),
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KB"),
        (5 * 1024**2, "5.0 MB"),
        (3 * 1024**4, "3072.0 GB"),
    ],
)
def test_filesize_is_in_powers_of_1024(n_bytes: int | None, text: str) -> None:
    assert plain(filesize(n_bytes)) == text


def test_percent_keeps_one_digit() -> None:
    assert plain(percent(0.9314)) == "93.1 %"
    assert plain(percent(1, 0)) == "100 %"
    assert percent(None) == "–"


def test_moment_has_its_exact_time_beside_the_readable_one() -> None:
    shown = when(datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))
    assert 'datetime="2026-03-04T05:06:07+00:00"' in shown
    assert 'title="2026-03-04 05:06:07 UTC"' in shown
    assert ">04 Mar 2026, 05:06<" in shown
    assert when(None) == "–"


def test_query_changes_adds_and_removes_values() -> None:
    current = QueryDict("given=a&given=b&page=3&sort=x")
    assert query(current, page=None, sort="y", q="ü &") == "?given=a&given=b&sort=y&q=%C3%BC+%26"
    assert current.urlencode() == "given=a&given=b&page=3&sort=x"
