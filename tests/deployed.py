"""A deployed model whose files exist, with its measured run, without training anything."""

from __future__ import annotations

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


def make_deployed(alice: User, cleanset: Cleanset, folder: Path) -> DeployedModel:
    """Return a measured model that predicts what people corrected labels to."""
    rows = corrected_rows(cleanset)
    is_labeled = np.array([label is not None for label in rows.labels])
    codes = [CLASSES.index(label) for label in rows.labels if label is not None]
    predicted = (0.1 + 0.7 * np.eye(3))[codes].astype(np.float32)
    model = make_model(
        alice,
        cleanset=cleanset,
        manifest={
            "classes": CLASSES,
            "model": "a",
            "library_versions": {},
            "python": "3",
            "files": {},
        },
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
