"""Every page of the studio, opened once by somebody whose every name, cell and note is markup.

What another site makes a browser send changes nothing; what people wrote stays text; each answer
has the headers that keep it to this site and this browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import quote, urlencode, urljoin
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from studio.accounts import second_factor
from studio.middleware import POLICY
from studio.runs import Run, Status
from tests.cast import PASSWORD, make_user
from tests.html_forms import HtmlForm, forms_of
from tests.planted import alive_in, make_planted, planted, shown_in
from tests.quality.conftest import changes
from tests.quality.test_url_permissions import OWNED, PERSONAL, PUBLIC, path_of
from tests.world import Account, account_of

pytestmark = pytest.mark.django_db

REFUSED, NOT_FOUND = 403, 404
PAGES = PERSONAL | OWNED
ARGUMENTS = {"signup-invited": ["no-token"], "password-reset-confirm": ["MQ", "no-token"]}
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Numbers without names or cells, several MB of them, which the account's own browser may keep.
KEPT_BY_BROWSERS = {"projection-points": "private, max-age=31536000, immutable"}
FOR_SCRIPTS = {"cleanset-row-why-line", "projection-points", "projection-colours"}
SHOWN = {
    "AccountSession.browser",
    "ActionRun.title",
    "ApiKey.name",
    "AppendedFile.filename",
    "Cleanset.log",
    "Cleanset.name",
    "Cleanset.note",
    "CorrectionsFile.filename",
    "Dataset.name",
    "DatasetVersion.filename",
    "DeployedModel.intended_use",
    "DeployedModel.name",
    "DeployedModel.onnx_refusal",
    "ModelRun.name",
    "ModelRun.notes",
    "PredictionBatch.filename",
    "Project.name",
    "ReviewAction.description",
    "SavedConfiguration.name",
    "SavedView.description",
    "SavedView.name",
    "User.email",
    "User.name",
    "batch note",
    "below 5",  # a value in the report of a prediction
    "billing",  # a class
    "channel",
    "channel = mail",  # a group of rows, in the health of the dataset
    "hello",  # a cell to predict
    "metric",
    "new class",
    "project note",
    "run tag",
    "topic",
    "voter",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A page as it was answered, whole and as a part, and what opening it changed."""

    responses: tuple[HttpResponse, HttpResponse]
    changes: list[object]

    @property
    def texts(self) -> list[str]:
        """The answers that a browser reads as a page."""
        return [
            response.content.decode()
            for response in self.responses
            if response["Content-Type"].startswith("text/html")
        ]


@pytest.fixture(scope="module")
def mallory(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Account]:
    """Return the account in which everything is markup."""
    with django_db_blocker.unblock(), transaction.atomic():
        user = make_user("mallory", is_owner=True)
        second_factor.new_device(user)  # which its page makes, once
        yield account_of(user, make_planted(user).ids)
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def paths(mallory: Account) -> dict[str, str]:
    """Return the address of each page, with the account's things in it."""
    found = {name: reverse(name, args=ARGUMENTS.get(name)) for name in PUBLIC}
    for name, address in PAGES.items():
        path = path_of(mallory.ids, name, address) if name in OWNED else reverse(name)
        found[name] = f"{path}?{address.data}" if address.method == "get" else path
    return found


@pytest.fixture(scope="module")
def opened(mallory: Account, paths: dict[str, str]) -> dict[str, Opened]:
    """Open each page."""
    return {name: open_page(mallory.browser(), paths[name]) for name in PAGES}


def open_page(client: Client, path: str) -> Opened:
    with changes() as changed:
        responses = client.get(path), client.get(path, headers={"HX-Request": "true"})
        for response in responses:
            response.getvalue()
    return Opened(responses, changed)


@pytest.mark.parametrize("name", PUBLIC | PAGES)
def test_form_without_its_token_is_refused(
    name: str, mallory: Account, paths: dict[str, str]
) -> None:
    other_site = mallory.browser(enforce_csrf_checks=True)
    assert other_site.post(paths[name]).status_code == REFUSED


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_token_is_asked_for_whatever_the_method(method: str, mallory: Account) -> None:
    other_site = mallory.browser(enforce_csrf_checks=True)
    assert other_site.generic(method, reverse("account")).status_code == REFUSED


@pytest.mark.parametrize("name", ["login", "signup", "password-reset"])
def test_form_of_a_visitor_needs_its_token_too(name: str) -> None:
    other_site = Client(enforce_csrf_checks=True)
    assert other_site.post(reverse(name)).status_code == REFUSED


@pytest.mark.parametrize("name", PAGES)
def test_opening_a_page_changes_nothing(name: str, opened: dict[str, Opened]) -> None:
    assert opened[name].changes == []


@pytest.mark.parametrize("name", PAGES)
def test_markup_stays_text(name: str, opened: dict[str, Opened]) -> None:
    assert [alive_in(text) for text in opened[name].texts] == [[]] * len(opened[name].texts)


def test_walk_sees_what_people_wrote(opened: dict[str, Opened]) -> None:
    shown = {text for page in opened.values() for answer in page.texts for text in shown_in(answer)}
    assert shown >= SHOWN


def test_markup_stays_text_where_a_run_failed(mallory: Account, paths: dict[str, str]) -> None:
    runs = [table for table in apps.get_models() if issubclass(table, Run)]
    for table in runs:
        table._base_manager.update(status=Status.FAILED, finished_at=timezone.now())
    shown = set()
    for name in PAGES:
        response = mallory.browser().get(paths[name])
        if response["Content-Type"].startswith("text/html"):
            text = response.content.decode()
            shown |= shown_in(text)
            assert alive_in(text) == [], name
    assert shown >= {f"{table.__name__}.error_message" for table in runs}


def test_markup_stays_text_where_a_form_answers_it(
    mallory: Account, paths: dict[str, str], opened: dict[str, Opened]
) -> None:
    shown = set()
    for path, form in each_form(paths, opened):
        for values in with_markup(form):
            with transaction.atomic():
                response = getattr(mallory.browser(), form.method)(path, values, follow=True)
                transaction.set_rollback(True)
            assert response.status_code < 500, (path, values)
            if response["Content-Type"].startswith("text/html"):
                text = response.content.decode()
                assert alive_in(text) == [], (path, values)
                shown |= shown_in(text) & values.keys()
    assert shown >= {"q", "name", "given", "email-email", "tags"}


def with_markup(form: HtmlForm) -> Iterator[dict[str, list[str]]]:
    """Yield what a form sends with markup in its fields: in all at once, or in one after another
    where the first bad value ends the check.
    """
    values: dict[str, list[str]] = {}
    for name, value in form.pairs:
        values.setdefault(name, []).append(value)
    fields = sorted(values.keys() - {"csrfmiddlewaretoken"})
    if form.method == "post":
        yield values | {field: [planted(field)] for field in fields}
    else:
        yield from (values | {field: [planted(field)]} for field in fields)


def each_form(paths: dict[str, str], opened: dict[str, Opened]) -> Iterator[tuple[str, HtmlForm]]:
    """Yield the forms of all pages, one of each sort, with their addresses."""
    known = set()
    for name in PAGES:
        for form in (form for text in opened[name].texts for form in forms_of(text)):
            address = urljoin(paths[name], form.action)
            sort = re.sub(r"[0-9a-f-]{32,}|\d+", "", address.partition("?")[0])
            fields = frozenset(field for field, _ in form.pairs) - {"csrfmiddlewaretoken"}
            if fields and (sort, form.method, fields) not in known:
                known.add((sort, form.method, fields))
                yield address, form


@pytest.mark.parametrize("name", PAGES)
def test_answer_is_kept_to_this_site_and_this_browser(name: str, opened: dict[str, Opened]) -> None:
    for response in opened[name].responses:
        assert HEADERS.items() <= dict(response.items()).items()
        assert KEPT_BY_BROWSERS.get(name, "no-store") in response["Cache-Control"]
        is_page = response["Content-Type"].startswith("text/html")
        if response.status_code == 200 and not is_page and name not in FOR_SCRIPTS:
            assert response["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/login", 200),
        ("GET", "/signup", 200),
        ("GET", "/password-reset", 200),
        ("GET", "/", 302),
        ("GET", "/no-such-page", 404),
        ("GET", "/healthz", 200),
        ("POST", "/login", 403),
        ("GET", "/api/v1/account", 401),
        ("GET", "/api/docs", 200),
        ("GET", "/api/openapi.json", 200),
        ("GET", "/api/no-such-call", 404),
        ("GET", "/static/css/studio.css", 200),
        ("GET", "/static/img/logo.svg", 200),
    ],
)
def test_visitors_answer_is_kept_to_this_site(
    method: str, path: str, status: int, mallory: Account
) -> None:
    response = Client(enforce_csrf_checks=True).generic(method, path)
    assert response.status_code == status
    assert HEADERS.items() <= dict(response.items()).items()
    assert "Access-Control-Allow-Origin" not in response


def test_page_that_is_not_there_shows_no_markup_of_its_address(mallory: Account) -> None:
    response = mallory.browser().get(f"/{quote(planted('address'))}")
    assert response.status_code == NOT_FOUND
    assert alive_in(response.content.decode()) == []


@pytest.mark.parametrize("page", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_log_in_leads_to_no_other_site(page: str, mallory: Account) -> None:
    user = make_user("dora")
    answers = {"username": user.email, "password": PASSWORD, "next": page}
    response = Client().post(f"/login?{urlencode({'next': page})}", answers)
    assert response["Location"] == reverse("dashboard")


def test_documents_of_a_model_have_names_as_text(mallory: Account, paths: dict[str, str]) -> None:
    client = mallory.browser()
    card = client.get(paths["model-card"], {"format": "markdown"}).getvalue().decode()
    answer = client.get(paths["model-download"]).getvalue()
    with ZipFile(BytesIO(answer)) as archive:
        documents = [card, *(archive.read(f).decode() for f in ("README.md", "model-card.md"))]
    for document in documents:
        assert planted("DeployedModel.name")[:20] in document.replace("\\", "")
        outside_code = re.sub(r"`[^`]*`|``.*?``", "", document)
        assert re.search(r"(?<!\\)<", outside_code) is None
