"""A version that a newer one has replaced takes decisions only where the reviewer chose to make
them there.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from cleansets.models import Cleanset
from studio.accounts.models import User
from studio.runs import Status
from tests.factories import make_cleanset
from tests.reviewable import make_reviewable

ADDRESSES = [
    ("cleanset-decide", [0], {"choice": "keep", "next": "10"}),
    ("cleanset-top-k-apply", [], {"k": "3", "choice": "exclude"}),
    ("cleanset-undo", [], {}),
    ("cleanset-improve", [], {}),
]


def page_of(browser: Client, cleanset: Cleanset) -> str:
    return browser.get(cleanset.get_absolute_url()).content.decode()


@pytest.mark.parametrize(("name", "arguments", "data"), ADDRESSES)
def test_older_version_refuses_what_would_change_it(
    browser: Client,
    cleanset: Cleanset,
    alice: User,
    name: str,
    arguments: list[int],
    data: dict[str, str],
) -> None:
    newer = make_cleanset(alice, project=cleanset.project)
    response = browser.post(reverse(name, args=[cleanset.pk, *arguments]), data)
    assert response.status_code == 422
    assert "Version 2 of this project is newer" in response.content.decode()
    assert not cleanset.review_actions.exists()
    assert not cleanset.project.cleansets.exclude(pk__in=[cleanset.pk, newer.pk]).exists()


def test_page_of_an_older_version_leads_to_the_newer_one_and_offers_no_decision(
    browser: Client, cleanset: Cleanset, alice: User
) -> None:
    newer = make_cleanset(alice, project=cleanset.project, status=Status.RUNNING)
    page = page_of(browser, cleanset)
    assert "decisions made here are not in it" in page
    assert f'href="{newer.get_absolute_url()}">Open version 2' in page
    assert 'data-key="w"' not in page
    assert "Clean top K" not in page
    assert '<fieldset class="chooser" disabled>' in page


def test_whoever_chooses_to_decides_in_an_older_version(
    browser: Client, cleanset: Cleanset, alice: User
) -> None:
    make_cleanset(alice, project=cleanset.project)
    choose = reverse("cleanset-decide-here", args=[cleanset.pk])
    response = browser.post(choose, {"view": "issue=all"})
    assert response["Location"] == f"{cleanset.get_absolute_url()}?issue=all"
    page = page_of(browser, cleanset)
    assert "You chose to decide here anyway" in page
    assert 'data-key="w"' in page
    address = reverse("cleanset-decide", args=[cleanset.pk, 0])
    assert browser.post(address, {"choice": "keep", "next": "10"}).status_code == 302
    browser.post(choose, {"stop": "1"})
    assert browser.post(address, {"choice": "exclude", "next": "10"}).status_code == 422
    assert cleanset.reviews.get().action == "keep"


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_version_that_came_to_nothing_replaces_none(
    browser: Client, cleanset: Cleanset, alice: User, status: Status
) -> None:
    make_cleanset(alice, project=cleanset.project, status=status)
    assert "is newer" not in page_of(browser, cleanset)
    address = reverse("cleanset-decide", args=[cleanset.pk, 0])
    assert browser.post(address, {"choice": "keep", "next": "10"}).status_code == 302


def test_newest_version_says_nothing_of_older_ones(
    browser: Client, cleanset: Cleanset, alice: User
) -> None:
    other = make_reviewable(alice, name="second")
    other.project = cleanset.project
    other.number = 2
    other.save()
    assert "is newer" not in page_of(browser, other)


def test_command_decides_in_an_older_version_only_where_that_is_asked_for(
    cleanset: Cleanset, alice: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = make_cleanset(alice, project=cleanset.project)
    file = tmp_path / "decisions.csv"
    file.write_text("row_id,action\n1,keep\n")
    with pytest.raises(SystemExit) as ended:
        call_command("decide", str(cleanset.pk), str(file))
    assert ended.value.code == 2
    assert f"Give {newer.pk} as CLEANSET_ID, or add --allow-older." in capsys.readouterr().err
    assert not cleanset.reviews.exists()
    call_command("decide", str(cleanset.pk), str(file), "--allow-older")
    assert cleanset.reviews.get().action == "keep"
