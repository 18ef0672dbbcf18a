"""`evaluate` and `compare`: metrics of a file, with a split, of given predictions, and gates."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command

from studio.engine.errors import DataProblem
from studio.engine.schema import CleansetSpec
from studio.engine.schema.class_weights import ClassWeights
from studio.management.commands import evaluate as command
from tests.commands import Ended, run

N_ROWS = 200
CLASSES = np.array(["low", "mid", "high"])


@pytest.fixture
def rows() -> pd.DataFrame:
    """Return rows of three classes that two columns tell apart, a quarter of them for testing."""
    rng = np.random.default_rng(0)
    codes = rng.integers(3, size=N_ROWS)
    return pd.DataFrame(
        {
            "a": rng.normal(codes, 0.4).round(2),
            "b": rng.normal(-codes, 0.4).round(2),
            "part": np.where(np.arange(N_ROWS) % 4 == 0, "test", "train"),
            "label": CLASSES[codes],
        }
    )


def evaluate(frame: pd.DataFrame, folder: Path, *options: object) -> Ended:
    frame.to_csv(folder / "rows.csv", index=False)
    return run(
        "evaluate", folder / "rows.csv", "--label", "label", "--features", "a,b",
        "--mode", "fast", *options,
    )  # fmt: skip


def written(path: Path) -> dict:
    return json.loads(path.read_text())


def probabilities(frame: pd.DataFrame) -> pd.DataFrame:
    """Return probabilities that say the label of nine rows in ten."""
    is_right = np.arange(len(frame)) % 10 != 0
    codes = np.array([CLASSES.tolist().index(label) for label in frame["label"]])
    stated = np.where(is_right, codes, (codes + 1) % 3)
    return pd.DataFrame(0.1 + 0.7 * np.eye(3)[stated], columns=CLASSES)


def test_file_has_every_metric_with_its_interval(rows: pd.DataFrame, tmp_path: Path) -> None:
    ended = evaluate(rows, tmp_path, "--json", tmp_path / "e.json")

    found = written(tmp_path / "e.json")
    accuracy = found["metrics"]["accuracy"]
    assert 0.7 < accuracy["low"] < accuracy["value"] < accuracy["high"] <= 1
    assert {"roc_auc_ovr_macro", "log_loss", "brier_score"} <= found["metrics"].keys()
    assert [one["class"] for one in found["per_class"]] == ["high", "low", "mid"]
    counts = np.array(found["confusion"]["counts"])
    assert counts.sum() == N_ROWS
    assert np.trace(counts) / N_ROWS == pytest.approx(accuracy["value"])
    assert found["measured_on"] == {
        "rows": "all labeled rows", "n_rows": N_ROWS, "labels": "given",
    }  # fmt: skip
    assert f"{N_ROWS} all labeled rows, measured by their given labels" in ended.out
    assert "roc_auc_ovr_macro" in ended.out


def test_labels_of_test_rows_are_never_seen(rows: pd.DataFrame, tmp_path: Path) -> None:
    options = ("--split", "part", "--json", tmp_path / "e.json")
    ended = evaluate(rows, tmp_path, *options)
    first = written(tmp_path / "e.json")
    is_test = rows["part"] == "test"
    rows.loc[is_test, "label"] = np.roll(rows.loc[is_test, "label"], 1)
    evaluate(rows, tmp_path, *options)
    second = written(tmp_path / "e.json")

    assert first["measured_on"]["rows"] == "test"
    assert first["rows"]["row_id"] == np.flatnonzero(is_test).tolist()
    assert first["rows"]["predicted"] == second["rows"]["predicted"]
    assert first["splits"]["training"]["metrics"] == second["splits"]["training"]["metrics"]
    assert first["metrics"]["accuracy"]["value"] > second["metrics"]["accuracy"]["value"] + 0.2
    assert "part is read as a split: “test” as test, “train” as training" in ended.err


def test_given_predictions_are_measured_without_training(
    rows: pd.DataFrame, tmp_path: Path
) -> None:
    shuffled = probabilities(rows).assign(row_id=np.arange(N_ROWS)).sample(frac=1, random_state=1)
    shuffled.to_parquet(tmp_path / "p.parquet")
    ended = evaluate(
        rows, tmp_path, "--pred-probs", tmp_path / "p.parquet", "--json", tmp_path / "e.json"
    )

    assert "Training" not in ended.err
    assert "Column row_id says which rows are predicted." in ended.err
    assert written(tmp_path / "e.json")["metrics"]["accuracy"]["value"] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda p: p.head(20), "Predictions: 20, rows: 200"),
        (lambda p: p.assign(row_id=7), "names row 7 more than once"),
        (lambda p: p.assign(row_id=range(1, N_ROWS + 1)), "names row 200"),
        (lambda p: p * 2, "Expected numbers from 0 to 1"),
        (lambda p: p.assign(low=0.0), "add up to"),
        (lambda p: p[["low"]].rename(columns={"low": "x"}), "hold no predictions"),
        (lambda p: p.astype(object).assign(low="high"), "which is no number"),
    ],
)
def test_predictions_that_cannot_be_read_end_in_one_sentence(
    rows: pd.DataFrame, tmp_path: Path, change: object, sentence: str
) -> None:
    change(probabilities(rows)).to_csv(tmp_path / "p.csv", index=False)
    ended = evaluate(rows, tmp_path, "--pred-probs", tmp_path / "p.csv")
    assert ended.status == 2
    assert sentence in ended.err


@pytest.mark.parametrize(
    ("condition", "status", "sentence"),
    [
        ("accuracy<0.95", 3, "accuracy is 0.9, which meets --fail-if accuracy<0.95."),
        ("accuracy<0.85", 0, ""),
        ("accuracy.low<0.85", 3, "accuracy.low is "),
        ("log_loss >= 5", 0, ""),
        ("acuracy<0.9", 2, "Did you mean accuracy?"),
        ("accuracy", 2, "is not a condition"),
    ],
)
def test_a_pipeline_can_depend_on_a_metric(
    rows: pd.DataFrame, tmp_path: Path, condition: str, status: int, sentence: str
) -> None:
    probabilities(rows).to_parquet(tmp_path / "p.parquet")
    ended = evaluate(
        rows, tmp_path, "--pred-probs", tmp_path / "p.parquet", "--fail-if", condition, "--quiet"
    )
    assert ended.status == status
    assert sentence in ended.err


def test_a_cleaned_file_is_compared_with_the_one_before(rows: pd.DataFrame, tmp_path: Path) -> None:
    stated = probabilities(rows)
    stated.to_parquet(tmp_path / "p.parquet")
    evaluate(rows, tmp_path, "--pred-probs", tmp_path / "p.parquet", "--json", tmp_path / "1.json")
    kept = np.random.default_rng(2).permutation(np.arange(20, N_ROWS))
    cleaned = rows.iloc[kept].assign(label=CLASSES[stated.to_numpy().argmax(axis=1)[kept]])
    stated.iloc[kept].to_parquet(tmp_path / "p.parquet")
    evaluate(
        cleaned, tmp_path, "--pred-probs", tmp_path / "p.parquet", "--json", tmp_path / "2.json"
    )
    ended = run(
        "compare", tmp_path / "1.json", tmp_path / "2.json", "--json", tmp_path / "c.json",
        "--fail-if", "accuracy.difference.low<=0",
    )  # fmt: skip

    assert ended.status == 0
    found = written(tmp_path / "c.json")
    assert (found["n_rows"], found["n_only_first"], found["n_only_second"]) == (180, 20, 0)
    assert found["n_labels_differ"] == 18
    assert found["metrics"]["accuracy"]["verdict"] == "better"
    assert found["rows"]["gained"] == list(range(20, N_ROWS, 10))
    assert found["rows"]["lost"] == []
    assert "18 rows have another label in the second" in ended.out


def test_a_file_that_is_not_an_evaluation_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text("[1]")
    ended = run("compare", tmp_path / "1.json", tmp_path / "1b.json")
    assert ended.status == 2
    assert (
        "1.json is not an evaluation file. Expected a file that evaluate --json has written."
        in ended.err
    )


def test_an_evaluation_that_was_edited_is_refused(rows: pd.DataFrame, tmp_path: Path) -> None:
    probabilities(rows).to_parquet(tmp_path / "p.parquet")
    evaluate(rows, tmp_path, "--pred-probs", tmp_path / "p.parquet", "--json", tmp_path / "1.json")
    values = written(tmp_path / "1.json")
    for change in ({"rows": []}, {"rows": {}}, {"task": "cooking"}, {"classes": None}):
        (tmp_path / "2.json").write_text(json.dumps(values | change))
        ended = run("compare", tmp_path / "1.json", tmp_path / "2.json")
        assert (ended.status, "2.json is not an evaluation file" in ended.err) == (2, True)


def test_undefined_metrics_are_null_in_a_comparison(rows: pd.DataFrame, tmp_path: Path) -> None:
    same = rows.assign(label=5)
    pd.DataFrame({"prediction": rows["a"]}).to_parquet(tmp_path / "p.parquet")
    for name in ("1.json", "2.json"):
        evaluate(
            same, tmp_path, "--task", "regression", "--pred-probs", tmp_path / "p.parquet",
            "--json", tmp_path / name,
        )  # fmt: skip
    ended = run("compare", tmp_path / "1.json", tmp_path / "2.json", "--json", tmp_path / "c.json")
    assert ended.status == 0, ended.err
    r2 = written(tmp_path / "c.json")["metrics"]["r2"]
    assert (r2["first"], r2["second"], r2["difference"]["value"]) == (None, None, None)


def test_sets_and_numbers_are_measured_too(rows: pd.DataFrame, tmp_path: Path) -> None:
    numbers = rows.assign(label=(3 * rows["a"] - rows["b"]).round(2))
    evaluate(numbers, tmp_path, "--task", "regression", "--json", tmp_path / "n.json")
    found = written(tmp_path / "n.json")
    assert found["metrics"]["r2"]["value"] > 0.8
    by_column = {one["column"]: one["groups"] for one in found["residuals_by_column"]}
    assert by_column.keys() == {"a", "b", "part"}
    assert {group["description"] for group in by_column["part"]} == {"part = test", "part = train"}
    assert sum(group["n_rows"] for group in by_column["a"]) == N_ROWS
    assert by_column["a"][0]["p10"] <= by_column["a"][0]["median"] <= by_column["a"][0]["p90"]

    sets = rows.assign(label=np.where(rows["a"] > 1, "big,plain", "plain"))
    evaluate(sets, tmp_path, "--task", "multi-label", "--json", tmp_path / "s.json")
    found = written(tmp_path / "s.json")
    assert found["metrics"]["subset_accuracy"]["value"] > 0.8
    assert [one["class"] for one in found["per_class"]] == ["big", "plain"]


def test_a_column_that_is_not_a_split_is_refused(rows: pd.DataFrame, tmp_path: Path) -> None:
    ended = evaluate(rows, tmp_path, "--split", "b")
    assert ended.status == 2
    assert "The column b does not say which rows are for testing" in ended.err


def test_split_that_is_made_is_evaluated_on_its_test_rows(
    rows: pd.DataFrame, tmp_path: Path
) -> None:
    evaluate(rows, tmp_path, "--test-percent", "25", "--json", tmp_path / "e.json")
    found = written(tmp_path / "e.json")
    assert found["split"] == {"test_percent": 25}
    assert found["measured_on"] == {"rows": "test", "n_rows": 50, "labels": "given"}
    assert set(found["splits"]) == {"training", "test"}


def test_clean_says_which_rows_were_for_testing_and_keeps_its_model_from_them(
    rows: pd.DataFrame, tmp_path: Path
) -> None:
    is_test = rows["part"] == "test"
    rows.loc[is_test, "label"] = "never seen before"
    rows.to_csv(tmp_path / "rows.csv", index=False)
    ended = run(
        "clean", tmp_path / "rows.csv", "--label", "label", "--features", "a,b", "--mode", "fast",
        "--split", "part", "--out", tmp_path / "out.csv", "--model", tmp_path / "model",
    )  # fmt: skip
    assert ended.status == 0, ended.err
    out = pd.read_csv(tmp_path / "out.csv")
    assert (out["split"] == "test").tolist() == is_test.tolist()
    assert out.loc[is_test, "is_label_issue"].mean() > 0.5
    assert " ".join(ended.out.split()).count("training 150 test 50") == 1
    manifest = written(tmp_path / "model" / "manifest.json")
    assert sorted(manifest["classes"]) == ["high", "low", "mid"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--split", "label"), "The column label has the labels"),
        (("--test-percent", "20", "--pred-probs", "p.csv"), "Name the split that was trained with"),
    ],
)
def test_split_that_makes_no_sense_is_refused(
    rows: pd.DataFrame, tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    ended = evaluate(rows, tmp_path, *options)
    assert ended.status == 2
    assert sentence in ended.err


def test_class_weights_reach_the_models(
    rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[CleansetSpec] = []

    def stop(frame: object, labels: object, spec: CleansetSpec, **options: object) -> None:
        found.append(spec)
        raise DataProblem("far enough")

    monkeypatch.setattr(command, "predict_out_of_sample", stop)
    assert "far enough" in evaluate(rows, tmp_path, "--class-weights", '{"high": 5}').err
    assert found[0].class_weights == ClassWeights(by_class={"high": 5.0})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--class-weights", '{"hihg": 5}'), "no class “hihg” in “label”"),
        (
            ("--class-weights", "balanced", "--task", "multi-label"),
            "Class weights are for multi-class labels",
        ),
    ],
)
def test_class_weights_that_make_no_sense_are_refused(
    rows: pd.DataFrame, tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    assert sentence in evaluate(rows, tmp_path, *options).err


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("{high: 5}", "is not valid JSON"),
        ("even", "“none”, “balanced” or a weight by class"),
        ('{"high": 0}', "the weight of “high” is 0"),
    ],
)
def test_class_weights_that_cannot_be_read_are_refused(given: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("evaluate", "rows.csv", "--label", "label", "--class-weights", given)
