"""Keys of the review page that people choose for themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from cleansets.models import Cleanset
from studio.accounts.models import User
from studio.accounts.review_keys import chosen_keys
from studio.engine.errors import DataProblem
from tests.reviewable import make_reviewable

ClientOf = Callable[[User], Client]


def save(browser: Client, **keys: str) -> int:
    posted = {f"key-{action}": key for action, key in keys.items()}
    return browser.post(reverse("review-keys"), posted).status_code


def page(browser: Client, cleanset: Cleanset) -> str:
    return browser.get(cleanset.get_absolute_url()).content.decode()


def test_the_review_page_shows_and_obeys_the_readers_keys(
    browser: Client, cleanset: Cleanset
) -> None:
    assert "data-keys" not in page(browser, cleanset)
    assert save(browser, q="A", w="Q") == 302
    text = page(browser, cleanset)
    found = re.search(r'data-keys="([^"]+)"', text)
    assert found
    assert json.loads(unescape(found[1])) == {"a": "q", "q": "w"}
    assert re.search(r'data-key="q"\s+aria-keyshortcuts="a"[^>]*>\s*<kbd>A</kbd> Keep', text)


def test_keys_are_those_of_one_person(
    browser: Client, cleanset: Cleanset, bob: User, client_of: ClientOf
) -> None:
    save(browser, q="a")
    theirs = make_reviewable(bob)
    assert "data-keys" not in page(client_of(bob), theirs)


def test_reset_restores_the_default_keys(browser: Client, cleanset: Cleanset) -> None:
    save(browser, q="a")
    browser.post(reverse("review-keys"), {"reset": "", "key-q": "a"})
    assert "data-keys" not in page(browser, cleanset)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"q": "1"}, "“1” cannot be the key of Keep"),
        ({"q": "ab"}, "“ab” cannot be the key of Keep"),
        ({"q": "?"}, "cannot be the key"),
        ({"q": "w"}, "“w” is the key of Auto-fix and of Keep"),
        ({"q": "ä", "e": "Ä"}, "“ä” is the key of Keep and of Exclude"),
    ],
)
def test_keys_that_cannot_be_are_refused(
    keys: dict[str, str], problem: str, browser: Client, alice: User
) -> None:
    with pytest.raises(DataProblem, match=re.escape(problem)):
        chosen_keys(keys)
    assert save(browser, **keys) == 422
    alice.refresh_from_db()
    assert alice.review_keys == {}


def test_account_page_shows_the_keys_to_choose(browser: Client) -> None:
    save(browser, q="a")
    text = browser.get(reverse("account")).content.decode()
    assert re.search(r'name="key-q"\s+value="A"', text)
    assert re.search(r'name="key-w"\s+value="W"', text)
