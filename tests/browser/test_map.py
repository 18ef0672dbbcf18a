"""The map of a run in the browser: its points, keys, colours, and the rows of an area."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Studio, assert_accessible


def test_points_of_a_map_lead_to_their_rows(
    studio: Studio, open_page: OpenPage, reviewable_account: Callable[..., tuple[str, str]]
) -> None:
    cleanset, session = reviewable_account(studio.new_account(), "multi-class", 1)
    page = open_page()
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": studio.url}])
    page.goto(cleanset)
    page.get_by_role("link", name="Model runs").click()
    page.get_by_role("link", name="Analysis 1").click()
    tabs = page.get_by_role("navigation", name="Model run", exact=True)
    tabs.get_by_role("link", name="Map").click()
    page.get_by_role("link", name="PCA").click()
    page.get_by_role("button", name="Draw the map").click()
    canvas = page.get_by_role("application", name="Map of the rows")
    expect(canvas).to_be_visible(timeout=60_000)
    assert_accessible(page)
    _open_a_row_by_keys(page)
    n_selected = _select_an_area(page)
    page.get_by_label("Colour by").select_option("confidence")
    expect(page.locator(".map-scale")).to_be_visible()
    page.get_by_role("link", name="Open in the gallery").click()
    expect(page.locator("#gallery-count")).to_contain_text(f"of {n_selected}")
    expect(page.get_by_text("an area of the map by PCA")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Review these rows").click()
    expect(page.get_by_text(f"of {n_selected}").first).to_be_visible()


def _open_a_row_by_keys(page: Page) -> None:
    expect(page.locator("[data-map]")).to_have_attribute("data-state", "ready")
    page.locator("canvas").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#live")).to_contain_text("Row ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nearest rows")).to_be_visible()


def _select_an_area(page: Page) -> int:
    box = page.locator("canvas").bounding_box()
    assert box is not None
    corners = [(0.02, 0.1), (0.98, 0.1), (0.98, 0.98), (0.02, 0.98)]
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.get_by_role("button", name="Select an area").click()
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in at[1:]:
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    count = page.locator("[data-map-count]")
    expect(count).to_contain_text("rows selected")
    return int(count.inner_text().split()[0])
