"""Every address of the studio against everybody: visitors log in, strangers find nothing, owners
find theirs.

A new address fails `test_table_has_every_address` until it is listed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from studio.accounts import services as accounts
from tests.world import World

pytestmark = pytest.mark.django_db

OK, FOUND, NOT_FOUND, UNPROCESSABLE = 200, 302, 404, 422


@dataclass(frozen=True, slots=True)
class Address:
    """How an address is asked, and what its owner gets."""

    method: str
    owner: int
    of: str = ""  # which of alice's things is in the address
    data: str = ""
    row_id: int | None = None
    extra: str = ""  # what else is in the address


PUBLIC = {  # what a visitor gets; the studio has an owner already
    "healthz": OK,
    "login": OK,
    "login-code": FOUND,  # to the log-in, which asks for the password first
    "signup": OK,
    "signup-invited": OK,
    "password-reset": OK,
    "password-reset-done": OK,
    "password-reset-confirm": OK,
    "password-reset-complete": OK,
}
PERSONAL = {  # of whoever is logged in
    "dashboard": Address("get", OK),
    "logout": Address("post", FOUND),
    "password-change": Address("get", OK),
    "account": Address("get", OK),
    "email-change-ask": Address("post", OK),
    "second-factor": Address("get", OK),
    "second-factor-off": Address("post", FOUND),  # it is off
    "recovery-codes-renew": Address("post", FOUND),
    "review-keys": Address("post", FOUND),
    "sessions-end": Address("post", FOUND),
    "api-key-create": Address("post", OK, data="key-name=notebook&key-scope=read"),
    "dataset-upload": Address("get", OK),
    "dataset-sample": Address("post", FOUND),
    "project-create": Address("get", OK),
}
OWNED = {
    "api-key-revoke": Address("post", FOUND, "key"),
    "email-change": Address("get", OK, "email_token"),
    "session-end": Address("post", FOUND, "session"),
    "people": Address("get", OK),
    "second-factor-require": Address("post", FOUND, data="required=0"),
    "person-deactivate": Address("post", FOUND, "person"),
    "person-activate": Address("post", FOUND, "person"),
    "person-remove": Address("get", OK, "person"),
    "invitation-create": Address(
        "post", FOUND, data="email=dora@example.org"
    ),  # the studio itself is alice's
    "dataset": Address("get", OK, "dataset"),
    "dataset-upload-version": Address("get", OK, "dataset"),
    "dataset-append": Address("get", OK, "dataset"),
    "dataset-append-file": Address("get", OK, "appended"),
    "dataset-append-run": Address("get", OK, "appended"),
    "dataset-append-cancel": Address("post", FOUND, "appended"),
    "dataset-append-apply": Address("post", FOUND, "appended", data="recognise=content&known=skip"),
    "dataset-read": Address("post", UNPROCESSABLE, "dataset"),  # its file was never stored
    "dataset-version-remove": Address("post", UNPROCESSABLE, "dataset", row_id=1),  # it has rows
    "dataset-rename": Address("get", OK, "dataset"),
    "dataset-kinds": Address("post", UNPROCESSABLE, "dataset"),  # without kinds
    "dataset-run": Address("get", FOUND, "dataset"),
    "dataset-cancel": Address("post", FOUND, "dataset"),
    "dataset-delete": Address("get", OK, "dataset"),
    "project": Address("get", FOUND, "project"),
    "project-settings": Address("get", OK, "project"),
    "project-delete": Address("post", FOUND, "project"),
    "project-versions": Address("get", OK, "project"),
    "versions-compare": Address("get", UNPROCESSABLE, "project"),  # there is only one
    "project-grow": Address("post", UNPROCESSABLE, "project"),  # it has all rows
    "version-describe": Address("post", FOUND, "cleanset", data="name=June"),
    "version-restore": Address("post", UNPROCESSABLE, "cleanset"),  # it is the current one
    "cleanset-auto-labels": Address("get", UNPROCESSABLE, "cleanset"),  # one row is unlabeled
    "cleanset-auto-label-apply": Address("post", UNPROCESSABLE, "cleanset", data="threshold=0.9"),
    "cleanset": Address("get", OK, "cleanset"),
    "cleanset-details": Address("get", OK, "cleanset"),
    "cleanset-analytics": Address("get", OK, "cleanset"),
    "cleanset-advice": Address("get", OK, "cleanset"),
    "cleanset-run": Address("get", OK, "cleanset"),
    "cleanset-cancel": Address("post", FOUND, "cleanset"),
    "cleanset-improve": Address("post", UNPROCESSABLE, "cleanset"),  # no row is decided yet
    "cleanset-manifest": Address("get", OK, "cleanset"),
    "cleanset-rerun": Address("post", UNPROCESSABLE, "cleanset"),  # it has not failed
    "cleanset-decide": Address("post", FOUND, "cleanset", data="choice=keep&next=1", row_id=0),
    "cleanset-decide-here": Address("post", FOUND, "cleanset"),
    "cleanset-saved-views": Address("get", OK, "cleanset"),
    "cleanset-view-save": Address("post", FOUND, "cleanset", data="name=mine"),
    "cleanset-view-delete": Address("post", FOUND, "saved_view"),
    "cleanset-layout": Address("post", FOUND, "cleanset", data="column=message&own=message"),
    "cleanset-selection-decide": Address("post", FOUND, "cleanset", data="choice=keep&rows=0"),
    "cleanset-history": Address("get", OK, "cleanset"),
    "cleanset-history-export": Address("get", OK, "cleanset"),
    "cleanset-action-revert": Address(
        "post", NOT_FOUND, "cleanset", extra=str(UUID(int=0))
    ),  # no such action
    "cleanset-corrections-upload": Address("get", OK, "cleanset"),
    "cleanset-corrections": Address("get", OK, "corrections"),
    "cleanset-corrections-run": Address("get", OK, "corrections"),
    "cleanset-corrections-cancel": Address("post", FOUND, "corrections"),
    "cleanset-corrections-apply": Address(
        "post", FOUND, "corrections", data="rows_by=row_id&label=corrected_label"
    ),
    "cleanset-action-run": Address("get", OK, "action_run"),
    "cleanset-action-progress": Address("get", OK, "action_run"),
    "cleanset-action-cancel": Address("post", FOUND, "action_run"),
    "cleanset-redo": Address("post", UNPROCESSABLE, "cleanset"),  # nothing was undone yet
    "cleanset-classes": Address("get", OK, "cleanset"),
    "cleanset-class-change": Address("post", FOUND, "cleanset", data="old=delivery&new=login"),
    "cleanset-row-why": Address("get", OK, "cleanset", row_id=0),
    "cleanset-row-why-line": Address("get", OK, "cleanset", row_id=0),
    "cleanset-row-history": Address("get", OK, "cleanset", row_id=0),
    "cleanset-undo": Address("post", UNPROCESSABLE, "cleanset"),  # nothing was done yet
    "cleanset-top-k": Address("get", OK, "cleanset"),
    "cleanset-top-k-apply": Address("post", FOUND, "cleanset", data="k=1&choice=exclude"),
    "cleanset-export": Address("get", OK, "cleanset", data="mode=default&file_format=csv"),
    "model-deploy": Address("get", OK, "cleanset"),
    "model": Address("get", OK, "model"),
    "model-run": Address("get", FOUND, "model"),
    "model-cancel": Address("post", FOUND, "model"),
    "model-rename": Address("post", FOUND, "model", data="name=mine"),
    "model-current": Address("post", FOUND, "model"),
    "model-retire": Address("post", FOUND, "model"),
    "model-retry": Address("post", UNPROCESSABLE, "model"),  # it has not failed
    "model-delete": Address("post", FOUND, "model"),
    "model-template": Address("get", OK, "model"),
    "model-card": Address("get", OK, "model"),
    "model-intended-use": Address("post", FOUND, "model"),
    "model-download": Address("get", OK, "model"),
    "model-onnx": Address("get", UNPROCESSABLE, "model"),  # it was not exported
    "evaluations": Address("get", OK, "project"),
    "evaluation-import": Address("post", UNPROCESSABLE, "project"),  # without a file
    "analysis-new": Address("get", OK, "project"),
    "configuration-import": Address("post", UNPROCESSABLE, "project"),  # without a file
    "configuration-export": Address("get", OK, "configuration"),
    "configuration-delete": Address("post", FOUND, "configuration"),
    "evaluation-configuration": Address("get", OK, "evaluation"),
    "evaluation": Address("get", OK, "evaluation"),
    "evaluation-run": Address("get", FOUND, "evaluation"),
    "evaluation-cancel": Address("post", FOUND, "evaluation"),
    "evaluation-describe": Address("post", FOUND, "evaluation", data="name=June"),
    "evaluation-again": Address("post", FOUND, "evaluation"),
    "evaluation-issues": Address("post", UNPROCESSABLE, "evaluation"),  # it is no import
    "evaluation-delete": Address("post", FOUND, "evaluation"),
    "evaluation-threshold": Address("post", UNPROCESSABLE, "evaluation"),  # it is no model's
    "evaluation-compare": Address("get", OK, "evaluation"),
    "evaluation-rows": Address("get", OK, "evaluation"),
    "evaluation-map": Address("get", OK, "evaluation"),
    "projection-start": Address("post", FOUND, "evaluation", data="method=pca"),
    "projection-run": Address("get", FOUND, "projection"),
    "projection-cancel": Address("post", FOUND, "projection"),
    "projection-points": Address("get", OK, "projection"),
    "projection-colours": Address("get", OK, "projection"),
    "projection-row": Address("get", OK, "projection", row_id=0),
    "evaluation-gallery": Address("get", OK, "evaluation"),
    "evaluation-slices": Address("get", OK, "evaluation"),
    "evaluation-slice-save": Address("post", UNPROCESSABLE, "evaluation"),  # without a name
    "prediction-upload": Address("post", UNPROCESSABLE, "model"),  # without a file
    "prediction-row": Address("post", UNPROCESSABLE, "model"),  # without a cell
    "prediction": Address("get", OK, "batch"),
    "prediction-run": Address("get", FOUND, "batch"),
    "prediction-cancel": Address("post", FOUND, "batch"),
    "prediction-retry": Address("post", UNPROCESSABLE, "batch"),  # it has not failed
    "prediction-export": Address("get", OK, "batch"),
    "prediction-report": Address("get", OK, "batch"),
    "prediction-uncertain": Address("get", OK, "batch"),
    "prediction-review": Address("post", FOUND, "batch"),
    "prediction-delete": Address("post", FOUND, "batch"),
}


def names_of(patterns: list[URLPattern | URLResolver]) -> set[str]:
    """Return the names of all addresses below these patterns but those of the API, which has a
    table of its own.
    """
    names: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and str(pattern.pattern) == "api/":
            continue
        if isinstance(pattern, URLResolver):
            names |= names_of(pattern.url_patterns)
        else:
            assert pattern.name, f"{pattern.pattern} has no name"
            names.add(pattern.name)
    return names


def path_of(ids: Mapping[str, Any], name: str, address: Address) -> str:
    """Return the path to one of these things."""
    arguments = [ids[address.of]] if address.of else []
    further = [part for part in (address.row_id, address.extra) if part not in (None, "")]
    return reverse(name, args=[*arguments, *further])


def ask(client: Client, path: str, address: Address) -> int:
    """Return the status of the answer."""
    if address.method == "post":
        return client.post(
            path, address.data, content_type="application/x-www-form-urlencoded"
        ).status_code
    return client.get(f"{path}?{address.data}").status_code


def test_table_has_every_address() -> None:
    assert names_of(get_resolver().url_patterns) == PUBLIC.keys() | PERSONAL.keys() | OWNED.keys()


@pytest.mark.parametrize("name", PUBLIC)
def test_visitor_may_open(name: str, world: World, client: Client) -> None:
    invitation = accounts.invitation_create(invited_by=world.alice.user, email="dora@example.org")
    arguments = {"signup-invited": [invitation.token], "password-reset-confirm": ["MQ", "no-token"]}
    assert client.get(reverse(name, args=arguments.get(name))).status_code == PUBLIC[name]


@pytest.mark.parametrize("name", PERSONAL)
def test_page_of_whoever_is_logged_in(name: str, world: World, client: Client) -> None:
    address, path = PERSONAL[name], reverse(name)
    if name != "logout":
        assert client.generic(address.method, path)["Location"] == f"{reverse('login')}?next={path}"
    assert ask(world.charlie.browser(), path, address) == address.owner


@pytest.mark.parametrize("name", OWNED)
def test_only_alice_finds_what_is_hers(name: str, world: World, client: Client) -> None:
    address = OWNED[name]
    path = path_of(world.alice.ids, name, address)
    visitor = client.generic(address.method, path)
    assert visitor["Location"] == f"{reverse('login')}?next={quote(path)}"
    assert ask(world.charlie.browser(), path, address) == NOT_FOUND
    assert ask(world.bob.browser(), path, address) == NOT_FOUND
    assert ask(world.alice.browser(), path, address) == address.owner
