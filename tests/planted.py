"""Markup wherever users write something, and a look for what of it became part of a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
from django.db import models
from django.db.models import Value
from django.db.models.functions import Cast, Concat

from cleansets import pipeline, services
from cleansets.models import Cleanset
from studio import storage, tables
from studio.accounts.models import User
from studio.engine.schema.explanation import EVERY_CLASS, Explanation
from tests.things import Things, make_things
from tests.unit.cleansets.test_health_page import HEALTH

TAG = "xss-7"
ATTRIBUTE = "onxss7"
EVALUATED = "EVALUATED-7"
MARKUP = (
    f"'\"><{TAG} {ATTRIBUTE}=1></{TAG}></script></textarea></title></style>-->"
    f"<{TAG}>{{{{'evaluated-7'|upper}}}}"
)
SHORT_MARKUP = f'"><{TAG}>'  # for names that may not be long
ADDRESS_ATTRIBUTES = {"href", "src", "action", "formaction", "xlink:href", "data", "srcdoc"}


def planted(text: str) -> str:
    """Return the text as an attacker would write it: an address of a script, then markup."""
    return f"javascript:{text}{MARKUP}"


class _Looker(HTMLParser):
    """Notes each element and attribute that the studio would not write."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == TAG:
            self.found.append(f"<{tag}> before {self.get_starttag_text()}")
        for name, value in attrs:
            text = value or ""
            self.texts.append(text)
            is_script = name in ADDRESS_ATTRIBUTES or name.startswith("hx-")
            if name.startswith("on") or (is_script and text.strip().startswith("javascript:")):
                self.found.append(f"<{tag} {name}={text[:80]}>")

    handle_startendtag = handle_starttag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def alive_in(page: str) -> list[str]:
    """Return what of the planted markup became a part of the page."""
    looker = _look(page)
    if any(EVALUATED in text for text in looker.texts):
        looker.found.append("an evaluated template")
    return looker.found


def shown_in(page: str) -> set[str]:
    """Return which planted texts the page shows."""
    return set(re.findall(r"javascript:(.+?)'\"><", "\n".join(_look(page).texts)))


def _look(page: str) -> _Looker:
    looker = _Looker()
    looker.feed(page)
    looker.close()
    return looker


# Text that the studio writes itself, or that has a meaning to it.
STUDIOS_OWN = {
    "AccountSession.session_data",
    "ApiKey.hash",
    "ApiKey.prefix",
    "Attempts",
    "Authenticator",
    "DatasetVersion.delimiter",
    "DatasetVersion.encoding",
    "DeployedModel.candidate",
    "IdempotentCall",
    "Invitation.token",
    "Project.label_column",
    "RecoveryCode",
    "ReviewAction.kind",
    "RowReview",
    "SavedView.params",
    "StoredFile",
    "TOTPDevice",
    "User.password",
    "Webhook.secret",
}
OWN_SUFFIXES = ("_key", "sha256", "etag", "stage")
REPORT_NAMES = ("message", "below 5")


def make_planted(owner: User) -> Things:
    """Make one thing of each sort, in which each name, cell, text and note is markup."""
    things = make_things(owner, rename=planted)
    _decide(things.cleanset)
    _explain(things.cleanset)
    _plant_documents(things)
    plant_texts(rows_of(things), planted)
    return things


def rows_of(things: Things) -> Iterator[models.QuerySet[Any]]:
    """Yield the rows of the things, and of what they belong to."""
    project = things.cleanset.project
    rows = [getattr(things, field.name) for field in fields(things)]
    for row in (*rows, project, project.version, project.version.dataset, things.key.owner):
        yield type(row)._base_manager.filter(pk=row.pk)
    yield things.cleanset.review_actions.all()


def _decide(cleanset: Cleanset) -> None:
    user = cleanset.created_by
    label = planted("new class")
    services.row_decide(cleanset=cleanset, user=user, row_id=10, choice="label", label=label)
    tag = f"tag{SHORT_MARKUP}"
    services.row_decide(cleanset=cleanset, user=user, row_id=0, choice=services.ADD_TAG, label=tag)


def _explain(cleanset: Cleanset) -> None:
    n_rows = cleanset.n_rows
    counts = [(planted("message"), "javascript", -1, code, n_rows) for code in (EVERY_CLASS, 0, 1)]
    counts += [("", "", -1, code, n_rows) for code in (EVERY_CLASS, 0, 1)]
    frame = pd.DataFrame(counts, columns=["column", "value", "level", "code", "n"])
    explanation = Explanation(
        voters=(planted("voter"), "Neural network"),
        votes=np.tile(np.array([[0, 2]], dtype=np.int16), (n_rows, 1)),
        class_thresholds=(0.7, 0.8, 0.9),
        space=np.arange(n_rows, dtype=np.float16)[:, None],
        leveled_columns=(),
        levels=np.empty((n_rows, 0), dtype=np.int16),
        value_counts=frame.astype({"level": "int16"}),
    )
    with tables.scratch() as folder:
        for name in pipeline.write_explanation(explanation, folder):
            key = tables.publish(folder / name, storage.cleanset_file(cleanset.pk, 1, name))
            setattr(cleanset, f"{name.partition('.')[0]}_key", key)
    cleanset.explained = pipeline.explained_names(explanation)
    cleanset.health = renamed(HEALTH.to_dict())
    cleanset.save()


def _plant_documents(things: Things) -> None:
    """Write markup into the names within documents."""
    project = things.cleanset.project
    version = project.version
    run = things.evaluation
    batch = things.batch
    project.notes = [planted("project note")]
    version.notes = [planted("version note")]
    run.tags = [planted("run tag")]
    run.custom_metrics = {planted("metric"): 1.5}
    batch.notes = [planted("batch note")]
    missing = {"name": planted("missing column"), "candidates": [planted("file column")]}
    batch.missing_columns = [missing]
    batch.file_columns = [planted("file column")]
    batch.report = renamed(batch.report, only=REPORT_NAMES)
    for row in (project, version, run, batch):
        row.save()


def renamed(document: Any, *, only: Sequence[str] = ()) -> Any:
    """Return the document with markup in place of its texts, or of those named."""
    if isinstance(document, str):
        return planted(document) if document in only or not only else document
    if isinstance(document, list | tuple):
        return [renamed(part, only=only) for part in document]
    if isinstance(document, dict):
        return {name: renamed(part, only=only) for name, part in document.items()}
    return document


def plant_texts(rows: Iterable[models.QuerySet[Any]], write: Callable[[str], str]) -> None:
    """Write something into each text of the rows, by the name of its field."""
    for queryset in rows:
        for field in queryset.model._meta.concrete_fields:
            if _is_planted(queryset.model, field):
                # With its number, where two rows may not have the same text.
                text = Value(write(f"{queryset.model.__name__}.{field.name}"))
                number = Cast("pk", models.TextField())
                queryset.update(**{field.name: Concat(text, number)})


def _is_planted(table: type[models.Model], field: models.Field[Any, Any]) -> bool:
    is_text = isinstance(field, models.CharField | models.TextField) and not field.choices
    if not is_text or field.primary_key or field.name.endswith(OWN_SUFFIXES):
        return False
    if table._meta.app_label in ("auth", "contenttypes"):
        return False
    return STUDIOS_OWN.isdisjoint({table.__name__, f"{table.__name__}.{field.name}"})
