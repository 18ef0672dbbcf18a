"""What surrounds every page: theme, menus, dialogs, notices, the drop area, phones."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Studio, assert_accessible, sign_up

THEME = "document.documentElement.dataset.theme"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


def test_chosen_theme_outlasts_the_page(page: Page) -> None:
    button = page.locator("[data-theme-toggle]")
    light = page.evaluate(BACKGROUND)
    button.click()
    button.click()
    expect(button).to_have_attribute("aria-label", "Theme: dark")
    page.goto("/account")
    assert page.evaluate(THEME) == "dark"
    assert page.evaluate(BACKGROUND) != light


def test_account_menu_is_used_and_left_by_keyboard(page: Page) -> None:
    summary = page.get_by_label("Account", exact=True)
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Account", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Account", exact=True)).to_be_hidden()
    expect(summary).to_be_focused()


def test_skip_link_leads_past_the_top_bar(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_chosen_file_is_named_and_uploaded(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    file.write_text(
        "message,topic\n" + "where is my card,delivery\nclose my account,closing\n" * 20
    )
    page.goto("/datasets/upload")
    expect(page.get_by_role("button", name="Upload")).to_be_disabled()
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator("[data-drop-file]")).to_contain_text("requests.csv")
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/datasets/*-*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("requests")


def test_refused_file_leaves_its_reason_and_another_try(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    file.write_text("message,topic\na,b\n")
    answer = '<ul class="field-errors"><li>The file is larger than 20 GB.</li></ul>'
    page.goto("/datasets/upload")
    page.route(
        "**/datasets/upload",
        lambda route: route.fulfill(status=422, content_type="text/html", body=answer),
    )
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("alert")).to_contain_text("The file is larger than 20 GB.")
    expect(page.get_by_role("button", name="Upload")).to_be_enabled()


def test_upload_under_way_can_be_cancelled(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    file.write_text("message,topic\na,b\n")
    page.goto("/datasets/upload")
    page.route("**/datasets/upload", lambda route: None)  # an answer that never comes
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Cancel upload").click()
    expect(page.locator("[data-drop-progress]")).to_be_hidden()
    expect(page.get_by_role("button", name="Upload")).to_be_enabled()


def test_file_is_chosen_without_javascript(
    open_page: OpenPage, studio: Studio, tmp_path: Path
) -> None:
    file = tmp_path / "requests.csv"
    file.write_text(
        "message,topic\n" + "where is my card,delivery\nclose my account,closing\n" * 20
    )
    page = open_page(javascript=False)
    sign_up(page, studio.new_account())
    page.goto("/datasets/upload")
    page.get_by_label("Choose a file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/datasets/*-*")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_first_pages_are_accessible_and_never_scroll_sideways(
    open_page: OpenPage, studio: Studio, width: int, dark: bool
) -> None:
    page = open_page(width=width, dark=dark)
    page.goto("/login")
    assert_fits(page)
    sign_up(page, studio.new_account())
    for address in ("/", "/datasets/upload", "/account", "/password-change", "/nowhere"):
        page.goto(address)
        assert_fits(page)


def assert_fits(page: Page) -> None:
    """Fail where axe finds something or the page is wider than the window."""
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
