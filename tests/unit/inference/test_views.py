"""Uploads to a model and the page of a batch, without a worker behind them."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client, override_settings
from django.urls import reverse

from inference.models import PredictionBatch
from inference.services import prediction_restart
from studio import runs, tables
from studio.accounts.models import User
from studio.runs import Status
from tests.data_builders import csv_file
from tests.factories import make_model, make_prediction

ClientOf = Callable[[User], Client]


def test_uploaded_file_waits_to_be_predicted(alice: User, client_of: ClientOf) -> None:
    model = make_model(alice)
    url = reverse("prediction-upload", args=[model.pk])
    response = client_of(alice).post(url, {"file": csv_file("a\n1\n", "new rows.csv")}, follow=True)
    batch = PredictionBatch.objects.get()
    assert (batch.filename, batch.size_bytes, batch.status) == ("new rows.csv", 4, Status.QUEUED)
    with default_storage.open(batch.source_key) as stored:
        assert stored.read() == b"a\n1\n"
    assert "Waiting for a free worker" in response.content.decode()


def test_upload_without_a_file_says_so(alice: User, client_of: ClientOf) -> None:
    response = client_of(alice).post(reverse("prediction-upload", args=[make_model(alice).pk]))
    assert response.status_code == 422
    assert "Choose a file" in response.content.decode()


@override_settings(MAX_UPLOAD_BYTES=3)
def test_file_over_the_limit_is_refused(alice: User, client_of: ClientOf) -> None:
    model = make_model(alice)
    response = client_of(alice).post(
        reverse("prediction-upload", args=[model.pk]), {"file": csv_file("a\n1\n")}
    )
    assert response.status_code == 422
    assert not PredictionBatch.objects.exists()


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.FAILED, Status.CANCELLED])
def test_model_that_is_not_trained_takes_no_file(
    alice: User, client_of: ClientOf, status: Status
) -> None:
    model = make_model(alice, status=status)
    response = client_of(alice).post(
        reverse("prediction-upload", args=[model.pk]), {"file": csv_file("a\n1\n")}
    )
    assert response.status_code == 404
    assert not PredictionBatch.objects.exists()


def test_batch_under_way_shows_how_far_it_is(alice: User, client_of: ClientOf) -> None:
    batch = make_prediction(
        alice, status=Status.RUNNING, stage="Predicting", progress_done=5_000, progress_total=20_000
    )
    page = client_of(alice).get(batch.get_absolute_url()).content.decode()
    assert "5,000 of 20,000" in page


def test_only_the_page_of_a_batch_reloads_at_its_end(alice: User, client_of: ClientOf) -> None:
    url = reverse("prediction-run", args=[make_prediction(alice).pk])
    partial = {"HX-Request": "true"}
    assert "HX-Refresh" not in client_of(alice).get(url, headers=partial)
    assert client_of(alice).get(f"{url}?reload", headers=partial)["HX-Refresh"] == "true"


def predicted_row(owner: User) -> PredictionBatch:
    """Return the prediction of a row whose file has a column named like one of four classes."""
    model = make_model(owner, manifest={"classes": ["No", "a,b", "no", "yes"]})
    batch = make_prediction(owner, model=model, n_rows=1, label_counts=[["no", 1]])
    uploaded = {name: ["x"] for name in model.cleanset.project.feature_columns} | {"yes": ["-"]}
    predicted = {
        "No": [0.1],
        "a,b": [0.1],
        "no": [0.7],
        "yes (predicted)": [0.1],
        "Suggested Label": ["no"],
    }
    with tables.scratch() as folder:
        for name, content in (("table", uploaded), ("result", predicted)):
            pq.write_table(pa.table({"__row_id": [0], **content}), folder / name)
            key = tables.publish(folder / name, f"predictions/{name}-{batch.pk}")
            setattr(batch, f"{name}_key", key)
    batch.save()
    return batch


def test_export_has_the_probabilities_of_the_chosen_classes_alone(
    alice: User, client_of: ClientOf
) -> None:
    batch = predicted_row(alice)
    address = reverse("prediction-export", args=[batch.pk])
    uploaded = list(batch.deployed_model.cleanset.project.feature_columns)
    for query, kept in (
        ("", ["No", "a,b", "no", "yes (predicted)"]),
        ("?classes=yes&classes=a%2Cb", ["a,b", "yes (predicted)"]),
        ("?classes=No", ["No"]),
    ):
        response = client_of(alice).get(f"{address}{query}")
        (row,) = csv.DictReader(response.getvalue().decode("utf-8-sig").splitlines())
        assert list(row) == [*uploaded, "yes", *kept, "Suggested Label"]
        assert row["Suggested Label"] == "no"
    refused = client_of(alice).get(f"{address}?classes=maybe")
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "The model has no class “maybe”. Its classes: No, a,b, no, yes." in page


def test_ended_batch_says_ready_for_export(alice: User, client_of: ClientOf) -> None:
    batch = make_prediction(alice, n_rows=1_234, notes=["Two cells of “size” are no numbers."])
    url = reverse("prediction-run", args=[batch.pk])
    page = client_of(alice).get(url, headers={"HX-Request": "true"}).content.decode()
    assert "Ready for export" in page
    assert "1,234 rows predicted" in page
    assert "Two cells of “size” are no numbers." in page
    assert f'href="{batch.get_absolute_url()}"' in page
    assert reverse("prediction-export", args=[batch.pk]) in page


def test_page_of_a_batch_offers_what_its_export_can_leave_out(
    alice: User, client_of: ClientOf
) -> None:
    batch = predicted_row(alice)
    page = client_of(alice).get(batch.get_absolute_url()).content.decode()
    address = reverse("prediction-export", args=[batch.pk])
    assert f'href="{address}"' in page
    assert f'action="{address}"' in page
    assert 'name="safe_for_spreadsheets"' in page
    assert 'name="classes" value="a,b"' in page


def test_confidences_are_drawn_whatever_the_columns_of_the_classes_are_called(
    alice: User, client_of: ClientOf
) -> None:
    batch = predicted_row(alice)
    page = client_of(alice).get(batch.get_absolute_url()).content.decode()
    assert "0.70 to 0.75: 1 row" in page


def test_failed_prediction_can_start_again_with_the_same_file(
    transactional_db: None, alice: User, client_of: ClientOf
) -> None:
    model, client = make_model(alice), client_of(alice)
    client.post(reverse("prediction-upload", args=[model.pk]), {"file": csv_file("a\n1\n")})
    failed = PredictionBatch.objects.get()
    assert runs.fail(failed, "The worker was lost.")
    address = reverse("prediction-retry", args=[failed.pk])
    assert address in client.get(failed.get_absolute_url()).content.decode()
    response = client.post(address)
    again = PredictionBatch.objects.get()
    assert response["Location"] == again.get_absolute_url()
    assert (again.pk != failed.pk, again.filename, again.status) == (
        True,
        failed.filename,
        Status.QUEUED,
    )
    with default_storage.open(again.source_key) as stored:
        assert stored.read() == b"a\n1\n"
    assert not default_storage.exists(failed.source_key)


def test_prediction_that_succeeded_can_read_another_column_instead(
    transactional_db: None, alice: User
) -> None:
    batch = make_prediction(alice)
    default_storage.save(batch.source_key, ContentFile(b"note\nhello\n"))
    column = batch.deployed_model.cleanset.feature_columns[0]
    again = prediction_restart(batch=batch, user=alice, column_map={column: "note"})
    assert (again.column_map, again.status) == ({column: "note"}, Status.QUEUED)


def test_prediction_that_has_not_failed_cannot_start_again(
    alice: User, client_of: ClientOf
) -> None:
    for status in (Status.RUNNING, Status.SUCCEEDED):
        address = reverse("prediction-retry", args=[make_prediction(alice, status=status).pk])
        assert client_of(alice).post(address).status_code == 422


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (Status.QUEUED, "The prediction is not ready: its run is waiting."),
        (Status.RUNNING, "The prediction is not ready: its run is under way."),
        (Status.FAILED, "The prediction is not ready: its run failed. The file is empty."),
        (Status.CANCELLED, "The prediction is not ready: its run was cancelled."),
    ],
)
def test_batch_without_results_has_no_export_and_says_why(
    alice: User, client_of: ClientOf, status: Status, sentence: str
) -> None:
    batch = make_prediction(alice, status=status)
    response = client_of(alice).get(reverse("prediction-export", args=[batch.pk]))
    assert response.status_code == 404
    assert sentence in response.content.decode()


@pytest.mark.parametrize("name", ["prediction", "prediction-run", "prediction-export"])
def test_batch_of_somebody_else_does_not_exist(
    alice: User, bob: User, client_of: ClientOf, name: str
) -> None:
    assert client_of(bob).get(reverse(name, args=[make_prediction(alice).pk])).status_code == 404


@pytest.mark.parametrize("name", ["prediction-cancel", "prediction-retry", "prediction-delete"])
def test_batch_of_somebody_else_cannot_be_changed(
    alice: User, bob: User, client_of: ClientOf, name: str
) -> None:
    batch = make_prediction(alice, status=Status.RUNNING)
    assert client_of(bob).post(reverse(name, args=[batch.pk])).status_code == 404
    batch.refresh_from_db()
    assert batch.cancel_requested_at is None


def test_deleted_batch_is_gone_with_its_files(
    transactional_db: None, alice: User, client_of: ClientOf
) -> None:
    model = make_model(alice)
    client = client_of(alice)
    client.post(reverse("prediction-upload", args=[model.pk]), {"file": csv_file("a\n1\n")})
    batch = PredictionBatch.objects.get()
    client.post(reverse("prediction-delete", args=[batch.pk]))
    assert not PredictionBatch.objects.exists()
    assert not default_storage.exists(batch.source_key)
