"""The Analytics page in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import assert_accessible

Review = Callable[..., Page]


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_a_moved_threshold_and_the_advice_are_seen(
    review: Review, width: int, *, dark: bool
) -> None:
    page = review(width=width, dark=dark)
    address = page.url.split("?")[0]
    page.goto(f"{address}/analytics?threshold.outlier=0.5#score-outlier")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("of the next 12 rows")
    expect(page.locator("#score-outlier")).to_contain_text("From 0.500 on, 1 rows would be flagged")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_accessible(page)
    page.locator("#pairs a").first.click()
    page.wait_for_url("**given=*suggested=*")
