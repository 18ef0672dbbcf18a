"""Reads the forms of a page as a browser without JavaScript would send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(slots=True)
class HtmlForm:
    """One form: where it goes, and the pairs that it sends when nothing is touched."""

    action: str
    method: str
    identity: str = ""
    pairs: list[tuple[str, str]] = field(default_factory=list)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[HtmlForm] = []
        self._open: HtmlForm | None = None
        self._select: tuple[HtmlForm, str] | None = None
        self._options: list[tuple[str, bool]] = []
        self._area: tuple[HtmlForm, str] | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = HtmlForm(
                values.get("action", ""), values.get("method", "get").lower(), values.get("id", "")
            )
            self.forms.append(self._open)
        form = self._form_of(values)
        if form is None or "disabled" in values:
            return
        if tag == "input" and _is_sent(values):
            ticked = "on" if values.get("type") in ("checkbox", "radio") else ""
            form.pairs.append((values["name"], values.get("value", ticked)))
        elif tag == "select":
            self._select, self._options = (form, values["name"]), []
        elif tag == "option" and self._select:
            self._options.append((values.get("value", ""), "selected" in values))
        elif tag == "textarea":
            self._area, self._text = (form, values["name"]), ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea" and self._area:
            self._area[0].pairs.append((self._area[1], self._text))
            self._area = None
        elif tag == "select" and self._select and self._options:
            chosen = [value for value, is_chosen in self._options if is_chosen] or [
                self._options[0][0]
            ]
            self._select[0].pairs.append((self._select[1], chosen[0]))
            self._select = None

    def _form_of(self, values: dict[str, str]) -> HtmlForm | None:
        if identity := values.get("form"):
            return next((form for form in self.forms if form.identity == identity), None)
        return self._open


def _is_sent(values: dict[str, str]) -> bool:
    kind = values.get("type", "text")
    if not values.get("name") or kind in ("submit", "button", "file", "reset", "image"):
        return False
    return kind not in ("checkbox", "radio") or "checked" in values


def forms_of(html: str) -> list[HtmlForm]:
    """Return the forms of a page in their order."""
    parser = _Parser()
    parser.feed(html)
    return parser.forms
