"""The table of Cleanlab columns, as the public client's pandas has to read it: types,
IDs, names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.test import Client

from cleansets.models import Cleanset
from cleansets.services import row_decide
from projects.models import DatasetVersion
from projects.readers.profile import profile_table
from studio import storage, tables
from studio.accounts.models import User
from studio.accounts.services import api_key_create
from tests.reviewable import UNLABELED, make_reviewable, publish_table

pytestmark = pytest.mark.django_db


@pytest.fixture
def cleanset(alice: User) -> Cleanset:
    return make_reviewable(alice)


def asked(cleanset: Cleanset, what: str, **query: str) -> Mapping[str, Any]:
    """Return the JSON answer to alice's key."""
    _, secret = api_key_create(owner=cleanset.project.owner, name="notebook", scope="read")
    client = Client(headers={"Authorization": f"bearer {secret}"})
    response = client.get(f"/api/cli/v0/cleansets/{cleanset.pk}/{what}", query_params=query)
    content = response.getvalue()
    assert response.status_code == 200, content
    answer: Mapping[str, Any] = json.loads(content)
    return answer


def table(
    cleanset: Cleanset, *, issues: bool = True, details: bool = False
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the fields by name, and the rows."""
    query = {"include_cleanlab_columns": str(issues), "include_project_details": str(details)}
    document = json.loads(asked(cleanset, "columns", **query)["cleanset_json"])
    assert "primaryKey" not in document["schema"]
    return {field["name"]: field for field in document["schema"]["fields"]}, pd.DataFrame(
        document["data"], dtype=object
    )


def test_ids_are_row_numbers_from_0_and_every_row_is_there(cleanset: Cleanset) -> None:
    fields, rows = table(cleanset)
    assert rows["id"].tolist() == list(range(120))
    assert fields["id"] == {"name": "id", "type": "integer"}
    assert asked(cleanset, "id_column") == {"id_column": "cleanlab_row_ID"}


def test_types_survive_missing_values(cleanset: Cleanset) -> None:
    fields, rows = table(cleanset)
    assert fields["is_near_duplicate"] == {"name": "is_near_duplicate", "type": "boolean"}
    assert fields["near_duplicate_cluster_id"]["extDtype"] == "Int64"
    assert fields["suggested_label"] == {"name": "suggested_label", "type": "string"}
    assert fields["label_issue_score"]["type"] == "number"
    assert rows["label_issue_score"][0] == 0.99
    assert rows["suggested_label"][1] is None
    assert rows["near_duplicate_cluster_id"].dropna().tolist() == [0, 0]


def test_clean_label_is_the_correction_or_else_the_given_label(
    cleanset: Cleanset, alice: User
) -> None:
    row_decide(cleanset=cleanset, user=alice, row_id=2, choice="label", label="billing")
    row_decide(cleanset=cleanset, user=alice, row_id=3, choice="exclude")
    fields, rows = table(cleanset, issues=False)
    assert list(fields) == ["id", "clean_label"]
    assert rows["clean_label"][:3].tolist() == ["billing", "delivery", "billing"]
    assert rows["clean_label"][UNLABELED] is None
    _, details = table(cleanset, issues=False, details=True)
    assert details["corrected_label"][[2, 3]].tolist() == ["billing", None]
    assert details["action"][[1, 2, 3]].tolist() == [None, "label", "exclude"]
    assert details["initially_unlabeled"].tolist() == [row == UNLABELED for row in range(120)]


def test_details_tell_how_likely_each_label_is(cleanset: Cleanset) -> None:
    _, rows = table(cleanset, issues=False, details=True)
    first = rows.loc[0]
    assert first["given_label"] == "billing"
    assert first["predicted_label"] == "delivery"
    assert (first["p_predicted_label"], first["p_given_label"], first["p_suggested_label"]) == (
        0.8,
        0.1,
        0.8,
    )
    assert first["top_labels"] == ["delivery", "billing", "login"]
    assert first["top_probs"] == [0.8, 0.1, 0.1]
    assert rows["p_suggested_label"][1] is None
    assert not rows["previously_resolved"].any()


def test_row_decided_in_an_earlier_cleanset_is_marked(cleanset: Cleanset, alice: User) -> None:
    later = Cleanset.objects.get(pk=cleanset.pk)
    later.pk, later.number = None, 2
    later.save(force_insert=True)
    row_decide(cleanset=cleanset, user=alice, row_id=5, choice="keep")
    _, rows = table(later, issues=False, details=True)
    assert rows.index[rows["previously_resolved"].astype(bool)].tolist() == [5]


def test_no_column_has_the_name_of_an_uploaded_one(cleanset: Cleanset) -> None:
    given(
        cleanset,
        label_issue_score="mine",
        cleanlab_label_issue_score="mine",
        given_label="mine",
        clean_label="mine",
    )
    fields, _ = table(cleanset, details=True)
    assert {
        "cleanlab_given_label",
        "cleanlab_clean_label",
        "cleanlab_cleanlab_label_issue_score",
    } <= set(fields)
    assert not {
        "given_label",
        "label_issue_score",
        "cleanlab_label_issue_score",
        "clean_label",
    } & set(fields)


def test_ids_of_the_data_itself_are_kept(cleanset: Cleanset) -> None:
    given(cleanset, cleanlab_row_ID=[str(row + 1) for row in range(120)])
    fields, rows = table(cleanset)
    assert (fields["id"]["type"], rows["id"].tolist()) == ("integer", list(range(1, 121)))
    assert asked(cleanset, "id_column") == {"id_column": "cleanlab_row_ID"}


def test_column_named_like_the_id_that_identifies_nothing_is_not_an_id(cleanset: Cleanset) -> None:
    given(cleanset, cleanlab_row_ID="same")
    assert table(cleanset)[1]["id"].tolist() == list(range(120))
    assert asked(cleanset, "id_column") == {"id_column": "cleanlab_cleanlab_row_ID"}


def given(cleanset: Cleanset, **columns: Any) -> None:
    """Add columns to the uploaded table of the cleanset."""
    version = cleanset.project.version
    path = tables.local_path(version.table_key)
    publish_table(pd.read_parquet(path).assign(**columns), version.table_key)
    columns_found = [profile.to_dict() for profile in profile_table(path)]
    DatasetVersion.objects.filter(pk=version.pk).update(columns=columns_found)
    version.refresh_from_db()


@pytest.mark.parametrize(
    ("classes", "kind", "values"),
    [
        (["0", "1", "2"], "integer", [0, 1, 2]),
        (["1.0", "2.5", "3.0"], "number", [1.0, 2.5, 3.0]),
        (["True", "False", "False"], "boolean", [True, False, False]),
        (["007", "008", "009"], "string", ["007", "008", "009"]),
        (["1", "two", "3"], "string", ["1", "two", "3"]),
        (["yes", "no", "no"], "string", ["yes", "no", "no"]),
    ],
)
def test_labels_have_the_type_that_they_had(
    classes: list[str], kind: str, values: list[object], cleanset: Cleanset
) -> None:
    relabel(cleanset, dict(zip(cleanset.classes, classes, strict=True)))
    fields, rows = table(cleanset, details=True)
    for name in ("clean_label", "suggested_label", "corrected_label", "predicted_label"):
        assert fields[name]["type"] == kind
    assert rows["given_label"][:3].tolist() == values
    assert rows["predicted_label"][0] == values[1]
    assert rows["top_labels"][0][0] == values[1]


def test_texts_that_look_like_numbers_stay_texts(cleanset: Cleanset) -> None:
    relabel(cleanset, dict(zip(cleanset.classes, ["0", "1", "2"], strict=True)))
    DatasetVersion.objects.update(text_columns=["topic"])
    cleanset.project.version.refresh_from_db()
    fields, rows = table(cleanset, details=True)
    assert fields["corrected_label"] == {"name": "corrected_label", "type": "string"}
    assert rows["given_label"][:3].tolist() == ["0", "1", "2"]


def test_correction_that_is_not_a_number_stays_text_beside_numbers(
    cleanset: Cleanset, alice: User
) -> None:
    relabel(cleanset, dict(zip(cleanset.classes, ["0", "1", "2"], strict=True)))
    row_decide(cleanset=cleanset, user=alice, row_id=1, choice="label", label="2")
    row_decide(cleanset=cleanset, user=alice, row_id=2, choice="label", label="none of them")
    fields, rows = table(cleanset)
    assert fields["corrected_label"]["type"] == "any"
    assert rows["corrected_label"][:3].tolist() == [None, 2, "none of them"]
    assert rows["clean_label"][:4].tolist() == [0, 2, "none of them", 0]


def relabel(cleanset: Cleanset, names: Mapping[str, str]) -> None:
    """Give the classes of the cleanset other names."""
    issues = pd.read_parquet(tables.local_path(cleanset.issues_key))
    for column in ("given_label", "suggested_label"):
        issues[column] = (
            issues[column].map(names).astype(object).where(issues[column].notna(), None)
        )
    publish_table(issues, cleanset.issues_key)
    cleanset.classes = [names[name] for name in cleanset.classes]
    cleanset.save()


def test_spark_gets_a_bare_list_of_rows(cleanset: Cleanset) -> None:
    answer = asked(cleanset, "columns", to_spark="True", include_cleanlab_columns="True")
    assert [row["id"] for row in json.loads(answer["cleanset_json"])][:2] == [0, 1]


def test_probabilities_are_records_in_row_order(cleanset: Cleanset) -> None:
    relabel(cleanset, dict(zip(cleanset.classes, ["a", "A", 'quoted "b"'], strict=True)))
    answer = asked(cleanset, "pred_probs")
    rows = json.loads(answer["pred_probs"])
    assert answer["success"]
    assert len(rows) == 120
    assert rows[0] == {"cleanlab_row_ID": 0, "a": 0.1, "A": 0.8, 'quoted "b"': 0.1}


def test_embeddings_are_a_matrix_of_numbers(cleanset: Cleanset, tmp_path: Any) -> None:
    matrix = np.arange(120 * 3, dtype=np.float32).reshape(120, 3) / 7
    np.save(tmp_path / "embeddings.npy", matrix)
    key = storage.cleanset_file(cleanset.pk, 1, "embeddings.npy")
    cleanset.embeddings_key = tables.publish(tmp_path / "embeddings.npy", key)
    cleanset.save()
    answer = asked(cleanset, "embeddings")
    assert answer["array_type"] == "numpy"
    assert np.allclose(answer["embeddings"], matrix, atol=1e-6)


def test_unsupervised_cleanset_has_no_labels(cleanset: Cleanset) -> None:
    issues = pd.read_parquet(tables.local_path(cleanset.issues_key))
    labels = [
        "label_issue",
        "suggested_label",
        "suggested_label_confidence_score",
        "label_issue_score",
    ]
    without_labels = issues.drop(columns=["is_label_issue", *labels[1:]])
    publish_table(without_labels, cleanset.issues_key)
    project = cleanset.project
    project.task, project.label_column = "unsupervised", ""
    project.save()
    fields, rows = table(cleanset, details=True)
    assert not {"clean_label", "suggested_label", "predicted_label"} & set(fields)
    assert {"corrected_label", "action", "outlier_score"} <= set(fields)
    assert len(rows) == 120
