"""Takes the pictures of docs/tutorial.md: starts a studio and walks through the sample in Chromium.

`.venv/bin/python -m tests.pictures` writes them to docs/pictures/.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests.programs import ROOT, free_port, program, running, studio_environment, wait_until

FOLDER = ROOT / "docs/pictures"
RUN_MS = 120_000  # how long a run on the sample may take on a busy machine
SIZE: ViewportSize = {"width": 1200, "height": 800}


def main() -> None:
    """Take all pictures."""
    FOLDER.mkdir(exist_ok=True)
    port = free_port()
    url = f"http://localhost:{port}"
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        log = data / "up.log"
        environment = studio_environment(data, PORT=str(port))
        with running([sys.executable, "manage.py", "up"], environment=environment, log=log):
            wait_until(lambda: "Its data is in" in log.read_text(), timeout_s=120, log=log)
            walk(url, data)


def walk(url: str, folder: Path) -> None:
    """Go from the sample to predictions, as the tutorial does."""
    chromium = program("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_context(base_url=url, viewport=SIZE, reduced_motion="reduce").new_page()
        sign_up(page)
        page.get_by_role("link", name="Upload dataset").first.click()
        page.get_by_role("button", name="Try the sample").click()
        page.get_by_role("link", name="Create project").first.click(timeout=RUN_MS)
        take(page, "choose")
        page.get_by_label("Fast").check()
        page.get_by_role("button", name="Start").click()
        page.locator("#row-panel").wait_for(timeout=RUN_MS)
        take(page, "review")
        page.get_by_role("button", name="Auto-fix").click()
        review = page.url.split("?")[0]
        page.goto(f"{review}/details")
        take(page, "analysis")
        page.goto(review)
        page.get_by_role("link", name="Deploy Model").click()
        page.get_by_role("button", name="Deploy Model").click()
        page.locator("input[type=file]").wait_for(state="attached", timeout=RUN_MS)
        take(page, "model")
        predict(page, folder)
        take(page, "predictions")
        browser.close()


def sign_up(page: Page) -> None:
    """Create the owner's account."""
    page.goto("/")
    page.get_by_label("E-mail").fill("owner@example.org")
    page.get_by_label("Password").fill("three plain words")
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/")


def predict(page: Page, folder: Path) -> None:
    """Predict a small file and open its page."""
    (folder / "new.csv").write_text(
        "message\nMy parcel never came.\nI was charged twice.\nI cannot log in.\n"
    )
    page.locator("input[type=file]").set_input_files(folder / "new.csv")
    page.get_by_role("button", name="Predict New Labels").click()
    page.get_by_role("link", name="Export").first.wait_for(timeout=RUN_MS)
    page.locator("main a[href^='/predictions/']:not([href$='/export'])").first.click()
    page.wait_for_url("**/predictions/**")


def take(page: Page, name: str) -> None:
    """Save what is shown as docs/pictures/NAME.png."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
