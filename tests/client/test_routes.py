"""The traps of the public client's protocol, one by one, with Django's own client."""

from __future__ import annotations

import hashlib
import json
import logging
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from django.test import Client
from django.utils import timezone

from inference.models import PredictionBatch, PredictionUpload
from inference.pipeline import forget_stale_uploads as forget_stale_batches
from projects import uploads
from projects.models import DatasetVersion, Upload
from projects.pipeline import forget_stale_uploads
from studio.accounts.models import User
from studio.accounts.services import api_key_create
from studio.runs import Status
from tests.factories import make_cleanset, make_dataset, make_model, make_prediction

pytestmark = pytest.mark.django_db
JSON = "application/json"
NOWHERE = uuid.UUID(int=7)


class Caller:
    """A program with a key of alice's."""

    def __init__(self, user: User, scope: str = "write") -> None:
        self.key, self.secret = api_key_create(owner=user, name="notebook", scope=scope)
        self._client = Client(headers={"Authorization": f"bearer {self.secret}"})

    def __call__(
        self, method: str, path: str, body: object = None, **query: str
    ) -> tuple[int, Any]:
        """Return the status and the JSON of an answer; a body of None is sent as none, with its
        content type.
        """
        data = b"" if body is None else json.dumps(body).encode()
        response = self._client.generic(
            method, f"/api/{path}", data, content_type=JSON, query_params=query
        )
        assert response["Content-Type"].startswith(JSON), response.getvalue()
        assert "set-cookie" not in {name.lower() for name in response.headers}
        return response.status_code, json.loads(response.getvalue())

    def ok(self, method: str, path: str, body: object = None, **query: str) -> Any:
        """Return the JSON of an answer that has to be good."""
        status, answer = self(method, path, body, **query)
        assert status == 200, answer
        assert not {"error", "code"} & set(answer)
        return answer

    def refused(self, method: str, path: str, body: object = None, **query: str) -> str:
        """Return the sentence of a refusal."""
        status, answer = self(method, path, body, **query)
        assert 400 <= status < 500, answer
        error: str = answer["error"]
        assert isinstance(error, str)
        return error


@pytest.fixture
def call(alice: User) -> Caller:
    return Caller(alice)


def put(url: str, content: bytes) -> HttpResponseBase:
    """Send a part as the client does: without a key and without a content type."""
    parts = urlsplit(url)
    return Client().generic("PUT", f"{parts.path}?{parts.query}", content, content_type="")


@pytest.mark.parametrize(
    "path",
    [
        "cli/v0/validate/",
        "datasets",
        "nothing/here",
        "upload/v1/confirm/",
        "cleansets/not-an-id/status",
    ],
)
def test_address_that_does_not_exist_is_json_and_never_a_redirect(path: str, call: Caller) -> None:
    status, answer = call("POST", path)
    assert (status, list(answer)) == (404, ["error"])


def test_wrong_method_is_json(call: Caller) -> None:
    assert call("GET", "upload/v1/confirm")[0] == 405
    assert call("POST", f"projects/{NOWHERE}")[0] == 405


def test_key_is_taken_from_the_header_or_else_the_body(call: Caller, client: Client) -> None:
    assert call.ok("GET", "cli/v0/validate") == {"valid": True}
    for secret, is_valid in ((call.secret, True), ("cs_nothing", False), ("", False)):
        body = json.dumps({"api_key": secret})
        response = client.generic("GET", "/api/cli/v0/validate", body, content_type=JSON)
        assert (response.status_code, response.json()) == (200, {"valid": is_valid})
    assert client.post("/api/cli/v0/check_client_version", {"version": "2.5.21"}, JSON).json() == {
        "valid": True
    }


def test_calls_need_a_key_that_may_write_where_they_write(alice: User, client: Client) -> None:
    response = client.post("/api/upload/v1/file/initialize", "{}", content_type=JSON)
    assert (response.status_code, list(response.json())[:1]) == (401, ["error"])
    reader = Caller(alice, "read")
    assert "can only read" in reader.refused("POST", "upload/v1/file/initialize", {})
    assert reader.ok("GET", "datasets/dataset_id_for_name", dataset_name="x") == {
        "dataset_id": None
    }


def test_report_of_a_failure_is_dropped_and_its_key_not_logged(
    client: Client, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = client.post(
            "/api/cli/v0/telemetry", {"api_key": "cs_secret", "stack_trace": "x"}, JSON
        )
    assert (response.status_code, response.json()) == (200, {})
    assert "cs_secret" not in caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "filename"),
        ({"filename": "a.csv"}, "size_in_bytes"),
        ({"size_in_bytes": "ten", "filename": "a.csv"}, "size_in_bytes"),
        ({"size_in_bytes": "10"}, "filename"),
        ({"size_in_bytes": "10", "filename": "\ud800.csv"}, "filename"),
        ({"size_in_bytes": "10", "filename": "folder/"}, ""),
        ({"size_in_bytes": str(10**12), "filename": "a.csv"}, "this studio accepts up to"),
        (["not", "an", "object"], "JSON object"),
    ],
)
def test_file_that_cannot_be_taken_is_refused_at_once(
    body: object, sentence: str, call: Caller
) -> None:
    if sentence:
        assert sentence in call.refused("POST", "upload/v1/file/initialize", body)
    else:
        assert call.ok("POST", "upload/v1/file/initialize", body)["part_sizes"] == [10]


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut files into parts of ten bytes."""
    monkeypatch.setattr(uploads, "PART_BYTES", 10)


def begun(call: Caller, content: bytes, filename: str = "rows.csv") -> dict[str, Any]:
    """Announce a file."""
    body = {"size_in_bytes": str(len(content)), "filename": filename, "file_type": "text/csv"}
    answer: dict[str, Any] = call.ok("POST", "upload/v1/file/initialize", body)
    return answer


def sent(call: Caller, content: bytes, filename: str = "rows.csv") -> str:
    """Send a whole file as the client does; return the upload's ID."""
    upload = begun(call, content, filename)
    etags, start = [], 0
    for number, (size, url) in enumerate(
        zip(upload["part_sizes"], upload["presigned_posts"], strict=True), start=1
    ):
        etag = json.loads(put(url, content[start : start + size])["ETag"])
        etags.append({"ETag": etag, "PartNumber": number})
        start += size
    call.ok(
        "POST", "upload/v1/file/complete", {"upload_id": upload["upload_id"], "upload_parts": etags}
    )
    return str(upload["upload_id"])


CONTENT = b"text,label\nsome words,yes\nother words,no\n" * 1


def test_file_in_parts_becomes_one_dataset(
    eager_runs: None, small_parts: None, alice: User
) -> None:
    call = Caller(alice)
    upload_id = sent(call, CONTENT, "my.data v1.json.csv")
    assert "not confirmed" in call.refused("GET", "upload/v1/total_progress", upload_id=upload_id)
    call.ok("POST", "upload/v1/confirm", {"upload_id": upload_id, "schema_overrides": None})
    call.ok(
        "POST", "upload/v1/confirm", {"upload_id": upload_id, "schema_overrides": None}
    )  # again changes nothing
    assert call.ok("GET", "upload/v1/total_progress", upload_id=upload_id) == {
        "status": "complete",
        "progress": 1,
    }
    version = DatasetVersion.objects.get()
    assert call.ok("GET", "upload/v1/dataset_id", upload_id=upload_id) == {
        "dataset_id": str(version.dataset_id)
    }
    assert (version.n_rows, version.sha256) == (2, hashlib.sha256(CONTENT).hexdigest())
    assert (
        not default_storage.exists(f"uploads/{upload_id}")
        or not default_storage.listdir(f"uploads/{upload_id}")[1]
    )


def test_texts_of_a_frame_are_known_from_its_numbers(eager_runs: None, alice: User) -> None:
    rows = [
        {"n": 1, "text": "1", "mixed": "1", "none": None},
        {"n": 2, "text": "2", "mixed": 2, "none": None},
    ]
    call = Caller(alice)
    upload_id = sent(call, json.dumps(rows).encode(), "frame.json")
    call.ok("POST", "upload/v1/confirm", {"upload_id": upload_id})
    assert DatasetVersion.objects.get().text_columns == ["text"]


def test_etag_is_strong_and_names_what_was_stored(small_parts: None, call: Caller) -> None:
    upload = begun(call, b"x" * 25)
    assert upload["part_sizes"] == [10, 10, 5]
    response = put(upload["presigned_posts"][0], b"x" * 10)
    assert response.status_code == 200
    assert json.loads(response["ETag"]) == hashlib.md5(b"x" * 10).hexdigest()
    assert urlsplit(upload["presigned_posts"][0]).netloc == "testserver"


def test_addresses_follow_the_public_url(call: Caller, settings: Any) -> None:
    settings.PUBLIC_URL, settings.HAS_PUBLIC_URL = "https://studio.example.org", True
    assert begun(call, b"x")["presigned_posts"][0].startswith(
        "https://studio.example.org/api/upload/v1/file/"
    )


def test_interrupted_upload_goes_on_where_it_broke_off(small_parts: None, call: Caller) -> None:
    upload = begun(call, b"a" * 10 + b"b" * 10)
    first, second = upload["presigned_posts"]
    put(first, b"a" * 3)  # the connection was lost
    complete = {"upload_id": upload["upload_id"], "upload_parts": []}
    assert "the first is 2" in call.refused("POST", "upload/v1/file/complete", complete)
    tags = [
        json.loads(put(url, part)["ETag"])
        for url, part in ((second, b"b" * 10), (first, b"a" * 10))
    ]
    parts = [{"ETag": tags[1], "PartNumber": 1}, {"ETag": tags[0], "PartNumber": 2}]
    wrong = [parts[0] | {"ETag": tags[0]}, parts[1]]
    assert "does not agree" in call.refused(
        "POST", "upload/v1/file/complete", complete | {"upload_parts": wrong}
    )
    call.ok("POST", "upload/v1/file/complete", complete | {"upload_parts": parts})
    assert "already complete" in put(first, b"c" * 10).content.decode()  # type: ignore[attr-defined]
    assert Upload.objects.get().parts.count() == 2


def test_part_needs_its_token_and_its_size(
    small_parts: None, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = begun(call, b"x" * 25)["presigned_posts"][0]
    assert put(url.replace("parts/1", "parts/2"), b"x").status_code == 403
    assert put(url[:-1] + "x", b"x").status_code == 403
    assert put(url, b"x" * 11).status_code == 422
    later = time.time() + 25 * 3600
    monkeypatch.setattr("studio.api.signing.time.time", lambda: later)
    assert put(url, b"x" * 10).status_code == 403


def test_empty_file_is_reported_by_its_reading(eager_runs: None, alice: User) -> None:
    call = Caller(alice)
    upload_id = sent(call, b"")
    call.ok("POST", "upload/v1/confirm", {"upload_id": upload_id})
    answer = call.ok("GET", "upload/v1/total_progress", upload_id=upload_id)
    assert (answer["status"], answer["error_type"]) == ("error", "File not read")
    assert "empty" in answer["error_message"]
    assert call.ok("GET", "upload/v1/dataset_id", upload_id=upload_id) == {"dataset_id": None}


def test_upload_of_another_account_does_not_exist(
    small_parts: None, call: Caller, bob: User
) -> None:
    upload_id = sent(call, CONTENT)
    stranger = Caller(bob)
    assert stranger("POST", "upload/v1/confirm", {"upload_id": upload_id})[0] == 404
    assert (
        stranger("POST", "upload/v1/file/complete", {"upload_id": upload_id, "upload_parts": []})[0]
        == 404
    )
    assert stranger("GET", "upload/v1/total_progress", upload_id=upload_id)[0] == 404


def test_unfinished_upload_is_forgotten_with_its_parts(small_parts: None, call: Caller) -> None:
    upload = begun(call, b"x" * 20)
    put(upload["presigned_posts"][0], b"x" * 10)
    forget_stale_uploads()
    key = Upload.objects.get().parts.get().part_key
    assert default_storage.exists(key)
    Upload.objects.update(created_at=timezone.now() - timedelta(days=3))
    forget_stale_uploads()
    assert not Upload.objects.exists()
    assert not default_storage.exists(key)


@pytest.mark.parametrize(
    ("name", "is_found"),
    [
        ("sales", True),
        ("sales.json", True),
        ("sales.csv", True),
        ("sal", False),
        ("", False),
        ("sales.v1.csv", False),
    ],
)
def test_dataset_is_found_by_the_name_of_its_frame(
    name: str, is_found: bool, call: Caller, alice: User
) -> None:
    dataset = make_dataset(alice, name="sales", filename="sales.json")
    make_dataset(alice, name="other", filename="other.json")
    found = call.ok("GET", "datasets/dataset_id_for_name", dataset_name=name)["dataset_id"]
    assert found == (str(dataset.pk) if is_found else None)


def test_dataset_that_could_not_be_read_ends_the_search_for_its_name(
    call: Caller, alice: User
) -> None:
    make_dataset(alice, name="sales", status=Status.FAILED)
    assert "The file is empty" in call.refused(
        "GET", "datasets/dataset_id_for_name", dataset_name="sales"
    )


def test_ids_are_taken_in_every_spelling(call: Caller, alice: User) -> None:
    cleanset = make_cleanset(alice)
    for spelling in (str(cleanset.pk), cleanset.pk.hex, str(cleanset.pk).upper()):
        assert call.ok("GET", f"cli/v0/cleansets/{spelling}/project") == {
            "project_id": str(cleanset.project_id)
        }
        dataset_id = cleanset.project.version.dataset_id
        assert call.ok("GET", f"cli/v0/projects/{cleanset.project_id}/dataset") == {
            "dataset_id": str(dataset_id)
        }


@pytest.mark.parametrize("status", list(Status))
def test_state_of_a_cleanset_has_every_key_at_all_times(
    status: Status, call: Caller, alice: User
) -> None:
    cleanset = make_cleanset(
        alice, status=status, error_message="It failed." if status == Status.FAILED else ""
    )
    answer = call.ok("GET", f"cleansets/{cleanset.pk}/status")
    assert isinstance(answer["step"], int)
    assert answer["total_steps"] == len(cleanset.stages) > 0
    assert answer["step_description"]
    assert answer["is_ready"] == (status == Status.SUCCEEDED)
    assert answer["has_error"] == (status in (Status.FAILED, Status.CANCELLED))
    assert (
        (answer["error_type"] is None)
        == (answer["error_message"] is None)
        == (not answer["has_error"])
    )


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status.QUEUED, "INITIALIZING"),
        (Status.RUNNING, "TRAINING"),
        (Status.SUCCEEDED, "TRAINED"),
        (Status.FAILED, "FAILED"),
        (Status.CANCELLED, "FAILED"),
    ],
)
def test_state_of_a_model(status: Status, state: str, call: Caller, alice: User) -> None:
    model = make_model(alice, status=status)
    answer = call.ok("GET", f"v1/deployment/{model.pk}")
    assert (answer["status"], answer["tasktype"], answer["id"]) == (
        state,
        "multi-class",
        str(model.pk),
    )
    if status != Status.SUCCEEDED:
        assert call.refused("POST", f"v1/deployment/{model.pk}/upload")


def test_failed_training_is_explained_to_whoever_predicts(call: Caller, alice: User) -> None:
    model = make_model(alice, status=Status.FAILED, error_message="All labels are equal.")
    assert "All labels are equal." in call.refused("POST", f"v1/deployment/{model.pk}/upload")


def announced(call: Caller, model_id: uuid.UUID) -> tuple[str, str]:
    """Return the query and the address for its rows."""
    answer = call.ok("POST", f"v1/deployment/{model_id}/upload")
    return answer["query_id"], answer["upload_url"]["url"]


def test_missing_rows_are_reported_at_the_prediction(call: Caller, alice: User) -> None:
    model = make_model(alice)
    query, _ = announced(call, model.pk)
    assert "did not arrive" in call.refused("POST", f"v1/deployment/{model.pk}/predict/{query}")
    assert call("GET", f"v1/deployment/predict/{query}")[0] == 404


def test_rows_are_taken_once_from_whoever_has_the_address(
    call: Caller, alice: User, mailoutbox: list[object]
) -> None:
    model = make_model(alice)
    query, url = announced(call, model.pk)
    parts = urlsplit(url)
    assert Client().post(parts.path, {"file": SimpleUploadedFile("file", b"x")}).status_code == 403
    for content in (b"text\r\nfirst\r\n", b"text\r\nsecond\r\n"):
        Client().post(f"{parts.path}?{parts.query}", {"file": SimpleUploadedFile("file", content)})
    for _ in range(2):
        call.ok("POST", f"v1/deployment/{model.pk}/predict/{query}")
    batch = PredictionBatch.objects.get()
    assert default_storage.open(batch.source_key).read() == b"text\r\nsecond\r\n"
    assert call.ok("GET", f"v1/deployment/predict/{query}")["results"] is None
    assert batch.ended_notice() is None
    assert not PredictionUpload.objects.exists()


def test_failed_prediction_is_an_error_with_its_reason(call: Caller, alice: User) -> None:
    batch = make_prediction(alice, status=Status.FAILED, error_message="A column is missing.")
    assert call.refused("GET", f"v1/deployment/predict/{batch.pk}") == "A column is missing."


def test_rows_that_nobody_wants_predicted_are_forgotten(call: Caller, alice: User) -> None:
    upload = PredictionUpload.objects.create(
        deployed_model=make_model(alice), created_by=alice, source_key="left/rows"
    )
    default_storage.save("left/rows", ContentFile(b"x"))
    forget_stale_batches()
    assert PredictionUpload.objects.filter(pk=upload.pk).exists()
    PredictionUpload.objects.update(created_at=timezone.now() - timedelta(days=2))
    forget_stale_batches()
    assert not PredictionUpload.objects.exists()
    assert not default_storage.exists("left/rows")


@pytest.mark.parametrize("make", [make_cleanset, make_model])
def test_what_is_not_ready_cannot_be_used(
    make: Callable[..., Any], call: Caller, alice: User
) -> None:
    thing = make(alice, status=Status.RUNNING)
    if make is make_cleanset:
        assert "not ready" in call.refused("GET", f"cli/v0/cleansets/{thing.pk}/columns")
        assert "not ready" in call.refused("POST", "v1/deployment", {"cleanset_id": str(thing.pk)})
    else:
        assert "still being trained" in call.refused("POST", f"v1/deployment/{thing.pk}/upload")


def test_label_that_could_not_be_guessed_is_not_a_column_named_none(
    call: Caller, alice: User
) -> None:
    dataset = make_dataset(alice)
    body = {
        "dataset_id": str(dataset.pk),
        "name": "P",
        "tasktype": "multi-class",
        "modality": "tabular",
    }
    status, answer = call(
        "POST", "projects/clean", body | {"label_column": "None", "model_type": "fast"}
    )
    assert (status, answer["error"]["code"]) == (422, "UNSUPPORTED_PROJECT_CONFIGURATION")
    assert "none could be guessed" in answer["error"]["description"]


@pytest.mark.parametrize(
    "path",
    ["enrichment/v0/projects", "upload/v1/bigquery/principal_account", "v0/trustworthy_llm/prompt"],
)
def test_features_of_the_hosted_studio_only_are_refused_with_the_reason(
    path: str, call: Caller
) -> None:
    status, answer = call("GET", path)
    assert status == 501
    assert answer["error"].startswith("This studio")
