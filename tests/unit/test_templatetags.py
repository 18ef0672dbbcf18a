"""Numbers and times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.template import Context, Template

from studio.figures import duration, percent
from studio.templatetags.studio import breakable, chance, score, when


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


def test_percent_keeps_one_digit() -> None:
    assert plain(percent(0.9314)) == "93.1%"
    assert plain(percent(1, 0)) == "100%"
    assert percent(None) == "–"


def test_moment_has_its_exact_time_beside_the_readable_one() -> None:
    shown = when(datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))
    assert 'datetime="2026-03-04T05:06:07+00:00"' in shown
    assert 'title="2026-03-04 05:06:07 UTC"' in shown
    assert ">04 Mar 2026, 05:06<" in shown
    assert when(None) == "–"


def test_scrolling_region_can_be_reached_by_keyboard_and_has_a_name() -> None:
    page = Template('{% scrolling "Rows of "|add:name %}<b>{{ name }}</b>{% endscrolling %}')
    assert page.render(Context({"name": "R&D"})) == (
        '<div class="table-scroll" tabindex="0" role="region" aria-label="Rows of R&amp;D">'
        "<b>R&amp;D</b></div>"
    )


def test_long_names_break_after_their_marks_and_stay_escaped() -> None:
    assert breakable("top_up-by/card") == "top_<wbr>up-<wbr>by/<wbr>card"
    assert breakable("<b>_x") == "&lt;b&gt;_<wbr>x"
    assert breakable("admiration") == "admiration"


@pytest.mark.parametrize(
    ("probability", "text"), [(1.0, "1.00"), (0.005, "0.01"), (0.0049, "<.01"), (0.0, "<.01")]
)
def test_unlikely_classes_are_not_shown_as_impossible(probability: float, text: str) -> None:
    assert chance(probability) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"),
        (0.934, "0.93"),
        (0.99, "0.99"),
        (0.9951, "0.9951"),
        (0.99987, "0.99987"),
        (0.999996, "0.999996"),
        (1.0, "1.00"),
    ],
)
def test_scores_close_to_one_show_where_they_differ(value: float, text: str) -> None:
    assert score(value) == text


def test_an_icon_is_a_shape_of_the_sprite_with_its_classes() -> None:
    html = Template('{% icon "flag" extra="icon-end" %}').render(Context())
    assert 'class="icon icon-end"' in html
    assert 'icons.svg#flag"' in html


def test_the_name_of_an_icon_is_escaped() -> None:
    html = Template("{% icon name %}").render(Context({"name": '"><b>'}))
    assert "<b>" not in html
