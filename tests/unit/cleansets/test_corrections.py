"""Corrections from a file in the browser: a preview first, then one action."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cleansets import action_runs, corrections, drafts, selectors, services
from cleansets.corrections import ColumnChoice, corrections_effect
from cleansets.models import ActionRun, Cleanset, CorrectionsFile
from studio import runs, storage, tables
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.progress import Silent
from tests.reviewable import COPY

pytestmark = pytest.mark.django_db
BY_ROW_ID = ColumnChoice(rows_by="row_id", key="", label="corrected_label", action="")


def read_file(
    cleanset: Cleanset, folder: Path, columns: dict[str, Sequence[str | None]]
) -> CorrectionsFile:
    """Return a file that has been read."""
    frame = pd.DataFrame(columns, dtype=object)
    frame.insert(0, "__row_id", range(len(frame)))
    file = CorrectionsFile(
        cleanset=cleanset,
        created_by=cleanset.created_by,
        filename="fixes.csv",
        size_bytes=1,
        n_rows=len(frame),
        status=runs.Status.SUCCEEDED,
        finished_at=timezone.now(),
    )
    frame.to_parquet(folder / "rows.parquet", index=False)
    key = storage.corrections_file(file.pk, "rows-1.parquet")
    file.table_key = tables.publish(folder / "rows.parquet", key)
    file.save()
    return file


def messages(cleanset: Cleanset) -> list[str]:
    path = tables.local_path(cleanset.project.version.table_key)
    texts: list[str] = pd.read_parquet(path)["message"].tolist()
    return texts


def labels(cleanset: Cleanset) -> dict[int, str]:
    return dict(cleanset.reviews.values_list("row_id", "corrected_label"))


def apply(
    cleanset: Cleanset,
    file: CorrectionsFile,
    choice: ColumnChoice,
    *,
    with_new_classes: bool = False,
) -> object:
    return action_runs.corrections_start(
        cleanset=cleanset,
        user=cleanset.created_by,
        file=file,
        choice=choice,
        with_new_classes=with_new_classes,
    )


def test_each_row_of_the_file_is_counted_by_what_happens_to_it(
    cleanset: Cleanset, tmp_path: Path
) -> None:
    given = str(selectors.row_source(cleanset).results.column("given_label")[3])
    file = read_file(
        cleanset,
        tmp_path,
        {
            "row_id": ["0", "1.0", "2", "3", "4", "999", "x", "5", "5", "-1"],
            "corrected_label": [
                "login",
                "billing",
                "",
                given,
                "brand new",
                "login",
                "login",
                "login",
                "delivery",
                None,
            ],
        },
    )
    effect = corrections_effect(cleanset, file, BY_ROW_ID, with_new_classes=False)
    assert (effect.n_rows, effect.n_matched) == (10, 5)
    assert (effect.n_empty, effect.n_unchanged, effect.n_repeated) == (1, 1, 1)
    assert effect.n_changed == 2
    assert (effect.n_unknown_rows, effect.unknown_rows) == (3, ["999", "x", "-1"])
    assert effect.unknown_classes == {"brand new": 1}
    assert effect.n_unknown_classes == 1
    assert [row_id for row_id, *_ in effect.changes] == [0, 1]
    with_new = corrections_effect(cleanset, file, BY_ROW_ID, with_new_classes=True)
    assert with_new.n_changed == effect.n_changed + 1
    assert not cleanset.reviews.exists()


def test_a_file_is_one_action_that_one_undo_takes_back(cleanset: Cleanset, tmp_path: Path) -> None:
    columns = {"row_id": ["10", "11"], "corrected_label": ["login", "delivery"]}
    file = read_file(cleanset, tmp_path, columns)
    effect = corrections_effect(cleanset, file, BY_ROW_ID, with_new_classes=False)
    apply(cleanset, file, BY_ROW_ID)
    assert len(labels(cleanset)) == effect.n_changed > 0
    assert set(labels(cleanset).values()) <= {"login", "delivery"}
    action = selectors.last_action(cleanset)
    assert action is not None
    assert action.description.endswith("from fixes.csv")
    with pytest.raises(DataProblem, match="changes no row"):
        apply(cleanset, file, BY_ROW_ID)
    services.last_action_undo(cleanset=cleanset, user=cleanset.created_by)
    assert labels(cleanset) == {}


def test_rows_are_found_by_the_cells_of_a_column(cleanset: Cleanset, tmp_path: Path) -> None:
    texts = messages(cleanset)
    columns = {
        "text": [f" {texts[7]} ", texts[8], "who wrote this?"],
        "label": ["login", "login", "login"],
    }
    file = read_file(cleanset, tmp_path, columns)
    choice = ColumnChoice(rows_by="text", key="message", label="label", action="")
    effect = corrections_effect(cleanset, file, choice, with_new_classes=False)
    assert (effect.n_matched, effect.unknown_rows) == (2, ["who wrote this?"])
    apply(cleanset, file, choice)
    assert set(labels(cleanset)) <= {7, 8}


@pytest.mark.parametrize("column", ["corrected_label", "topic", "label"])
def test_the_column_with_labels_is_recognised(column: str, cleanset: Cleanset) -> None:
    choice = corrections.guessed_choice(cleanset, ["row_id", "note", column])
    assert (choice.rows_by, choice.label) == ("row_id", column)


def test_a_cell_that_several_rows_have_names_none(cleanset: Cleanset, tmp_path: Path) -> None:
    columns = {"message": [messages(cleanset)[COPY]], "topic": ["login"]}
    file = read_file(cleanset, tmp_path, columns)
    choice = corrections.guessed_choice(cleanset, corrections.file_columns(file))
    assert choice == ColumnChoice("message", "message", "topic", "")
    effect = corrections_effect(cleanset, file, choice, with_new_classes=False)
    assert (effect.n_ambiguous, effect.n_changed) == (1, 0)


def test_actions_and_row_numbers_of_an_export_are_read(cleanset: Cleanset, tmp_path: Path) -> None:
    columns = {
        "cleanlab_row_ID": ["1", "2", "3", "4"],
        "action": ["Keep", "exclude", "", "burn"],
        "corrected_label": [None, None, None, None],
    }
    file = read_file(cleanset, tmp_path, columns)
    choice = corrections.guessed_choice(cleanset, corrections.file_columns(file))
    assert choice == ColumnChoice("cleanlab_row_ID", "", "corrected_label", "action")
    effect = corrections_effect(cleanset, file, choice, with_new_classes=False)
    assert (effect.n_changed, effect.n_empty, effect.n_invalid) == (2, 1, 1)
    assert "“burn” is no action" in effect.problem
    apply(cleanset, file, choice)
    assert dict(cleanset.reviews.values_list("row_id", "action")) == {0: "keep", 1: "exclude"}


def test_a_file_that_changes_many_rows_is_a_run(
    cleanset: Cleanset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MAX_AT_ONCE", 20)
    columns = {"row_id": [str(row) for row in range(120)], "corrected_label": ["login"] * 120}
    file = read_file(cleanset, tmp_path, columns)
    run = apply(cleanset, file, BY_ROW_ID)
    assert isinstance(run, ActionRun)
    assert labels(cleanset) == {}
    assert runs.claim(run)
    action_runs.carry_out(run, Silent())
    assert set(labels(cleanset).values()) == {"login"}
    assert f"{len(labels(cleanset))} rows from fixes.csv: done." in run.outcome


def test_a_workbook_is_uploaded_previewed_and_applied(
    cleanset: Cleanset, alice: User, client_of: Callable[[User], Client], tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (["row_id", "corrected_label"], [21, "login"], [22, "lost & found"]):
        sheet.append(line)
    book.save(tmp_path / "fixes.xlsx")
    browser = client_of(alice)
    review = browser.get(cleanset.get_absolute_url()).content.decode()
    address = reverse("cleanset-corrections-upload", args=[cleanset.pk])
    assert address in review
    assert "What the file needs" in browser.get(address).content.decode()
    upload = SimpleUploadedFile("fixes.xlsx", (tmp_path / "fixes.xlsx").read_bytes())
    answer = browser.post(address, {"file": upload})
    file = cleanset.corrections_files.get()
    assert answer["Location"] == file.get_absolute_url()
    assert "Waiting for a free worker" in browser.get(answer["Location"]).content.decode()
    assert runs.claim(file)
    assert runs.finish(file, **corrections.read_corrections(file, Silent()))
    preview = browser.get(answer["Location"]).content.decode()
    assert "2 of 2 rows of the file name a row" in preview
    assert "New classes: “lost &amp; found” (1)" in preview
    fields = BY_ROW_ID.to_params() | {"with_new_classes": "on"}
    again = browser.get(answer["Location"], fields).content.decode()
    assert "Change 2 rows" in again
    applied = browser.post(reverse("cleanset-corrections-apply", args=[file.pk]), fields)
    assert applied["Location"] == cleanset.get_absolute_url()
    assert labels(cleanset) == {21: "login", 22: "lost & found"}
    nonsense = browser.get(answer["Location"], {"rows_by": "corrected_label", "label": ""})
    assert "Choose the column with the labels" in nonsense.content.decode()
