"""The pages of model runs: the list, the evaluation, the rows behind its figures, two runs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import numpy as np
import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.urls import reverse

from cleansets import services as cleanset_services
from cleansets.models import Cleanset
from studio import tables
from studio.accounts.models import User
from studio.charts import Axis
from studio.engine.evaluation.inputs.splits import Split
from studio.engine.ml_task import MLTask
from studio.engine.schema import Part
from studio.model_runs import pipeline, services
from studio.model_runs.models import ModelRun
from studio.model_runs.pages import matrix as matrix_page
from studio.model_runs.pages.checklist import checklist
from studio.model_runs.pages.evaluation import metric_lines
from studio.model_runs.pages.matrix import matrix
from studio.model_runs.run_row_sets import among, find_rows, rows_of
from tests.measured import make_measured
from tests.reviewable import make_reviewable, publish_array

ClientOf = Callable[[User], Client]
pytestmark = pytest.mark.django_db


def page(client: Client, name: str, run: ModelRun, query: str = "") -> str:
    response = client.get(f"{reverse(name, args=[run.pk])}?{query}")
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def cleanset(alice: User) -> Cleanset:
    return make_reviewable(alice)


@pytest.fixture
def run(cleanset: Cleanset) -> ModelRun:
    return make_measured(cleanset)


def test_metrics_by_wrong_labels_say_what_that_does_to_them(
    alice: User, client_of: ClientOf, run: ModelRun
) -> None:
    assert run.cleanset is not None
    client = client_of(alice)
    run.cleanset.manifest["label_noise"] = {"wrong_fraction": 0.188}
    run.cleanset.save()
    assert "An estimated 18.8% of the given labels are wrong" in page(client, "evaluation", run)

    run.cleanset.manifest["label_noise"] = {"wrong_fraction": 0.004}
    run.cleanset.save()
    assert "of the given labels are wrong" not in page(client, "evaluation", run)


def test_list_names_the_main_metric_with_its_interval(
    alice: User, client_of: ClientOf, run: ModelRun
) -> None:
    services.run_describe(run=run, tags=["baseline"])
    url = reverse("evaluations", args=[run.project_id])
    text = client_of(alice).get(url).content.decode()
    assert "Analysis 1" in text
    assert "89.9%" in text
    assert f"{run.main_metric['low']:.1%} to {run.main_metric['high']:.1%}" in text
    assert "baseline" in text


@pytest.mark.parametrize("task", [MLTask.MULTI_CLASS, MLTask.MULTI_LABEL, MLTask.REGRESSION])
def test_evaluation_of_every_task_has_a_page(
    alice: User, client_of: ClientOf, task: MLTask
) -> None:
    run = make_measured(make_reviewable(alice, task=task))
    text = page(client_of(alice), "evaluation", run)
    assert "With 95% confidence, the true value lies in the interval." in text
    assert ("Macro F1" in text) == (task is not MLTask.REGRESSION)
    assert ("Mean absolute error" in text) == (task is MLTask.REGRESSION)
    assert "<svg" in text


def test_a_cell_of_the_matrix_opens_its_rows_in_the_review_page(
    alice: User, client_of: ClientOf, run: ModelRun
) -> None:
    codes = {name: code for code, name in enumerate(run.classes)}
    cell = among(run, "cell", codes["billing"], codes["delivery"])
    rows = find_rows(cell.partition(":")[2])
    assert rows is not None
    assert rows.title == "Analysis 1: labeled billing, predicted delivery"
    expected = [row for row in range(0, 120, 10) if row % 3 == 0]
    assert rows.row_ids.tolist() == expected
    assert f"among={cell.replace(':', '%3A').replace(',', '%2C')}" in page(
        client_of(alice), "evaluation", run
    )
    review = client_of(alice).get(
        f"{reverse('cleanset', args=[run.cleanset_id])}?issue=all&among={cell}"
    )
    assert review.context["table"].page.n_rows == len(expected)
    assert "labeled billing, predicted delivery" in review.content.decode()


def test_rows_of_a_class_that_are_missed_and_wrongly_predicted(run: ModelRun) -> None:
    code = run.classes.index("billing")
    missed, wrongly = (
        find_rows(among(run, what, code).partition(":")[2]) for what in ("missed", "wrongly")
    )
    assert missed.row_ids.tolist() == [0, 30, 60, 90]
    assert wrongly.row_ids.tolist() == [20, 50, 80, 110]


@pytest.mark.parametrize(
    "what", ["cell,1", "cell,9,9", "nothing", "bar,x,right", "slice,99", "group,0,0", ""]
)
def test_rows_that_somebody_made_up_are_none(
    alice: User, client_of: ClientOf, run: ModelRun, what: str
) -> None:
    assert find_rows(f"{run.pk}.{what}") is None
    review = client_of(alice).get(
        f"{reverse('cleanset', args=[run.cleanset_id])}?issue=all&among=run:{run.pk}.{what}"
    )
    assert review.context["table"].page.n_rows == 120


def test_rows_of_a_run_of_another_project_are_not_shown(
    alice: User, bob: User, client_of: ClientOf, run: ModelRun
) -> None:
    other = make_reviewable(bob)
    review = client_of(bob).get(
        f"{reverse('cleanset', args=[other.pk])}?issue=all&among={among(run, 'missed', 0)}"
    )
    assert review.context["table"].page.n_rows == 120
    assert "not predicted so" not in review.content.decode()


def test_classes_are_sorted_as_asked(alice: User, client_of: ClientOf, run: ModelRun) -> None:
    browser = client_of(alice)
    url = run.get_absolute_url()
    by_name = browser.get(f"{url}?sort=class&dir=desc").context["classes"]
    assert [line.name for line in by_name.lines] == ["login", "delivery", "billing"]
    by_default = browser.get(f"{url}?sort=nonsense").context["classes"]
    assert by_default.sort == "f1"


def test_curves_of_one_class_are_drawn_with_their_table(
    alice: User, client_of: ClientOf, run: ModelRun
) -> None:
    text = page(client_of(alice), "evaluation", run, "class=billing&matrix=probability")
    assert "billing is ranked before the other classes in" in text
    assert "has a mean probability of" in text


def test_residuals_by_a_column_open_their_rows(alice: User, client_of: ClientOf) -> None:
    cleanset = make_reviewable(alice, task=MLTask.REGRESSION, n_rows=1_200)
    run = make_measured(cleanset)
    browser = client_of(alice)
    context = browser.get(f"{run.get_absolute_url()}?by=message").context
    assert context["residual_column"] == "message"
    chart = context["charts"]["by_column"]
    assert "characters" in chart.title
    assert chart.rectangles[0].url == chart.row_urls[0]
    opened = browser.get(chart.row_urls[0])
    assert opened.context["table"].page.n_rows == int(chart.table[0][1].replace(",", ""))
    by_uploaded = browser.get(f"{run.get_absolute_url()}?by=nothing").context
    assert by_uploaded["residual_column"] in by_uploaded["residual_columns"]


def test_many_classes_are_a_picture_with_their_largest_confusions(run: ModelRun) -> None:
    n_classes = 150
    counts = np.diag(np.full(n_classes, 20))
    counts[3, 7] = 9
    document = {
        "confusion": {
            "classes": [f"class {code}" for code in range(n_classes)],
            "counts": counts.tolist(),
            "mean_probability": None,
            "order": list(range(n_classes)),
        }
    }
    found = matrix(run, document, "counts", "/review")
    assert found is not None
    assert (len(found.rows), found.squares.count("<rect")) == (0, n_classes + 1)
    assert found.squares.count('<a href="?cell=') == n_classes + 1
    assert '<a href="?cell=3,7" tabindex="-1">' in found.squares
    assert len(found.choices) == n_classes
    assert found.view_box == "-130 -130 1630 1630"
    assert (found.pairs[0].given, found.pairs[0].predicted) == ("class 3", "class 7")


def test_a_cell_of_many_classes_is_opened_by_a_click_and_by_a_form(
    alice: User, client_of: ClientOf, run: ModelRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix_page, "MAX_CLASSES_AS_TABLE", 2)
    given = run.classes.index("billing")
    predicted = run.classes.index("delivery")
    browser = client_of(alice)
    text = page(browser, "evaluation", run)
    assert f'<a href="?cell={given},{predicted}" tabindex="-1">' in text
    assert f'<option value="{given}">billing</option>' in text
    clicked = browser.get(f"{run.get_absolute_url()}?cell={given},{predicted}")
    sent = browser.get(f"{run.get_absolute_url()}?given={given}&predicted={predicted}")
    assert clicked["Location"] == sent["Location"]
    opened = browser.get(clicked["Location"])
    assert opened.context["table"].page.n_rows == 4
    assert browser.get(f"{run.get_absolute_url()}?cell=a,b").status_code == 200


def test_checklist_names_classes_that_cannot_be_told_apart(run: ModelRun) -> None:
    document = {
        "per_class": [
            {"class": "a", "labeled": 100, "prevalence": 0.5},
            {"class": "b", "labeled": 9, "prevalence": 0.5},
        ],
        "confusion": {"classes": ["a", "b"], "counts": [[60, 40], [4, 5]]},
    }
    words = {one.question: (one.word, one.why) for one in checklist(run, document, {}, 0)}
    assert words["Can the classes be told apart?"][0] == "Look"
    assert "b and a" in words["Can the classes be told apart?"][1]
    assert "b (9)" in words["Does each class have enough rows?"][1]
    assert words["Are about 20% of the rows kept for testing?"][0] == "Look"


def test_rows_without_any_class_have_a_page_too(alice: User, client_of: ClientOf) -> None:
    cleanset = make_reviewable(alice, task=MLTask.MULTI_LABEL)
    cleanset_services.row_decide(cleanset=cleanset, user=alice, row_id=1, choice="label", label="")
    run = make_measured(cleanset)
    assert "No row is labeled with any class." in page(
        client_of(alice), "evaluation", run, "labels=verified"
    )


@pytest.mark.parametrize(
    ("predicted", "is_shown"), [(Part.TEST, False), (Part.TRAINING, False), (None, True)]
)
def test_threshold_is_shown_on_test_rows_if_it_was_chosen_on_others(
    alice: User,
    client_of: ClientOf,
    cleanset: Cleanset,
    monkeypatch: pytest.MonkeyPatch,
    predicted: Part | None,
    is_shown: bool,
) -> None:
    parts = np.where(np.arange(120) % 4 == 0, Part.TEST.value, Part.TRAINING.value)
    split = Split("split", parts, {"test": Part.TEST, "train": Part.TRAINING})
    monkeypatch.setattr(pipeline, "_split", lambda project: split)
    if predicted is not None:
        values = np.load(tables.local_path(cleanset.pred_probs_key)).copy()
        values[parts != predicted.value] = np.nan
        publish_array(values, cleanset.pred_probs_key)
    run = make_measured(cleanset)
    panel = client_of(alice).get(run.get_absolute_url()).context["threshold"]
    assert (panel.on_test is not None) == is_shown


def test_threshold_is_chosen_on_rows_for_training_and_validation_together(
    alice: User, client_of: ClientOf, cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = np.array(["test", "validation", "training", "training"])[np.arange(120) % 4]
    split = Split("split", parts, {})
    monkeypatch.setattr(pipeline, "_split", lambda run: split)
    run = make_measured(cleanset)
    context = client_of(alice).get(f"{run.get_absolute_url()}?rows=learned").context
    table = json.loads(context["threshold"].table_json)
    assert table["n_positive"] + table["n_negative"] == context["n_measured"]
    assert context["measured"].startswith("rows for training and validation")
    assert 0 < context["n_measured"] < 91


def test_two_runs_are_compared_pair_by_pair(
    alice: User, client_of: ClientOf, run: ModelRun
) -> None:
    other = make_measured(run.cleanset)
    services.custom_metrics_set(run=other, metrics={"cost": 1.5})
    context = client_of(alice).get(
        f"{reverse('evaluation-compare', args=[run.pk])}?with={other.pk}"
    )
    assert "no difference in Accuracy can be told" in context.context["verdict"]
    assert [one.n_rows for one in context.context["changed"]] == [0, 0, 12]
    assert context.context["custom"] == [("cost", None, 1.5)]
    rows = find_rows(among(run, "bothwrong", other.pk).partition(":")[2])
    assert rows.row_ids.tolist() == list(range(0, 120, 10))


def test_a_run_alone_has_nothing_to_be_compared_with(
    alice: User, client_of: ClientOf, run: ModelRun
) -> None:
    assert "Nothing to compare with yet" in page(client_of(alice), "evaluation-compare", run)


def test_predictions_are_downloaded_with_labels_and_probabilities(
    alice: User, client_of: ClientOf, run: ModelRun, tmp_path
) -> None:
    browser = client_of(alice)
    url = reverse("evaluation-rows", args=[run.pk])
    text = b"".join(browser.get(url).streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 119
    assert rows[0]["cleanlab_row_ID"] == "1"
    assert (rows[0]["label"], rows[0]["predicted_label"]) == ("billing", "delivery")
    assert float(rows[0]["delivery"]) == pytest.approx(0.8)
    (tmp_path / "p.parquet").write_bytes(
        b"".join(browser.get(f"{url}?format=parquet").streaming_content)
    )
    assert pq.read_table(tmp_path / "p.parquet").num_rows == 119


def test_describing_and_deleting_from_the_page(
    alice: User, client_of: ClientOf, run: ModelRun
) -> None:
    browser = client_of(alice)
    browser.post(
        reverse("evaluation-describe", args=[run.pk]),
        {"name": "June", "tags": "a, b", "notes": "Line"},
    )
    run.refresh_from_db()
    assert (run.name, run.tags, run.notes) == ("June", ["a", "b"], "Line")
    refused = browser.post(
        reverse("evaluation-describe", args=[run.pk]), {"name": " "}, follow=True
    )
    assert "This cannot be saved" in refused.content.decode()
    key = run.evaluation_key
    assert tables.local_path(key).exists()
    browser.post(reverse("evaluation-delete", args=[run.pk]))
    assert not ModelRun.objects.exists()


def test_counts_end_at_a_round_number() -> None:
    assert Axis.of_counts(1_057).high == 1_500
    assert Axis.of_counts(3).high == 5


def test_rows_of_a_run_are_those_with_a_label(run: ModelRun) -> None:
    assert len(rows_of(run).row_id) == 119


def test_the_page_says_which_intervals_cover_less_than_they_claim() -> None:
    found = {"value": 0.5, "low": 0.4, "high": 0.6}
    keys = ["roc_auc_ovr_macro", "average_precision_macro", "brier_score", "accuracy"]

    def caveats(n_rows: int, n_classes: int) -> set[str]:
        document = {
            "metrics": dict.fromkeys([*keys, "expected_calibration_error"], found),
            "n_rows": n_rows,
            "per_class": [{"labeled": n_rows // n_classes}] * n_classes,
        }
        lines = metric_lines(document, MLTask.MULTI_CLASS)
        return {line.metric.key for line in lines if line.caveat}

    assert caveats(3_000, 12) == {"expected_calibration_error"}
    assert caveats(60, 12) == {*keys, "expected_calibration_error"} - {"accuracy"}
    assert caveats(240, 12) == {"expected_calibration_error", "average_precision_macro"}
