"""`/api/v1/cleansets`: rows as the review page has them, decisions, undo and exports."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client

from cleansets.models import Cleanset, RowReview
from studio.accounts.models import User
from studio.engine.ml_task import MLTask
from tests.factories import make_cleanset, make_model
from tests.reviewable import COPY, OUTLIER, UNLABELED, improve, make_reviewable

pytestmark = pytest.mark.django_db

JSON = "application/json"


@pytest.fixture
def at(cleanset: Cleanset) -> str:
    return f"/api/v1/cleansets/{cleanset.pk}"


def send(program: Client, method: str, address: str, body: object = None) -> Any:
    return program.generic(method.upper(), address, json.dumps(body or {}), content_type=JSON)


def row_ids(program: Client, address: str) -> list[int]:
    return [row["row_id"] for row in program.get(address).json()["results"]]


def states() -> dict[int, tuple[str, str | None, bool]]:
    return {
        r.row_id: (r.action, r.corrected_label, r.needs_review) for r in RowReview.objects.all()
    }


def test_cleanset_tells_what_was_found(program: Client, cleanset: Cleanset, at: str) -> None:
    found = program.get(at).json()
    assert (found["run"]["status"], found["n_rows"], found["task"]) == (
        "succeeded",
        120,
        "multi-class",
    )
    assert found["counts"]["is_label_issue"] == 12
    assert found["candidates"][0]["accuracy"] == 0.9


def test_cleanset_that_is_not_done_tells_only_its_run(program: Client, alice: User) -> None:
    cleanset = make_cleanset(
        alice, status="running", stage="Training models", progress_done=2, progress_total=10
    )
    run = program.get(f"/api/v1/cleansets/{cleanset.pk}").json()["run"]
    assert (run["stage"], run["progress_done"], run["progress_total"]) == ("Training models", 2, 10)
    assert program.get(f"/api/v1/cleansets/{cleanset.pk}/rows").status_code == 404


def test_rows_are_filtered_and_sorted_as_on_the_page(program: Client, at: str) -> None:
    issues = row_ids(program, f"{at}/rows?issue=label_issue")
    assert issues == list(range(0, 120, 10)), "the worst first"
    assert row_ids(program, f"{at}/rows?issue=label_issue&dir=asc&limit=2") == [110, 100]
    assert row_ids(program, f"{at}/rows?issue=label_issue&given=billing") == [0, 30, 60, 90]
    assert row_ids(program, f"{at}/rows?q=request 17:") == [17]
    assert row_ids(program, f"{at}/rows?range=outlier_score:0.9:1") == [OUTLIER]
    assert row_ids(program, f"{at}/rows?sort=row_id&dir=asc&limit=3&offset=5") == [5, 6, 7]


@pytest.mark.parametrize(
    "query",
    [
        "issue=nothing",
        "action=nothing",
        "sort=nothing",
        "range=x",
        "range=outlier_score:a:b",
        "dir=up",
        "limit=0",
        "limit=1001",
        "offset=-1",
        "given=%00",
    ],
)
def test_filter_that_makes_no_sense_is_refused_and_not_ignored(
    program: Client, at: str, query: str
) -> None:
    response = program.get(f"{at}/rows?{query}")
    assert response.status_code == 422
    assert response.json()["error"]


def test_row_has_its_results_its_cells_and_its_decision(program: Client, at: str) -> None:
    send(program, "put", f"{at}/rows/10/decision", {"action": "auto-fix"})
    row = program.get(f"{at}/rows/10").json()
    assert (row["given_label"], row["suggested_label"], row["corrected_label"]) == (
        "delivery",
        "login",
        "login",
    )
    assert (row["action"], row["issues"], row["advice"]) == ("auto-fix", ["label_issue"], "label")
    assert row["results"]["is_label_issue"] is True
    assert row["cells"]["message"] == "Request 10: please help"
    assert row["class_probabilities"][0] == {"label": "login", "probability": pytest.approx(0.8)}


def test_row_lists_its_near_duplicates(program: Client, at: str) -> None:
    near = program.get(f"{at}/rows/{COPY}").json()["near_duplicates"]
    assert [row["row_id"] for row in near] == [COPY - 1]
    assert near[0]["cells"]["message"]


@pytest.mark.parametrize("row_id", ["120", "99999999999999999999999999"])
def test_row_that_does_not_exist_is_not_found(program: Client, at: str, row_id: str) -> None:
    assert program.get(f"{at}/rows/{row_id}").status_code == 404


@pytest.mark.parametrize("task", list(MLTask))
def test_rows_of_every_task_can_be_read(program: Client, alice: User, task: MLTask) -> None:
    address = f"/api/v1/cleansets/{make_reviewable(alice, task=task).pk}"
    assert program.get(address).json()["task"] == task
    assert program.get(f"{address}/rows").json()["count"] == 120
    detail = program.get(f"{address}/rows/0").json()
    assert bool(detail["class_probabilities"]) == (task in (MLTask.MULTI_CLASS, MLTask.MULTI_LABEL))
    assert (detail["number"] is not None) == (task is MLTask.REGRESSION)
    assert program.get(f"{address}/review").json()["n_decided"] == 0
    assert program.get(f"{address}/export?file_format=json").status_code == 200


def test_decision_of_a_program_is_what_the_page_shows(
    program: Client, at: str, cleanset: Cleanset, alice: User
) -> None:
    body = {"action": "label", "corrected_label": "login"}
    assert (
        send(program, "put", f"{at}/rows/1/decision", body).json()["description"]
        == "Label “login” for row 2"
    )
    assert states() == {1: ("label", "login", False)}
    browser = Client()
    browser.force_login(alice)
    assert (
        "Label “login” for row 2"
        in browser.get(f"{cleanset.get_absolute_url()}?row=1").content.decode()
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"action": "label"}, "A label cannot be empty"),
        ({"action": "fix"}, "action: Input should be"),
        ({}, "action: Field required"),
        ({"action": "keep", "label": "x"}, "label: Extra inputs are not permitted"),
        ({"action": "auto-fix"}, "no suggestion"),
    ],
)
def test_decision_that_cannot_be_made_is_refused(
    program: Client, at: str, body: dict[str, str], message: str
) -> None:
    response = send(program, "put", f"{at}/rows/1/decision", body)
    assert response.status_code == 422
    assert message in response.json()["error"]
    assert states() == {}


def test_label_may_be_a_number_or_a_truth_value_of_json(
    program: Client, at: str, cleanset: Cleanset
) -> None:
    Cleanset.objects.filter(pk=cleanset.pk).update(classes=["1.0", "True"])
    send(program, "put", f"{at}/rows/1/decision", {"action": "label", "corrected_label": 1})
    send(
        program,
        "post",
        f"{at}/decisions",
        {"decisions": [{"row_id": 2, "action": "label", "corrected_label": True}]},
    )
    assert states() == {1: ("label", "1.0", False), 2: ("label", "True", False)}
    response = send(
        program, "put", f"{at}/rows/1/decision", {"action": "label", "corrected_label": False}
    )
    assert (response.status_code, states()[1]) == (422, ("label", "1.0", False))
    decisions = [{"row_id": 3, "action": "label", "corrected_label": "refund"}]
    assert send(program, "post", f"{at}/decisions", {"decisions": decisions}).json()[
        "new_classes"
    ] == ["refund"]


def test_many_decisions_are_one_action_that_undo_takes_back(program: Client, at: str) -> None:
    decisions = [{"row_id": 0, "action": "auto-fix"}, {"row_id": 5, "action": "exclude"}]
    result = send(program, "post", f"{at}/decisions", {"decisions": decisions}).json()
    assert (result["n_decisions"], result["n_changed"], result["action"]["kind"]) == (
        2,
        2,
        "import",
    )
    listed = program.get(f"{at}/decisions").json()["results"]
    assert [(d["row_id"], d["action"]) for d in listed] == [(0, "auto-fix"), (5, "exclude")]
    assert program.get(f"{at}/review").json()["n_excluded"] == 1
    assert send(program, "post", f"{at}/undo").json()["kind"] == "undo"
    assert states() == {}
    assert [action["is_undone"] for action in program.get(f"{at}/actions").json()["results"]] == [
        False,
        True,
    ]


def test_one_wrong_decision_of_many_leaves_all_undone(program: Client, at: str) -> None:
    decisions = [{"row_id": 0, "action": "auto-fix"}, {"row_id": 500, "action": "keep"}]
    response = send(program, "post", f"{at}/decisions", {"decisions": decisions})
    assert (
        response.json()["error"]
        == "Entry 2: there is no row 501 (row_id 500); the last one is row 120 (row_id 119)."
    )
    assert states() == {}


def test_decisions_come_as_a_file_too(program: Client, at: str) -> None:
    file = io.BytesIO(b"row_id,action,corrected_label\n3,label,billing\n")
    file.name = "decisions.csv"
    response = program.post(f"{at}/decisions/file", {"file": file})
    assert (response.status_code, response.json()["n_changed"]) == (200, 1)
    assert states() == {3: ("label", "billing", False)}


def test_top_k_does_what_its_preview_said(program: Client, at: str) -> None:
    send(program, "put", f"{at}/rows/0/decision", {"action": "keep"})
    body = {"view": {"issue": "label_issue"}, "k": 5, "action": "auto-fix"}
    plan = send(program, "post", f"{at}/top-k/preview", body).json()
    expected = plan.pop("expected_wrong")
    assert 0 <= expected["low"] <= expected["value"] <= expected["high"] <= 4
    assert plan == {
        "n_changed": 4,
        "n_seen": 5,
        "n_manual": 1,
        "n_without_advice": 0,
        "n_unchanged": 0,
        "n_open_label_issues": 4,
    }
    assert len(states()) == 1
    assert send(program, "post", f"{at}/top-k", body).json()["n_rows"] == 4
    assert set(states()) == {0, 10, 20, 30, 40}


def test_estimates_follow_the_decisions(program: Client, at: str) -> None:
    before = program.get(f"{at}/stopping").json()
    for row_id in (0, 10, 20):
        send(program, "put", f"{at}/rows/{row_id}/decision", {"action": "keep"})
    after = program.get(f"{at}/stopping").json()
    assert (before["n_open"], after["n_open"], after["n_right"]) == (12, 9, 3)
    assert after["left_flagged"]["value"] < before["left_flagged"]["value"]
    assert after["curve"][-1]["errors"] == after["left_flagged"]
    assert after["left_unflagged"] is None
    classes = {row["name"]: row for row in program.get(f"{at}/classes").json()}
    assert classes["billing"]["n_issues"]["label_issue"] == 4
    assert program.get(f"{at}/issue-rates").json() == []
    cells = program.get(f"{at}/noise-matrix").json()
    differing = [cell for cell in cells if cell["given"] != cell["estimated"]]
    assert sum(cell["n_rows"] for cell in differing) == 9
    assert sum(cell["n_rows"] for cell in cells) == 119


def test_analysis_is_made_again_from_corrected_labels(
    program: Client, cleanset: Cleanset, at: str
) -> None:
    assert "No row is decided yet" in send(program, "post", f"{at}/improve").json()["error"]
    send(program, "put", f"{at}/rows/1/decision", {"action": "label", "corrected_label": "login"})
    improved = send(program, "post", f"{at}/improve")
    assert (improved.status_code, improved.json()["base_id"]) == (201, str(cleanset.pk))
    assert program.get(f"{at}/manifest").json()["seed"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("put", "/rows/1/decision", {"action": "keep"}),
        ("post", "/decisions", {"decisions": [{"row_id": 1, "action": "keep"}]}),
        ("post", "/top-k", {"k": 2, "action": "exclude"}),
        ("post", "/undo", None),
        ("post", "/improve", None),
    ],
)
def test_older_version_takes_decisions_only_where_that_is_asked_for(
    program: Client, cleanset: Cleanset, at: str, method: str, path: str, body: object
) -> None:
    send(program, "put", f"{at}/rows/0/decision", {"action": "keep"})
    newer = improve(cleanset)
    before = states()
    refused = send(program, method, f"{at}{path}", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "older_version")
    assert str(newer.pk) in refused.json()["error"]
    assert states() == before
    assert send(program, method, f"{at}{path}?allow_older=true", body).status_code in (200, 201)


def test_file_of_decisions_is_refused_by_an_older_version(
    program: Client, cleanset: Cleanset, at: str
) -> None:
    send(program, "put", f"{at}/rows/0/decision", {"action": "keep"})
    improve(cleanset)
    file = {"file": io.BytesIO(b"row_id,action\n1,keep\n")}
    assert program.post(f"{at}/decisions/file", file).status_code == 409


def test_nothing_to_undo_is_a_sentence(program: Client, at: str) -> None:
    response = send(program, "post", f"{at}/undo")
    assert (response.status_code, response.json()["error"]) == (
        422,
        "There is nothing left to undo.",
    )


@pytest.mark.parametrize("file_format", ["csv", "xlsx", "json", "parquet"])
def test_export_comes_in_every_format(program: Client, at: str, file_format: str) -> None:
    response = program.get(f"{at}/export?file_format={file_format}&mode=everything")
    assert response.status_code == 200
    assert (
        response["Content-Disposition"]
        == f'attachment; filename="requests-cleanset-1.{file_format}"'
    )
    assert len(b"".join(response)) > 1000  # type: ignore[arg-type]


def test_export_is_safe_for_spreadsheets_when_a_program_asks(
    program: Client, at: str, cleanset: Cleanset
) -> None:
    send(program, "put", f"{at}/rows/1/decision", {"action": "label", "corrected_label": "@login"})
    exact, safe = (
        b"".join(program.get(f"{at}/export?safe_for_spreadsheets={wanted}"))  # type: ignore[arg-type]
        for wanted in ("false", "true")
    )
    assert b",@login," in exact
    assert b",'@login," in safe


def test_export_follows_decisions_and_filters(program: Client, at: str) -> None:
    send(program, "put", f"{at}/rows/{UNLABELED}/decision", {"action": "exclude"})

    def n_rows(query: str) -> int:
        text = b"".join(program.get(f"{at}/export?{query}")).decode()  # type: ignore[arg-type]
        return len(list(csv.reader(io.StringIO(text)))) - 1

    assert (n_rows("mode=default"), n_rows("mode=everything")) == (119, 120)
    assert n_rows("mode=custom&issue=label_issue") == 12


def test_uploaded_given_corrected_and_clean_label_are_told_apart(
    program: Client, cleanset: Cleanset, at: str
) -> None:
    decide = {"action": "label", "corrected_label": "delivery"}
    assert send(program, "put", f"{at}/rows/30/decision", decide).status_code == 200
    second = improve(cleanset)
    decide = {"action": "label", "corrected_label": "login"}
    assert (
        send(program, "put", f"/api/v1/cleansets/{second.pk}/rows/30/decision", decide).status_code
        == 200
    )
    row = program.get(f"/api/v1/cleansets/{second.pk}/rows/30").json()
    names = ("uploaded_label", "given_label", "corrected_label", "clean_label")
    assert [row[name] for name in names] == ["billing", "delivery", "login", "login"]
    assert program.get(f"/api/v1/cleansets/{second.pk}/review").json()["n_corrected"] == 1


@pytest.mark.parametrize(
    ("task", "measures"),
    [
        (MLTask.MULTI_CLASS, {"accuracy": 0.9, "log_loss": 0.3, "ece": 0.021}),
        (MLTask.MULTI_LABEL, {"f1": 0.9, "log_loss": 0.3, "ece": 0.021}),
        (MLTask.REGRESSION, {"r2": 0.9, "rmse": 0.3}),
    ],
)
def test_measures_are_called_what_they_are(
    program: Client, alice: User, task: MLTask, measures: dict[str, float]
) -> None:
    cleanset = make_reviewable(alice, task=task)
    [candidate] = program.get(f"/api/v1/cleansets/{cleanset.pk}").json()["candidates"]
    names = ("accuracy", "f1", "r2", "log_loss", "rmse", "ece")
    assert {name: candidate[name] for name in names if candidate[name] is not None} == measures
    model = make_model(
        alice, cleanset=cleanset, candidates=[cleanset.candidates[0] | {"accuracy": 0.95}]
    )
    [candidate] = program.get(f"/api/v1/models/{model.pk}").json()["candidates"]
    score = next(iter(measures))
    found = {
        name
        for name, value in candidate.items()
        if name.startswith(("held_out", "original")) and value
    }
    assert found == {f"held_out_{score}", f"original_{score}"}
    assert (candidate[f"held_out_{score}"], candidate[f"original_{score}"]) == (0.95, 0.9)


def test_tags_are_set_listed_filtered_by_and_taken_off(program: Client, at: str) -> None:
    action = send(program, "post", f"{at}/tags", {"name": "ask legal", "row_ids": [3, 4]}).json()
    assert (action["kind"], action["n_rows"]) == ("tag", 2)
    assert program.get(f"{at}/tags").json() == [{"name": "ask legal", "n_rows": 2}]
    assert row_ids(program, f"{at}/rows?tag=ask+legal") == [3, 4]
    assert program.get(f"{at}/rows/3").json()["tags"] == ["ask legal"]
    taken = {"name": "ask legal", "row_ids": [3], "remove": True}
    assert send(program, "post", f"{at}/tags", taken).status_code == 200
    assert program.get(f"{at}/tags").json() == [{"name": "ask legal", "n_rows": 1}]
    assert send(program, "post", f"{at}/tags", taken).status_code == 422
