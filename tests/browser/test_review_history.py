"""Undo, redo and the history of a row, by keyboard and without JavaScript."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Review, assert_accessible
from tests.browser.test_review import press


def test_steps_are_undone_and_redone_by_keyboard(review: Review) -> None:
    page = review()
    press(page, "q", "Row 11")
    press(page, "e", "Row 21")
    press(page, "Control+z", "Row 11")
    press(page, "u", "Row 1")
    expect(page.locator("#review-counts")).to_contain_text("0 of 12")
    page.keyboard.press("Control+Shift+Z")
    expect(page.locator("#last-action")).to_contain_text("Last: Keep row 1")
    page.keyboard.press("Shift+U")
    expect(page.locator("#last-action")).to_contain_text("Last: Exclude row 11")
    expect(page.locator("#review-counts")).to_contain_text("2 of 12")
    page.keyboard.press("Shift+U")
    expect(page.locator("#review-notice")).to_have_text("There is nothing to redo.")


def test_the_history_of_a_row_opens_beside_it(review: Review) -> None:
    page = review()
    press(page, "q", "Row 11")
    press(page, "k", "Row 1")
    page.keyboard.press("h")
    dialog = page.get_by_role("dialog", name="History of Row 1")
    expect(dialog).to_contain_text("Undecided → Keep")
    assert_accessible(page)
    page.keyboard.press("Escape")
    press(page, "j", "Row 11")


def test_redo_and_history_work_without_javascript(review: Review) -> None:
    page = review(javascript=False)
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Redo").click()
    expect(page.locator("#row-0")).to_contain_text("Keep")
    page.locator("#row-panel").get_by_role("link", name="History").click()
    expect(page.get_by_role("heading", name="History of row 1")).to_be_visible()


def test_an_action_is_reverted_on_the_history_page_by_keyboard(review: Review) -> None:
    page = review()
    press(page, "q", "Row 11")
    press(page, "e", "Row 21")
    expect(page.locator("#review-saving")).to_be_empty()
    page.get_by_role("link", name="History", exact=True).first.click()
    button = page.get_by_role("button", name="Revert Keep row 1", exact=True)
    assert_accessible(page)
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("Reverted: Keep row 1: done.")
    expect(page.get_by_role("button", name="Revert Keep row 1", exact=True)).to_have_count(0)
