"""The table and the panel of the review page by mouse: lines, columns, switches, classes that are
typed in.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Review, assert_accessible
from tests.browser.test_review import press, shown

WIDTH_OF_TEXT = (
    "document.querySelector('.review-table td.col-text').getBoundingClientRect().width / 16"
)


@pytest.mark.parametrize("cell", [".col-text", ".col-score", ".col-action"])
def test_a_click_anywhere_on_a_line_opens_its_row(review: Review, cell: str) -> None:
    page = review()
    page.locator(f"#row-50 {cell}").click()
    expect(page.locator("#row-title")).to_have_text("Row 51")
    expect(page.locator("#row-50")).to_have_attribute("aria-current", "true")
    expect(page.locator("tr[aria-current]")).to_have_count(1)
    assert "row=50" in page.url
    press(page, "q", "Row 61")
    expect(page.locator("#row-50")).to_contain_text("Keep")


def test_selecting_text_in_a_line_opens_nothing(review: Review) -> None:
    page = review()
    box = page.locator("#row-50 .col-score").bounding_box()
    assert box
    page.mouse.move(box["x"] + 4, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    assert page.evaluate("String(getSelection())")
    assert shown(page) == "Row 1"


def test_a_click_with_ctrl_opens_the_row_in_another_tab(review: Review) -> None:
    page = review()
    with page.context.expect_page() as other:
        page.locator("#row-50 a").click(modifiers=["ControlOrMeta"])
    expect(other.value.locator("#row-title")).to_have_text("Row 51")
    assert shown(page) == "Row 1"


def test_focus_on_a_line_goes_along_with_the_row(review: Review) -> None:
    page = review()
    page.locator("#row-30 a").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#row-title")).to_have_text("Row 31")
    press(page, "q", "Row 41")
    expect(page.locator("#row-40 a")).to_be_focused()


@pytest.mark.parametrize("task", ["multi-label", "multi-class", "regression"])
@pytest.mark.parametrize("width", [721, 768, 1024, 1180, 1201, 1440, 1920])
def test_the_column_of_text_keeps_its_room(review: Review, task: str, width: int) -> None:
    page = review(task=task, width=width)
    assert page.evaluate(WIDTH_OF_TEXT) >= 16
    columns = "&".join(
        f"show={name}_score" for name in ("label_issue", "outlier", "near_duplicate")
    )
    page.goto(page.url.split("?")[0] + f"?issue=all&{columns}&own=message&own=channel&own=topic")
    assert page.evaluate(WIDTH_OF_TEXT) >= 16


def test_classes_that_apply_are_ticked(review: Review) -> None:
    page = review(task="multi-label")
    ticks = """[...document.querySelectorAll('.tick-box')].map((box) =>
        getComputedStyle(box, '::before').content.includes('✓'))"""
    assert page.evaluate(ticks) == [True, False, True, False]
    page.keyboard.press("2")
    expect(page.get_by_label("delivery")).to_be_checked()
    assert page.evaluate(ticks)[1]


def test_a_set_that_is_not_applied_is_reported_when_leaving(review: Review) -> None:
    page = review(task="multi-label")
    page.keyboard.press("4")
    expect(page.locator("[data-set-changes]")).to_contain_text("billing, refund, partial, login")
    page.keyboard.press("j")
    expect(page.locator("#review-notice")).to_contain_text("not applied")
    assert shown(page) == "Row 1"
    page.keyboard.press("Escape")
    expect(page.locator("[data-set-changes]")).to_be_hidden()
    press(page, "j", "Row 11")
    page.keyboard.press("4")
    page.keyboard.press("j")
    press(page, "j", "Row 21")


def class_field(page: Page) -> None:
    """Go to the field for another class."""
    page.keyboard.press("l")
    expect(page.get_by_role("combobox", name="Another class")).to_be_focused()


def matching(page: Page, **options: bool) -> Locator:
    """Return the lines of the list below the field."""
    return page.get_by_role("listbox", name="Matching classes").get_by_role("option", **options)


def test_part_of_a_name_and_enter_take_the_best_match(review: Review) -> None:
    page = review()
    class_field(page)
    page.keyboard.type("DELI")
    assert_accessible(page)
    expect(matching(page, selected=True)).to_have_text("delivery")
    page.keyboard.press("Enter")
    expect(page.locator("#row-title")).to_have_text("Row 11")
    expect(page.locator("#row-0 .col-corrected")).to_have_text("delivery")


def test_enter_creates_no_class_that_nobody_asked_for(review: Review) -> None:
    page = review()
    class_field(page)
    page.keyboard.type("refunds")
    page.keyboard.press("Enter")
    expect(page.locator("#review-notice")).to_contain_text("No class matches “refunds”")
    assert shown(page) == "Row 1"
    page.keyboard.press("ArrowDown")
    expect(matching(page, selected=True)).to_contain_text("Create class “refunds”")
    page.keyboard.press("Enter")
    expect(page.locator("#row-0 .col-corrected")).to_have_text("refunds")
    class_field(page)
    page.keyboard.type("ref")
    expect(matching(page, selected=True)).to_have_text("refunds")


def test_a_spelling_that_is_nearly_a_class_is_asked_about(review: Review) -> None:
    page = review()
    class_field(page)
    page.keyboard.type("Billing ")
    expect(matching(page).last).to_contain_text("“billing” already exists")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#review-notice")).to_contain_text("differs only in case or spaces")
    assert shown(page) == "Row 1"
    page.keyboard.press("Control+Enter")
    expect(page.locator("#row-0 .col-corrected")).to_have_text("Billing")


def test_without_javascript_a_new_class_has_a_button_of_its_own(review: Review) -> None:
    page = review(javascript=False)
    page.get_by_label("Another class").fill("Deliverys")
    page.get_by_role("button", name="Set class").click()
    expect(page.locator("main")).to_contain_text(
        "There is no class “Deliverys”; did you mean “delivery”?"
    )
    page.go_back()
    page.get_by_label("Another class").fill("Deliverys")
    page.get_by_role("button", name="Create new class").click()
    expect(page.locator("#row-0 .col-corrected")).to_have_text("Deliverys")


def test_clean_top_k_creates_no_class_by_a_slip(review: Review) -> None:
    page = review()
    page.get_by_role("link", name="Clean top K").click()
    page.locator("label", has_text="Give all the same class").click()
    page.get_by_label("Class", exact=True).fill("deliv")
    expect(page.locator("#top-k-preview")).to_contain_text("did you mean “delivery”?")
    page.get_by_label("Create the class if it is new").check()
    expect(page.locator("#top-k-preview")).to_contain_text("12 of 12 rows would change")


def test_the_end_of_a_view_counts_what_is_undecided_and_leads_there(review: Review) -> None:
    page = review("?row=110")
    page.keyboard.press("q")
    expect(page.locator("#row-title")).to_have_text("End of the view")
    expect(page.locator("#row-panel")).to_contain_text("11 of 12 still undecided")
    press(page, "Enter", "Row 1")
    page.get_by_role("link", name="Clean top K").click()
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Apply to 11 rows").click()
    page.wait_for_load_state()
    page.goto(page.url.split("?")[0] + "?row=110")
    page.keyboard.press("q")
    expect(page.locator("#row-panel")).to_contain_text("All 12 rows in this view are decided")
    expect(page.locator("#row-panel")).to_contain_text("11 fixed, 1 kept, 0 excluded")
    expect(page.locator("#row-panel").get_by_role("link", name="Improve results")).to_be_visible()
    expect(
        page.locator("#row-panel").get_by_role("link", name="Outliers, 1 undecided")
    ).to_be_visible()


def test_filters_apply_when_they_are_chosen_and_count_the_rows_of_the_view(review: Review) -> None:
    page = review()
    assert "billing (4)" in page.get_by_label("Given label").inner_text()
    page.get_by_label("Given label").select_option("billing")
    expect(page.locator(".review-table tbody tr")).to_have_count(4)
    expect(page.get_by_role("link", name="Remove filter Given billing")).to_be_visible()
    page.locator("summary", has_text="Filter").click()
    page.set_viewport_size({"width": 1280, "height": 720})
    expect(page.get_by_role("button", name="Add filter")).to_be_in_viewport()


def test_on_a_phone_the_last_action_is_above_the_buttons_with_its_undo(review: Review) -> None:
    page = review(width=390)
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#row-title")).to_have_text("Row 11")
    expect(page.locator("#last-action")).to_contain_text("Keep row 1")
    expect(page.get_by_role("progressbar", name="Reviewed label issues").last).to_be_in_viewport()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#row-title")).to_have_text("Row 1")


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_an_older_version_says_so_and_decides_only_where_that_is_chosen(
    review: Review, width: int, dark: bool
) -> None:
    page = review(width=width, dark=dark)
    older = page.url
    page.keyboard.press("q")
    expect(page.locator("#last-action")).to_contain_text("Keep row 1")
    page.goto(f"{older}?pane=list")
    page.get_by_role("link", name="Improve results").click()
    expect(page.get_by_role("dialog")).to_contain_text("Your decisions are carried over")
    page.get_by_role("dialog").get_by_role("button", name="Improve results").click()
    page.wait_for_url(lambda url: older not in url)
    page.goto(older)
    note = page.get_by_role("note", name="Older version")
    expect(note).to_contain_text(
        "Version 2 of this project is newer; decisions made here are not in it."
    )
    assert_accessible(page)
    page.keyboard.press("q")
    expect(page.locator("#review-notice")).to_contain_text("Version 2 of this project is newer")
    assert shown(page) == "Row 11"
    note.get_by_role("button", name="Decide here anyway").click()
    expect(note).to_contain_text("You chose to decide here anyway")
    page.wait_for_load_state()
    press(page, "q", "Row 21")


def test_the_key_of_auto_fix_names_its_result(review: Review) -> None:
    page = review()
    expect(page.get_by_role("button", name="Auto-fix: delivery")).to_be_visible()
    page.goto(page.url.split("?")[0] + "?issue=outlier")
    expect(page.get_by_role("button", name="Auto-fix: Exclude (advice)")).to_be_visible()
    page.goto(page.url.split("?")[0] + "?issue=well_labeled")
    expect(page.get_by_role("button", name="No suggestion")).to_be_disabled()
    page.keyboard.press("w")
    expect(page.locator("#review-notice")).to_have_text(
        "This row has no suggestion to apply. Keep it, exclude it, or choose a label."
    )


def test_last_action_is_shown_above_the_table_without_moving_it(review: Review) -> None:
    page = review()
    top = page.locator(".review-table").bounding_box()
    page.get_by_role("link", name="Clean top K").click()
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Apply to 12 rows").click()
    toast = page.get_by_role("status", name="Notices")
    expect(toast).to_contain_text("Auto-fix 12 rows: done.")
    assert page.locator(".review-table").bounding_box() == top
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator("#review-counts")).to_contain_text("0 of 12")


def test_the_table_is_one_stop_on_the_way_of_the_tab_key(review: Review) -> None:
    page = review()
    assert page.locator(".review-table td a[tabindex='0']").count() == 1
    assert page.locator(".review-table td.col-select input[tabindex='0']").count() == 1
    press(page, "j", "Row 11")
    expect(page.locator("#row-10 td a")).to_have_attribute("tabindex", "0")


def test_classes_used_last_come_first_in_the_list(review: Review) -> None:
    page = review()
    page.keyboard.press("l")
    page.keyboard.type("login")
    page.keyboard.press("Enter")
    expect(page.locator("#row-title")).to_have_text("Row 11")
    page.keyboard.press("l")
    page.keyboard.press("ArrowDown")
    expect(matching(page).first).to_have_text("login")
