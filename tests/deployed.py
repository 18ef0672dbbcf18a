"""A deployed model whose files exist, with its measured run, without training anything."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from cleansets.models import Cleanset
from cleansets.overlay import corrected_rows
from models_app.label_snapshot import label_snapshot
from models_app.models import DeployedModel
from studio import storage, tables
from studio.accounts.models import User
from studio.model_runs import services
from studio.model_runs.tasks import evaluate_run
from tests.factories import make_model
from tests.reviewable import CLASSES

MADE_WITH = {
    "python": "3.11.7",
    "library_versions": {"numpy": "2.4.6"},
    "files": {"model.joblib": "0"},
}


def publish_artifact(model: DeployedModel) -> str:
    """Publish an archive with an empty model; return its key."""
    key = storage.model_file(model.pk, 1, "model.tar")
    with tables.scratch() as folder:
        (folder / "model.joblib").touch()
        with tarfile.open(folder / "model.tar", "w") as archive:
            archive.add(folder / "model.joblib", arcname="model.joblib")
        return tables.publish(folder / "model.tar", key)


def make_deployed(alice: User, cleanset: Cleanset, folder: Path) -> DeployedModel:
    """Return a measured model that predicts what people corrected labels to."""
    rows = corrected_rows(cleanset)
    is_labeled = np.array([label is not None for label in rows.labels])
    codes = [CLASSES.index(label) for label in rows.labels if label is not None]
    predicted = (0.1 + 0.7 * np.eye(3))[codes].astype(np.float32)
    model = make_model(
        alice,
        cleanset=cleanset,
        manifest={"classes": CLASSES, **MADE_WITH},
        candidates=cleanset.candidates,
    )
    np.savez(folder / "p.npz", row_id=rows.row_id[is_labeled], predicted=predicted)
    pq.write_table(label_snapshot(cleanset, rows), folder / "l.parquet")
    model.predictions_key, model.labels_key = (
        tables.publish(folder / name, storage.model_file(model.pk, 1, name))
        for name in ("p.npz", "l.parquet")
    )
    model.save()
    run = services.model_record(model)
    evaluate_run(run_id=str(run.pk))
    return model
