"""The review table: filters, order, pages, and addresses that survive being read back."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.conf import settings
from django.http import QueryDict

from cleansets import row_query, selectors, services
from cleansets.models import Cleanset
from cleansets.row_address import Range, RowQuery
from cleansets.row_query import PAGE_SIZE, fetch, own_cells
from cleansets.row_query.selection import rows_with_text
from studio import tables
from studio.accounts.models import User
from tests.reviewable import EMPTY, OUTLIER, UNLABELED, make_reviewable


def rows_of(cleanset: Cleanset, **query: object) -> list[int]:
    page = row_query.fetch_page(RowQuery(**query), selectors.row_source(cleanset))
    return [row["row_id"] for row in page.rows]


def test_the_worst_label_issue_comes_first(cleanset: Cleanset) -> None:
    assert rows_of(cleanset) == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({"issue": "outlier"}, [OUTLIER]),
        ({"issue": "unlabeled"}, [UNLABELED]),
        ({"issue": "empty_text"}, [EMPTY]),
        ({"issue": "all", "given": "-"}, [UNLABELED]),
        ({"given": "billing"}, [0, 30, 60, 90]),
        ({"suggested": "delivery"}, [0, 30, 60, 90]),
        ({"issue": "all", "search": "request 42:"}, [42]),
        ({"issue": "all", "search": "Request 42"}, [42]),
        ({"issue": "all", "ranges": (Range("outlier_score", 0.9, 1.0),)}, [OUTLIER]),
        ({"issue": "all", "ranges": (Range("outlier_score", 0.9, 1.0),), "given": "login"}, []),
    ],
)
def test_filters_narrow_the_view(
    cleanset: Cleanset, query: dict[str, object], rows: list[int]
) -> None:
    assert rows_of(cleanset, **query) == rows


def test_search_looks_at_each_cell_for_itself(cleanset: Cleanset) -> None:
    assert rows_of(cleanset, issue="all", search="42: please help") == [42]
    assert rows_of(cleanset, issue="all", search="42: please help=mail") == []


@pytest.mark.django_db
def test_search_ignores_case_in_every_script(tmp_path: Path) -> None:
    table = tmp_path / "table.parquet"
    cells = ["Größe ändern", "ЗАКАЗ", None]
    pq.write_table(pa.table({"__row_id": [0, 1, 2], "message": cells}), table)
    key = tables.publish(table, "datasets/one/table.parquet")
    for text, rows in (("GRÖßE ÄNDERN", [0]), ("заказ", [1]), ("other", [])):
        found = rows_with_text(key, text)
        assert found.column("row_id").to_pylist() == rows
    tables.delete([key])
    assert not (settings.CACHE_DIR / tables.SEARCHED / key).exists()


def test_search_takes_quotes_and_wildcards_as_text(cleanset: Cleanset) -> None:
    assert rows_of(cleanset, issue="all", search="%") == []
    assert rows_of(cleanset, issue="all", search="'; DROP TABLE rows; --") == []


def test_pages_partition_the_view(cleanset: Cleanset) -> None:
    pages = [rows_of(cleanset, issue="all", page=page) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [PAGE_SIZE, PAGE_SIZE, 20]
    assert sorted(row for page in pages for row in page) == list(range(120))


@pytest.mark.parametrize("max_bytes", [0, 300, own_cells.MAX_BYTES])
def test_cells_are_those_of_their_rows_however_many_row_groups_are_read_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, max_bytes: int
) -> None:
    table = tmp_path / "table.parquet"
    texts = [f"text {row}" for row in range(20)]
    pq.write_table(pa.table({"__row_id": range(20), "message": texts}), table, row_group_size=3)
    monkeypatch.setattr(own_cells, "MAX_BYTES", max_bytes)
    wanted = [19, 4, 0, 4, 11]
    found = own_cells.own_cells(table, wanted, ["message"])
    assert found == {row: {"message": texts[row]} for row in wanted}
    assert own_cells.own_cells(table, [], ["message"]) == {}


def test_a_page_far_down_is_cut_out_of_the_same_order(
    cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch
) -> None:
    for view in ({}, {"issue": "outlier"}, {"given": "login"}, {"search": "request 4"}):
        query = {"issue": "all", "sort": "outlier_score", **view}
        pages = [rows_of(cleanset, **query, page=page) for page in (1, 2, 3)]
        monkeypatch.setattr(fetch, "DEEP", 0)
        assert [rows_of(cleanset, **query, page=page) for page in (1, 2, 3)] == pages
        monkeypatch.undo()


def test_a_kept_count_of_a_view_follows_decisions(cleanset: Cleanset) -> None:
    source = selectors.row_source(cleanset)
    before = row_query.fetch_page(RowQuery(action="undecided"), source).n_rows
    user = cleanset.created_by
    services.row_decide(cleanset=cleanset, user=user, row_id=0, choice="keep")
    source = selectors.row_source(cleanset)
    assert row_query.fetch_page(RowQuery(action="undecided"), source).n_rows == before - 1


@pytest.mark.parametrize(
    ("action", "condition"),
    [
        ("undecided", "action IS NULL"),
        ("keep", "action = 'keep'"),
        ("exclude", "action = 'exclude'"),
        ("auto-fix", "action = 'auto-fix'"),
        ("corrected", "corrected_label IS NOT NULL"),
        ("needs-review", "needs_review"),
    ],
)
@pytest.mark.parametrize("tag", ["", "late"])
def test_a_filter_by_decisions_finds_the_rows_whose_joined_decision_fits(
    cleanset: Cleanset, action: str, condition: str, tag: str
) -> None:
    user = cleanset.created_by
    decided = {0: "auto-fix", 3: "keep", 4: "exclude", 5: "needs-review"}
    for row_id, choice in decided.items():
        services.row_decide(cleanset=cleanset, user=user, row_id=row_id, choice=choice)
    for row_id, name in ((0, "late"), (4, "later"), (5, "late"), (7, "late")):
        services.row_decide(
            cleanset=cleanset, user=user, row_id=row_id, choice=services.ADD_TAG, label=name
        )
    source = selectors.row_source(cleanset)
    query = RowQuery(issue="all", action=action, tag=tag, sort="row_id", ascending=True)
    if tag:
        condition = f"{condition} AND list_contains(string_split(tags, chr(10)), '{tag}')"
    joined = source.fetch(f"SELECT count(*), min(row_id), max(row_id) FROM rows WHERE {condition}")
    row_ids = [row["row_id"] for row in row_query.fetch_page(query, source).rows]
    n_rows = row_query.fetch_page(query, source).n_rows
    assert (n_rows, min(row_ids, default=None)) == joined[0][:2]
    if n_rows <= PAGE_SIZE:
        assert max(row_ids, default=None) == joined[0][2]


def test_two_filters_by_decisions_of_one_source_do_not_mix(cleanset: Cleanset) -> None:
    services.row_decide(cleanset=cleanset, user=cleanset.created_by, row_id=0, choice="keep")
    source = selectors.row_source(cleanset)
    kept = row_query.select(RowQuery(issue="all", action="keep"), source)
    undecided = row_query.select(RowQuery(issue="all", action="undecided"), source)
    for selection, n_rows in ((kept, 1), (undecided, 119)):
        sql = f"SELECT count(*) FROM {selection.counted} WHERE {selection.condition}"
        assert source.fetch(sql, selection.values) == [(n_rows,)]


def test_a_page_past_the_end_is_the_last_page(cleanset: Cleanset) -> None:
    assert rows_of(cleanset, issue="all", page=99) == rows_of(cleanset, issue="all", page=3)


def test_sorting_by_an_unknown_column_sorts_by_row(cleanset: Cleanset) -> None:
    assert rows_of(cleanset, sort="nonsense; DROP TABLE rows") == list(range(0, 120, 10))


@pytest.mark.parametrize(
    "address",
    [
        "issue=outlier&given=a%26b&suggested=c&action=keep&q=hello&sort=outlier_score&dir=asc&page=3",
        "issue=label_issue&range=outlier_score%3A0.5%3A1&own=a&own=b&show=outlier_score",
    ],
)
def test_a_query_survives_being_written_as_an_address(address: str) -> None:
    query = RowQuery.parse(QueryDict(address))
    assert RowQuery.parse(QueryDict(query.params(page=query.page))) == query


@pytest.mark.parametrize(
    "address",
    [
        "page=-1",
        "page=x",
        "page=99999999999999",
        "issue=nope",
        "action=nope",
        "range=a:b",
        "range_score=x",
    ],
)
def test_a_senseless_address_is_the_plain_view(address: str) -> None:
    assert RowQuery.parse(QueryDict(address)) == RowQuery()


def test_the_form_for_a_score_range_adds_to_those_that_are_on() -> None:
    query = RowQuery.parse(
        QueryDict("range=outlier_score:0.5:1&range_score=ambiguous_score&range_min=0.2")
    )
    assert query.ranges == (Range("outlier_score", 0.5, 1.0), Range("ambiguous_score", 0.2, 1.0))


def test_progress_of_a_view_counts_decisions_and_finds_where_to_go_on(alice: User) -> None:
    cleanset = make_reviewable(alice)
    choices = {0: "needs-review", 10: "auto-fix", 20: "keep", 30: "exclude", 40: "needs-review"}
    for row_id, choice in choices.items():
        services.row_decide(cleanset=cleanset, user=alice, row_id=row_id, choice=choice)
    progress = row_query.view_progress(RowQuery(), selectors.row_source(cleanset))
    assert (progress.n_rows, progress.n_undecided, progress.n_put_off) == (12, 9, 2)
    assert (progress.n_fixed, progress.n_kept, progress.n_excluded) == (1, 1, 1)
    assert progress.first_undecided == (50, 1), "rows put off for later come last"
    every = RowQuery(issue="all", sort="row_id", ascending=True, given="login")
    assert row_query.view_progress(every, selectors.row_source(cleanset)).first_undecided == (2, 1)


def test_undecided_rows_are_counted_by_issue(alice: User) -> None:
    cleanset = make_reviewable(alice)
    services.row_decide(cleanset=cleanset, user=alice, row_id=OUTLIER, choice="exclude")
    left = row_query.undecided_by_issue(selectors.row_source(cleanset))
    assert (left["label_issue"], left["outlier"], left["near_duplicate"]) == (12, 0, 2)


def test_label_choices_count_the_rows_of_the_view(alice: User) -> None:
    cleanset = make_reviewable(alice)
    source = selectors.row_source(cleanset)
    query = RowQuery(given="billing", suggested="delivery")
    assert row_query.label_choices(source, "given_label", query) == [("billing", 4)]
    assert sum(n for _, n in row_query.label_choices(source, "given_label", RowQuery())) == 12
