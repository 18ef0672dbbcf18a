"""The first page: what is listed, what is running, and that it costs the same for one row as for
many.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cleansets import row_query, selectors, services
from cleansets.models import ReviewAction
from cleansets.row_address import RowQuery
from cleansets.top_k import TopK, top_k_apply
from studio.accounts.models import User
from studio.engine.ml_task import MLTask
from studio.runs import Status
from tests.cast import logged_in
from tests.factories import make_cleanset, make_dataset, make_model, make_prediction, make_project
from tests.reviewable import make_reviewable

HOUR = timedelta(hours=1)


def page_of(browser: Client, query: str = "") -> str:
    response = browser.get(reverse("dashboard") + query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_an_empty_studio_says_what_to_do_next(browser: Client) -> None:
    page = page_of(browser)

    for text in (
        "No datasets yet",
        "No projects yet",
        "No models yet",
        "Try the sample",
        "Upload dataset",
    ):
        assert text in page


def test_each_list_leads_to_the_next_action(browser: Client, alice: User) -> None:
    dataset = make_dataset(alice, name="letters", n_rows=1204)
    project = make_project(alice, dataset=dataset, name="Moods")
    cleanset = make_cleanset(alice, project=project, counts={"is_label_issue": 17})
    model = make_model(
        alice,
        cleanset=cleanset,
        candidates=[
            {
                "key": "a",
                "name": "A",
                "accuracy": 0.931,
                "inference_time_s": 1.0,
                "training_time_s": 1.0,
            }
        ],
        manifest={"model": "a"},
    )
    page = page_of(browser)

    assert f"{reverse('project-create')}?dataset={dataset.pk}" in page
    assert cleanset.get_absolute_url() in page
    assert model.get_absolute_url() in page
    for text in ("1,204", ">17<", "93.1", "0 of 17", "Ready for review", "View model"):
        assert text in page


def test_a_shared_name_is_shown_once(browser: Client, alice: User) -> None:
    dataset = make_dataset(alice, name="letters", filename="letters.csv")
    project = make_project(alice, dataset=dataset, name="letters")
    make_model(alice, cleanset=make_cleanset(alice, project=project), name="letters")
    make_dataset(alice, name="letters of June", filename="export (3).csv")

    page = page_of(browser)

    assert "letters.csv" not in page
    assert "· letters" not in page
    assert page.count('<span class="table-sub">letters</span>') == 0
    assert "export (3).csv" in page
    assert page.count("1 project<") == 1


def test_reviewed_rows_are_counted_as_on_the_review_page(browser: Client, alice: User) -> None:
    cleanset = make_reviewable(alice)
    for row_id in (0, 10, 11):
        services.row_decide(cleanset=cleanset, user=alice, row_id=row_id, choice="keep")
    counts = row_query.review_counts(selectors.row_source(cleanset))
    assert (counts.n_to_review_decided, counts.n_to_review, counts.n_decided) == (2, 12, 3)
    assert "2 of 12" in page_of(browser)
    unlabeled = make_reviewable(alice, name="plain", task=MLTask.UNSUPERVISED)
    counts = row_query.review_counts(selectors.row_source(unlabeled))
    assert f"0 of {counts.n_to_review}" in page_of(browser)


def test_running_work_of_every_kind_is_on_top_and_can_be_cancelled(
    browser: Client, alice: User
) -> None:
    running = [
        ("dataset", make_dataset(alice, status=Status.RUNNING)),
        ("cleanset", make_cleanset(alice, status=Status.RUNNING)),
        ("model", make_model(alice, status=Status.QUEUED)),
        ("prediction", make_prediction(alice, status=Status.RUNNING)),
    ]

    page = page_of(browser)

    for kind, found in running:
        assert reverse(kind, args=[found.pk]) in page
        assert reverse(f"{kind}-cancel", args=[found.pk]) in page


def test_the_page_is_loaded_anew_only_when_the_running_work_changed(
    browser: Client, alice: User
) -> None:
    version = make_dataset(alice, status=Status.RUNNING).versions.get()
    address = reverse("dashboard")
    partial = {"HX-Request": "true"}

    same = browser.get(address, {"seen": str(version.pk)}, headers=partial)
    assert "HX-Refresh" not in same
    assert "<html" not in same.content.decode()

    assert (
        browser.get(address, {"seen": f"{version.pk},other"}, headers=partial)["HX-Refresh"]
        == "true"
    )


def test_the_newest_cleanset_of_a_project_is_the_one_listed(browser: Client, alice: User) -> None:
    project = make_project(alice)
    old = make_cleanset(alice, project=project)
    new = make_cleanset(alice, project=project, status=Status.FAILED)

    page = page_of(browser)

    assert new.get_absolute_url() in page
    assert old.get_absolute_url() not in page
    assert "See why" in page


def test_long_lists_are_cut_until_all_are_asked_for(browser: Client, alice: User) -> None:
    for n in range(23):
        make_dataset(alice, name=f"set-{n:02d}")

    assert "set-00" not in page_of(browser)
    assert "Show all 23 datasets" in page_of(browser)
    assert "set-00" in page_of(browser, "?all=datasets")


def test_nothing_of_others_is_listed(alice: User, bob: User) -> None:
    make_prediction(alice, status=Status.RUNNING)

    page = page_of(logged_in(bob))

    for text in ("No datasets yet", "No projects yet", "No models yet"):
        assert text in page
    assert "Predicting" not in page


def test_the_number_of_queries_does_not_grow_with_the_rows(browser: Client, alice: User) -> None:
    def populate() -> None:
        for status in (Status.SUCCEEDED, Status.RUNNING, Status.FAILED):
            make_dataset(alice, status=status)
            make_prediction(alice, status=status, model=make_model(alice, status=status))
            make_cleanset(alice, status=status)

    def n_queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page_of(browser)
        return len(queries)

    populate()
    few = n_queries()
    populate()
    populate()
    assert n_queries() == few
    assert few <= 20


def test_a_review_that_was_begun_is_continued_from_the_top(browser: Client, alice: User) -> None:
    cleanset = make_reviewable(alice)
    assert "left to review" not in page_of(browser)
    services.row_decide(cleanset=cleanset, user=alice, row_id=0, choice="keep")
    page = page_of(browser)
    assert "11 of 12 rows are left to review." in page
    assert f'href="{cleanset.get_absolute_url()}">Continue' in page


def test_the_review_in_which_somebody_decided_last_is_continued(
    browser: Client, alice: User
) -> None:
    first = make_reviewable(alice, name="first")
    second = make_reviewable(alice, name="second")
    for cleanset in (second, first):
        services.row_decide(cleanset=cleanset, user=alice, row_id=0, choice="keep")
    assert f'href="{first.get_absolute_url()}">Continue' in page_of(browser)
    ReviewAction.objects.filter(cleanset=second).update(created_at=timezone.now() + HOUR)
    page = page_of(browser)
    assert f'href="{second.get_absolute_url()}">Continue' in page


def test_a_project_whose_rows_are_all_reviewed_says_so(browser: Client, alice: User) -> None:
    cleanset = make_reviewable(alice)
    wanted = TopK(RowQuery(), k=12, choice="keep")
    top_k_apply(cleanset=cleanset, user=alice, top_k=wanted)
    page = page_of(browser)
    assert "12 of 12" in page
    assert "Ready for review" not in page


def test_more_than_ten_of_a_kind_can_be_searched_and_ordered(browser: Client, alice: User) -> None:
    assert 'name="q"' not in page_of(browser)
    for place in range(11):
        make_dataset(alice, name=f"letters {place:02d}", n_rows=100 - place)
    make_dataset(alice, name="Bills", n_rows=500)

    assert 'name="q"' in page_of(browser)
    found = page_of(browser, "?q=BILL")
    assert ">Bills</a>" in found
    assert "letters 03" not in found
    assert "No name of these contains “BILL”" in found  # among projects and models
    by_name = page_of(browser, "?sort=name")
    assert by_name.index(">Bills</a>") < by_name.index(">letters 00</a>")
    by_rows = page_of(browser, "?sort=rows")
    assert by_rows.index(">Bills</a>") < by_rows.index(">letters 00</a>")
    assert by_rows.index(">letters 00</a>") < by_rows.index(">letters 10</a>")
