"""The pages of an account, as a person sees them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Studio, assert_accessible, sign_up
from tests.cast import PASSWORD


def test_account_is_created_logged_out_and_logged_in_again(
    open_page: OpenPage, studio: Studio
) -> None:
    email = studio.new_account()
    page = open_page()
    sign_up(page, email)
    page.get_by_label("Account", exact=True).click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{studio.url}/login")

    page.goto("/account")
    page.get_by_label("E-mail").fill(email.upper())
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("password is wrong")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{studio.url}/account")
    expect(page.get_by_role("main")).to_contain_text(email)


def test_profile_is_changed_without_javascript(open_page: OpenPage, studio: Studio) -> None:
    page = open_page(javascript=False)
    sign_up(page, studio.new_account())
    page.goto("/account")
    page.get_by_role("region", name="Profile").get_by_label("Name").fill("Ada")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("Profile saved.")
    expect(page.get_by_role("region", name="Profile").get_by_label("Name")).to_have_value("Ada")


@pytest.mark.parametrize(
    "path", ["/login", "/signup", "/password-reset", "/password-reset/sent", "/nowhere"]
)
@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_pages_for_visitors_are_accessible(
    path: str, width: int, dark: bool, page: Page, open_page: OpenPage
) -> None:
    visitor = open_page(width=width, dark=dark)
    visitor.goto(path)
    assert_accessible(visitor)
    assert visitor.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("path", ["/account", "/password-change"])
def test_pages_of_an_account_are_accessible(path: str, page: Page) -> None:
    page.goto(path)
    assert_accessible(page)
