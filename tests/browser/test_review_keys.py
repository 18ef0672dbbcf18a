"""Decisions by key, faster than the studio answers: none is lost, applied twice, or applied to
another row.
"""

from __future__ import annotations

import json
import re
import time

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Review
from tests.browser.test_review import press, shown

DECIDE = re.compile(r"/rows/\d+/decide$")
PANEL = re.compile(r"/cleansets/[0-9a-f-]{36}\?.*row=")
FIRST_TEN = list(range(0, 100, 10))


def slow(page: Page, address: re.Pattern[str], delay_s: float) -> None:
    """Let answers from these addresses come late."""

    def answer(route: Route) -> None:
        time.sleep(delay_s)
        route.continue_()

    page.route(address, answer)


def kept(page: Page) -> list[int]:
    """Return the rows that are kept, in the order of the table, once everything is saved."""
    expect(page.locator("#review-saving")).to_be_empty()
    page.reload()
    rows = page.locator(
        ".review-table tr[data-row]", has=page.locator(".col-action", has_text="Keep")
    )
    return [int(row) for row in rows.evaluate_all("rows => rows.map(row => row.dataset.row)")]


def press_ten_times(page: Page, every_ms: int) -> None:
    """Press Q ten times, in the browser's own time, so that a slow test process makes no
    difference.
    """
    page.evaluate(
        """every => new Promise((resolve) => {
            let n = 0;
            const timer = setInterval(() => {
                const press = new KeyboardEvent("keydown", { key: "q", bubbles: true });
                document.body.dispatchEvent(press);
                n += 1;
                if (n === 10) { clearInterval(timer); resolve(); }
            }, every);
        })""",
        every_ms,
    )


@pytest.mark.parametrize("every_ms", [50, 150, 300])
def test_ten_presses_decide_ten_rows_one_after_the_other(review: Review, every_ms: int) -> None:
    page = review()
    press_ten_times(page, every_ms)
    expect(page.locator("#row-title")).to_have_text("Row 101")
    expect(page.locator("#review-counts")).to_contain_text("10 of 12")
    assert kept(page) == FIRST_TEN


def test_ten_presses_decide_ten_rows_where_the_studio_answers_slowly(review: Review) -> None:
    page = review()
    slow(page, DECIDE, 0.4)
    slow(page, PANEL, 0.3)
    press_ten_times(page, 50)
    expect(page.locator("#review-saving")).to_contain_text("Saving")
    expect(page.locator("#row-title")).to_have_text("Row 101", timeout=30_000)
    expect(page.locator("#review-counts")).to_contain_text("10 of 12", timeout=30_000)
    assert kept(page) == FIRST_TEN


def test_decision_that_fails_once_is_sent_again_and_counts_once(review: Review) -> None:
    page = review(expects_errors=True)
    n_lost = 0

    def lose_the_second_answer(route: Route) -> None:
        nonlocal n_lost
        if "/rows/10/" in route.request.url and not n_lost:
            n_lost += 1
            route.fetch()  # the studio saves it, and its answer is lost on the way
            route.abort()
        else:
            route.continue_()

    page.route(DECIDE, lose_the_second_answer)
    press_ten_times(page, 50)
    expect(page.locator("#review-counts")).to_contain_text("10 of 12")
    assert n_lost == 1
    assert kept(page) == FIRST_TEN
    for row in reversed(FIRST_TEN):  # each decision was one action: the undo of one brings back one
        press(page, "u", f"Row {row + 1}")
    expect(page.locator("#review-counts")).to_contain_text("0 of 12")


def test_queue_stops_at_a_decision_that_cannot_be_saved_and_goes_on_when_asked(
    review: Review,
) -> None:
    page = review(expects_errors=True)

    def fail_late(route: Route) -> None:
        time.sleep(1.5)
        route.fulfill(status=500, body="no")

    page.route(re.compile("/rows/10/decide$"), fail_late)
    press_ten_times(page, 50)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Keep, Row 11: not saved")
    expect(dialog).to_contain_text("later decision")
    page.keyboard.press("q")  # the dialog is in the way: no row is decided behind it
    expect(page.locator("#review-counts")).to_contain_text("1 of 12")
    page.unroute_all()
    dialog.get_by_role("button", name="Try again").click()
    expect(page.locator("#review-saving")).to_be_empty()
    decided = kept(page)
    assert decided == FIRST_TEN[: len(decided)]
    assert 10 in decided


def test_refused_decision_leads_back_to_its_row(review: Review) -> None:
    page = review(expects_errors=True)
    refusal = "<div data-toast><p>Row 1 is held by somebody else.</p></div>"
    page.route(re.compile("/rows/0/decide$"), lambda route: route.fulfill(status=422, body=refusal))
    page.keyboard.press("q")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("held by somebody else")
    dialog.get_by_role("button", name="Go back to the row").click()
    expect(page.locator("#row-title")).to_have_text("Row 1")
    assert kept(page) == []


def test_undo_waits_for_the_decision_before_it(review: Review) -> None:
    page = review()
    slow(page, DECIDE, 0.4)
    page.keyboard.press("q")
    page.keyboard.press("u")
    expect(page.locator("#row-title")).to_have_text("Row 1")
    page.keyboard.press("e")
    expect(page.locator("#row-0 .col-action")).to_contain_text("Exclude")
    assert kept(page) == []


def test_keys_go_on_over_the_end_of_a_page(review: Review) -> None:
    page = review("?issue=all&sort=row_id&dir=asc&row=48")
    sent: list[str] = []
    page.on(
        "request", lambda request: sent.append(request.url) if DECIDE.search(request.url) else None
    )
    press_ten_times(page, 50)
    expect(page.locator("#row-title")).to_have_text("Row 59")
    expect(page.locator("#review-saving")).to_be_empty()
    assert [int(url.split("/rows/")[1].split("/")[0]) for url in sent] == list(range(48, 58))
    assert page.evaluate("history.length") <= 3, "the back button leaves the review in one step"


def test_whoever_leaves_while_decisions_are_being_saved_loses_none(review: Review) -> None:
    page = review()
    slow(page, DECIDE, 0.3)
    press_ten_times(page, 20)
    page.get_by_role("link", name="Analysis").click()
    page.wait_for_url("**/details")
    page.go_back()
    assert len(kept(page)) >= 4


def test_w_without_advice_says_so_and_decides_nothing(review: Review) -> None:
    page = review("?issue=all&row=1")
    page.keyboard.press("w")
    expect(page.locator("#review-notice")).to_contain_text("no suggestion to apply")
    expect(page.locator("#live")).to_contain_text("no suggestion to apply")
    assert shown(page) == "Row 2"
    press(page, "q", "Row 3")
    expect(page.locator("#review-notice")).to_be_empty()
    expect(page.locator("#row-1")).to_contain_text("Keep")


def test_y_explains_the_row_in_its_panel(review: Review) -> None:
    page = review("?issue=near_duplicate&row=15")
    expect(page.locator(".why-line")).to_have_text(
        "2 rows are almost the same, but their labels differ."
    )
    page = review()
    page.keyboard.press("y")
    expect(page.locator("#row-why")).to_contain_text("The models expect “")
    page.keyboard.press("q")
    expect(page.locator("#row-panel")).to_have_attribute("data-row", "10")
    expect(page.locator("#row-why")).to_be_empty()


def test_own_keys_replace_the_defaults(review: Review) -> None:
    page = review()
    review_page = page.url
    page.goto("/account#shortcuts")
    page.get_by_label("Keep", exact=True).fill("a")
    page.get_by_label("Auto-fix", exact=True).fill("q")
    page.get_by_role("button", name="Save shortcuts").click()
    expect(page.get_by_text("Keyboard shortcuts saved.")).to_be_visible()
    page.goto(review_page)
    page.keyboard.press("a")
    expect(page.locator("#row-0 .col-action")).to_contain_text("Keep")
    page.keyboard.press("w")  # no action has this key now
    page.keyboard.press("q")
    expect(page.locator("#row-10 .col-action")).to_contain_text("Auto-fix")
    expect(page.locator("#row-20 .col-action")).not_to_contain_text("Auto-fix")


def test_a_key_held_down_decides_once(review: Review) -> None:
    page = review()
    page.keyboard.down("q")
    page.keyboard.down("q")
    page.keyboard.down("q")
    page.keyboard.up("q")
    expect(page.locator("#review-counts")).to_contain_text("1 of 12")
    assert kept(page) == [0]


def test_each_decision_names_its_row_and_carries_an_id_of_its_own(review: Review) -> None:
    page = review()
    bodies: list[str] = []
    page.on(
        "request",
        lambda request: (
            bodies.append(request.post_data or "") if DECIDE.search(request.url) else None
        ),
    )
    press(page, "q", "Row 11")
    press(page, "q", "Row 21")
    expect(page.locator("#review-counts")).to_contain_text("2 of 12")
    ids = [re.search(r'name="action_id"\s+([0-9a-f-]{36})', body) for body in bodies]
    assert len({found.group(1) for found in ids if found}) == 2, json.dumps(bodies)


def test_views_rows_and_commands_are_reached_by_key(review: Review) -> None:
    page = review()
    press(page, "j", "Row 11")
    press(page, "q", "Row 21")
    page.keyboard.press("k")
    press(page, "k", "Row 1")
    page.keyboard.press("q")
    page.keyboard.press("k")
    press(page, "d", "Row 21")  # past the two rows that are decided
    page.keyboard.press("g")
    expect(page.locator("#review-notice")).to_contain_text("O Outliers")
    page.keyboard.press("o")
    expect(page.locator(".views a[aria-current]")).to_contain_text("Outliers")
    page.keyboard.press("Control+k")
    page.keyboard.type("label iss")
    page.keyboard.press("Enter")
    expect(page.locator(".views a[aria-current]")).to_contain_text("Label issues")
    title = shown(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("keep")
    page.keyboard.press("Enter")
    expect(page.locator(".last-action-text")).to_contain_text(f"Keep {title.lower()}")


def test_a_long_text_is_cut_until_space_shows_it(review: Review) -> None:
    page = review(width=390)
    page.evaluate("document.getElementById('row-text').textContent = 'word '.repeat(900)")
    page.evaluate("delete document.getElementById('row-panel').dataset.text")
    page.evaluate("document.dispatchEvent(new Event('review:shown'))")
    text = page.locator("#row-text")
    is_cut = "text => text.scrollHeight > text.clientHeight + 1"
    assert text.evaluate(is_cut)
    expect(page.get_by_role("button", name="More")).to_be_visible()
    page.keyboard.press("Space")
    assert not text.evaluate(is_cut)
    page.get_by_role("button", name="Less").click()
    assert text.evaluate(is_cut)


def test_the_next_page_is_there_before_it_is_asked_for(review: Review) -> None:
    page = review("?issue=all&sort=row_id&row=41")
    with page.expect_request(re.compile(r"page=2")) as fetched:
        page.keyboard.press("j")
        press(page, "j", "Row 44")
    assert fetched.value.resource_type == "fetch"
    for row in range(45, 51):
        press(page, "j", f"Row {row}")
    press(page, "q", "Row 51")
    expect(page.locator(".last-action-text")).to_have_text(re.compile("Keep row 50"))
    press(page, "u", "Row 50")
