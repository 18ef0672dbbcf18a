"""Views of the review table saved under a name."""

from __future__ import annotations

import html
import re

import pandas as pd
import pytest
from django.test import Client
from django.urls import reverse

from cleansets import services
from cleansets.models import Cleanset, SavedView
from cleansets.overlay import corrected_rows
from studio import storage, tables
from tests.reviewable import COPY, improve, publish_table

VIEW = "issue=all&given=billing&has.message=Request+1&sort=given_label&dir=asc"


def save(browser: Client, cleanset: Cleanset, name: str, view: str = VIEW) -> int:
    address = reverse("cleanset-view-save", args=[cleanset.pk])
    data = {"name": name, "description": "Bills of the first rows", "view": view}
    return browser.post(address, data).status_code


def counted(browser: Client, cleanset: Cleanset) -> str:
    return browser.get(reverse("cleanset-saved-views", args=[cleanset.pk])).content.decode()


def test_a_saved_view_is_listed_with_its_address_and_its_present_number_of_rows(
    browser: Client, cleanset: Cleanset
) -> None:
    assert save(browser, cleanset, "Odd bills", f"{VIEW}&page=3&own=channel") == 302
    view = SavedView.objects.get()
    assert dict(part.split("=") for part in view.params.split("&")) == dict(
        part.split("=") for part in VIEW.split("&")
    )
    text = counted(browser, cleanset)
    assert "Bills of the first rows" in text
    assert '<span class="number">9</span>' in text
    page = browser.get(f"{cleanset.get_absolute_url()}?{view.params}").content.decode()
    assert "Rows 1–9 of 9" in page


def test_the_page_itself_waits_for_no_count(browser: Client, cleanset: Cleanset) -> None:
    save(browser, cleanset, "Odd bills")
    page = browser.get(cleanset.get_absolute_url()).content.decode()
    region = page.split('id="review-saved"')[1].split("</div>")[0]
    assert 'hx-trigger="load"' in region
    assert '<span class="number"></span>' in region


def test_saved_views_belong_to_the_project_and_live_on_in_its_next_version(
    browser: Client, cleanset: Cleanset
) -> None:
    save(browser, cleanset, "Odd bills")
    address = reverse("cleanset-decide", args=[cleanset.pk, 0])
    browser.post(address, {"choice": "keep", "view": ""})
    assert "Odd bills" in counted(browser, improve(cleanset))


def test_a_view_of_the_same_name_is_replaced(browser: Client, cleanset: Cleanset) -> None:
    save(browser, cleanset, "Odd bills")
    save(browser, cleanset, "Odd bills", "issue=outlier")
    assert SavedView.objects.get().params == "issue=outlier"


@pytest.mark.parametrize("name", ["", "ab", "x" * 31, "  a  "])
def test_a_name_has_3_to_30_characters(browser: Client, cleanset: Cleanset, name: str) -> None:
    assert save(browser, cleanset, name) == 422
    assert not SavedView.objects.exists()


def test_a_deleted_view_takes_no_row_along(browser: Client, cleanset: Cleanset) -> None:
    save(browser, cleanset, "Odd bills")
    view = SavedView.objects.get()
    browser.post(reverse("cleanset-view-delete", args=[view.pk]))
    assert not SavedView.objects.exists()
    assert "120" in browser.get(cleanset.get_absolute_url()).content.decode()


def test_copies_whose_labels_differ_are_suggested_until_they_are_the_same(
    browser: Client, cleanset: Cleanset
) -> None:
    def n_rows() -> int:
        text = counted(browser, cleanset)
        found = re.search(r'only=copies-differ.*?<span class="number">(\d+)', text, flags=re.S)
        assert found
        return int(found[1])

    labels = dict(enumerate(corrected_rows(cleanset).labels))
    assert labels[COPY] != labels[COPY - 1]
    assert n_rows() == 2
    services.row_decide(
        cleanset=cleanset,
        user=cleanset.created_by,
        row_id=COPY,
        choice="label",
        label=str(labels[COPY - 1]),
    )
    assert n_rows() == 0


def test_rows_that_changed_since_the_version_before_are_suggested(
    browser: Client, cleanset: Cleanset
) -> None:
    assert "only=changed" not in counted(browser, cleanset)
    services.row_decide(cleanset=cleanset, user=cleanset.created_by, row_id=10, choice="auto-fix")
    improved = improve(cleanset)
    page = browser.get(improved.get_absolute_url(), {"issue": "all", "only": "changed"})
    rows = [line.row_id for line in page.context["table"].lines]
    assert 10 in rows
    assert len(rows) < 20
    assert "Changed rows" in counted(browser, improved)


def test_the_class_with_the_most_noise_is_suggested(browser: Client, cleanset: Cleanset) -> None:
    noisy = {"name": "login", "n_rows": 40, "noise": 0.3}
    few = {"name": "billing", "n_rows": 19, "noise": 0.9}
    cleanset.health = {"classes": [noisy, few]}
    cleanset.save()
    text = counted(browser, cleanset)
    assert "Noisiest: login" in text
    assert "issue=label_issue&amp;given=login" in text


def test_rows_of_low_confidence_are_suggested_least_sure_first(
    browser: Client, cleanset: Cleanset
) -> None:
    issues = pd.read_parquet(tables.local_path(cleanset.issues_key))
    issues["suggested_label_confidence_score"] = 0.9
    issues.loc[[7, 3, 20], "suggested_label_confidence_score"] = (0.31, 0.5, 0.42)
    key = storage.cleanset_file(cleanset.pk, 2, "issues.parquet")
    cleanset.issues_key = publish_table(issues, key)
    cleanset.save()
    text = counted(browser, cleanset)
    found = re.search(r'href="([^"]*range=suggested_label_confidence_score[^"]*)"', text)
    assert found is not None
    page = browser.get(cleanset.get_absolute_url() + html.unescape(found[1]))
    assert [line.row_id for line in page.context["table"].lines] == [7, 20, 3]
