"""Rows that are appended, and versions: by keyboard, in two tabs, with the network cut, without
JavaScript, on a phone.
"""

from __future__ import annotations

import contextlib

from playwright.sync_api import Error, FilePayload, Page, expect

from tests.browser.conftest import Review, assert_accessible
from tests.browser.reviewable_account import PARTLY_LABELED

RUN_MS = 60_000


def file_of(*rows: str) -> FilePayload:
    lines = "\n".join(["ticket,message,topic", *rows, ""])
    return {"name": "tickets.csv", "mimeType": "text/csv", "buffer": lines.encode()}


def send(page: Page, file: FilePayload, button: str) -> None:
    page.locator("input[type=file]").set_input_files(file)
    submit = page.get_by_role("button", name=button)
    if submit.is_visible():
        submit.press("Enter")


def test_rows_of_two_tabs_are_appended_and_a_cut_network_loses_nothing(page: Page) -> None:
    page.get_by_role("link", name="Upload dataset").first.press("Enter")
    send(page, file_of("7,lost card,card", "8,late parcel,parcel"), "Upload")
    page.get_by_role("link", name="Create project").first.wait_for(timeout=RUN_MS)
    dataset = page.url
    other = page.context.new_page()
    for tab, row in ((page, "10,no refund,card"), (other, "11,wrong size,parcel")):
        tab.goto(f"{dataset}/append")
        send(tab, file_of("8,late parcel,parcel", row), "Upload and preview")
        append = tab.get_by_role("button", name="Append 1 row")
        append.wait_for(timeout=RUN_MS)
    assert_accessible(page)
    preview = page.url
    page.context.set_offline(True)
    with contextlib.suppress(Error):  # the browser shows a page of its own
        page.get_by_role("button", name="Append 1 row").press("Enter")
    page.context.set_offline(False)
    page.goto(preview)
    page.get_by_role("button", name="Append 1 row").press("Enter")
    page.wait_for_url(dataset)
    expect(page.get_by_text("3 rows", exact=True)).to_be_visible(timeout=RUN_MS)
    append.press("Enter")
    expect(other.get_by_text("has grown to version 2")).to_be_visible()


def test_versions_and_auto_labels_work_on_a_phone_without_javascript(review: Review) -> None:
    page = review(task=PARTLY_LABELED, width=390, dark=True, javascript=False)
    page.get_by_label("Labels should be right").select_option("80")
    page.get_by_role("button", name="Recommend").click()
    expect(page.get_by_label("0.60 and more")).to_be_checked()
    page.get_by_role("button", name="Label these rows").click()
    expect(page.get_by_role("button", name="Undo the last action")).to_be_visible()
    page.get_by_role("link", name="Versions").click()
    page.get_by_text("Name and note").click()
    page.get_by_label("Name", exact=True).fill("Before the audit")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Version 1: Before the audit")).to_be_visible()
    page.get_by_role("link", name="Append rows").click()
    expect(page.get_by_role("button", name="Upload and preview")).to_be_visible()
