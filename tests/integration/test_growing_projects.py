"""A project whose dataset grows: decisions stay, and the models of now score the new rows."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from cleansets import analyses, selectors, services
from cleansets.added_rows import new_rows
from cleansets.models import Action, Cleanset
from projects import appends
from projects.models import Dataset, DatasetVersion, Project
from studio import tables
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.runs import Status
from tests.data_builders import Planted, csv_file, planted_table

pytestmark = pytest.mark.usefixtures("eager_runs")
N_OLD = 90
FEATURES = ["height", "weight", "colour"]


@pytest.fixture
def planted() -> Planted:
    planted = planted_table(N_OLD, n_wrong=4)
    planted.frame["ticket"] = [f"T{row}" for row in range(N_OLD)]
    return planted


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
        feature_columns=FEATURES,
        column_kinds={"height": "number", "weight": "number", "colour": "categorical"},
    )
    return ready(analyses.cleanset_start(project=project, user=alice))


def ready(cleanset: Cleanset) -> Cleanset:
    cleanset = Cleanset.objects.get(pk=cleanset.pk)
    assert cleanset.status == Status.SUCCEEDED, cleanset.error_detail or cleanset.error_message
    return cleanset


def issues_of(cleanset: Cleanset) -> pd.DataFrame:
    return pd.read_parquet(tables.local_path(cleanset.issues_key))


def append(cleanset: Cleanset, frame: pd.DataFrame, folder: Path) -> DatasetVersion:
    path = folder / "new.csv"
    frame.to_csv(path, index=False)
    version = appends.rows_append(
        base=cleanset.version,
        user=cleanset.created_by,
        path=path,
        filename="new.csv",
        projects=[cleanset.project],
    )
    version.refresh_from_db()
    assert version.status == Status.SUCCEEDED, version.error_message
    return version


def test_new_rows_are_scored_and_old_ones_keep_their_decisions(
    cleanset: Cleanset, planted: Planted, alice: User, browser: Client, tmp_path: Path
) -> None:
    wrong = min(planted.wrong_rows)
    services.row_decide(cleanset=cleanset, user=alice, row_id=wrong, choice=Action.AUTO_FIX)
    clean = [row for row in range(N_OLD) if row not in planted.wrong_rows]
    new = planted.frame.iloc[clean[:12]].copy()
    new["ticket"] = "N" + new["ticket"]
    new["height"] = (new["height"].astype(float) + 0.01).round(2).astype(str)
    labels = new["label"].unique()
    new.iloc[0, new.columns.get_loc("label")] = labels[labels != new["label"].iloc[0]][0]
    new.iloc[1, new.columns.get_loc("label")] = None
    new.iloc[2, new.columns.get_loc("label")] = "unheard of"
    new.iloc[3, :3] = planted.frame.iloc[clean[3], :3]
    append(cleanset, new, tmp_path)

    grown = ready(cleanset.project.cleansets.latest("number"))
    before, after = issues_of(cleanset), issues_of(grown)
    assert len(after) == N_OLD + 12
    same = [name for name in before.columns if "near_duplicate" not in name]
    pd.testing.assert_frame_equal(after.iloc[:N_OLD][same], before[same], check_dtype=False)
    assert dict(grown.reviews.values_list("row_id", "action")) == {wrong: "auto-fix"}
    found = after.iloc[N_OLD:]
    assert found["is_label_issue"].tolist() == [True] + [False] * 11
    assert found["suggested_label"].iloc[1] == planted.frame["label"].iloc[clean[1]]
    assert found["is_initially_unlabeled"].tolist() == [False, True] + [False] * 10
    copies = after[after["is_near_duplicate"]]
    assert copies.index.tolist() == [clean[3], N_OLD + 3]
    assert copies["near_duplicate_cluster_id"].nunique() == 1
    assert grown.growth["n_unknown_class"] == 1
    assert "unheard of" in grown.classes
    probabilities = np.load(tables.local_path(grown.pred_probs_key))
    assert probabilities.shape == (N_OLD + 12, len(grown.classes))
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-3)

    assert Project.objects.get().version == grown.version
    page = browser.get(f"{grown.get_absolute_url()}?issue=all&among=new:{grown.pk}")
    assert page.status_code == 200
    assert "new since version 1" in page.content.decode()

    full = ready(analyses.cleanset_improve(cleanset=grown, user=alice))
    assert dict(full.reviews.values_list("row_id", "action")) == {wrong: "auto-fix"}
    assert full.n_rows == N_OLD + 12
    assert issues_of(full).loc[wrong, "given_label"] == before.loc[wrong, "suggested_label"]


def test_command_updates_a_row_which_is_scored_anew_and_keeps_its_number(
    cleanset: Cleanset, planted: Planted, tmp_path: Path
) -> None:
    wrong = min(planted.wrong_rows)
    changed = planted.frame.iloc[[wrong]].copy()
    changed["label"] = issues_of(cleanset).loc[wrong, "suggested_label"]
    file = tmp_path / "changed.csv"
    changed[reversed(changed.columns)].to_csv(file, index=False)
    out = io.StringIO()
    project_id = str(cleanset.project_id)
    call_command("append", project_id, str(file), "--key", "ticket", "--update", stdout=out)
    grown = ready(cleanset.project.cleansets.latest("number"))
    assert "version 2: 0 new rows, 1 updated" in out.getvalue()
    assert "Shapes, version 2: 0 label issues in the new rows" in out.getvalue()
    assert grown.get_absolute_url() in out.getvalue()
    assert grown.n_rows == N_OLD
    assert new_rows(grown).tolist() == [wrong]
    after = issues_of(grown)
    assert after["row_id"].tolist() == list(range(N_OLD))
    assert after.loc[wrong, "given_label"] == changed["label"].iloc[0]
    assert not after.loc[wrong, "is_label_issue"]
    assert grown.counts["is_label_issue"] == cleanset.counts["is_label_issue"] - 1


def test_rows_of_another_file_are_not_added(cleanset: Cleanset, alice: User) -> None:
    with pytest.raises(DataProblem, match="does not consist of the rows of this project"):
        analyses.cleanset_grow(project=cleanset.project, user=alice, version=cleanset.version)
    assert selectors.newest_finished(cleanset.project) == cleanset
