"""What alice has in tests of who may do what: one thing of each sort, with the files behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from django.contrib.auth import SESSION_KEY
from django.utils import timezone

from cleansets.layouts import saved_view_save
from cleansets.models import ActionRun, Cleanset, CorrectionsFile, SavedView
from cleansets.row_address import RowQuery
from inference.models import PredictionBatch
from models_app.models import DeployedModel
from projects.models import AppendedFile
from studio import storage, tables
from studio.accounts.models import AccountSession, ApiKey, User
from studio.accounts.services import api_key_create, email_change_token
from studio.accounts.sessions import SessionStore
from studio.model_runs.models import ModelRun, Projection, SavedConfiguration
from studio.model_runs.plane_file import StoredPlane
from studio.model_runs.services import configuration_save
from studio.runs import Status
from studio.webhooks.models import Webhook
from studio.webhooks.services import webhook_create
from tests.deployed import MADE_WITH, publish_artifact
from tests.factories import make_model, make_prediction
from tests.measured import make_measured
from tests.reviewable import CLASSES, make_reviewable

GUARDED = {
    "confidence": [0.5],
    "prediction_set": ["billing"],
    "is_out_of_distribution": [False],
    "out_of_distribution_score": [0.1],
    "abstain": [True],
    "nearest_training_row": [1],
    "nearest_training_label": ["billing"],
    "prediction_note": ["No cell can be read."],
}
REPORT = {
    "coverage": 0.9,
    "n_rows": 1,
    "n_sampled": 1,
    "n_abstained": 1,
    "n_out_of_distribution": 0,
    "n_blank_rows": 0,
    "n_sets": [0, 1],
    "cells": [{"name": "message", "n_unreadable": 0, "n_new": 1}],
    "comparisons": [
        {
            "drift": {"name": "message", "size": 0.5, "p_value": 0.01},
            "trained_missing": 0.0,
            "new_missing": 0.5,
            "bars": [{"label": "below 5", "trained": 0.9, "new": 0.4}],
        }
    ],
}


@dataclass(frozen=True, slots=True)
class Things:
    """One thing of each sort, all of one owner; the cleanset is ready to review."""

    cleanset: Cleanset
    model: DeployedModel
    batch: PredictionBatch
    key: ApiKey
    webhook: Webhook
    session: AccountSession
    person: User
    saved_view: SavedView
    evaluation: ModelRun
    action_run: ActionRun
    corrections: CorrectionsFile
    configuration: SavedConfiguration
    projection: Projection
    appended: AppendedFile

    @property
    def ids(self) -> dict[str, object]:
        """Return what stands in addresses."""
        return {
            "dataset": self.cleanset.project.version.dataset_id,
            "project": self.cleanset.project_id,
            "cleanset": self.cleanset.pk,
            "model": self.model.pk,
            "batch": self.batch.pk,
            "key": self.key.pk,
            "webhook": self.webhook.pk,
            "session": self.session.public_id,
            "person": self.person.pk,
            "email_token": email_change_token(user=self.key.owner, email="new@example.org"),
            "saved_view": self.saved_view.pk,
            "evaluation": self.evaluation.pk,
            "action_run": self.action_run.pk,
            "corrections": self.corrections.pk,
            "configuration": self.configuration.pk,
            "projection": self.projection.pk,
            "appended": self.appended.pk,
        }


def make_things(owner: User, *, rename: Callable[[str], str] = str) -> Things:
    """Make them; `rename` changes each name of a column or class, and each cell."""
    cleanset = make_reviewable(owner, rename=rename)
    manifest = {"classes": cleanset.classes, **MADE_WITH}
    model = make_model(owner, cleanset=cleanset, manifest=manifest, candidates=cleanset.candidates)
    model.artifact_key = publish_artifact(model)
    model.save()
    batch = make_prediction(owner, model=model, n_rows=1, label_counts=[[rename("billing"), 1]])
    chances = {name: [1 / len(CLASSES)] for name in cleanset.classes}
    rows = pd.DataFrame({"__row_id": [0], rename("message"): [rename("hello")]})
    labels = {"Suggested Label": [rename("billing")]}
    results = pd.DataFrame({"__row_id": [0], **chances, **labels, **GUARDED})
    batch.coverage = REPORT["coverage"]
    batch.report = REPORT
    batch.table_key = _published(rows, storage.prediction_file(batch.pk, 1, "rows.parquet"))
    batch.result_key = _published(results, storage.prediction_file(batch.pk, 1, "results.parquet"))
    batch.save()
    key, _ = api_key_create(owner=owner, name="notebook", scope="read")
    webhook = webhook_create(owner=owner, url="https://example.org/hook")
    saved_view = saved_view_save(
        project=cleanset.project, name="Mine", description="", query=RowQuery()
    )
    session = SessionStore()
    session[SESSION_KEY] = str(owner.pk)
    session.create()
    person = User.objects.create_user(f"guest-of-{owner.email}")
    evaluation = make_measured(cleanset)
    return Things(
        cleanset,
        model,
        batch,
        key,
        webhook,
        AccountSession.objects.get(pk=session.session_key),
        person,
        saved_view,
        evaluation,
        ActionRun.objects.create(
            cleanset=cleanset,
            created_by=owner,
            purpose=ActionRun.Purpose.TOP_K,
            title="Keep 9,000 rows",
            status=Status.CANCELLED,
            finished_at=timezone.now(),
        ),
        _corrections(cleanset, rename),
        configuration_save(project=cleanset.project, name="Mine", values={}),
        _projection(evaluation),
        _appended(cleanset, rename),
    )


def _projection(run: ModelRun) -> Projection:
    density = np.zeros((96, 96), dtype=np.uint8)
    density[0, 0] = 255
    plane = StoredPlane(
        row_id=np.arange(2, dtype=np.uint32),
        points=np.zeros((2, 2), dtype=np.float32),
        members=np.zeros(2, dtype=np.int16),
        density=density,
    )
    projection = Projection(
        model_run=run,
        created_by=run.created_by,
        method=Projection.Method.PCA,
        n_rows=2,
        n_placed=2,
        n_fitted=2,
        summary={"clusters": [{"terms": [], "x": 0, "y": 0, "n_rows": 2, "n_wrong": 0}]},
        status=Status.SUCCEEDED,
        finished_at=timezone.now(),
    )
    with TemporaryDirectory() as folder:
        out = Path(folder) / "plane.npz"
        plane.write(out)
        key = storage.projection_file(projection.pk, 1, out.name)
        projection.plane_key = tables.publish(out, key)
    projection.save()
    return projection


def _appended(cleanset: Cleanset, rename: Callable[[str], str]) -> AppendedFile:
    file = AppendedFile(
        base=cleanset.project.version,
        created_by=cleanset.created_by,
        filename="new.csv",
        size_bytes=1,
        n_rows=1,
        status=Status.SUCCEEDED,
        finished_at=timezone.now(),
    )
    cells = {"message": "new", "topic": "login", "channel": "mail"}
    named = {rename(column): rename(cell) for column, cell in cells.items()}
    rows = pd.DataFrame([{"__row_id": 0} | named])
    file.table_key = _published(rows, storage.appended_file(file.pk, "rows-1"))
    file.save()
    return file


def _corrections(cleanset: Cleanset, rename: Callable[[str], str]) -> CorrectionsFile:
    file = CorrectionsFile(
        cleanset=cleanset,
        created_by=cleanset.created_by,
        filename="fixes.csv",
        size_bytes=1,
        n_rows=1,
        status=Status.SUCCEEDED,
        finished_at=timezone.now(),
    )
    rows = pd.DataFrame({"__row_id": [0], "row_id": ["1"], "corrected_label": [rename("login")]})
    file.table_key = _published(rows, storage.corrections_file(file.pk, "rows-1.parquet"))
    file.save()
    return file


def _published(frame: pd.DataFrame, key: str) -> str:
    with TemporaryDirectory() as folder:
        frame.to_parquet(Path(folder) / "table.parquet", index=False)
        return tables.publish(Path(folder) / "table.parquet", key)
