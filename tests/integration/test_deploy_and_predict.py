"""From corrected labels to downloaded predictions, in the browser, with the real engine."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

import pandas as pd
import pytest
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage
from django.test import Client, override_settings
from django.urls import reverse

from cleansets import analyses
from cleansets.models import Action, Cleanset, RowReview
from inference import pipeline as inference_pipeline
from inference import services as inference_services
from inference.models import PredictionBatch
from models_app.models import DeployedModel
from projects.models import Dataset, Project
from studio.accounts.models import User
from studio.accounts.services import api_key_create
from studio.runs import Status
from tests.data_builders import Planted, csv_file, planted_table
from tests.html_forms import forms_of

pytestmark = pytest.mark.usefixtures("eager_runs")


@pytest.fixture
def planted() -> Planted:
    return planted_table(90, n_wrong=4)


@pytest.fixture
def program(alice: User) -> Client:
    _, secret = api_key_create(owner=alice, name="test", scope="write")
    return Client(headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def cleanset(browser: Client, alice: User, planted: Planted) -> Cleanset:
    browser.post(reverse("dataset-upload"), {"file": csv_file(planted.frame)})
    project = Project.objects.create(
        owner=alice,
        version=Dataset.objects.get().versions.get(),
        name="Shapes",
        task="multi-class",
        modality="tabular",
        mode="fast",
        label_column="label",
        feature_columns=["height", "weight", "colour"],
        column_kinds={"height": "number", "weight": "number", "colour": "categorical"},
    )
    cleanset = analyses.cleanset_start(project=project, user=alice)
    cleanset.refresh_from_db()
    assert cleanset.status == Status.SUCCEEDED, cleanset.error_detail or cleanset.error_message
    return cleanset


@pytest.fixture
def model(browser: Client, cleanset: Cleanset) -> DeployedModel:
    browser.post(reverse("model-deploy", args=[cleanset.pk]), {"name": "Shapes"})
    model = DeployedModel.objects.get()
    assert model.status == Status.SUCCEEDED, model.error_detail or model.error_message
    return model


def predict(
    browser: Client, model: DeployedModel, content: str | pd.DataFrame, name: str = "new.csv"
) -> PredictionBatch:
    url = reverse("prediction-upload", args=[model.pk])
    assert browser.post(url, {"file": csv_file(content, name)}).status_code == 302
    return PredictionBatch.objects.latest("queued_at")


def exported(browser: Client, batch: PredictionBatch) -> list[dict[str, str]]:
    response = browser.get(reverse("prediction-export", args=[batch.pk]))
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def suggested(rows: Sequence[dict[str, str]]) -> list[str]:
    return [row["Suggested Label"] for row in rows]


def test_model_learns_from_corrected_rows_only(
    browser: Client, cleanset: Cleanset, planted: Planted
) -> None:
    wrong = sorted(planted.wrong_rows)
    classes = cleanset.classes
    for row_id in wrong[:3]:
        given = planted.frame["label"][row_id]
        truth = classes[(classes.index(given) - 1) % len(classes)]
        RowReview.objects.create(
            cleanset=cleanset,
            row_id=row_id,
            action=Action.LABEL,
            corrected_label=truth,
            is_manual=True,
        )
    RowReview.objects.create(
        cleanset=cleanset, row_id=wrong[3], action=Action.EXCLUDE, is_manual=True
    )
    form = browser.get(reverse("model-deploy", args=[cleanset.pk])).content.decode()
    assert "changed the most" in form
    browser.post(reverse("model-deploy", args=[cleanset.pk]), {"name": "Corrected"})
    model = DeployedModel.objects.get()
    assert (model.n_rows, model.n_corrected, model.n_excluded) == (89, 3, 1)
    held_out = {candidate["key"]: candidate["accuracy"] for candidate in model.candidates}
    original = {candidate["key"]: candidate["accuracy"] for candidate in cleanset.candidates}
    assert held_out["ensemble"] > original["ensemble"]


def test_details_tab_lists_candidates_best_first_with_the_ensemble(
    browser: Client, model: DeployedModel
) -> None:
    accuracies = [candidate["accuracy"] for candidate in model.candidates]
    assert accuracies == sorted(accuracies, reverse=True)
    page = browser.get(f"{model.get_absolute_url()}?tab=details").content.decode()
    assert "ensemble" in [candidate["key"] for candidate in model.candidates]
    for candidate in model.candidates:
        assert candidate["name"] in page
    for words in (
        "Held-out Accuracy",
        "Original Accuracy",
        "Inference Time (s)",
        "Training Time (s)",
        str(model.pk),
    ):
        assert words in page


def test_owner_is_told_by_mail_when_the_model_is_ready(
    model: DeployedModel, mailoutbox: list[EmailMessage]
) -> None:
    assert [mail.to for mail in mailoutbox if "Model Shapes" in mail.subject] == [
        [model.created_by.email]
    ]


def test_export_has_the_uploaded_rows_in_order_then_probabilities_then_the_label(
    browser: Client, model: DeployedModel, planted: Planted
) -> None:
    uploaded = planted.frame.drop(columns="label").assign(note=[f"n{i:03}" for i in range(90)])
    batch = predict(browser, model, uploaded)
    assert batch.status == Status.SUCCEEDED, batch.error_message
    rows = exported(browser, batch)
    assert list(rows[0]) == [*uploaded.columns, *model.manifest["classes"], "Suggested Label"]
    assert [
        [row[name] for name in uploaded.columns] for row in rows
    ] == uploaded.to_numpy().tolist()
    for row in rows:
        chances = {name: float(row[name]) for name in model.manifest["classes"]}
        assert sum(chances.values()) == pytest.approx(1, abs=1e-5)
        assert row["Suggested Label"] == max(chances, key=chances.__getitem__)
    right = [i for i in range(90) if i not in planted.wrong_rows]
    assert sum(suggested(rows)[i] == planted.frame["label"][i] for i in right) > 0.95 * len(right)


def test_page_of_a_batch_shows_counts_first_rows_and_export(
    browser: Client, model: DeployedModel, planted: Planted
) -> None:
    batch = predict(browser, model, planted.frame)
    page = browser.get(batch.get_absolute_url()).content.decode()
    assert sum(n_rows for _, n_rows in batch.label_counts) == batch.n_rows == 90
    assert planted.frame["height"][0] in page
    assert reverse("prediction-export", args=[batch.pk]) in page


def test_chunks_do_not_change_what_is_predicted(
    browser: Client, model: DeployedModel, planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = exported(browser, predict(browser, model, planted.frame))
    monkeypatch.setattr(inference_pipeline, "ROWS_PER_CHUNK", 7)
    parts = exported(browser, predict(browser, model, planted.frame))
    assert suggested(parts) == suggested(whole)


def test_missing_columns_are_all_named_in_one_sentence(
    browser: Client, model: DeployedModel
) -> None:
    batch = predict(browser, model, "weight,note\n1,a\n")
    assert batch.status == Status.FAILED
    assert "height" in batch.error_message
    assert "colour" in batch.error_message
    assert batch.error_detail == ""


def test_columns_of_another_name_are_offered_and_the_stored_file_is_predicted(
    browser: Client, model: DeployedModel, planted: Planted
) -> None:
    renamed = planted.frame.rename(columns={"height": "Height", "colour": " colour "})
    whole = exported(browser, predict(browser, model, planted.frame))
    asking = predict(browser, model, renamed)
    assert asking.error_message.startswith(
        "The file has no columns “height” and “colour”. It has “Height” and “ colour ”."
    )
    results = browser.get(f"{model.get_absolute_url()}?tab=results").content.decode()
    assert "Choose columns" in results
    page = browser.get(asking.get_absolute_url()).content.decode()
    for words in ("“Height” as “height”", "“ colour ” as “colour”", "Use these 2 columns"):
        assert words in page
    retry = reverse("prediction-retry", args=[asking.pk])
    offer = next(form for form in forms_of(page) if form.action == retry)
    response = browser.post(retry, dict(offer.pairs))
    batch = PredictionBatch.objects.latest("queued_at")
    assert not PredictionBatch.objects.filter(pk=asking.pk).exists()
    assert response["Location"] == batch.get_absolute_url()
    assert batch.status == Status.SUCCEEDED, batch.error_message
    rows = exported(browser, batch)
    assert list(rows[0])[:3] == ["Height", "weight", " colour "]
    assert suggested(rows) == suggested(whole)
    page = browser.get(batch.get_absolute_url()).content.decode()
    assert (
        "read under another name, as you chose: “Height” as “height”, “ colour ” as “colour”"
        in page
    )


def test_a_column_is_chosen_where_none_is_likely(browser: Client, model: DeployedModel) -> None:
    asking = predict(browser, model, "farbe,weight,height,other\nred,0,0,x\n")
    retry = reverse("prediction-retry", args=[asking.pk])
    assert "Use “" not in browser.get(asking.get_absolute_url()).content.decode()
    refused = browser.post(retry, {"column-0": ""})
    assert refused.status_code == 422
    assert "Choose the column that stands for “colour”" in refused.content.decode()
    browser.post(retry, {"column-0": "0"})
    batch = PredictionBatch.objects.get()
    assert (batch.status, batch.column_map) == (Status.SUCCEEDED, {"colour": "farbe"})


def test_a_program_names_columns_when_it_sends_the_file_or_afterwards(
    model: DeployedModel, planted: Planted, program: Client
) -> None:
    frame = planted.frame.rename(columns={"height": "Height"})
    url = f"/api/v1/models/{model.pk}/predictions"
    asking = program.get(
        f"/api/v1/predictions/{program.post(url, {'file': csv_file(frame)}).json()['id']}"
    ).json()
    assert asking["run"]["status"] == "failed"
    assert asking["missing_columns"] == [{"name": "height", "candidates": ["Height"]}]
    assert asking["file_columns"] == list(frame.columns)
    retry = f"/api/v1/predictions/{asking['id']}/retry"
    again = program.post(
        retry, {"column_map": {"height": "Height"}}, content_type="application/json"
    )
    assert again.status_code == 201
    named = program.post(url, {"file": csv_file(frame), "column_map": '{"height": "Height"}'})
    for answer in (again, named):
        batch = program.get(f"/api/v1/predictions/{answer.json()['id']}").json()
        assert (batch["run"]["status"], batch["n_rows"], batch["column_map"]) == (
            "succeeded",
            90,
            {"height": "Height"},
        )
        assert "“Height” as “height”" in batch["notes"][0]


@pytest.mark.parametrize(
    ("column_map", "sentence"),
    [
        ('{"Height": "height"}', "The model reads no column “Height”"),
        ('{"height": "weight"}', "cannot be read as “height” and “weight” at once"),
        ('{"height": 1}', "not a JSON object of column names"),
        ("height=Height", "not a JSON object of column names"),
    ],
)
def test_a_column_map_that_cannot_be_meant_is_refused_at_once(
    model: DeployedModel, program: Client, column_map: str, sentence: str
) -> None:
    sent = {"file": csv_file("Height\n1\n"), "column_map": column_map}
    response = program.post(f"/api/v1/models/{model.pk}/predictions", sent)
    assert response.status_code == 422
    assert sentence in response.json()["error"]
    assert not PredictionBatch.objects.exists()


@pytest.fixture
def plain(planted: Planted) -> pd.DataFrame:
    """Return rows whose heights have one digit before three decimals, and weights only two
    decimals.
    """
    rows = planted.frame[planted.frame["height"].astype(float) >= 1]
    return rows.assign(weight=rows["weight"].str[:-1])


@pytest.fixture
def open_commas(plain: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with heights such as 4,012, which may also be whole numbers."""
    return plain.assign(height=plain["height"].str.replace(".", ","))


def probabilities(rows: Sequence[dict[str, str]]) -> list[list[str]]:
    return [list(row.values())[-4:] for row in rows]


def buttons(page: str) -> list[str]:
    """Return what the buttons of other readings send."""
    return re.findall(r'name="reading"\s+value="([^"]+)"', page)


def test_another_reading_is_one_click_away_and_so_is_the_way_back(
    browser: Client, model: DeployedModel, plain: pd.DataFrame, open_commas: pd.DataFrame
) -> None:
    expected = probabilities(exported(browser, predict(browser, model, plain)))
    asking = predict(browser, model, open_commas)
    assert probabilities(exported(browser, asking)) != expected
    card = browser.get(f"{model.get_absolute_url()}?tab=predict").content.decode()
    page = browser.get(asking.get_absolute_url()).content.decode()
    retry = reverse("prediction-retry", args=[asking.pk])
    for shown in (card, page):
        assert "(with a decimal point) or " in shown
        assert "Read “height” with a decimal comma" in shown
        assert retry in {form.action for form in forms_of(shown)}
    assert buttons(page) == ["0:comma"]
    response = browser.post(retry, {"reading": "0:comma"})
    batch = PredictionBatch.objects.latest("queued_at")
    assert response["Location"] == batch.get_absolute_url()
    assert not PredictionBatch.objects.filter(pk=asking.pk).exists()
    assert batch.status == Status.SUCCEEDED, batch.error_message
    assert probabilities(exported(browser, batch)) == expected
    page = browser.get(batch.get_absolute_url()).content.decode()
    assert "Column “height” is read with a decimal comma, as you chose." in page
    assert "may be" not in page
    assert buttons(page) == ["0:point"]


@pytest.mark.parametrize("reading", ["0:day-first", "9:comma", "comma"])
def test_a_reading_that_was_not_offered_is_refused(
    browser: Client, model: DeployedModel, open_commas: pd.DataFrame, reading: str
) -> None:
    batch = predict(browser, model, open_commas)
    response = browser.post(reverse("prediction-retry", args=[batch.pk]), {"reading": reading})
    assert response.status_code == 422
    assert "This file has no such reading." in response.content.decode()
    assert PredictionBatch.objects.get().pk == batch.pk


def test_a_program_says_how_a_file_is_read_with_it_or_afterwards(
    model: DeployedModel, open_commas: pd.DataFrame, program: Client
) -> None:
    def answer(response: object) -> dict[str, object]:
        return program.get(f"/api/v1/predictions/{response.json()['id']}").json()

    def retry(batch: dict[str, object], convention: str | None) -> object:
        url = f"/api/v1/predictions/{batch['id']}/retry"
        sent = {"conventions": {"height": convention}}
        return program.post(url, sent, content_type="application/json")

    url = f"/api/v1/models/{model.pk}/predictions"
    asking = answer(program.post(url, {"file": csv_file(open_commas)}))
    assert asking["conventions"] == {"height": "point", "weight": "point"}
    unchanged = retry(asking, None)
    assert unchanged.status_code == 422
    assert "would be read as before" in unchanged.json()["error"]
    stated = {"file": csv_file(open_commas), "conventions": '{"height": "comma"}'}
    again = answer(retry(asking, "comma"))
    for batch in (again, answer(program.post(url, stated))):
        assert batch["run"]["status"] == "succeeded"
        assert batch["conventions"] == {"height": "comma", "weight": "point"}
        assert batch["notes"] == ["Column “height” is read with a decimal comma, as you chose."]
    assert answer(retry(again, None))["conventions"]["height"] == "point"


@pytest.mark.parametrize(
    ("conventions", "sentence"),
    [
        ('{"Height": "comma"}', "The model reads no column “Height”. It reads "),
        ('{"colour": "comma"}', "Column “colour” is categorical, so it has no decimal mark"),
        ('{"height": "day-first"}', "cannot be read day-first. Give point or comma."),
        ('{"height": "semicolon"}', "is not a JSON object of columns with point, comma, day-first"),
        ("height=comma", "is not a JSON object of columns with point, comma, day-first"),
    ],
)
def test_conventions_that_cannot_be_meant_are_refused_at_once(
    model: DeployedModel, program: Client, conventions: str, sentence: str
) -> None:
    sent = {"file": csv_file("height\n1\n"), "conventions": conventions}
    response = program.post(f"/api/v1/models/{model.pk}/predictions", sent)
    assert response.status_code == 422
    assert sentence in response.json()["error"]
    assert not PredictionBatch.objects.exists()


def test_columns_in_another_order_empty_cells_and_unseen_values_are_predicted(
    browser: Client, model: DeployedModel
) -> None:
    content = "colour,extra,weight,height\nviolet,x,0.0,0.0\n,y,,\nred,z,not a number,-8.1\n"
    batch = predict(browser, model, content)
    assert batch.status == Status.SUCCEEDED, batch.error_message
    rows = exported(browser, batch)
    assert [row["extra"] for row in rows] == ["x", "y", "z"]
    assert set(suggested(rows)) <= set(model.manifest["classes"])


def test_class_that_is_also_a_column_of_the_file_is_renamed_with_a_note(
    browser: Client, model: DeployedModel
) -> None:
    name = model.manifest["classes"][0]
    batch = predict(browser, model, f"height,weight,colour,{name}\n0,0,red,mine\n")
    (row,) = exported(browser, batch)
    assert row[name] == "mine"
    assert 0 <= float(row[f"{name} (predicted)"]) <= 1
    assert any(f"“{name} (predicted)”" in note for note in batch.notes)


def test_formulas_in_uploaded_cells_are_harmless_in_the_export(
    browser: Client, model: DeployedModel
) -> None:
    batch = predict(browser, model, "height,weight,colour\n0,0,=HYPERLINK(1)\n")
    (row,) = exported(browser, batch)
    assert row["colour"] == "'=HYPERLINK(1)"


def test_tampered_artefact_is_not_opened(
    browser: Client, model: DeployedModel, planted: Planted
) -> None:
    with default_storage.open(model.artifact_key, "rb") as file:
        content = bytearray(file.read())
    content[len(content) // 2] ^= 1
    default_storage.delete(model.artifact_key)
    with default_storage.open(model.artifact_key, "wb") as file:
        file.write(content)
    batch = predict(browser, model, planted.frame)
    assert batch.status == Status.FAILED
    assert f"The stored file {model.artifact_key} is damaged" in batch.error_message
    assert "deploy the model again" in batch.error_message


def test_model_signed_with_another_secret_key_is_not_opened(
    alice: User, model: DeployedModel, planted: Planted
) -> None:
    with override_settings(SECRET_KEY="another"):
        batch = inference_services.prediction_start(
            model=model, user=alice, file=csv_file(planted.frame)
        )
    batch.refresh_from_db()
    assert batch.status == Status.FAILED
    assert "signature" in batch.error_message


def test_excluding_all_but_one_class_fails_with_a_sentence_and_starts_again(
    browser: Client, cleanset: Cleanset, planted: Planted
) -> None:
    for row_id in planted.frame.index[planted.frame["label"] != "low"]:
        RowReview.objects.create(
            cleanset=cleanset, row_id=row_id, action=Action.EXCLUDE, is_manual=True
        )
    browser.post(reverse("model-deploy", args=[cleanset.pk]), {"name": "One class"})
    model = DeployedModel.objects.get()
    assert (model.status, model.error_detail) == (Status.FAILED, "")
    assert "class" in model.error_message
    RowReview.objects.all().delete()
    browser.post(reverse("model-retry", args=[model.pk]))
    assert DeployedModel.objects.get().status == Status.SUCCEEDED


def test_deleting_a_batch_keeps_the_model_and_deleting_the_model_keeps_nothing(
    browser: Client, model: DeployedModel, planted: Planted
) -> None:
    batch = predict(browser, model, planted.frame)
    other = predict(browser, model, planted.frame, "other.csv")
    browser.post(reverse("prediction-delete", args=[batch.pk]))
    assert [
        key
        for key in (batch.source_key, batch.table_key, batch.result_key)
        if default_storage.exists(key)
    ] == []
    assert default_storage.exists(model.artifact_key)
    browser.post(reverse("model-delete", args=[model.pk]))
    keys = (model.artifact_key, other.source_key, other.table_key, other.result_key)
    assert [key for key in keys if default_storage.exists(key)] == []
    assert not DeployedModel.objects.exists()


def test_class_that_a_reviewer_typed_in_is_predicted_too(
    browser: Client, cleanset: Cleanset, planted: Planted
) -> None:
    for row_id in (0, 1, 2):
        RowReview.objects.create(
            cleanset=cleanset,
            row_id=row_id,
            action=Action.LABEL,
            corrected_label="giant",
            is_manual=True,
        )
    browser.post(reverse("model-deploy", args=[cleanset.pk]), {"name": "With giants"})
    model = DeployedModel.objects.get()
    assert model.status == Status.SUCCEEDED, model.error_detail or model.error_message
    assert "giant" in model.manifest["classes"]
    assert "giant" in exported(browser, predict(browser, model, planted.frame))[0]


def test_page_says_when_decisions_came_after_the_training(
    browser: Client, model: DeployedModel
) -> None:
    browser.post(reverse("cleanset-decide", args=[model.cleanset_id, 0]), {"choice": "keep"})
    assert "Deploy again</a> to learn" not in browser.get(model.get_absolute_url()).content.decode()
    browser.post(reverse("cleanset-decide", args=[model.cleanset_id, 1]), {"choice": "exclude"})
    page = browser.get(model.get_absolute_url()).content.decode()
    assert "Deploy again</a> to learn" in page
    browser.post(reverse("model-deploy", args=[model.cleanset_id]), {"name": "Newer"})
    assert DeployedModel.objects.filter(status=Status.SUCCEEDED).count() == 2


def test_guard_says_what_not_to_trust_and_measures_a_file_that_has_labels(
    browser: Client, model: DeployedModel, program: Client
) -> None:
    new = planted_table(40, n_wrong=0, seed=5).frame
    new.loc[0, "height"] = "tall"
    new.loc[1, ["height", "weight", "colour"]] = ""
    url = reverse("prediction-upload", args=[model.pk])
    browser.post(url, {"file": csv_file(new, "new.csv"), "guard": "on", "coverage": "0.9"})
    batch = PredictionBatch.objects.latest("queued_at")
    assert batch.status == Status.SUCCEEDED, batch.error_detail
    rows = exported(browser, batch)
    assert "“tall” is not a number" in rows[0]["prediction_note"]
    assert (rows[1]["prediction_note"], rows[1]["abstain"]) == ("No cell can be read.", "true")
    assert all(row["Suggested Label"] in row["prediction_set"] for row in rows)
    page = browser.get(batch.get_absolute_url()).content.decode()
    assert "What not to trust" in page
    report = browser.get(reverse("prediction-report", args=[batch.pk])).content.decode()
    assert "Measured by the labels of the file" in report
    assert "Compared with the training data" in report
    answer = program.get(f"/api/v1/predictions/{batch.pk}").json()
    assert answer["coverage"] == 0.9
    assert answer["report"]["evaluation"]["metrics"]["accuracy"]["value"] > 0.9
    answer = program.get(f"/api/v1/predictions/{batch.pk}/uncertain")
    uncertain = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert len(uncertain) == sum(row["abstain"] == "true" for row in rows)
    assert uncertain[0] == {name: new[name][0] for name in new}
    answer = browser.get(reverse("prediction-uncertain", args=[batch.pk]), {"n": 5})
    assert len(b"".join(answer.streaming_content).decode().splitlines()) == 6
    project = model.cleanset.project
    n_before = project.version.n_rows
    browser.post(reverse("prediction-review", args=[batch.pk]), {"n": 5})
    project.refresh_from_db()
    assert project.version.n_rows == n_before + 5
    assert project.cleansets.latest("number").growth["n_new"] == 5
    printed = program.get(f"/api/v1/predictions/{batch.pk}/report").content.decode()
    assert printed.startswith("<!DOCTYPE html>")
    assert "--surface:" in printed  # it brings its styles

    plain = predict(browser, model, new)
    assert "abstain" not in exported(browser, plain)[0]
    again = program.post(
        f"/api/v1/predictions/{plain.pk}/retry",
        {"guard": True, "coverage": 0.2},
        content_type="application/json",
    )
    assert again.status_code == 422
    assert "coverage is 0.2" in again.json()["error"]
    again = program.post(
        f"/api/v1/predictions/{plain.pk}/retry", {"guard": True}, content_type="application/json"
    )
    assert again.status_code == 201
    assert again.json()["coverage"] == 0.9


def test_typed_row_is_answered_with_what_speaks_for_and_against_it(
    browser: Client, model: DeployedModel, program: Client
) -> None:
    new = planted_table(40, n_wrong=0, seed=5).frame.iloc[0]
    form = browser.get(f"{model.get_absolute_url()}?tab=predict").content.decode()
    assert "Predict this row" in form
    url = reverse("prediction-row", args=[model.pk])
    cells = {"0": new["height"], "1": new["weight"], "2": new["colour"]}
    response = browser.post(url, cells, follow=True)
    page = response.content.decode()
    assert "Speaks for it" in page
    assert "Most similar training rows" in page
    assert new["label"] in page
    assert not PredictionBatch.objects.filter(is_typed=False).exists()
    results = browser.get(f"{model.get_absolute_url()}?tab=results").content.decode()
    assert "One row" not in results

    batch = PredictionBatch.objects.get()
    answer = program.get(f"/api/v1/predictions/{batch.pk}").json()
    why = answer["report"]["row"]["why"]
    assert {reason["column"] for reason in why} <= {"height", "weight", "colour"}
    assert max(why, key=lambda reason: reason["effect"])["effect"] > 0
    assert len(answer["report"]["row"]["near"]) == 5
    refused = program.post(
        f"/api/v1/models/{model.pk}/predictions/row",
        {"cells": {"hight": "3"}},
        content_type="application/json",
    )
    assert refused.status_code == 422
    assert "hight" in refused.json()["error"]
