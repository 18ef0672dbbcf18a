"""The Analytics page, and what it says of the rows that are left."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import pytest
from django.test import Client
from django.urls import reverse

from cleansets import row_query, selectors, services
from cleansets.analytics.activity import days_of_review, reviewers
from cleansets.analytics.classes import NoiseMatrix, class_counts, class_noise, noise_matrix
from cleansets.analytics.estimated_rows import among_cell, among_class
from cleansets.analytics.rates import column_rates
from cleansets.analytics.rates import rows_of as rows_of_rate
from cleansets.analytics.scores import score_histograms, threshold_effect
from cleansets.analytics.stopping import expected_errors, review_so_far, stopping
from cleansets.models import Cleanset
from cleansets.pages.analytics import matrix as matrix_page
from cleansets.row_address import RANDOM, RowQuery
from cleansets.row_sets import row_set
from cleansets.top_k import TopK, top_k_apply
from studio import tables
from studio.accounts.models import User
from studio.engine.ml_task import MLTask
from studio.engine.stopping.review import Verdict
from tests.reviewable import make_reviewable, publish_rows

ISSUES = list(range(0, 120, 10))


def decide(cleanset: Cleanset, row_id: int, choice: str, label: str = "") -> None:
    services.row_decide(
        cleanset=cleanset, user=cleanset.created_by, row_id=row_id, choice=choice, label=label
    )


def rows_of(cleanset: Cleanset, **query: object) -> list[int]:
    page = row_query.fetch_page(RowQuery(**query), selectors.row_source(cleanset))
    return [row["row_id"] for row in page.rows]


def page_of(browser: Client, cleanset: Cleanset, query: str = "") -> str:
    response = browser.get(f"{reverse('cleanset-analytics', args=[cleanset.pk])}{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_decisions_by_hand_are_evidence_and_bulk_actions_are_not(cleanset: Cleanset) -> None:
    decide(cleanset, 0, "auto-fix")
    decide(cleanset, 10, "keep")
    decide(cleanset, 20, "label", "delivery")
    top_k_apply(cleanset=cleanset, user=cleanset.created_by, top_k=TopK(RowQuery(), 5, "auto-fix"))
    review = review_so_far(cleanset, selectors.row_source(cleanset))
    assert review is not None
    assert review.verdicts[:6].tolist() == [
        Verdict.WRONG,
        Verdict.RIGHT,
        Verdict.WRONG,
        Verdict.SETTLED,
        Verdict.SETTLED,
        Verdict.OPEN,
    ]
    assert review.is_as_suggested[:3].tolist() == [True, False, False]


def test_the_estimate_follows_the_next_decision(cleanset: Cleanset) -> None:
    before = stopping(cleanset)
    for row_id in ISSUES[:6]:
        decide(cleanset, row_id, "keep")
    after = stopping(cleanset)
    assert before is not None
    assert after is not None
    assert after.n_right == 6
    assert after.left_flagged.value / after.n_open < before.left_flagged.value / before.n_open


def test_random_rows_count_only_from_the_first_one_on(cleanset: Cleanset) -> None:
    drawn = rows_of(cleanset, issue="all", only=RANDOM, sort="valuable-random-10")
    assert not set(drawn) & {*ISSUES, 7}
    decide(cleanset, drawn[30], "exclude")  # somebody came across it
    found = stopping(cleanset)
    assert found is not None
    assert found.n_random == 0
    for row_id in drawn[:4]:
        decide(cleanset, row_id, "keep")
    found = stopping(cleanset)
    assert found is not None
    assert (found.n_random, found.n_random_wrong) == (4, 0)
    assert found.left_unflagged is not None


def test_the_most_valuable_order_lists_each_label_issue_once(cleanset: Cleanset) -> None:
    assert sorted(rows_of(cleanset, sort="valuable")) == ISSUES


def test_random_rows_stand_at_every_tenth_place(cleanset: Cleanset) -> None:
    mixed = rows_of(cleanset, sort="valuable-random-10")
    assert [place for place, row in enumerate(mixed, 1) if row not in ISSUES] == [10, 14]
    assert rows_of(cleanset, sort="valuable-random-10") == mixed


def test_the_matrix_counts_suggestions_until_people_decide(cleanset: Cleanset) -> None:
    before = noise_matrix(cleanset)
    decide(cleanset, 0, "keep")
    after = noise_matrix(cleanset)
    assert before is not None
    assert after is not None
    assert before.n_differing == 12
    assert after.n_differing == 11
    assert after.merged(["billing", "delivery"]).n_differing < 11
    assert after.merged(["billing", "delivery", "login"]).n_differing == 0


def test_corrected_classes_stand_beside_the_given_ones(cleanset: Cleanset) -> None:
    decide(cleanset, 0, "label", "login")
    decide(cleanset, 3, "exclude")
    counts = {count.name: (count.n_given, count.n_now) for count in class_counts(cleanset)}
    assert counts["billing"] == (40, 38)
    assert counts["login"][1] == counts["login"][0] + 1


def test_a_threshold_says_how_many_rows_it_flags(cleanset: Cleanset) -> None:
    [labels, *_] = score_histograms(cleanset)
    assert sum(bar.n_rows for bar in labels.bars) == 120
    effect = threshold_effect(cleanset, labels, 0.5)
    assert effect.n_rows == 12
    assert effect.right is not None
    assert 0 < effect.right.low < effect.right.high <= 12


def test_a_cell_of_the_matrix_opens_as_many_rows_as_it_says(
    browser: Client, cleanset: Cleanset
) -> None:
    decide(cleanset, 0, "keep")
    decide(cleanset, 3, "label", "delivery")
    matrix = noise_matrix(cleanset)
    assert matrix is not None
    n_rows = matrix.counts[matrix.classes.index("billing"), matrix.classes.index("delivery")]
    among = among_cell(cleanset, "billing", "delivery")
    found = rows_of(cleanset, issue="all", among=among)
    assert len(found) == n_rows
    assert 3 in found
    assert 0 not in found
    assert urlencode({"among": among}).replace("&", "&amp;") in page_of(browser, cleanset)


def test_each_class_of_sets_has_a_matrix_whose_cells_open_their_rows(
    browser: Client, alice: User
) -> None:
    cleanset = make_reviewable(alice, task=MLTask.MULTI_LABEL)
    decide(cleanset, 0, "keep")
    [first, *_] = found = class_noise(cleanset)
    # Of twelve label issues, one is kept and one should have no class; the others have another.
    assert sum(line.n_missing for line in found) == 10
    assert first.n_both + first.n_given_wrongly + first.n_missing + first.n_neither == 120
    for is_given, is_true, n_rows in (
        (True, True, first.n_both),
        (True, False, first.n_given_wrongly),
        (False, True, first.n_missing),
        (False, False, first.n_neither),
    ):
        among = among_class(cleanset, first.name, is_given=is_given, is_true=is_true)
        query = RowQuery("all", among=among)
        assert row_query.count_rows([query], selectors.row_source(cleanset)) == [n_rows]
    assert "rows probably should not have it" in page_of(browser, cleanset)


@pytest.mark.parametrize("name", ["x?given=a&true=b", "", "?class=a", "{pk}?given=1", "{pk}"])
def test_a_made_up_cell_has_no_rows(cleanset: Cleanset, name: str) -> None:
    assert row_set(f"estimated:{name.format(pk=cleanset.pk)}") is None


def test_a_search_shows_a_class_with_those_it_is_taken_for() -> None:
    names = [f"class {number:02}" for number in range(30)]
    counts = np.diag(np.full(30, 100))
    counts[29, 3] = 2
    counts[:20, 1] += 5
    found = NoiseMatrix(names, counts)
    assert 29 not in matrix_page.shown_classes(found, "")
    assert matrix_page.shown_classes(found, "CLASS 29") == [3, 29]
    assert matrix_page.shown_classes(found, "nothing") == matrix_page.shown_classes(found, "")
    assert len(matrix_page.shown_classes(found, "class")) == matrix_page.MAX_MATRIX


def test_the_source_with_more_issues_is_found(cleanset: Cleanset) -> None:
    rows = pd.read_parquet(tables.local_path(cleanset.version.table_key))
    row_id = np.arange(len(rows))
    rows["annotator"] = np.where((row_id % 20 == 0) | (row_id % 15 == 1), "careless", "careful")
    rows["created"] = [f"2025-{1 + row % 2:02}-{1 + row // 5:02}" for row in row_id]
    publish_rows(cleanset.version, rows)
    columns = {column.column: column for column in column_rates(cleanset)}
    assert set(columns) == {"annotator", "created"}
    [careless] = [rate for rate in columns["annotator"].rates if rate.is_worse]
    assert careless.group.value == "careless"
    assert (careless.group.n_rows, careless.group.n_issues) == (14, 6)
    months = {rate.group.value: rate.group.n_issues for rate in columns["created"].rates}
    assert months == {"2025-01": 12, "2025-02": 0}
    query = rows_of_rate(columns["annotator"], careless, "label_issue")
    assert row_query.count_rows([query], selectors.row_source(cleanset)) == [6]


def test_columns_with_one_value_or_many_are_not_compared(cleanset: Cleanset) -> None:
    assert column_rates(cleanset) == []


def test_undone_decisions_are_no_progress(cleanset: Cleanset) -> None:
    decide(cleanset, 0, "keep")
    decide(cleanset, 10, "auto-fix")
    decide(cleanset, 20, "keep")
    services.last_action_undo(cleanset=cleanset, user=cleanset.created_by)
    [day] = days_of_review(cleanset)
    [person] = reviewers(cleanset)
    assert day.n_by_hand == 2
    assert (person.n_rows, person.n_changed, person.n_kept) == (2, 1, 1)


def test_the_precision_of_chosen_rows_counts_undecided_label_issues(cleanset: Cleanset) -> None:
    decide(cleanset, 0, "keep")
    found = expected_errors(cleanset, RowQuery(), 5)
    assert found is not None
    assert found[0] == 4
    assert expected_errors(cleanset, RowQuery(issue="outlier"), 5) is None


def test_top_k_says_its_expected_precision_before_it_is_applied(
    browser: Client, cleanset: Cleanset
) -> None:
    address = reverse("cleanset-top-k", args=[cleanset.pk])
    page = browser.get(address, {"k": 5, "choice": "auto-fix"}).content.decode()
    assert re.search(r"Of the 5 label issues.*90% interval \d+% to \d+%", page, re.DOTALL)


@pytest.mark.parametrize("task", list(MLTask))
def test_every_task_has_the_page(browser: Client, alice: User, task: MLTask) -> None:
    page = page_of(browser, make_reviewable(alice, task=task))
    assert "Nobody has decided a row yet." in page
    assert ("If labels" in page) is False
    assert ('id="stop"' in page) is (task is not MLTask.UNSUPERVISED)


def test_pictures_open_their_rows(browser: Client, cleanset: Cleanset) -> None:
    page = page_of(browser, cleanset, "?merge=billing&merge=login&threshold.outlier=0.5")
    review = cleanset.get_absolute_url()
    assert f"{review}?issue=label_issue&amp;given=billing&amp;suggested=delivery" in page
    assert "As a table" in page
    assert "“billing” and “login” were one class" in page
    assert "From 0.500 on, 1 row would be flagged" in page


@pytest.mark.parametrize("value", ["x", "-1", "nan", "1e99", ""])
def test_a_senseless_threshold_is_passed_over(
    browser: Client, cleanset: Cleanset, value: str
) -> None:
    page_of(browser, cleanset, f"?threshold.outlier={value}&matrix=x&merge=nobody")


def test_the_review_page_asks_for_one_sentence(browser: Client, cleanset: Cleanset) -> None:
    review = browser.get(cleanset.get_absolute_url()).content.decode()
    address = reverse("cleanset-advice", args=[cleanset.pk])
    assert f'hx-get="{address}"' in review
    assert "of the next 12 rows" in browser.get(address).content.decode()
