"""A person with a browser without JavaScript: follows links, fills in the forms that a page really
has.

`HttpVisitor` talks to a running studio; `ClientVisitor` to the code in this process.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import requests
from django.test import Client

from tests.html_forms import HtmlForm, forms_of

Pairs = Sequence[tuple[str, str]]
File = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, after redirects."""

    status: int
    path: str
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()


class Visitor(ABC):
    """What both visitors can do."""

    page: Answer

    @abstractmethod
    def _request(self, method: str, path: str, pairs: Pairs, files: dict[str, File]) -> Answer:
        """Send a request and follow its redirects."""

    def open(self, path: str) -> Answer:
        """Open a page that must be there."""
        self.page = self._request("get", path, [], {})
        assert self.page.status == 200, (path, self.page.status)
        return self.page

    def _target(self, form: HtmlForm) -> str:
        return urljoin(self.page.path, form.action or self.page.path)

    def form(self, action: str) -> HtmlForm:
        """Return the form of the page whose address ends so; one that posts before one that only
        asks.
        """
        found = [
            form
            for form in forms_of(self.page.text)
            if urlsplit(self._target(form)).path.endswith(action)
        ]
        assert found, f"no form to {action!r} on {self.page.path}"
        return min(found, key=lambda form: form.method != "post")

    def submit(self, action: str, *, file: File | None = None, **values: str) -> Answer:
        """Send a form of the page with some values changed, everything else as the page proposes
        it.
        """
        form = self.form(action)
        pairs = [(name, value) for name, value in form.pairs if name not in values] + list(
            values.items()
        )
        path = self._target(form)
        self.page = self._request(form.method, path, pairs, {"file": file} if file else {})
        assert self.page.status == 200, (path, self.page.status, self.page.text[-3000:])
        return self.page


class ClientVisitor(Visitor):
    """Visits the code in this process."""

    def __init__(self) -> None:
        self._client = Client(enforce_csrf_checks=True)

    def _request(self, method: str, path: str, pairs: Pairs, files: dict[str, File]) -> Answer:
        data: dict[str, object] = {}
        for name, value in pairs:
            data.setdefault(name, [])
            data[name].append(value)  # type: ignore[attr-defined]
        for name, (filename, content) in files.items():
            data[name] = io.BytesIO(content)
            data[name].name = filename  # type: ignore[attr-defined]
        response = getattr(self._client, method)(path, data, follow=True)
        last = response.redirect_chain[-1][0] if response.redirect_chain else path
        return Answer(
            response.status_code,
            last,
            b"".join(response) if response.streaming else response.content,
        )


class HttpVisitor(Visitor):
    """Visits a running studio."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self.session = requests.Session()

    def _request(self, method: str, path: str, pairs: Pairs, files: dict[str, File]) -> Answer:
        sent = {"params": pairs} if method == "get" else {"data": pairs, "files": files or None}
        response = self.session.request(method, self._base_url + path, timeout=60, **sent)  # type: ignore[arg-type]
        parts = urlsplit(response.url)
        return Answer(
            response.status_code, parts._replace(scheme="", netloc="").geturl(), response.content
        )
