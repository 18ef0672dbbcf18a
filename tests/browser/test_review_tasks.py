"""Reviewing sets of classes, numbers and unlabeled rows in the browser: by keyboard, by mouse,
without JavaScript.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Review, assert_accessible
from tests.browser.test_review import press, shown


def test_sets_are_reviewed_by_keyboard_alone(review: Review) -> None:
    page = review(task="multi-label")
    assert shown(page) == "Row 1"
    expect(page.get_by_text("Suggested: False")).to_have_count(1)
    page.keyboard.press("1")
    page.keyboard.press("4")
    expect(page.get_by_label("billing")).not_to_be_checked()
    expect(page.get_by_label("login")).to_be_checked()
    press(page, "Enter", "Row 11")
    expect(page.locator("#row-0 .col-corrected")).to_have_text("login refund, partial")
    press(page, "w", "Row 21")
    expect(page.locator("#row-10 .col-corrected")).to_have_text("login")
    press(page, "w", "Row 31")
    expect(page.locator("#row-20 .col-corrected")).to_have_text("no class")
    press(page, "q", "Row 41")
    press(page, "e", "Row 51")
    press(page, "n", "Row 61")
    press(page, "u", "Row 51")
    expect(page.locator("#review-counts")).to_contain_text("5 of 12")


def test_sets_are_reviewed_by_mouse_and_a_new_class_is_typed_in(review: Review) -> None:
    page = review(task="multi-label")
    page.get_by_role("checkbox", name="delivery").click()
    page.keyboard.press("l")
    page.keyboard.type("spam")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_label("spam")).to_be_checked()
    page.get_by_role("button", name="Apply set").click()
    expect(page.locator("#row-title")).to_have_text("Row 11")
    expect(page.locator("#row-0 .col-corrected")).to_have_text(
        "billing delivery refund, partial spam"
    )
    expect(page.get_by_label("spam")).not_to_be_checked()
    page.get_by_label("Given label").select_option("refund, partial")
    expect(page.locator(".review-table tbody tr")).to_have_count(6)


def test_enter_presses_the_button_that_has_the_focus(review: Review) -> None:
    page = review(task="multi-label")
    page.get_by_role("button", name="Exclude").focus()
    press(page, "Enter", "Row 11")
    expect(page.locator("#row-0 .col-action")).to_have_text("Exclude")


def test_numbers_are_reviewed_by_keyboard_and_filtered_by_range(review: Review) -> None:
    page = review(task="regression")
    expect(page.get_by_role("img", name="Given 100. The models predict 150")).to_be_visible()
    press(page, "w", "Row 11")
    page.keyboard.press("l")
    page.keyboard.type("111.5")
    press(page, "Enter", "Row 21")
    expect(page.locator("#row-0 .col-corrected")).to_have_text("150")
    expect(page.locator("#row-10 .col-corrected")).to_have_text("111.5")
    page.locator("summary", has_text="Given").click()
    page.get_by_label("Given from").fill("150")
    page.locator("details[open]").get_by_role("button", name="Apply").click()
    expect(page.locator(".review-table tbody tr")).to_have_count(7)
    page.get_by_role("link", name="Remove filter Given").click()
    expect(page.locator(".review-table tbody tr")).to_have_count(12)


def test_unlabeled_rows_are_reviewed_without_mention_of_labels(review: Review) -> None:
    page = review(task="unsupervised", address="?issue=all")
    assert shown(page) == "Row 4"
    page.keyboard.press("w")
    expect(page.locator("#row-title")).not_to_have_text("Row 4")
    expect(page.locator("#row-3 .col-action")).to_have_text("Exclude")
    for word in ("Given", "Suggested", "Corrected", "Deploy Model", "Improve"):
        expect(page.locator("main")).not_to_contain_text(word)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).not_to_contain_text("class")


def test_improving_is_offered_once_a_row_is_decided(review: Review) -> None:
    page = review(task="regression")
    expect(page.get_by_role("button", name="Improve results")).to_be_disabled()
    press(page, "q", "Row 11")
    expect(page.get_by_role("link", name="Improve results")).to_be_visible()


def test_sets_and_numbers_are_decided_without_javascript(review: Review) -> None:
    page = review(task="multi-label", javascript=False)
    page.get_by_label("login").check()
    page.get_by_role("button", name="Apply set").click()
    expect(page.locator("#row-title")).to_have_text("Row 11")
    expect(page.locator("#row-0 .col-corrected")).to_have_text("billing login refund, partial")
    page = review(task="regression", javascript=False)
    page.get_by_label("Another number").fill("42")
    page.get_by_role("button", name="Set number").click()
    expect(page.locator("#row-0 .col-corrected")).to_have_text("42")


@pytest.mark.parametrize("task", ["multi-label", "regression", "unsupervised"])
@pytest.mark.parametrize(("width", "dark"), [(1440, True), (390, False)])
def test_axe_finds_nothing(review: Review, task: str, width: int, dark: bool) -> None:
    page: Page = review(task=task, width=width, dark=dark)
    for address in ("", "?pane=list&issue=all", "/details"):
        page.goto(page.url.split("?")[0].removesuffix("/details") + address)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
