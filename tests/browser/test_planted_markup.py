"""Scripts make no element of markup that somebody uploads or writes."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, Studio
from tests.browser.reviewable_account import PLANTED
from tests.browser.test_review import press
from tests.planted import ATTRIBUTE, TAG

ALIVE = f"{TAG}, [{ATTRIBUTE}], a[href^='javascript:']"


def test_markup_stays_text_where_scripts_write(
    studio: Studio, open_page: OpenPage, reviewable_account: Callable[..., tuple[str, str]]
) -> None:
    cleanset, session = reviewable_account(studio.new_account(), PLANTED)
    page = open_page()  # which notes what the content security policy refuses
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": studio.url}])

    page.goto(f"{cleanset}?issue=all")
    press(page, "j", "Row 11")
    page.keyboard.press("y")
    expect(page.locator("#row-panel")).to_contain_text("Most similar rows")
    press(page, "q", "Row 21")
    expect(page.locator(ALIVE)).to_have_count(0)

    page.goto(f"{cleanset}/analytics")
    page.get_by_role("slider", name="Threshold of outlier").press("Home")
    page.wait_for_url("**threshold.outlier=0**")
    expect(page.locator(ALIVE)).to_have_count(0)

    page.get_by_role("link", name="Model runs").click()
    page.locator(".table-link").first.click()
    tabs = page.get_by_role("navigation", name="Model run", exact=True)
    tabs.get_by_role("link", name="Map").click()
    expect(page.locator("[data-map]")).to_have_attribute("data-state", "ready")
    page.locator("canvas").press("ArrowRight")
    expect(page.locator("#live")).to_contain_text("Row ")
    page.locator("canvas").press("Enter")
    expect(page.get_by_role("heading", name="Nearest rows")).to_be_visible()
    page.get_by_label("Colour by").select_option("confidence")
    expect(page.locator(".map-scale")).to_be_visible()
    expect(page.locator(ALIVE)).to_have_count(0)

    tabs.get_by_role("link", name="Gallery").click()
    expect(page.locator("#gallery-count")).to_contain_text("of 119")
    expect(page.locator(ALIVE)).to_have_count(0)
