"""Saved views in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Review, assert_accessible


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_a_view_is_saved_and_opened(review: Review, width: int, dark: bool) -> None:
    page = review("?given=billing&pane=list", width=width, dark=dark)
    page.get_by_role("link", name="Save this view").click()
    page.get_by_role("textbox", name="Name").fill("Odd bills")
    page.get_by_role("textbox", name="Description").fill("Those of March")
    assert_accessible(page)
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("status", name="Notices")).to_contain_text("View “Odd bills” saved.")
    page.goto(page.url.split("?")[0] + "?pane=list")
    link = page.get_by_role("navigation", name="Views").get_by_role("link", name="Odd bills")
    expect(link).to_have_text("Odd bills 4")
    assert_accessible(page)
    link.click()
    expect(page.locator(".chip-remove")).to_have_attribute(
        "aria-label", "Remove filter Given billing"
    )
    expect(page.locator("#review-saved [aria-current=page]")).to_have_count(1)
