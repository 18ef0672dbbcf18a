"""Training on corrected labels, predicting, and the signed files in between."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from studio.engine.errors import DataProblem
from studio.engine.model_selection.assessment import ENSEMBLE_KEY
from studio.engine.recipes import artifacts, train
from studio.engine.recipes.artifacts import load_artifact, read_manifest, save_artifact
from studio.engine.recipes.build import build_cleanset
from studio.engine.recipes.predict import predict_frame
from studio.engine.recipes.train import train_and_predict, train_model
from studio.engine.recipes.trained import TrainedModel
from studio.engine.schema import SplitChoice
from studio.engine.study.study import Study, make_study
from studio.engine.table.columns import ColumnKind
from tests.data_builders import planted_table, planted_text
from tests.unit.engine.frames import Watcher, table_spec, text_spec

KEY = b"a secret of this studio"


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return planted_table(90, n_wrong=0).frame


@pytest.fixture(scope="module")
def model(frame: pd.DataFrame) -> TrainedModel:
    return train_model(frame, frame["label"].tolist(), table_spec())


@pytest.fixture(scope="module")
def text_model() -> TrainedModel:
    frame = planted_text(60, n_wrong=0).frame
    return train_model(frame, frame["label"].tolist(), text_spec())


@pytest.fixture
def saved(model: TrainedModel, tmp_path: Path) -> Path:
    save_artifact(model, tmp_path / "model", signing_key=KEY)
    return tmp_path / "model"


def test_model_predicts_rows_that_it_has_not_seen(model: TrainedModel) -> None:
    unseen = planted_table(60, n_wrong=0, seed=1).frame
    predictions = predict_frame(model, unseen)
    assert predictions.suggested_label == unseen["label"].tolist()
    assert predictions.pred_probs.shape == (60, 3)
    np.testing.assert_allclose(predictions.pred_probs.sum(axis=1), 1, atol=1e-5)


def test_a_split_withholds_nothing_from_rows_that_are_to_be_learned_from(
    frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    studies = []

    def make(*arguments: object) -> Study:
        studies.append(make_study(*arguments))
        return studies[-1]

    monkeypatch.setattr(train, "make_study", make)
    spec = replace(table_spec(n_folds=2), only_candidates=("linear",))
    tested = replace(spec, split=SplitChoice(test_percent=30))
    model = train_model(frame, frame["label"].tolist(), tested)
    assert studies[0].labels.is_labeled.all()
    assert model.spec.split == tested.split


def test_the_preferred_candidate_is_trained_though_another_is_better(
    frame: pd.DataFrame, tmp_path: Path
) -> None:
    spec = replace(table_spec(n_folds=2), only_candidates=("linear", "linear-margin"))
    best = train_and_predict(frame, frame["label"].tolist(), spec, cache_dir=tmp_path)
    worst = best.model.candidates[-1].key
    chosen = train_and_predict(
        frame, frame["label"].tolist(), spec, preferred=worst, cache_dir=tmp_path
    )
    assert chosen.model.candidates[0].key == worst
    assert {one.key for one in chosen.model.candidates} == {
        one.key for one in best.model.candidates
    }
    if worst != ENSEMBLE_KEY:
        assert [member.key for member in chosen.model.members] == [worst]
    right = chosen.predicted.argmax(axis=1) == best.predicted.argmax(axis=1)
    assert right.mean() > 0.8
    with pytest.raises(DataProblem, match="“forests” was not tried"):
        train_and_predict(
            frame, frame["label"].tolist(), spec, preferred="forests", cache_dir=tmp_path
        )


def test_fits_of_an_analysis_that_continued_are_reused(tmp_path: Path) -> None:
    frame = planted_text(60, n_wrong=0).frame
    given = frame["label"].tolist()
    corrected = ["billing", *given[1:]] if given[0] != "billing" else ["account", *given[1:]]
    spec = text_spec(n_folds=2)
    build_cleanset(frame, spec, labels=given, cache_dir=tmp_path)
    improved = build_cleanset(
        frame, spec, labels=corrected, previous_labels=given, cache_dir=tmp_path
    )
    assert improved.is_warm_started
    training = train_and_predict(frame, corrected, spec, previous_labels=given, cache_dir=tmp_path)
    scores = {one.key: one.accuracy for one in training.model.candidates}
    assert scores == {one.key: one.accuracy for one in improved.candidates}


def test_table_of_models_is_best_first_and_measured_on_held_out_rows(model: TrainedModel) -> None:
    accuracies = [row.accuracy for row in model.candidates]
    assert accuracies == sorted(accuracies, reverse=True)
    assert accuracies[0] > 0.95
    if model.candidates[0].key != "ensemble":
        assert [(member.key, member.weight) for member in model.members] == [
            (model.candidates[0].key, 1.0)
        ]


def test_class_that_a_person_typed_in_is_learned(frame: pd.DataFrame) -> None:
    far = frame.head(12).assign(height=[str(40 + n / 10) for n in range(12)], weight="40")
    labels = [*frame["label"], *["brand new"] * 12]
    model = train_model(pd.concat([frame, far], ignore_index=True), labels, table_spec())
    assert model.classes == ("brand new", "high", "low", "middle")
    probe = pd.DataFrame({"height": ["40.5"], "weight": ["40"], "colour": ["red"]})
    assert predict_frame(model, probe).suggested_label == ["brand new"]


def test_unlabeled_rows_are_left_out_of_training(frame: pd.DataFrame, model: TrainedModel) -> None:
    more = pd.concat([frame, frame.tail(5)], ignore_index=True)
    with_unlabeled = train_model(more, [*frame["label"], None, "", " ", None, None], table_spec())
    assert np.array_equal(
        predict_frame(with_unlabeled, frame).pred_probs, predict_frame(model, frame).pred_probs
    )


def test_odd_cells_are_predicted(model: TrainedModel, text_model: TrainedModel) -> None:
    odd = pd.DataFrame(
        {
            "height": [None, "tall", "", "1e999", "4.0"],
            "weight": ["-4", None, "n/a", "-inf", "-4.0"],
            "colour": ["mauve", None, "", "red", "ultraviolet"],
        },
        dtype=object,
    )
    for trained, cells in (
        (model, odd),
        (text_model, pd.DataFrame({"text": [None, "", "???", "日本語"]}, dtype=object)),
    ):
        predictions = predict_frame(trained, cells)
        assert np.isfinite(predictions.pred_probs).all()
        assert set(predictions.suggested_label) <= set(trained.classes)
    assert predict_frame(model, odd).suggested_label[4] == "middle"


def test_row_is_predicted_alike_alone_and_among_others(
    model: TrainedModel, text_model: TrainedModel
) -> None:
    table, texts = planted_table(30, seed=3).frame, planted_text(30, seed=3).frame
    for trained, cells in ((model, table), (text_model, texts)):
        together = predict_frame(trained, cells).pred_probs
        alone = np.vstack(
            [predict_frame(trained, cells.iloc[[row]]).pred_probs for row in range(len(cells))]
        )
        np.testing.assert_allclose(together, alone, atol=1e-6)


def test_missing_columns_are_named_together_and_extra_ones_ignored(
    model: TrainedModel, frame: pd.DataFrame
) -> None:
    with pytest.raises(DataProblem, match="has no columns “weight” and “colour”"):
        predict_frame(model, frame[["height"]])
    reordered = frame.assign(extra="x")[["extra", "colour", "weight", "height"]]
    assert np.array_equal(
        predict_frame(model, reordered).pred_probs, predict_frame(model, frame).pred_probs
    )


def test_no_rows_are_no_predictions(model: TrainedModel, frame: pd.DataFrame) -> None:
    predictions = predict_frame(model, frame.head(0))
    assert predictions.pred_probs.shape == (0, 3)
    assert predictions.suggested_label == []


def test_training_refuses_what_cannot_be_learned(frame: pd.DataFrame) -> None:
    with pytest.raises(DataProblem, match="only one class"):
        train_model(frame, ["same"] * len(frame), table_spec())
    with pytest.raises(DataProblem, match="no column “colour”"):
        train_model(frame.drop(columns="colour"), frame["label"].tolist(), table_spec())


def test_training_tells_its_stages_and_reuses_finished_fits(
    frame: pd.DataFrame, tmp_path: Path
) -> None:
    train_model(frame, frame["label"].tolist(), table_spec(), cache_dir=tmp_path)
    watcher = Watcher()
    train_model(frame, frame["label"].tolist(), table_spec(), cache_dir=tmp_path, progress=watcher)
    assert watcher.stages == [
        "Reading features",
        "Training models",
        "Ensembling",
        "Training the best model",
    ]
    training = [(done, total) for stage, done, total in watcher.calls if stage == "Training models"]
    # Once for the first fold and once for the others, each time with all fits there already.
    assert len(training) == 2
    assert training[1][0] == training[1][1] == 3 * training[0][0]


def test_saved_model_predicts_the_same(
    model: TrainedModel, saved: Path, frame: pd.DataFrame
) -> None:
    loaded = load_artifact(saved, signing_key=KEY)
    assert loaded.classes == model.classes
    assert loaded.candidates == model.candidates
    assert np.array_equal(
        predict_frame(loaded, frame).pred_probs, predict_frame(model, frame).pred_probs
    )


def test_manifest_says_what_made_the_model(model: TrainedModel, saved: Path) -> None:
    manifest = read_manifest(saved, signing_key=KEY)
    assert list(manifest.column_kinds.items()) == [
        ("height", "number"),
        ("weight", "number"),
        ("colour", "categorical"),
    ]
    assert list(manifest.classes) == list(model.classes)
    assert manifest.seed == 0
    assert "scikit-learn" in manifest.library_versions
    assert [row["key"] for row in manifest.candidates] == [row.key for row in model.candidates]


def test_replacing_an_artefact_leaves_no_pieces(model: TrainedModel, saved: Path) -> None:
    save_artifact(model, saved, signing_key=KEY)
    assert [path.name for path in saved.parent.iterdir()] == ["model"]
    assert sorted(path.name for path in saved.iterdir()) == [
        "manifest.hmac-sha256",
        "manifest.json",
        "model.joblib",
    ]


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.path,)


def test_swapped_payload_is_refused_before_it_is_unpickled(saved: Path, tmp_path: Path) -> None:
    joblib.dump(Bomb(tmp_path / "exploded"), saved / artifacts.PAYLOAD)
    with pytest.raises(DataProblem, match="was changed"):
        load_artifact(saved, signing_key=KEY)
    assert not (tmp_path / "exploded").exists()


def test_changed_manifest_foreign_key_and_missing_signature_are_refused(saved: Path) -> None:
    with pytest.raises(DataProblem, match="signature"):
        load_artifact(saved, signing_key=b"another studio")
    manifest = json.loads((saved / "manifest.json").read_text())
    (saved / "manifest.json").write_text(json.dumps({**manifest, "classes": ["x", "y", "z"]}))
    with pytest.raises(DataProblem, match="signature"):
        load_artifact(saved, signing_key=KEY)
    (saved / "manifest.hmac-sha256").unlink()
    with pytest.raises(DataProblem, match="no signed model"):
        load_artifact(saved, signing_key=KEY)


def test_model_of_another_scikit_learn_is_to_be_deployed_again(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "version", lambda name: "1.999.0")
    with pytest.raises(DataProblem, match=r"1\.999\.0 is installed. Deploy the model again"):
        load_artifact(saved, signing_key=KEY)


def test_every_kind_of_column_is_learned_and_saved(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = [("day", "night")[row % 2] for row in range(60)]
    hours = [9 if label == "day" else 22 for label in labels]
    cells = {
        "at": [f"{1 + row % 28:02d}/03/2024 {hour:02d}:15" for row, hour in enumerate(hours)],
        "page": [
            f"https://www.{'sun' if label == 'day' else 'moon'}.example/{row}"
            for row, label in enumerate(labels)
        ],
        "lit": ["yes" if label == "day" else "no" for label in labels],
        "note": [
            f"seen {'+3' if label == 'day' else '-3'} {rng.choice(['owl', 'fox'])}"
            for label in labels
        ],
        "count": [str(rng.integers(0, 9)) for _ in labels],
        "ref": [f"R{row}" for row in range(60)],
    }
    kinds = dict(
        zip(cells, ("datetime", "url", "boolean", "text", "integer", "identifier"), strict=True)
    )
    spec = table_spec({name: ColumnKind(kind) for name, kind in kinds.items()})
    frame = pd.DataFrame(cells)
    for name in ("at", "page", "lit", "note"):
        alone = replace(spec, feature_columns=(name, "count"))
        model = train_model(frame, labels, alone)
        assert model.candidates[0].accuracy > 0.95, name
    save_artifact(train_model(frame, labels, spec), tmp_path / "model", signing_key=KEY)
    loaded = load_artifact(tmp_path / "model", signing_key=KEY)
    assert predict_frame(loaded, frame).suggested_label == labels
