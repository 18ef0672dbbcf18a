"""Rows selected in the table, and one decision on all of them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Review, assert_accessible
from tests.browser.test_review import press


def selected(page: Page) -> list[str]:
    return page.locator("tbody .col-select :checked").evaluate_all(
        "boxes => boxes.map(b => b.value)"
    )


def test_shift_click_selects_a_range_and_control_click_single_rows(review: Review) -> None:
    page = review()
    page.locator("#row-10 .col-score").click(modifiers=["Control"])
    page.locator("#row-40 .col-text").click(modifiers=["Shift"])
    page.locator("#row-20 .col-score").click(modifiers=["Control"])
    assert selected(page) == ["10", "30", "40"]
    expect(page.locator("#row-title")).to_have_text("Row 1")
    assert_accessible(page)
    page.keyboard.press("q")
    toast = page.get_by_role("status", name="Notices")
    expect(toast).to_contain_text("Keep 3 rows: done.")
    expect(page.locator("#review-counts")).to_contain_text("3 of 12")
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator("#review-counts")).to_contain_text("0 of 12")


def test_a_drag_over_the_boxes_selects_and_clears_what_it_passes(review: Review) -> None:
    page = review()

    def drag(*rows: int) -> None:
        for place, row in enumerate(rows):
            page.locator(f"#row-{row} .col-select").hover()
            if place == 0:
                page.mouse.down()
        page.mouse.up()

    drag(10, 20, 30, 40)
    assert selected(page) == ["10", "20", "30", "40"]
    drag(30, 40, 50, 40)
    assert selected(page) == ["10", "20"]
    drag(60, 70, 60)
    assert selected(page) == ["10", "20", "60"]
    page.get_by_label("Select row 61", exact=True).click()
    assert selected(page) == ["10", "20"]


def test_rows_are_selected_by_keyboard_alone(review: Review) -> None:
    page = review()
    page.keyboard.press("x")
    press(page, "Shift+J", "Row 11")
    press(page, "Shift+J", "Row 21")
    assert selected(page) == ["0", "10", "20"]
    page.keyboard.press("5")
    expect(page.locator("#review-notice")).to_contain_text("Esc clears the selection")
    page.keyboard.press("Escape")
    assert selected(page) == []
    page.keyboard.press("Control+a")
    assert len(selected(page)) == 12
    page.keyboard.press("l")
    page.keyboard.type("deliv")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status", name="Notices")).to_contain_text("for 12 rows: done.")


def test_enter_decides_by_the_typed_number_and_never_by_the_first_button(review: Review) -> None:
    page = review(task="regression")
    page.get_by_label("Select row 11", exact=True).check()
    page.get_by_label("Select row 21", exact=True).check()
    page.keyboard.press("Enter")
    assert selected(page) == ["10", "20"]
    page.get_by_label("Label for the selected rows").fill("123")
    page.keyboard.press("Enter")
    notices = page.get_by_role("status", name="Notices")
    expect(notices).to_contain_text("Label “123” for 2 rows: done.")


def test_a_selected_row_that_is_decided_by_itself_stays_selected(review: Review) -> None:
    page = review()
    page.get_by_label("Select row 1", exact=True).check()
    page.get_by_label("Select row 11", exact=True).check()
    page.locator("#row-panel").get_by_role("button", name="Keep").click()
    expect(page.locator("#row-0 .col-action")).to_contain_text("Keep")
    assert selected(page) == ["0", "10"]


@pytest.mark.parametrize(("width", "dark"), [(1440, True), (390, False)])
def test_all_rows_of_the_view_are_counted_before_anything_is_done(
    review: Review, width: int, dark: bool
) -> None:
    page = review("?issue=all&pane=list", width=width, dark=dark)
    page.get_by_label("Select row 11", exact=True).check()
    assert_accessible(page)
    page.get_by_role("link", name="All 120 rows of this view").click()
    expect(page.locator("#top-k-preview")).to_contain_text("16 of 120 rows would change")


def test_rows_are_selected_without_javascript(review: Review) -> None:
    page = review(javascript=False)
    page.get_by_label("Select row 11", exact=True).check()
    page.get_by_label("Select row 31", exact=True).check()
    page.get_by_role("form", name="Selected rows").get_by_role("button", name="Exclude").click()
    expect(page.get_by_role("status", name="Notices")).to_contain_text("Exclude 2 rows: done.")
    expect(page.locator("#row-30")).to_have_class("is-excluded")
