"""What the keys of the review page reach: views after G, and the list of all commands."""

from __future__ import annotations

import re

from django.test import Client

from cleansets.models import Cleanset


def page(browser: Client, cleanset: Cleanset) -> str:
    return browser.get(cleanset.get_absolute_url()).content.decode()


def test_each_letter_after_g_opens_one_view(browser: Client, cleanset: Cleanset) -> None:
    text = page(browser, cleanset)
    letters = re.findall(r'data-go="(.)"', text)
    assert {"l", "o", "d", "a", "r", "n", "c", "e"} <= set(letters)
    assert len(letters) == len(set(letters))
    assert re.search(r'href="\?issue=outlier"[^>]*data-go="o"', text)


def test_the_list_of_commands_has_views_decisions_and_the_readers_own_keys(
    browser: Client, cleanset: Cleanset
) -> None:
    browser.post("/account/review-keys", {"key-q": "b"})
    palette = page(browser, cleanset).partition('id="palette"')[2].partition("</dialog>")[0]
    assert re.search(r'data-href="\?issue=near_duplicate">\s*<span>Near duplicates</span>', palette)
    assert re.search(r'data-press="q">\s*<span>Keep</span> <kbd>B</kbd>', palette)
    assert 'data-href="#top-k"' in palette
    names = re.findall(r'id="(palette-[^"]+)"', palette)
    assert len(names) == len(set(names))
