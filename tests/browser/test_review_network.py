"""The network goes away in mid-review and comes back; a second tab decides meanwhile."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Review, assert_accessible
from tests.browser.test_review import press


def cut_then_restore(page: Page, keys: str) -> None:
    """Press keys while the network is away; once it is back, the page goes on by itself."""
    page.context.set_offline(True)
    for key in keys:
        page.keyboard.press(key)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The studio is not responding")
    page.context.set_offline(False)
    expect(dialog).to_be_hidden()
    expect(page.locator("#review-saving")).to_be_empty()


def test_keys_pressed_while_the_network_is_away_are_saved_once_it_is_back(review: Review) -> None:
    page = review(expects_errors=True)
    page.keyboard.press("y")  # with the reasons of the row open
    expect(page.locator("#row-why")).to_contain_text("The models expect “")
    assert_accessible(page)
    other = page.context.new_page()
    other.goto(page.url)
    press(other, "j", "Row 11")
    press(other, "e", "Row 21")
    expect(other.locator("#review-counts")).to_contain_text("1 of 12")
    other.keyboard.press("t")
    expect(other.locator(".row-tags [name=tag]")).to_be_focused()
    other.keyboard.type("ask legal")
    other.keyboard.press("Enter")
    expect(other.locator("#review-work")).to_contain_text("ask legal")

    cut_then_restore(page, "q")
    expect(page.locator("#review-counts")).to_contain_text("2 of 12")
    page.reload()
    expect(page.locator("#row-0")).to_contain_text("Keep")
    expect(page.locator("#row-10")).to_contain_text("Exclude")
    expect(page.locator("#row-20 .col-tags")).to_have_text(re.compile("ask legal"))


def test_classes_changed_in_another_tab_leave_the_review_that_is_open_in_order(
    review: Review,
) -> None:
    page = review(expects_errors=True)
    address = page.url.split("?")[0]
    other = page.context.new_page()
    other.goto(f"{address}/corrections")
    assert_accessible(other)
    other.goto(f"{address}/classes?old=login&new=sign-in")
    assert_accessible(other)
    other.locator("form[method=post] button[type=submit]").last.click()
    expect(other.get_by_text("sign-in").first).to_be_visible()

    press(page, "q", "Row 11")
    expect(page.locator("#review-counts")).to_contain_text(" of 12")
    page.reload()
    expect(page.locator("#row-0")).to_contain_text("Keep")
    expect(page.locator("#row-20")).to_contain_text("sign-in")
    page.keyboard.press("u")  # the decision, which came last, and not the change of the class
    expect(page.locator("#row-title")).to_have_text("Row 1")
