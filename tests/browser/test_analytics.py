"""The Analytics page in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from tests.browser.conftest import assert_accessible
from tests.browser.test_review import press

Review = Callable[..., Page]


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_a_moved_threshold_and_the_advice_are_seen(
    review: Review, width: int, *, dark: bool
) -> None:
    page = review(width=width, dark=dark)
    address = page.url.split("?")[0]
    page.goto(f"{address}/analytics?threshold.outlier=0.5#score-outlier")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("of the next 12 rows")
    expect(page.locator("#score-outlier")).to_contain_text("From 0.500 on, 1 row would be flagged")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_accessible(page)
    page.locator("#pairs a").first.click()
    page.wait_for_url("**given=*suggested=*")


def test_the_page_follows_another_tab_and_a_cut_network_by_keyboard_alone(review: Review) -> None:
    page = review(expects_errors=True)
    address = page.url.split("?")[0]
    other = page.context.new_page()
    other.goto(f"{address}/analytics")
    expect(other.locator("#stop")).to_contain_text("Nobody has decided a label issue yet")
    press(page, "q", "Row 11")
    expect(page.locator("#review-counts")).to_contain_text("1 of 12")
    other.reload()
    expect(other.locator("#stop")).to_contain_text("By 1 decided label issue")

    other.get_by_role("slider", name="Threshold of outlier").focus()
    other.context.set_offline(True)
    with pytest.raises(PlaywrightError, match="ERR_INTERNET_DISCONNECTED"):
        other.reload()
    other.context.set_offline(False)
    other.reload()
    slider = other.get_by_role("slider", name="Threshold of outlier")
    slider.focus()
    other.keyboard.press("Home")
    other.wait_for_url("**threshold.outlier=0**")
    expect(other.locator("#score-outlier")).to_contain_text("From 0.000 on, 120 rows")
    other.locator("#score-outlier").get_by_role("link", name="Open these rows").focus()
    other.keyboard.press("Enter")
    other.wait_for_url("**range=outlier_score**")


def test_the_matrix_of_each_class_opens_its_rows_without_javascript(review: Review) -> None:
    page = review(task="multi-label", width=390, dark=True, javascript=False)
    page.goto(f"{page.url.split('?')[0]}/analytics?matrix=rates#matrix")
    matrix = page.locator("#matrix")
    expect(matrix.get_by_role("link", name="Share of the label")).to_have_attribute(
        "aria-current", "true"
    )
    matrix.locator("tbody tr").first.get_by_role("link").first.click()
    expect(page.get_by_text("given, probably does not apply")).to_be_attached()


def test_the_page_is_printed_in_light_colours_without_what_can_be_clicked(review: Review) -> None:
    page = review(width=718, dark=True)  # as wide as a sheet of A4
    page.goto(f"{page.url.split('?')[0]}/analytics")
    page.emulate_media(media="print")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    expect(page.locator(".card").first).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.locator("#score-outlier svg")).to_be_visible()
    expect(page.get_by_text("From 0.950 on, 1 row would be flagged")).to_be_visible()
    clickable = ":is(.topbar, button, form, input, summary, .tabs a:not([aria-current])):visible"
    assert page.locator(clickable).all_text_contents() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
