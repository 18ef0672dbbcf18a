"""Auto-labeling by keyboard alone: the sure rows at once, an unsure one by hand, undo."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Review, assert_accessible
from tests.browser.reviewable_account import PARTLY_LABELED


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element with this name has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.innerText")
        if str(focused).strip() == name:
            return
    raise AssertionError(f"Tab does not reach {name}")


def test_partly_labeled_data_are_labeled_by_keyboard_alone(review: Review) -> None:
    page = review(task=PARTLY_LABELED)
    expect(page.get_by_role("heading", level=2).first).to_have_text("60 of 120 rows have no label")
    assert_accessible(page)
    page.get_by_label("0.90 and more").focus()
    page.keyboard.press("Space")
    tab_to(page, "Label these rows")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2).first).to_have_text("51 of 120 rows have no label")
    tab_to(page, "Label by hand")
    page.keyboard.press("Enter")
    page.wait_for_url("**by-hand**")
    expect(page.locator("#row-title")).to_have_text("Row 120")
    page.keyboard.press("1")
    expect(page.locator("#row-title")).not_to_have_text("Row 120")
    page.get_by_role("link", name="Auto-label").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2).first).to_have_text("50 of 120 rows have no label")
    tab_to(page, "Undo the last action")
    assert_accessible(page)


def test_auto_labeling_fits_a_phone_in_the_dark_and_paper(review: Review) -> None:
    page = review(task=PARTLY_LABELED, width=390, dark=True)
    expect(page.get_by_role("heading", level=2).first).to_have_text("60 of 120 rows have no label")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == 390
    assert_accessible(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("table")).to_be_visible()
    expect(page.get_by_role("button", name="Label these rows")).to_be_hidden()
