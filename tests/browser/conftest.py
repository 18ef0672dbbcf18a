"""Browser tests: a real studio (`manage.py up`) on a free port, once a session, and Chromium to
look at it.

- `studio`: the running studio; its `url`, and `new_account()` for people of its own.
- `open_page(...)`: a page of a fresh browser; `account=` logs it in, `width=390` is a phone,
  `dark=True`, `javascript=False`. A script error or a refused resource (content security policy)
  fails the test at its end.
- `review(address, task=…)`: the review page of a ready cleanset, in an account of its own; options
as for `open_page`.
- `page`: `open_page()` of somebody who has just signed up.
- `assert_accessible(page)`: axe finds nothing.

All browser tests run in one test process (`tests/scheduling.py`), so that one studio serves them.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests import journey
from tests.cast import PASSWORD
from tests.programs import ROOT, free_port, program, running, studio_environment, wait_until
from tests.visitor import HttpVisitor

OpenPage = Callable[..., Page]
Review = Callable[..., Page]


@dataclass(frozen=True, slots=True)
class Studio:
    """A running studio."""

    url: str
    data_dir: Path
    log: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def new_account(self) -> str:
        """Return an address that nobody has yet; the password is everybody's."""
        return f"person{next(self._numbers)}@example.org"


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """Start a studio; the account of its owner exists."""
    program(
        "chromium", "chromium-browser", "google-chrome"
    )  # without a browser nothing needs to start
    data_dir = tmp_path_factory.mktemp("studio")
    log, port = data_dir / "up.log", free_port()
    command = [sys.executable, "manage.py", "up"]
    environment = studio_environment(data_dir, PORT=str(port), STUDIO_TRUSTED_PROXIES="1")
    with running(command, environment=environment, log=log):
        wait_until(lambda: "Its data is in" in log.read_text(), timeout_s=120, log=log)
        url = f"http://localhost:{port}"
        journey.sign_up(HttpVisitor(url), "owner@example.org")
        yield Studio(url, data_dir, log)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium."""
    path = program("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, studio: Studio) -> Iterator[OpenPage]:
    """Open pages of fresh browsers."""
    contexts = []
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # An expected 404 or 422, or a network that the test cut, is no script error.
        is_expected = "status of 4" in message.text or "INTERNET_DISCONNECTED" in message.text
        if message.type == "error" and not is_expected:
            problems.append(message.text)

    def open_one(
        *,
        account: str = "",
        width: int = 1440,
        dark: bool = False,
        javascript: bool = True,
        expects_errors: bool = False,
        **options: Any,
    ) -> Page:
        context = browser.new_context(
            base_url=studio.url,
            viewport={"width": width, "height": 900 if width > 600 else 844},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        if not expects_errors:
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("console", note)
        if account:
            log_in(page, account)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="session")
def reviewable_account(studio: Studio) -> Iterator[Callable[..., tuple[str, str]]]:
    """Make accounts with a cleanset for a task; return the address of its page and the key of a
    session.
    """
    command = [sys.executable, "-m", "tests.browser.reviewable_account"]
    environment = studio_environment(studio.data_dir) | {
        "DJANGO_SETTINGS_MODULE": "studio.settings"
    }
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as helper:
        assert helper.stdin is not None
        assert helper.stdout is not None

        def make(email: str, task: str, n_runs: int = 0) -> tuple[str, str]:
            helper.stdin.write(json.dumps([email, task, n_runs]) + "\n")
            helper.stdin.flush()
            address, session = json.loads(helper.stdout.readline())
            return address, session

        yield make
        helper.stdin.close()


@pytest.fixture
def review(
    studio: Studio, open_page: OpenPage, reviewable_account: Callable[..., tuple[str, str]]
) -> Review:
    """Open the review page of a new account; the options are those of `open_page`."""

    def open_review(address: str = "", *, task: str = "multi-class", **options: Any) -> Page:
        cleanset, session = reviewable_account(studio.new_account(), task)
        page = open_page(**options)
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": studio.url}])
        page.goto(cleanset + address)
        return page

    return open_review


@pytest.fixture
def page(open_page: OpenPage, studio: Studio) -> Page:
    """Open the dashboard of somebody who has just signed up."""
    page = open_page()
    sign_up(page, studio.new_account())
    return page


def sign_up(page: Page, email: str) -> None:
    """Make an account through the form, from an address of its own, as sign-ups are limited."""
    address = ip_address(zlib.crc32(email.encode()))
    page.set_extra_http_headers({"X-Forwarded-For": str(address)})
    page.goto("/signup")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/")


def log_in(page: Page, email: str) -> None:
    """Log in through the form."""
    page.goto("/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")


def assert_accessible(page: Page) -> None:
    """Fail with axe's report where it finds something."""
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
