"""Reviewing rows in the browser: by keyboard alone, by mouse, on a phone, without JavaScript, with
the server gone.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Review, assert_accessible


def shown(page: Page) -> str:
    """Return the heading of the panel."""
    return page.locator("#row-title").inner_text()


def press(page: Page, key: str, heading: str) -> None:
    """Press a key and wait for the row that it leads to."""
    page.keyboard.press(key)
    expect(page.locator("#row-title")).to_have_text(heading)


def test_a_reviewer_decides_row_after_row_by_keyboard_alone(review: Review) -> None:
    page = review()
    assert shown(page) == "Row 1"
    press(page, "w", "Row 11")
    press(page, "q", "Row 21")
    press(page, "e", "Row 31")
    press(page, "n", "Row 41")
    press(page, "2", "Row 51")
    expect(page.locator("#review-counts")).to_contain_text("4 of 12")
    expect(page.locator("#row-0")).to_contain_text("Auto-fix")
    expect(page.locator("#row-30")).to_contain_text("needs review")
    press(page, "ArrowDown", "Row 61")
    press(page, "k", "Row 51")
    press(page, "u", "Row 41")
    expect(page.locator("#row-40 .col-action")).to_be_empty()
    page.reload()
    expect(page.locator("#row-10")).to_contain_text("Keep")


def test_keys_pressed_as_fast_as_possible_each_decide_the_row_that_is_shown(review: Review) -> None:
    page = review()
    for row in range(0, 110, 10):
        page.wait_for_function(
            "row => document.getElementById('row-panel').dataset.row === row", arg=str(row)
        )
        page.keyboard.press("q")
    expect(page.locator("#row-title")).to_have_text("Row 111")
    press(page, "q", "End of the view")
    expect(page.locator("#review-counts")).to_contain_text("12 of 12")


def test_the_keys_are_explained(review: Review) -> None:
    page = review()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Auto-fix")
    page.keyboard.press("Escape")
    press(page, "j", "Row 11")


def test_keys_do_not_decide_while_somebody_types(review: Review) -> None:
    page = review()
    page.keyboard.press("/")
    page.keyboard.type("wqe")
    expect(page.get_by_label("Search the rows")).to_have_value("wqe")
    assert shown(page) == "Row 1"


def test_a_new_class_is_typed_in_and_offered_afterwards(review: Review) -> None:
    page = review()
    page.get_by_label("Another class").fill("refunds")
    page.get_by_role("option", name="Create class “refunds”").click()
    expect(page.locator("#row-title")).to_have_text("Row 11")
    expect(page.locator("#row-0")).to_contain_text("refunds")
    expect(page.locator("#known-classes option[value=refunds]")).to_be_attached()


def test_clean_top_k_shows_what_it_touches_and_is_undone_in_one_step(review: Review) -> None:
    page = review()
    press(page, "q", "Row 11")
    page.get_by_role("link", name="Clean top K").click()
    page.get_by_label("Number of rows").fill("6")
    expect(page.locator("#top-k-preview")).to_contain_text("5 of 6 rows would change")
    page.get_by_role("button", name="Apply to 5 rows").click()
    expect(page.locator("#review-counts")).to_contain_text("6 of 12")
    page.wait_for_load_state()  # a key counts once the page's scripts are there
    page.keyboard.press("u")
    expect(page.locator("#review-counts")).to_contain_text("1 of 12")


def test_a_decision_that_cannot_be_saved_leaves_the_row_and_says_so(review: Review) -> None:
    page = review(expects_errors=True)
    page.context.set_offline(True)
    page.keyboard.press("w")
    expect(page.get_by_role("dialog")).to_contain_text("Auto-fix: delivery, Row 1: not saved")
    page.get_by_role("button", name="Discard this decision").click()
    expect(page.locator("#row-title")).to_have_text("Row 1")
    page.context.set_offline(False)
    press(page, "w", "Row 11")
    expect(page.locator("#row-0")).to_contain_text("Auto-fix")


def test_everything_works_without_javascript(review: Review) -> None:
    page = review(javascript=False)
    page.get_by_role("button", name="Auto-fix").click()
    expect(page.locator("#row-title")).to_have_text("Row 11")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#row-title")).to_have_text("Row 21")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#row-title")).to_have_text("Row 11")
    page.get_by_label("Given label").select_option("billing")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator(".review-table tbody tr")).to_have_count(4)
    page.locator("#row-60 a").click()
    expect(page.locator("#row-title")).to_have_text("Row 61")


def test_on_a_phone_the_row_fills_the_page_and_the_list_is_behind_it(review: Review) -> None:
    page = review(width=390)
    expect(page.get_by_role("button", name="Auto-fix")).to_be_in_viewport()
    page.get_by_role("button", name="Auto-fix").click()
    expect(page.locator("#row-title")).to_have_text("Row 11")
    page.get_by_role("link", name="Rows", exact=True).click()
    page.locator("#row-50 a").click()
    expect(page.locator("#row-title")).to_be_visible()
    expect(page.locator("#row-title")).to_have_text("Row 51")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(
    ("width", "dark"), [(1440, False), (1440, True), (390, False), (390, True)]
)
def test_axe_finds_nothing(review: Review, width: int, dark: bool) -> None:
    page = review(width=width, dark=dark)
    assert_accessible(page)
    page.goto(page.url.split("?")[0] + "?pane=list&issue=all&range=outlier_score:0.05:1")
    assert_accessible(page)
    page.goto(page.url.split("?")[0] + "/details")
    assert_accessible(page)
