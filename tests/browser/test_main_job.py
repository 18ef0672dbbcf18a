"""The main job by mouse, on the sample, from an empty dashboard to downloaded predictions; and axe
on every page.
"""

from __future__ import annotations

import csv
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Studio, assert_accessible, log_in, sign_up

RUN_MS = 120_000  # how long a run on the sample may take on a busy machine


def test_a_file_becomes_reviewed_labels_a_model_and_predictions(
    studio: Studio, open_page: OpenPage, tmp_path: Path
) -> None:
    email = studio.new_account()
    page = open_page()
    sign_up(page, email)
    expect(page.get_by_role("heading", name="No projects yet")).to_be_visible()
    upload_sample(page)
    page.get_by_role("link", name="Create project").first.click()
    page.get_by_label("Fast").check()
    page.get_by_role("button", name="Start").click()
    page.locator("#row-panel").wait_for(timeout=RUN_MS)
    first = page.locator("#row-title").inner_text()
    page.get_by_role("button", name="Auto-fix").click()
    expect(page.locator("#row-title")).not_to_have_text(first)
    rows = downloaded_cleanset(page, tmp_path)
    assert sum(bool(row["cleanlab_corrected_label"]) for row in rows) == 1
    deploy(page)
    predictions = predicted(page, tmp_path)
    assert [row["message"] for row in predictions] == ["My parcel never came.", ""]
    assert {"billing", "delivery", "Suggested Label"} <= set(predictions[0])
    look_at_every_page(page, open_page, email)


def upload_sample(page: Page) -> None:
    """Take the sample in."""
    page.get_by_role("link", name="Upload dataset").first.click()
    page.get_by_role("button", name="Try the sample").click()
    page.get_by_role("link", name="Create project").first.wait_for(timeout=RUN_MS)


def downloaded_cleanset(page: Page, folder: Path) -> list[dict[str, str]]:
    """Export the cleanset as CSV."""
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export cleanset").click()
    return saved(download.value, folder / "cleanset.csv")


def saved(download: object, path: Path) -> list[dict[str, str]]:
    """Keep a download and read it."""
    download.save_as(path)  # type: ignore[attr-defined]
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def deploy(page: Page) -> None:
    """Deploy a model and wait for it."""
    page.get_by_role("link", name="Deploy Model").click()
    page.get_by_role("button", name="Deploy Model").click()
    page.locator("input[type=file]").wait_for(state="attached", timeout=RUN_MS)


def predicted(page: Page, folder: Path) -> list[dict[str, str]]:
    """Predict a file of two rows and export the result."""
    (folder / "other.csv").write_text("channel;body\nmail;My parcel never came.\n")
    page.locator("input[type=file]").set_input_files(folder / "other.csv")
    expect(page.locator("[data-drop-note]")).to_contain_text("does not name “message”")
    (folder / "new.csv").write_text("channel,message\nmail,My parcel never came.\nchat,\n")
    page.locator("input[type=file]").set_input_files(folder / "new.csv")
    expect(page.locator("[data-drop-note]")).to_be_hidden()
    page.get_by_role("button", name="Predict New Labels").click()
    page.get_by_role("link", name="Export").first.wait_for(timeout=RUN_MS)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").first.click()
    return saved(download.value, folder / "predictions.csv")


def look_at_every_page(page: Page, open_page: OpenPage, email: str) -> None:
    """Let axe look at every page that the job leads over: wide and light, narrow and dark."""
    model = page.url.split("?")[0]
    page.goto("/")
    links = [str(link.get_attribute("href")) for link in page.locator("main a").all()]
    dataset = next(link for link in links if "/datasets/" in link and "upload" not in link)
    cleanset = next(link for link in links if "/cleansets/" in link)
    create = f"/projects/create?dataset={dataset.rsplit('/', 1)[1]}"
    tabs = [f"{dataset}?tab={tab}" for tab in ("columns", "versions")]
    tabs += [f"{model}?tab={tab}" for tab in ("results", "details")]
    page.goto(f"{model}?tab=results")
    result = next(
        str(a.get_attribute("href")) for a in page.locator("main a[href^='/predictions/']").all()
    )
    addresses = [
        "/",
        "/datasets/upload",
        dataset,
        create,
        cleanset,
        f"{cleanset}/details",
        model,
        *tabs,
        "/account",
    ]
    phone = open_page(width=390, dark=True)
    log_in(phone, email)
    for address in (*addresses, result.removesuffix("/export")):
        for browser in (page, phone):
            browser.goto(address)
            assert_accessible(browser)
            assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
