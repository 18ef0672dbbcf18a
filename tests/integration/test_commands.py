"""The main job without a browser: `manage.py clean` and `manage.py predict`, their files and their
exit statuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from studio.engine.conventions.label_sets import split_labels
from studio.engine.errors import DataProblem
from studio.management.output_files import output_folder
from tests.commands import Ended, rows_of, run
from tests.data_builders import Planted, csv_text, planted_table, planted_text
from tests.unit.engine.frames import numbers_frame, sets_frame

ISSUE_COLUMNS = {
    "is_label_issue",
    "label_issue_score",
    "suggested_label",
    "suggested_label_confidence_score",
}


@pytest.fixture(scope="module")
def planted() -> Planted:
    return planted_table(90, n_wrong=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, planted: Planted) -> Path:
    folder = tmp_path_factory.mktemp("commands")
    (folder / "shapes.csv").write_text(csv_text(planted.frame))
    return folder


@pytest.fixture(scope="module")
def cleaned(folder: Path) -> Ended:
    """One run of `clean` with everything that it can write."""
    return run(
        "clean", folder / "shapes.csv", "--label", "label", "--features", "height,weight,colour",
        "--mode", "fast",
        "--out", folder / "clean.csv", "--pred-probs", folder / "probs.parquet", "--model",
        folder / "model",
    )  # fmt: skip


def test_planted_label_errors_have_the_worst_scores(
    cleaned: Ended, folder: Path, planted: Planted
) -> None:
    assert cleaned.status == 0, cleaned.err
    rows = rows_of(folder / "clean.csv")
    by_score = sorted(range(len(rows)), key=lambda i: -float(rows[i]["label_issue_score"]))
    assert set(by_score[: len(planted.wrong_rows)]) == planted.wrong_rows


def test_columns_of_the_file_come_first_and_unchanged(
    cleaned: Ended, folder: Path, planted: Planted
) -> None:
    rows = rows_of(folder / "clean.csv")
    own = list(planted.frame.columns)
    assert list(rows[0])[: len(own) + 1] == [*own, "cleanlab_row_ID"]
    assert set(rows[0]) >= ISSUE_COLUMNS
    assert [[row[name] for name in own] for row in rows] == planted.frame.to_numpy().tolist()
    assert [row["cleanlab_row_ID"] for row in rows] == [str(number) for number in range(1, 91)]


def test_pred_probs_have_one_column_per_class(cleaned: Ended, folder: Path) -> None:
    table = pq.read_table(folder / "probs.parquet")
    assert table.column_names == ["high", "low", "middle"]
    assert table.num_rows == 90
    assert all(sum(row.values()) == pytest.approx(1, abs=1e-4) for row in table.to_pylist())


def test_summary_names_issues_accuracies_and_seconds(cleaned: Ended) -> None:
    for words in (
        "90 rows",
        "3 classes",
        "is_label_issue",
        "Held-out Accuracy",
        "Ensemble",
        "Seconds",
    ):
        assert words in cleaned.out
    assert "Training models" in cleaned.err
    assert "\r" not in cleaned.err


def test_saved_model_predicts_another_file(cleaned: Ended, folder: Path, planted: Planted) -> None:
    new = planted.frame.drop(columns="label").assign(note="=1+1")
    (folder / "new.csv").write_text(csv_text(new))
    ended = run(
        "predict",
        "--model",
        folder / "model",
        folder / "new.csv",
        "--out",
        folder / "predicted.csv",
    )
    assert ended.status == 0, ended.err
    rows = rows_of(folder / "predicted.csv")
    assert list(rows[0]) == [*new.columns, "high", "low", "middle", "Suggested Label"]
    assert {row["note"] for row in rows} == {"=1+1"}
    right = [i for i in range(90) if i not in planted.wrong_rows]
    assert sum(rows[i]["Suggested Label"] == planted.frame["label"][i] for i in right) > 0.95 * len(
        right
    )
    assert "90 rows predicted" in ended.out

    narrow = run(
        *("predict", "--model", folder / "model", folder / "new.csv"),
        *("--out", folder / "predicted.csv", "--class", "low"),
    )
    assert narrow.status == 0, narrow.err
    assert list(rows_of(folder / "predicted.csv")[0]) == [*new.columns, "low", "Suggested Label"]


def test_columns_of_another_name_are_read_when_they_are_named(
    cleaned: Ended, folder: Path, planted: Planted
) -> None:
    frame = planted.frame.rename(columns={"height": "Height", "colour": " colour ="})
    (folder / "other.csv").write_text(csv_text(frame))
    predict = (
        "predict",
        "--model",
        folder / "model",
        folder / "other.csv",
        "--out",
        folder / "mapped.csv",
    )
    asked = run(*predict)
    assert asked.status == 2
    assert (
        "It has “Height” and “ colour =”. Add --map height=Height --map 'colour= colour ='."
        in asked.err
    )
    ended = run(*predict, "--map", "height=Height", "--map", "colour= colour =")
    assert ended.status == 0, ended.err
    assert "as you chose: “Height” as “height”, “ colour =” as “colour”" in ended.err
    assert list(rows_of(folder / "mapped.csv")[0])[:3] == ["Height", "weight", " colour ="]


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        (
            ["Height=height"],
            "The model reads no column “Height”. It reads “height”, “weight” and “colour”.",
        ),
        (["height"], "--map height has no “=”"),
        (["height=a", "height=b"], "--map names “height” twice"),
        (
            ["height=a", "weight=a"],
            "“a” of the file cannot be read as “height” and “weight” at once",
        ),
        (["height=nowhere"], "The file has no column “nowhere”"),
    ],
)
def test_a_map_that_cannot_be_meant_is_one_sentence(
    cleaned: Ended, folder: Path, pairs: list[str], sentence: str
) -> None:
    options = [word for pair in pairs for word in ("--map", pair)]
    out = folder / "never.csv"
    ended = run(
        "predict", "--model", folder / "model", folder / "shapes.csv", "--out", out, *options
    )
    assert ended.status == 2
    assert sentence in ended.err
    assert not out.exists()


def test_tampered_model_is_refused(cleaned: Ended, folder: Path) -> None:
    copy = folder / "tampered"
    copy.mkdir()
    for path in (folder / "model").iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    largest = max(copy.iterdir(), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)
    ended = run("predict", "--model", copy, folder / "shapes.csv", "--out", folder / "never.csv")
    assert refused(ended, folder / "never.csv")


def refused(ended: Ended, out: Path) -> bool:
    """Whether the command ended in status 2 with a sentence and left nothing behind."""
    left = [path.name for path in out.parent.glob(".unfinished-*")] if out.parent.is_dir() else []
    return ended.status == 2 and ended.err.rstrip().endswith(".") and not out.exists() and not left


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        ("a,label\n1,x\n", ["--label", "topic"], ["There is no column topic.", "a, label"]),
        ("a,label\n1,x\n", ["--label", "label", "--features", "a,b"], ["There is no column b"]),
        ("a,label\n1,x\n", ["--label", "label", "--text", "b"], ["There is no column b"]),
        ("a,label\n1,x\n2,x\n", ["--label", "label", "--features", "a"], ["class"]),
        ("a,label\n1,x,3\n", ["--label", "label"], ["Line 2"]),
        ("", ["--label", "label"], ["empty"]),
        (
            "a,label\n1,3\n2,x\n",
            ["--label", "label", "--features", "a", "--task", "regression"],
            ["numbers", "“x” in row 2"],
        ),
        ("a,label\n1,x\n", ["--label", "label", "--task", "unsupervised"], ["Leave out --label"]),
        ("a,label\n1,x\n", ["--features", "a"], ["needs the column with the labels"]),
        ("a,label\n1,x\n", ["--label", "label", "--features", "label"], ["label", "features"]),
    ],
)
def test_file_or_choice_that_cannot_be_analysed_ends_in_status_2(
    tmp_path: Path, content: str, arguments: Sequence[str], words: Sequence[str]
) -> None:
    (tmp_path / "rows.csv").write_text(content)
    ended = run("clean", tmp_path / "rows.csv", *arguments, "--out", tmp_path / "out.csv")
    assert refused(ended, tmp_path / "out.csv"), ended
    for word in words:
        assert word in ended.err


@pytest.mark.parametrize("out", ["missing/out.csv", "."])
def test_place_that_cannot_be_written_ends_in_status_2_before_any_work(
    folder: Path, out: str
) -> None:
    ended = run("clean", folder / "shapes.csv", "--label", "label", "--out", folder / out)
    assert ended.status == 2
    assert str(folder) in ended.err
    assert "Reading" not in ended.err


@pytest.mark.parametrize("command", ["clean", "predict"])
def test_missing_file_ends_in_status_2(tmp_path: Path, command: str) -> None:
    (tmp_path / "model").mkdir()
    option = ["--label", "label"] if command == "clean" else ["--model", tmp_path / "model"]
    ended = run(command, tmp_path / "nothing.csv", *option, "--out", tmp_path / "out.csv")
    assert refused(ended, tmp_path / "out.csv")
    assert "nothing.csv" in ended.err


def test_missing_model_ends_in_status_2(folder: Path) -> None:
    for model in (folder / "no-model", folder):
        ended = run("predict", "--model", model, folder / "shapes.csv", "--out", folder / "out.csv")
        assert refused(ended, folder / "out.csv"), ended


def test_folder_that_holds_something_is_not_overwritten_by_a_model(folder: Path) -> None:
    ended = run(
        "clean",
        folder / "shapes.csv",
        "--label",
        "label",
        "--out",
        folder / "o.csv",
        "--model",
        folder,
    )
    assert refused(ended, folder / "o.csv")
    assert (folder / "shapes.csv").exists()


def test_file_to_predict_without_the_model_s_columns_ends_in_status_2(
    cleaned: Ended, folder: Path
) -> None:
    (folder / "other.csv").write_text("weight\n1\n")
    ended = run(
        "predict", "--model", folder / "model", folder / "other.csv", "--out", folder / "none.csv"
    )
    assert refused(ended, folder / "none.csv")
    assert "height" in ended.err
    assert "colour" in ended.err


def test_cleanset_column_that_the_file_has_already_gets_a_prefix(
    folder: Path, planted: Planted
) -> None:
    (folder / "again.csv").write_text(csv_text(planted.frame.assign(is_label_issue="mine")))
    ended = run(
        "clean", folder / "again.csv", "--label", "label", "--features", "height,weight", "--mode",
        "fast",
        "--out", folder / "again-out.csv",
    )  # fmt: skip
    assert ended.status == 0, ended.err
    rows = rows_of(folder / "again-out.csv")
    assert {row["is_label_issue"] for row in rows} == {"mine"}
    assert {row["cleanlab_is_label_issue"] for row in rows} == {"True", "False"}


def test_text_column_is_guessed(tmp_path: Path) -> None:
    planted = planted_text(60, n_wrong=3)
    (tmp_path / "rows.csv").write_text(csv_text(planted.frame))
    ended = run(
        "clean",
        tmp_path / "rows.csv",
        "--label",
        "label",
        "--mode",
        "fast",
        "--out",
        tmp_path / "out.csv",
    )
    assert ended.status == 0, ended.err
    assert "Learning label from text" in ended.err


def test_invalid_seed_is_refused(folder: Path) -> None:
    with pytest.raises(CommandError, match="not a valid seed"):
        call_command(
            "clean",
            str(folder / "shapes.csv"),
            "--label",
            "label",
            "--out",
            "o.csv",
            "--seed",
            "-1",
        )


def test_feature_with_a_comma_in_its_name_is_quoted(tmp_path: Path, planted: Planted) -> None:
    renamed = planted.frame.rename(columns={"height": "height, cm"})
    (tmp_path / "rows.csv").write_text(csv_text(renamed))
    ended = run(
        "clean", tmp_path / "rows.csv", "--label", "label", "--features", 'weight, "height, cm"',
        "--mode", "fast",
        "--out", tmp_path / "out.csv",
    )  # fmt: skip
    assert ended.status == 0, ended.err
    assert "Learning label from height, cm, weight" in ended.err


def test_same_seed_gives_the_same_file(folder: Path) -> None:
    outs = [folder / "first.csv", folder / "second.csv"]
    for out in outs:
        assert run(
            "clean", folder / "shapes.csv", "--label", "label", "--features", "height", "--mode",
            "fast",
            "--seed", "7", "--out", out,
        ).status == 0  # fmt: skip
    assert outs[0].read_bytes() == outs[1].read_bytes()


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.parquet", "rows.xlsx"])
def test_misspelled_column_is_found_at_the_header_and_gets_a_suggestion(
    tmp_path: Path, name: str
) -> None:
    frame = pd.DataFrame({"Given Label": ["x", "y"], "size": ["1", "2"]})
    writers = {"csv": frame.to_csv, "jsonl": partial(frame.to_json, orient="records", lines=True),
               "parquet": frame.to_parquet, "xlsx": frame.to_excel}  # fmt: skip
    writers[name.split(".")[1]](tmp_path / name, index=False)
    for column, option in (("given_label", "--label"), ("sise", "--features")):
        choice = ["--label", "Given Label"] if option == "--features" else []
        ended = run("clean", tmp_path / name, *choice, option, column, "--out", tmp_path / "o.csv")
        nearest = {"given_label": "Given Label", "sise": "size"}[column]
        assert refused(ended, tmp_path / "o.csv")
        assert (
            f"There is no column {column}. Did you mean {nearest}? The columns of the file are:"
            in ended.err
        )
        assert "Profiling" not in ended.err


def test_saving_a_model_again_replaces_only_a_model(tmp_path: Path) -> None:
    folder, known = tmp_path / "model", {"model.joblib"}
    for content in ("first", "second"):
        with output_folder(folder, replaceable=known) as partial:
            (partial / "model.joblib").write_text(content)
    assert (folder / "model.joblib").read_text() == "second"
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(DataProblem, match="other files"), output_folder(folder, replaceable=known):
        pass
    assert (folder / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("task", "frame", "suggested"),
    [("regression", numbers_frame(90), "price"), ("multi-label", sets_frame(90), "label")],
)
def test_other_tasks_are_cleaned_learned_and_predicted(
    task: str, frame: pd.DataFrame, suggested: str, tmp_path: Path
) -> None:
    file, out, model = tmp_path / "rows.csv", tmp_path / "out.csv", tmp_path / "model"
    file.write_text(csv_text(frame))
    options = [
        "--task",
        task,
        "--label",
        suggested,
        "--mode",
        "fast",
        "--out",
        out,
        "--model",
        model,
    ]
    columns = ["--features", "size,age"] if task == "regression" else ["--text", "text"]
    ended = run("clean", file, *options, *columns)
    assert ended.status == 0, ended.err
    assert {"is_label_issue", "label_issue_score", "suggested_label"} <= rows_of(out)[0].keys()
    ended = run("predict", file, "--model", model, "--out", out)
    assert ended.status == 0, ended.err
    rows = rows_of(out)
    if task == "regression":
        assert abs(float(rows[0]["Suggested Label"]) - float(rows[0]["price"])) < 60
        assert float(rows[0]["Suggested Label Error"]) > 0
    else:
        right = sum(
            set(split_labels(row["Suggested Label"])) == set(split_labels(row["label"]))
            for row in rows
        )
        assert right > 80
        assert 0 <= float(rows[0]["billing"]) <= 1


def test_rows_without_labels_are_cleaned_and_no_model_is_asked_for(tmp_path: Path) -> None:
    file, out = tmp_path / "rows.csv", tmp_path / "out.csv"
    file.write_text(csv_text(sets_frame(60)))
    options = ["--task", "unsupervised", "--text", "text", "--mode", "fast", "--out", out]
    assert run("clean", file, *options, "--model", tmp_path / "model").status == 2
    ended = run("clean", file, *options)
    assert ended.status == 0, ended.err
    assert "outlier_score" in rows_of(out)[0]
    assert "is_label_issue" not in rows_of(out)[0]
