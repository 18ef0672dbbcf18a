"""The pages of model runs: axe, width and keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import OpenPage, Studio, assert_accessible

# Links and controls that the Tab key passes over; of pictures, a form or a table does their work.
UNREACHABLE = """
[...document.querySelectorAll("main a[href], main button, main input, main select, main summary")]
  .filter(one => one.tabIndex < 0 && one.type !== "hidden" && !one.closest("[aria-hidden]"))
  .map(one => one.outerHTML)
"""


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_axe_finds_nothing_and_the_keyboard_reaches_everything(
    studio: Studio,
    open_page: OpenPage,
    reviewable_account: Callable[..., tuple[str, str]],
    width: int,
    dark: bool,
) -> None:
    cleanset, session = reviewable_account(studio.new_account(), "multi-class", n_runs=2)
    page = open_page(width=width, dark=dark)
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": studio.url}])
    page.goto(cleanset)
    # On a narrow review page, the tabs are out of sight.
    runs = str(page.locator("a", has_text="Model runs").first.get_attribute("href"))
    page.goto(runs)
    run = page.locator("main table a").first.get_attribute("href")
    for address in (runs, f"{runs}/new", str(run), f"{run}/compare"):
        page.goto(address)
        assert_accessible(page)
        assert page.evaluate(UNREACHABLE) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
