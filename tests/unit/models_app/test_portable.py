"""A downloaded model predicts without the studio, as it does inside."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from models_app.artifact_files import save_tar
from models_app.portable import requirements, write_archive
from studio import storage, tables
from studio.accounts.models import User
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.recipes.predict import predict_frame
from studio.engine.recipes.train import train_model
from studio.engine.schema import CleansetSpec
from studio.engine.table.columns import ColumnKind
from tests.factories import make_model

pytestmark = pytest.mark.django_db
ROWS = pd.DataFrame(
    {
        "size": [f"{number / 2}" for number in range(60)],
        "colour": ["red", "green", "blue"] * 20,
        "kind": ["small"] * 30 + ["large"] * 30,
    }
)
SPEC = CleansetSpec(
    task=MLTask.MULTI_CLASS,
    modality=Modality.TABULAR,
    mode=Mode.FAST,
    feature_columns=("size", "colour"),
    column_kinds={"size": ColumnKind.NUMBER, "colour": ColumnKind.CATEGORICAL},
    label_column="kind",
)


def test_downloaded_model_predicts_in_a_folder_of_its_own(alice: User, tmp_path: Path) -> None:
    trained = train_model(ROWS, ROWS["kind"].tolist(), SPEC)
    model = make_model(alice)
    manifest = save_tar(trained, tmp_path / "model.tar")
    model.manifest = {
        "python": manifest.python,
        "library_versions": manifest.library_versions,
        "arithmetic": manifest.arithmetic,
    }
    model.artifact_key = tables.publish(
        tmp_path / "model.tar", storage.model_file(model.pk, 1, "model.tar")
    )
    write_archive(model, "# Card\n", tmp_path / "model.zip")
    folder = tmp_path / "elsewhere"
    with zipfile.ZipFile(tmp_path / "model.zip") as archive:
        archive.extractall(folder)
    new = ROWS.drop(columns="kind").iloc[::7].reset_index(drop=True)
    new.loc[0, "size"] = ""
    new.to_csv(folder / "new.csv", index=False)
    command = [sys.executable, "predict.py", "new.csv", "--out", "out.csv"]
    subprocess.run(command, cwd=folder, check=True, timeout=120)
    written = pd.read_csv(folder / "out.csv")
    expected = predict_frame(trained, new.where(new != "", None))
    assert written["Suggested Label"].tolist() == expected.suggested_label
    probabilities = written[list(trained.classes)].to_numpy()
    assert abs(probabilities - expected.pred_probs).max() < 1e-6
    assert (folder / "requirements.txt").read_text().startswith("numpy==")
    assert (folder / "model-card.md").read_text() == "# Card\n"


def test_requirements_have_the_encoder_only_where_the_model_encodes(alice: User) -> None:
    versions = {"torch": "2.13.0+cpu"}
    model = make_model(alice, manifest={"library_versions": versions, "arithmetic": None})
    assert not any(line.startswith("torch") for line in requirements(model))
    model.manifest["arithmetic"] = "float32"
    assert "torch==2.13.0" in requirements(model)
