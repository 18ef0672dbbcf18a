"""Improve results, the manifest of a run, and `manage.py rerun`, which proves it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from cleansets import analyses, selectors, services
from cleansets.explanations import nearest_rows, votes
from cleansets.models import Action, Cleanset
from cleansets.overlay import corrected_rows, given_labels
from projects.models import Dataset, Project
from studio import tables
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.runs import Status
from tests.client.test_columns import table
from tests.data_builders import Planted, csv_file, csv_text, planted_table

pytestmark = pytest.mark.usefixtures("eager_runs")
EXCLUDED = 5


@pytest.fixture
def planted() -> Planted:
    return planted_table(90, n_wrong=4)


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
    return analyses.cleanset_start(project=project, user=alice)


@pytest.fixture
def improved(cleanset: Cleanset, alice: User, planted: Planted, browser: Client) -> Cleanset:
    for row_id in planted.wrong_rows:
        services.row_decide(
            cleanset=ready(cleanset), user=alice, row_id=row_id, choice=Action.AUTO_FIX
        )
    services.row_decide(cleanset=cleanset, user=alice, row_id=EXCLUDED, choice=Action.EXCLUDE)
    answer = browser.post(reverse("cleanset-improve", args=[cleanset.pk]))
    newest = cleanset.project.cleansets.get(number=2)
    assert answer["Location"] == newest.get_absolute_url()
    return ready(newest)


def ready(cleanset: Cleanset) -> Cleanset:
    cleanset.refresh_from_db()
    assert cleanset.status == Status.SUCCEEDED, cleanset.error_detail or cleanset.error_message
    return cleanset


def issues_of(cleanset: Cleanset) -> pd.DataFrame:
    return pd.read_parquet(tables.local_path(cleanset.issues_key))


def rerun(*arguments: object) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command(
            "rerun", *(str(argument) for argument in arguments), stdout=out, stderr=io.StringIO()
        )
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_corrections_are_the_given_labels_of_the_improved_cleanset(
    cleanset: Cleanset, improved: Cleanset, planted: Planted
) -> None:
    before, after = issues_of(cleanset), issues_of(improved)
    wrong = sorted(planted.wrong_rows)
    assert (after.loc[wrong, "given_label"] == before.loc[wrong, "suggested_label"]).all()
    assert not after.loc[wrong, "is_label_issue"].any()
    untouched = after.index.difference([*wrong, EXCLUDED])
    assert (after.loc[untouched, "given_label"] == before.loc[untouched, "given_label"]).all()


def test_nobody_is_asked_twice_and_excluded_rows_are_left_out(
    improved: Cleanset, planted: Planted
) -> None:
    actions = dict(improved.reviews.values_list("row_id", "action"))
    assert actions == {**dict.fromkeys(planted.wrong_rows, "auto-fix"), EXCLUDED: "exclude"}
    row = issues_of(improved).loc[EXCLUDED]
    assert row["is_not_analyzed"]
    assert not row["is_label_issue"]
    assert np.load(tables.local_path(improved.fold_id_key))[EXCLUDED] == -1
    assert EXCLUDED not in nearest_rows(improved, 0, improved.n_rows or 0)
    assert [code for _, code in votes(improved, EXCLUDED)] == [-1] * len(votes(improved, 0))
    assert EXCLUDED not in corrected_rows(improved).row_id
    assert selectors.last_action(improved) is None


def test_public_client_learns_which_rows_were_left_out(improved: Cleanset) -> None:
    fields, rows = table(improved, details=True)
    assert fields["is_not_analyzed"]["type"] == "boolean"
    assert rows.index[rows["is_not_analyzed"].astype(bool)].tolist() == [EXCLUDED]
    assert rows.loc[rows["previously_resolved"].astype(bool), "id"].nunique() == 5


def test_later_decisions_on_the_old_cleanset_do_not_change_the_improved_one(
    cleanset: Cleanset, improved: Cleanset, alice: User
) -> None:
    before = given_labels(improved)
    services.row_decide(
        cleanset=cleanset, user=alice, row_id=20, choice=Action.LABEL, label="quite another"
    )
    assert given_labels(improved) == before


def test_nothing_is_improved_before_a_decision(cleanset: Cleanset, alice: User) -> None:
    with pytest.raises(DataProblem, match="No row is decided yet"):
        analyses.cleanset_improve(cleanset=cleanset, user=alice)


def test_manifest_is_downloaded_and_the_run_reproduces(
    cleanset: Cleanset, improved: Cleanset, browser: Client
) -> None:
    manifest = browser.get(reverse("cleanset-manifest", args=[improved.pk])).json()
    assert manifest["seed"] == 0
    assert len(manifest["fold_id"]) == 90
    assert manifest["thresholds"]["ambiguous rows"] == {"THRESHOLD": 0.9}
    assert manifest["stage_seconds"]["Training models"] > 0
    assert manifest["labels_sha256"] != cleanset.manifest["labels_sha256"]
    for made in (cleanset, improved):
        status, said = rerun(made.pk)
        assert status == 0, said
        assert "every part is the same" in said


def test_after_few_corrections_models_go_on_from_the_first_cleanset_and_that_reproduces_too(
    cleanset: Cleanset, alice: User, planted: Planted
) -> None:
    made = [ready(cleanset)]
    for row_id in sorted(planted.wrong_rows)[:2]:
        services.row_decide(cleanset=made[-1], user=alice, row_id=row_id, choice=Action.AUTO_FIX)
        made.append(ready(analyses.cleanset_improve(cleanset=made[-1], user=alice)))
    first, second, third = (one.manifest for one in made)
    assert first["former_labels_sha256"] is None
    assert second["former_labels_sha256"] == third["former_labels_sha256"] == first["labels_sha256"]
    assert rerun(made[-1].pk)[0] == 0


def test_rerun_on_another_kind_of_processor_compares_within_a_tolerance(cleanset: Cleanset) -> None:
    manifest = ready(cleanset).manifest
    manifest["processor"] = "another one"
    for part in ("pred_probs", "label_issue_score", "suggested_label"):
        manifest["results"][part] = "not the same to the last bit"
    manifest["samples"]["pred_probs"] = [
        share + 0.01 for share in manifest["samples"]["pred_probs"]
    ]
    cleanset.save()
    status, said = rerun(cleanset.pk)
    assert status == 0
    assert "The processor was another one" in said
    assert "95% must be within 0.05" in said
    assert "pred_probs  the same within the tolerance (90 of 90 rows agree)" in said

    manifest["samples"]["pred_probs"] = [
        share + 0.08 for share in manifest["samples"]["pred_probs"]
    ]
    manifest["samples"]["suggested_label"] = ["of another text"] * 90
    cleanset.save()
    status, said = rerun(cleanset.pk)
    assert status == 1
    assert "pred_probs  differs (0 of 90 rows agree)" in said
    assert "2 of " in said


def test_rerun_tells_what_differs(cleanset: Cleanset) -> None:
    ready(cleanset).manifest["results"]["pred_probs"] = "something else"
    cleanset.save()
    status, said = rerun(cleanset.pk)
    assert status == 1
    assert "pred_probs  differs" in said
    assert "1 of" in said


def test_file_is_rerun_from_the_manifest_of_the_command_line(
    planted: Planted, tmp_path: Path
) -> None:
    file, manifest = tmp_path / "rows.csv", tmp_path / "m.json"
    file.write_text(csv_text(planted.frame))
    options = [
        "--label",
        "label",
        "--mode",
        "fast",
        "--out",
        str(tmp_path / "out.csv"),
        "--manifest",
        str(manifest),
    ]
    call_command("clean", str(file), *options, stdout=io.StringIO(), stderr=io.StringIO())
    assert len(json.loads(manifest.read_text())["fold_id"]) == 90
    assert rerun("--manifest", manifest, "--file", file)[0] == 0
    file.write_text(csv_text(planted.frame.iloc[1:]))
    assert rerun("--manifest", manifest, "--file", file)[0] == 2
    assert rerun("--manifest", manifest)[0] == 2
