"""The gallery of a run: filters, order, both runs' predictions, and slices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from cleansets.models import Cleanset, SavedView
from studio.accounts.models import User
from studio.accounts.services import api_key_create
from studio.engine.ml_task import MLTask
from studio.model_runs.gallery_rows import RunSource
from studio.model_runs.models import ModelRun
from studio.model_runs.pages.gallery import gallery_query, review_query
from studio.model_runs.run_row_sets import find_rows, rows_of
from studio.model_runs.services import predictions_import
from studio.model_runs.tasks import evaluate_run
from tests.measured import make_measured
from tests.reviewable import make_reviewable, publish_array

ClientOf = Callable[[User], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture
def cleanset(alice: User) -> Cleanset:
    return make_reviewable(alice)


@pytest.fixture
def run(cleanset: Cleanset) -> ModelRun:
    return make_measured(cleanset)


def row_ids(run: ModelRun, params: str) -> list[int]:
    return RunSource(run).row_ids(gallery_query(run, QueryDict(params)), limit=1000)


def page(browser: Client, run: ModelRun, params: str = "", name: str = "gallery") -> str:
    response = browser.get(f"{reverse(f'evaluation-{name}', args=[run.pk])}?{params}")
    assert response.status_code == 200
    return response.content.decode()


def test_rows_are_filtered_by_the_prediction_and_sorted_by_any_column(run: ModelRun) -> None:
    rows = rows_of(run)
    measures = rows.measures
    assert measures.confidence is not None
    billing = run.classes.index("billing")
    is_found = (
        (measures.predicted == billing) & ~rows.is_right & (measures.confidence >= np.float32(0.6))
    )
    found = row_ids(run, "predicted=billing&verdict=wrong&confidence_from=0.6")
    assert is_found.any()
    assert sorted(found) == rows.row_id[is_found].tolist()
    confidence = dict(zip(rows.row_id.tolist(), rows.measures.confidence, strict=True))
    ascending = row_ids(run, "sort=confidence&dir=asc")
    assert [confidence[row] for row in ascending] == sorted(confidence.values())
    by_text = row_ids(run, "sort=own.message&dir=asc&has.message=Request+1")
    texts = [f"Request {row}:" for row in by_text]
    assert texts
    assert texts == sorted(texts)


@pytest.mark.parametrize("task", [MLTask.MULTI_CLASS, MLTask.MULTI_LABEL, MLTask.REGRESSION])
def test_cards_show_label_and_prediction_of_every_task(
    browser: Client, alice: User, task: MLTask
) -> None:
    run = make_measured(make_reviewable(alice, task=task))
    text = page(browser, run, "size=l&colour=gray&own=message&own=channel")
    assert text.count('<li class="row-card') == 48
    assert "cards-l cards-gray" in text
    assert "=mail" in text
    if task is MLTask.REGRESSION:
        assert "off by" in text
        errors = abs(rows_of(run).measures.predicted - rows_of(run).measures.labels)
        wanted = rows_of(run).row_id[errors >= 5.0].tolist()
        assert sorted(row_ids(run, "error_from=5")) == wanted
    else:
        assert "Agrees" in text
        wrong = rows_of(run).row_id[~rows_of(run).is_right].tolist()
        assert sorted(row_ids(run, "verdict=wrong")) == wrong
    if task is MLTask.MULTI_LABEL:
        assert_sets_are_filtered(run)


def assert_sets_are_filtered(run: ModelRun) -> None:
    rows = rows_of(run)
    code = run.classes.index("refund, partial")
    wanted = rows.row_id[rows.measures.predicted[:, code]].tolist()
    assert row_ids(run, "predicted=refund,+partial") == wanted
    nothing = rows.row_id[~rows.measures.predicted.any(axis=1)].tolist()
    assert row_ids(run, "predicted=--") == nothing


def test_predictions_of_another_run_stand_beside_and_filter(
    browser: Client, cleanset: Cleanset, run: ModelRun
) -> None:
    values = np.tile(np.float32([0.1, 0.2, 0.7]), (120, 1))
    cleanset.pred_probs_key = publish_array(values, "cleansets/other/pred_probs.npy")
    cleanset.save()
    other = make_measured(cleanset)
    text = page(browser, run, f"with={other.pk}&change=lost")
    mine, theirs = rows_of(run), rows_of(other)
    lost = mine.row_id[mine.is_right & ~theirs.is_right]
    assert sorted(row_ids(run, f"with={other.pk}&change=lost")) == lost.tolist()
    assert f"of {len(lost)}" in text
    assert f"wrong only in {other.name}" in text


def test_every_filter_of_the_gallery_opens_in_the_review_page(
    browser: Client, cleanset: Cleanset, run: ModelRun
) -> None:
    first = rows_of(run).measures.take(np.flatnonzero(~rows_of(run).is_right))
    given, predicted = (run.classes[codes[0]] for codes in (first.labels, first.predicted))
    params = QueryDict(f"verdict=wrong&predicted={predicted}&given={given}&sort=confidence")
    query = gallery_query(run, params)
    wanted = RunSource(run).count(query)
    assert wanted
    address = review_query(run, query).params()
    text = browser.get(f"{cleanset.get_absolute_url()}?{address}").content.decode()
    assert f"of {wanted}" in text
    assert f"predicted {predicted}, predicted wrongly" in text
    again = gallery_query(run, QueryDict(address))
    assert (again.predictions, again.rows.given) == (query.predictions, given)


def test_a_set_within_a_set_keeps_the_rows_of_both(run: ModelRun) -> None:
    rows = rows_of(run)
    within = f"run:{run.pk}.missed,0"
    query = gallery_query(run, QueryDict(f"among={within}&confidence_from=0.5"))
    found = find_rows(review_query(run, query).among.removeprefix("run:"))
    assert found is not None
    wanted = (rows.measures.labels == 0) & ~rows.is_right & (rows.measures.confidence >= 0.5)
    assert found.row_ids.tolist() == rows.row_id[wanted].tolist()


def test_a_slice_is_saved_for_both_pages_and_counted_now(
    browser: Client, cleanset: Cleanset, run: ModelRun
) -> None:
    view = "verdict=wrong&size=l&own=channel&colour=gray"
    address = reverse("evaluation-slice-save", args=[run.pk])
    refused = browser.post(address, {"name": "ab", "view": view})
    assert refused.status_code == 422
    assert "3 to 30 characters" in refused.content.decode()
    assert browser.post(address, {"name": "Wrong ones", "view": view}).status_code == 302
    n_wrong = int((~rows_of(run).is_right).sum())
    assert f'<span class="number">{n_wrong}</span>' in page(browser, run, name="slices")
    saved = SavedView.objects.get()
    opened = gallery_query(run, QueryDict(saved.params))
    assert (opened.predictions.verdict, opened.size, opened.is_gray) == ("wrong", "l", True)
    counts = browser.get(reverse("cleanset-saved-views", args=[cleanset.pk])).content.decode()
    assert f'<span class="number">{n_wrong}</span>' in counts
    reviewed = "issue=all&given=billing"
    SavedView.objects.create(project=cleanset.project, name="Bills", params=reviewed)
    assert "Bills" in page(browser, run)
    is_billing = rows_of(run).measures.labels == run.classes.index("billing")
    assert len(row_ids(run, reviewed)) == int(is_billing.sum())


def test_runs_are_compared_on_the_rows_of_a_slice(
    browser: Client, alice: User, cleanset: Cleanset, run: ModelRun
) -> None:
    other = make_measured(cleanset)
    view = SavedView.objects.create(
        project=cleanset.project, name="Bills", params="issue=all&given=billing"
    )
    n_billing = len(row_ids(run, view.params))
    text = page(browser, run, f"with={other.pk}&slice={view.pk}", name="compare")
    assert f"On {n_billing} rows" in text
    _, key = api_key_create(owner=alice, name="notebook", scope="read")
    headers = {"Authorization": f"Bearer {key}"}
    address = f"/api/v1/evaluations/{run.pk}/comparison?other={other.pk}&slice="
    assert browser.get(f"{address}Bills", headers=headers).json()["n_rows"] == n_billing
    assert browser.get(f"{address}Other", headers=headers).status_code == 422


def test_a_program_gets_the_rows_of_the_gallery(
    alice: User, cleanset: Cleanset, run: ModelRun
) -> None:
    _, key = api_key_create(owner=alice, name="notebook", scope="read")
    client = Client(headers={"Authorization": f"Bearer {key}"})
    address = f"/api/v1/evaluations/{run.pk}/rows"
    query = "verdict=wrong&sort=confidence&limit=2"
    answer = client.get(f"{address}?{query}&other={make_measured(cleanset).pk}").json()
    assert answer["count"] == int((~rows_of(run).is_right).sum())
    assert [row["row_id"] for row in answer["results"]] == row_ids(run, query)[:2]
    first = answer["results"][0]
    assert first["predicted"] != first["label"]
    assert first["other"]["predicted"] == first["predicted"]
    refused = client.get(f"{address}?sort=nothing")
    assert refused.status_code == 422
    assert "cannot be sorted by 'nothing'" in refused.json()["error"]


def test_imported_predictions_are_shown_with_and_without_probabilities(
    browser: Client, alice: User, cleanset: Cleanset
) -> None:
    labels = b"row_id,prediction\n0,login\n1,delivery\n2,login\n"
    run = imported(alice, cleanset, labels)
    text = page(browser, run)
    assert text.count('<li class="row-card') == 3
    assert "Likeliest classes" not in text
    assert 'name="confidence_from"' not in text
    assert row_ids(run, "predicted=login") == [0, 2]
    chances = b"row_id,billing,delivery,login\n0,0.2,0.1,0.7\n1,0.1,0.8,0.1\n"
    run = imported(alice, cleanset, chances)
    text = page(browser, run, "sort=confidence")
    assert "Likeliest classes" in text
    assert "80.0%" in text
    assert row_ids(run, "confidence_from=0.75") == [1]


def imported(user: User, cleanset: Cleanset, content: bytes) -> ModelRun:
    run = predictions_import(
        cleanset=cleanset, user=user, name="Theirs", file=SimpleUploadedFile("p.csv", content)
    )
    evaluate_run(run_id=str(run.pk))
    run.refresh_from_db()
    assert run.is_succeeded, run.error_message
    return run
