"""Rows that are appended to a dataset: which are new, which are known, and what stays as it was."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from projects import appends, services
from projects.appending.choice import AppendChoice
from projects.models import AppendedFile, Dataset, DatasetVersion
from projects.readers.facts import FIND_OUT
from studio import runs, tables
from studio.accounts.models import User
from studio.accounts.services import api_key_create
from studio.engine.errors import DataProblem
from studio.management.cleanset_ids import EXAMPLE_ID
from studio.runs import Status
from tests.data_builders import csv_file

pytestmark = pytest.mark.usefixtures("eager_runs")

TICKETS = "ticket,text,label\n7,lost card,card\n8,late parcel,parcel\n9,,card\n"


@pytest.fixture
def base(alice: User) -> DatasetVersion:
    dataset = services.dataset_create(user=alice, uploaded_file=csv_file(TICKETS))
    return dataset.versions.get()


def append(
    base: DatasetVersion, content: str, folder: Path, choice: AppendChoice = appends.BY_CONTENT
) -> DatasetVersion:
    path = folder / "new.csv"
    path.write_text(content)
    version = appends.rows_append(
        base=base, user=base.created_by, path=path, filename="new.csv", choice=choice
    )
    version.refresh_from_db()
    return version


def rows_of(version: DatasetVersion) -> pd.DataFrame:
    assert version.status == Status.SUCCEEDED, version.error_message or version.error_detail
    return pd.read_parquet(tables.local_path(version.table_key)).set_index("__row_id")


def test_new_rows_come_after_the_old_ones_which_keep_their_numbers(
    base: DatasetVersion, tmp_path: Path
) -> None:
    version = append(base, "ticket,text,label\n8,late parcel,parcel\n10,no refund,card\n", tmp_path)
    rows = rows_of(version)
    assert rows["ticket"].tolist() == ["7", "8", "9", "10"]
    assert rows.iloc[:3].equals(rows_of(base))
    assert version.n_rows == 4
    assert version.number == 2
    assert "1 row that the dataset already has was left out." in version.notes


def test_copies_are_appended_if_that_was_chosen(base: DatasetVersion, tmp_path: Path) -> None:
    choice = AppendChoice(keeps_copies=True)
    version = append(base, "ticket,text,label\n9,,card\n", tmp_path, choice)
    assert rows_of(version)["ticket"].tolist() == ["7", "8", "9", "9"]


@pytest.mark.parametrize("updates_existing", [True, False])
def test_known_key_is_updated_or_kept(
    base: DatasetVersion, tmp_path: Path, *, updates_existing: bool
) -> None:
    choice = AppendChoice(key="ticket", updates_existing=updates_existing)
    content = "ticket,text,label\n 8 ,late again,refund\n11,new,card\n,keyless,card\n"
    version = append(base, content, tmp_path, choice)
    rows = rows_of(version)
    text = "late again" if updates_existing else "late parcel"
    assert rows["ticket"].tolist()[:3] == ["7", "8", "9"]
    assert rows["text"].dropna().tolist() == ["lost card", text, "new", "keyless"]
    updated = np.load(tables.local_path(version.updated_rows_key)).tolist()
    assert updated == ([1] if updates_existing else [])
    assert version.append_counts["n_without_key"] == 1


def test_renamed_and_missing_columns_are_chosen(base: DatasetVersion, tmp_path: Path) -> None:
    content = "Ticket No,text,agent\n10,no refund,Ann\n"
    refused = append(base, content, tmp_path)
    assert refused.status == Status.FAILED
    assert "no columns “ticket” and “label”" in refused.error_message
    choice = AppendChoice({"ticket": "Ticket No"}, ("label",))
    version = append(base, content, tmp_path, choice)
    row = rows_of(version).iloc[3]
    assert (row["ticket"], row["text"]) == ("10", "no refund")
    assert pd.isna(row["label"])
    notes = " ".join(version.notes)
    assert "“Ticket No” as “ticket”" in notes
    assert "Left empty in the new rows: “label”." in notes
    assert "are not read: “agent”." in notes


@pytest.mark.parametrize(
    ("content", "choice", "problem"),
    [
        ("ticket,text,label\n8,a,b\n8,c,d\n", AppendChoice(key="ticket"), "2 rows of the file"),
        ("ticket,text,label\n1,a,b\n", AppendChoice(key="label"), "2 rows of the dataset"),
        ("ticket,text,label\n1,a,b\n", AppendChoice(key="agent"), "has no column “agent”"),
        ("ticket,text,label\n8,late parcel,parcel\n", AppendChoice(), "has the row of new.csv"),
        ("ticket,text,label\n8,a,b\n", AppendChoice(key="ticket"), "choose to update"),
    ],
)
def test_what_cannot_be_appended_is_explained(
    base: DatasetVersion, tmp_path: Path, content: str, choice: AppendChoice, problem: str
) -> None:
    version = append(base, content, tmp_path, choice)
    assert version.status == Status.FAILED
    assert problem in version.error_message
    assert list(base.dataset.versions(manager="objects").all()) == [base]


def test_page_says_why_the_last_file_was_not_appended_until_another_is(
    base: DatasetVersion, tmp_path: Path, browser: Client
) -> None:
    refused = append(base, TICKETS, tmp_path)
    sentence = "The dataset has all 3 rows of new.csv already."
    address = base.dataset.get_absolute_url()
    page = browser.get(address, {"tab": "versions"}).content.decode()
    assert sentence in page
    assert "Version 2" not in page
    grown = append(base, TICKETS + "10,no refund,card\n", tmp_path)
    assert grown.number == 2
    assert sentence not in browser.get(address).content.decode()
    assert not DatasetVersion.all_versions.filter(pk=refused.pk).exists()
    assert not default_storage.exists(refused.source_key)


def test_version_that_could_not_be_read_is_listed_until_it_is_removed(
    base: DatasetVersion, tmp_path: Path, browser: Client
) -> None:
    unreadable = append(base, "", tmp_path)
    page = browser.get(base.dataset.get_absolute_url(), {"tab": "versions"}).content.decode()
    assert unreadable.error_message in page
    remove = reverse("dataset-version-remove", args=[base.dataset_id, unreadable.number])
    assert remove in page
    page = browser.post(remove, follow=True).content.decode()
    assert "Version 2 is removed" in page
    assert unreadable.error_message not in page
    assert not default_storage.exists(unreadable.source_key)
    only = reverse("dataset-version-remove", args=[base.dataset_id, base.number])
    assert browser.post(only).status_code == 422


def test_file_that_another_version_has_too_stays_when_one_of_them_is_removed(
    base: DatasetVersion, alice: User
) -> None:
    again = services.dataset_read_again(
        version=base, user=alice, options=replace(FIND_OUT, sheet="June")
    )
    again.refresh_from_db()
    assert again.status == Status.FAILED
    services.version_remove(version=again)
    assert default_storage.exists(base.source_key)


TYPED = "id,day,paid,age\n1,2024-05-01,true,30\n2,2024-05-02,false,41\n"


def test_cells_that_a_program_wrote_otherwise_are_recognised(alice: User, tmp_path: Path) -> None:
    typed = services.dataset_create(user=alice, uploaded_file=csv_file(TYPED)).versions.get()
    content = (
        "age,id,paid,day\n30.0,1.0,True,2024-05-01 00:00:00\nill,3.0,False,2024-05-09 00:00:00\n"
    )
    version = append(typed, content, tmp_path, AppendChoice(key="id"))
    rows = rows_of(version)
    assert rows.iloc[2].tolist() == ["3", "2024-05-09", "false", "ill"]
    assert version.append_counts["n_known"] == 1
    notes = " ".join(version.notes)
    assert "“id” and “age” are written like 7.0 in the file and like 7 in the dataset." in notes
    assert "1 row of the dataset is not in the file. It stays" in notes


def test_repeated_rows_and_cells_of_another_kind_are_named(alice: User, tmp_path: Path) -> None:
    ages = "name,age\n" + "".join(f"n{age},{age}\n" for age in range(20, 60))
    base = services.dataset_create(user=alice, uploaded_file=csv_file(ages)).versions.get()
    version = append(base, "name,age\nann,unknown\nann,unknown\nbob,7\n", tmp_path)
    assert version.n_rows == 43
    notes = " ".join(version.notes)
    assert "1 row of the file is a copy of earlier rows of the same file." in notes
    assert "2 of 3 cells of “age” are not a number" in notes
    assert "“unknown”" in notes


def command(*arguments: object) -> tuple[int, str]:
    """Return the exit status of `append` and what it printed."""
    out = io.StringIO()
    try:
        call_command("append", *map(str, arguments), stdout=out, stderr=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_command_appends_without_a_worker(
    base: DatasetVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "send", lambda run: None)
    file = tmp_path / "new.csv"
    file.write_text("No,text\n8,late parcel\n10,no refund\n")
    status, printed = command(
        base.dataset_id, file, "--key", "ticket", "--map", "ticket=No", "--blank", "label"
    )
    assert status == 0, printed
    assert "version 2: 1 new row, 1 left out" in printed
    assert rows_of(base.dataset.versions.latest("number"))["ticket"].tolist()[3] == "10"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ([], "--map in a terminal"),
        (["--update"], "--update needs --key"),
        (["--key", "ticket", "--keep-copies"], "without --key"),
    ],
)
def test_command_says_what_to_do(
    base: DatasetVersion, tmp_path: Path, options: list[str], problem: str
) -> None:
    file = tmp_path / "new.csv"
    file.write_text("ticket,text\n10,no refund\n")
    status, printed = command(base.dataset_id, file, *options)
    assert status == 2
    assert problem in printed


def test_command_names_an_unknown_id(db: None, tmp_path: Path) -> None:
    status, printed = command(EXAMPLE_ID, tmp_path / "new.csv")
    assert status == 2
    assert f"There is no dataset or project {EXAMPLE_ID}" in printed


def test_grown_version_is_not_read_again_as_one_file(
    base: DatasetVersion, tmp_path: Path, alice: User
) -> None:
    version = append(base, "ticket,text,label\n10,no refund,card\n", tmp_path)
    with pytest.raises(DataProblem, match="cannot be read again as one file"):
        services.dataset_read_again(version=version, user=alice, options=FIND_OUT)


def test_page_shows_what_a_file_would_do_before_it_does_it(
    base: DatasetVersion, browser: Client
) -> None:
    content = "ticket,text,Label\n8,late again,parcel\n11,new,card\n"
    answer = browser.post(
        reverse("dataset-append", args=[base.dataset_id]), {"file": csv_file(content)}
    )
    file = AppendedFile.objects.get()
    assert answer["Location"] == file.get_absolute_url()
    page = browser.get(file.get_absolute_url()).content.decode()
    assert "Append 2 rows" in page  # by content; “Label” is offered for “label”
    choice = {"recognise": "0", "known": "take", "column-2": "2"}
    page = browser.get(file.get_absolute_url(), choice).content.decode()
    assert "1 new row, 1 updated" in page
    assert "late again" in page
    browser.post(reverse("dataset-append-apply", args=[file.pk]), choice)
    newest = Dataset.objects.get().versions.latest("number")
    assert rows_of(newest)["text"].dropna().tolist() == ["lost card", "late again", "new"]


def test_two_files_that_are_previewed_at_once_are_both_appended(
    base: DatasetVersion, browser: Client
) -> None:
    upload = reverse("dataset-append", args=[base.dataset_id])
    for row in ("10,no refund", "11,wrong size"):
        browser.post(upload, {"file": csv_file(f"ticket,text,label\n{row},card\n")})
    choice = {"recognise": "0", "known": "skip"}
    first, second = AppendedFile.objects.order_by("queued_at")
    browser.post(reverse("dataset-append-apply", args=[first.pk]), choice)
    apply = reverse("dataset-append-apply", args=[second.pk])
    refused = browser.post(apply, choice)
    assert "has grown to version 2" in refused.content.decode()
    browser.get(second.get_absolute_url())
    browser.post(apply, choice)
    newest = base.dataset.versions.latest("number")
    assert rows_of(newest)["ticket"].tolist() == ["7", "8", "9", "10", "11"]


def test_programs_append_rows_and_files(base: DatasetVersion, client: Client, alice: User) -> None:
    _, secret = api_key_create(owner=alice, name="notebook", scope="write")
    headers = {"Authorization": f"Bearer {secret}"}
    address = f"/api/v1/datasets/{base.dataset_id}/append"
    answer = client.post(
        address,
        json.dumps({"rows": [{"ticket": 10, "text": "no refund"}], "blank_columns": ["label"]}),
        content_type="application/json",
        headers=headers,
    )
    assert answer.status_code == 201, answer.content
    assert answer.json()["appended_to"] == 1
    file = csv_file("ticket,text,label\n12,again,card\n")
    wanted = json.dumps({"key": "ticket"})
    answer = client.post(f"{address}/file", {"file": file, "wanted": wanted}, headers=headers)
    assert answer.status_code == 201, answer.content
    newest = base.dataset.versions.latest("number")
    assert rows_of(newest)["ticket"].tolist() == ["7", "8", "9", "10", "12"]
    refused = client.post(f"{address}/file", {"file": file, "wanted": "{"}, headers=headers)
    assert refused.status_code == 422


def test_programs_are_told_that_there_is_nothing_new_and_see_no_version_of_it(
    base: DatasetVersion, client: Client, alice: User
) -> None:
    _, secret = api_key_create(owner=alice, name="notebook", scope="write")
    headers = {"Authorization": f"Bearer {secret}"}
    address = f"/api/v1/datasets/{base.dataset_id}"

    def send(rows: list[dict[str, object]]) -> HttpResponse:
        body = json.dumps({"rows": rows})
        return client.post(f"{address}/append", body, "application/json", headers=headers)

    known = {"ticket": "8", "text": "late parcel", "label": "parcel"}
    run_id = send([known]).json()["run"]["id"]
    answer = client.get(address, headers=headers).json()
    assert answer["version"] == 1
    assert answer["run"]["id"] == run_id
    assert answer["run"]["status"] == "failed"
    assert answer["run"]["error_message"] == "The dataset has the row of rows.parquet already."
    [listed] = client.get(f"{address}/versions", headers=headers).json()
    assert listed["run"]["status"] == "succeeded"
    assert client.get(f"/api/v1/runs/{run_id}", headers=headers).json()["status"] == "failed"
    refused = send([{"ticket": "8"}])
    assert refused.status_code == 422
    assert "no columns “text” and “label”" in refused.json()["error"]


def test_command_leaves_no_version_if_there_is_nothing_new(
    base: DatasetVersion, tmp_path: Path
) -> None:
    file = tmp_path / "new.csv"
    file.write_text(TICKETS)
    status, printed = command(base.dataset_id, file)
    assert status == 2
    assert "The dataset has all 3 rows of new.csv already." in printed
    assert list(DatasetVersion.objects.all()) == [base]
