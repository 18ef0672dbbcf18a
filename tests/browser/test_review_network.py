"""The network goes away in mid-review and comes back; a second tab decides meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Review, assert_accessible
from tests.browser.test_review import press
from tests.browser.test_review_selection import selected


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


def test_the_next_page_does_not_wait_for_the_last_decision_of_this_one(review: Review) -> None:
    page = review("?issue=all&sort=row_id&dir=asc&row=48", expects_errors=True)
    with page.expect_response(re.compile("page=2")) as ahead:
        press(page, "j", "Row 50")
    ahead.value.finished()
    held: list[Route] = []
    page.route("**/decide", lambda route: held.append(route))
    press(page, "q", "Row 51")
    assert "page=2" in page.url
    held[0].fulfill(status=422, body="<div data-toast><p>The row is locked.</p></div>")
    page.get_by_role("button", name="Go back to the row").click()
    expect(page.locator("#row-title")).to_have_text("Row 50")

    page.unroute("**/decide")
    press(page, "q", "Row 51")
    expect(page.locator(".last-action-text")).to_have_text(re.compile("Keep row 50"))


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


def assert_nothing_was_sent(page: Page, press_it: Callable[[], None]) -> None:
    """Act while the network is away: the page stays, and says that nothing was sent."""
    page.context.set_offline(True)
    press_it()
    expect(page.get_by_role("status", name="Notices")).to_contain_text("nothing was sent")
    page.context.set_offline(False)


def test_a_bulk_action_and_its_undo_survive_a_cut_of_the_network(review: Review) -> None:
    page = review(expects_errors=True)
    for row in (1, 11):
        page.get_by_label(f"Select row {row}", exact=True).check()
    assert_nothing_was_sent(page, lambda: page.keyboard.press("q"))
    assert selected(page) == ["0", "10"]
    page.keyboard.press("q")
    notices = page.get_by_role("status", name="Notices")
    expect(notices).to_contain_text("Keep 2 rows: done.")
    expect(page.locator("#review-counts")).to_contain_text("2 of 12")

    other = page.context.new_page()
    other.goto(page.url)
    cut_then_restore(page, "u")
    expect(page.locator("#review-counts")).to_contain_text("0 of 12")
    other.get_by_label("Select row 21", exact=True).check()
    other.keyboard.press("e")  # in a tab that does not know of the undo
    expect(other.locator("#review-counts")).to_contain_text("1 of 12")


def test_corrections_that_two_tabs_import_change_the_rows_once(
    review: Review, tmp_path: Path
) -> None:
    page = review(expects_errors=True)
    address = page.url.split("?")[0]
    file = tmp_path / "corrections.csv"
    file.write_text("row_id,corrected_label\n0,login\n1,delivery\n")
    page.goto(f"{address}/corrections")
    page.locator("input[type=file]").set_input_files(file)
    change = page.get_by_role("button", name=re.compile(r"^Change \d+ rows?$"))
    if page.get_by_role("button", name="Upload and preview").is_visible():
        page.get_by_role("button", name="Upload and preview").click()
    expect(change).to_be_visible(timeout=60_000)  # once a worker has read it
    other = page.context.new_page()
    other.goto(page.url)
    assert_nothing_was_sent(page, change.click)
    other.get_by_role("button", name=re.compile(r"^Change \d+ rows?$")).click()
    counts = other.locator("#review-counts").inner_text()

    change.click()
    expect(page.locator("body")).to_contain_text(re.compile("already|Nothing|nothing|No row"))
    page.goto(address)
    expect(page.locator("#review-counts")).to_have_text(counts)
