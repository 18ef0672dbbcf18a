"""Tags: added, taken off, undone, found, exported; decisions and tags leave each other alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from cleansets import row_query, selectors, services, top_k
from cleansets.action_runs import revert_start
from cleansets.models import Cleanset, ReviewAction
from cleansets.overlay import review_table
from cleansets.pages.review.history import history_of
from cleansets.present_reviews import present_reviews
from cleansets.row_address import RowQuery
from cleansets.selection import selection_decide
from cleansets.top_k import TopK
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from tests.reviewable import improve

pytestmark = pytest.mark.django_db
LEGAL = "ask legal"


def tag(cleanset: Cleanset, row_id: int, name: str, choice: str = services.ADD_TAG) -> ReviewAction:
    user = cleanset.created_by
    return services.row_decide(
        cleanset=cleanset, user=user, row_id=row_id, choice=choice, label=name
    )


def tags_of(cleanset: Cleanset) -> dict[int, list[str]]:
    query = RowQuery(issue="all")
    rows, _ = row_query.fetch_slice(query, selectors.row_source(cleanset), limit=200, offset=0)
    return {row["row_id"]: row["tags"].splitlines() for row in rows if row["tags"]}


def test_tags_of_a_row_are_added_and_taken_off(cleanset: Cleanset) -> None:
    tag(cleanset, 4, "typo")
    tag(cleanset, 4, f" {LEGAL} ")
    assert tags_of(cleanset) == {4: [LEGAL, "typo"]}
    tag(cleanset, 4, "typo", services.REMOVE_TAG)
    assert tags_of(cleanset) == {4: [LEGAL]}


@pytest.mark.parametrize("name", ["", " ", "x" * 31, "a\u200bb"])
def test_a_name_that_nobody_could_read_is_refused(cleanset: Cleanset, name: str) -> None:
    with pytest.raises(DataProblem, match="1 to 30 visible characters"):
        tag(cleanset, 4, name)


def test_a_decision_keeps_the_tags_and_a_tag_keeps_the_decision(cleanset: Cleanset) -> None:
    user = cleanset.created_by
    tag(cleanset, 0, LEGAL)
    counts = row_query.review_counts(selectors.row_source(cleanset))
    assert counts.n_decided == 0, "a tag is no decision"
    services.row_decide(cleanset=cleanset, user=user, row_id=0, choice="exclude")
    tag(cleanset, 0, "typo")
    [row] = row_query.fetch_rows([0], selectors.row_source(cleanset))
    assert (row["action"], row["is_manual"], row["tags"]) == ("exclude", True, f"{LEGAL}\ntypo")


def test_undo_and_redo_step_over_tags_and_decisions_alike(cleanset: Cleanset) -> None:
    user = cleanset.created_by
    tag(cleanset, 4, LEGAL)
    services.row_decide(cleanset=cleanset, user=user, row_id=4, choice="keep")
    services.last_action_undo(cleanset=cleanset, user=user)
    assert tags_of(cleanset) == {4: [LEGAL]}
    services.last_action_undo(cleanset=cleanset, user=user)
    assert tags_of(cleanset) == {}
    services.last_undo_redo(cleanset=cleanset, user=user)
    assert tags_of(cleanset) == {4: [LEGAL]}
    assert history_of(cleanset, 4)[0].after == f"Undecided, tag “{LEGAL}”"


def test_a_tag_on_selected_rows_is_one_action_that_can_be_reverted(cleanset: Cleanset) -> None:
    user = cleanset.created_by
    result = selection_decide(
        cleanset=cleanset, user=user, row_ids=[1, 2, 3], choice=services.ADD_TAG, label=LEGAL
    )
    assert result.action.description == f"Tag “{LEGAL}” on 3 rows"
    services.row_decide(cleanset=cleanset, user=user, row_id=2, choice="keep")
    revert_start(cleanset=cleanset, user=user, action=result.action)
    assert tags_of(cleanset) == {2: [LEGAL]}


def test_all_rows_of_a_view_are_tagged_even_those_decided_by_hand(cleanset: Cleanset) -> None:
    user = cleanset.created_by
    services.row_decide(cleanset=cleanset, user=user, row_id=0, choice="keep")
    wanted = TopK(RowQuery(), k=5, choice=services.ADD_TAG, label=LEGAL)
    assert top_k.top_k_effect(cleanset=cleanset, top_k=wanted).n_changed == 5
    top_k.top_k_apply(cleanset=cleanset, user=user, top_k=wanted)
    source = selectors.row_source(cleanset)
    assert selectors.tag_counts(source.reviews) == [(LEGAL, 5)]
    page = row_query.fetch_page(RowQuery(issue="all", tag=LEGAL), source)
    assert sorted(row["row_id"] for row in page.rows) == [0, 10, 20, 30, 40]


def test_tags_go_on_in_the_next_version_and_in_the_kept_decisions(cleanset: Cleanset) -> None:
    tag(cleanset, 4, LEGAL)
    services.row_decide(cleanset=cleanset, user=cleanset.created_by, row_id=5, choice="keep")
    assert tags_of(improve(cleanset)) == {4: [LEGAL]}
    kept = sorted(present_reviews(cleanset).to_pylist(), key=lambda row: row["row_id"])
    assert kept == sorted(review_table(cleanset).to_pylist(), key=lambda row: row["row_id"])


def test_the_page_tags_the_row_it_shows_and_lists_the_tag(
    cleanset: Cleanset, alice: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(alice)
    address = f"{cleanset.get_absolute_url()}/rows/4/decide"
    fields = {"choice": "add-tag", "tag": LEGAL, "view": "issue=all"}
    answer = client.post(address, fields, headers={"HX-Request": "true"}).content.decode()
    assert 'data-row="4"' in answer
    assert "tag=ask+legal" in answer
    assert client.post(address, fields).headers["Location"].endswith("row=4#row-panel")
    page = client.get(f"{cleanset.get_absolute_url()}?issue=all&tag=ask+legal").content.decode()
    assert page.count('<tr id="row-') == 1
    export = client.get(
        f"{cleanset.get_absolute_url()}/export",
        {"mode": "custom", "file_format": "csv", "view": "issue=all&tag=ask+legal"},
    )
    lines = b"".join(export).decode().splitlines()
    assert len(lines) == 2
    assert LEGAL in lines[1]
