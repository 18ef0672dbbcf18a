"""Columns of the review table, and filters on them, in a browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Review, assert_accessible


def expect_columns(page: Page, *names: str) -> None:
    expect(page.locator("thead th[data-column^='own:']")).to_have_text(list(names))


def test_columns_are_shown_moved_and_widened_and_stay_so(review: Review) -> None:
    page = review()
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("channel", exact=True).check()
    page.get_by_label("Move channel up").click()
    page.get_by_label("Move channel up").click()
    page.get_by_label("Text over two lines").check()
    assert_accessible(page)
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.locator(".review-table-two-lines")).to_be_visible()
    expect_columns(page, "channel", "message")
    handle = page.locator("th[data-column='own:message'] .column-handle").bounding_box()
    assert handle is not None
    page.mouse.move(handle["x"] + 4, handle["y"] + 10)
    page.mouse.down()
    page.mouse.move(handle["x"] + 84, handle["y"] + 10)
    page.mouse.up()
    wide = page.locator("th[data-column='own:message']").bounding_box()
    page.reload()
    assert page.locator("th[data-column='own:message']").bounding_box() == wide
    assert_accessible(page)


def test_columns_are_moved_without_javascript(review: Review) -> None:
    page = review(javascript=False)
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("topic", exact=True).check()
    page.get_by_label("Move topic up").click()
    expect_columns(page, "topic", "message")


def test_rows_are_filtered_by_an_uploaded_column(review: Review) -> None:
    page = review()
    page.locator("summary", has_text="Filter").click()
    page.get_by_label("Column", exact=True).select_option("message")
    page.get_by_label("Value").fill("Request 10")
    assert_accessible(page)
    page.get_by_role("button", name="Add filter").click()
    expect(page.locator(".review-table tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Remove filter message contains Request 10").click()
    expect(page.locator(".review-table tbody tr")).to_have_count(12)


def test_a_phone_shows_the_chosen_columns_below_the_first(review: Review) -> None:
    page = review("?pane=list&own=message&own=channel", width=390)
    expect(page.locator("#row-0")).to_contain_text("=mail")
    expect(page.locator("#row-0 .col-more")).to_be_visible()
    assert_accessible(page)


def test_the_row_panel_is_widened_with_mouse_or_keys_and_stays_so(review: Review) -> None:
    page = review()
    edge = page.get_by_role("separator", name="Width of the row panel")
    box, panel = edge.bounding_box(), page.locator("#row-panel")
    assert box is not None
    page.mouse.move(box["x"] + 4, 400)
    page.mouse.down()
    page.mouse.move(720, 400)
    page.mouse.up()
    expect(edge).to_have_attribute("aria-valuenow", "50")
    edge.press("ArrowRight")
    expect(edge).to_have_attribute("aria-valuenow", "48")
    width = panel.bounding_box()
    page.reload()
    assert panel.bounding_box() == width
    assert_accessible(page)
