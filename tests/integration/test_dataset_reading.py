"""How the file of a dataset was read: shown, doubted, and changed; versions and names of
datasets.
"""

from __future__ import annotations

import html
import io

import openpyxl
import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from projects.models import Dataset, DatasetVersion
from studio.accounts.models import User
from studio.runs import Status
from tests.factories import make_dataset, make_project
from tests.integration.test_datasets import TABLE, upload

pytestmark = pytest.mark.usefixtures("eager_runs")

RUSSIAN = "плохо,сломалось сразу\nхорошо,очень быстро\nплохо,опоздали опять\n"


def page(browser: Client, version: DatasetVersion, tab: str = "data") -> str:
    return html.unescape(browser.get(f"{version.get_absolute_url()}?tab={tab}").content.decode())


def read_again(browser: Client, version: DatasetVersion, **options: str) -> DatasetVersion:
    response = browser.post(reverse("dataset-read", args=[version.dataset_id]), options)
    assert response.status_code == 302, response.content.decode()
    return version.dataset.versions.latest("number")


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for title, cells in (
        ("Read me", [["About"]]),
        ("One", [["a", "b"], [1, 2]]),
        ("Two", [["c", "d"], [3, 4], [5, 6]]),
    ):
        sheet = book.create_sheet(title)
        for row in cells:
            sheet.append(row)
    book.remove(book.worksheets[0])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_assumptions_are_on_the_page(browser: Client) -> None:
    version = upload(browser, RUSSIAN.encode("koi8-r"))
    tab = page(browser, version, "reading")
    for shown in (
        "KOI8-U (Ukrainian, Russian)",
        "Comma",
        "Double quotes",
        "Column names",
        "because the file is not UTF-8",
    ):
        assert shown in tab
    data = page(browser, version)
    assert "Are all letters right?" in data
    assert "Is the first row data?" in data


def test_another_encoding_is_a_new_version_of_the_same_file(browser: Client) -> None:
    version = upload(browser, RUSSIAN.encode("cp1251"))
    again = read_again(browser, version, encoding="koi8-r", has_header="yes")
    assert (again.number, again.encoding, again.source_key) == (2, "koi8-r", version.source_key)
    assert (again.asked_options, again.doubts) == ({"encoding": "koi8-r", "has_header": True}, [])
    assert "(as chosen)" in page(browser, again, "reading")


def test_the_first_row_becomes_data_with_one_click(browser: Client) -> None:
    version = read_again(browser, upload(browser, RUSSIAN.encode("koi8-r")), encoding="koi8-r")
    assert version.n_rows == 2
    button = '<button type="submit" class="button button-small">The first row is data</button>'
    assert button in page(browser, version)
    assert '<input type="hidden" name="encoding" value="koi8-r">' in page(browser, version)
    again = read_again(browser, version, encoding="koi8-r", has_header="no")
    assert (again.n_rows, [column["name"] for column in again.columns]) == (
        3,
        ["column_1", "column_2"],
    )
    assert button not in page(browser, again)


def test_every_sheet_of_a_workbook_can_be_chosen(browser: Client) -> None:
    version = upload(browser, workbook(), "rows.xlsx")
    assert (version.used_options["sheet"], version.n_rows) == ("One", 1)
    assert "Is this the right sheet?" in page(browser, version)
    assert '<option value="Two">Two</option>' in page(browser, version, "reading")
    assert read_again(browser, version, sheet="Two").n_rows == 2


def test_projects_keep_the_version_that_they_were_made_from(browser: Client, alice: User) -> None:
    version = upload(browser, TABLE)
    project = make_project(alice, dataset=version.dataset)
    again = read_again(browser, version, has_header="no")
    project.refresh_from_db()
    assert project.version == version
    assert project.version.n_rows == 3
    assert again.n_rows == 4
    assert f'<a href="{project.get_absolute_url()}">{project.name}</a>' in page(
        browser, again, "versions"
    )
    assert "4 rows" in page(browser, again)


def test_chosen_kinds_of_columns_stay_in_the_next_version(browser: Client) -> None:
    version = upload(browser, TABLE)
    kinds = {"kind-0": "text", "kind-1": "text", "kind-2": "categorical"}
    browser.post(reverse("dataset-kinds", args=[version.dataset_id]), kinds)
    assert read_again(browser, version, delimiter=",").chosen_kinds["id"] == "text"
    assert read_again(browser, version, has_header="no").chosen_kinds == {}


def test_a_version_that_cannot_be_read_does_not_take_the_dataset_away(browser: Client) -> None:
    version = upload(browser, TABLE)
    failed = read_again(browser, version, encoding="utf-16")
    assert (failed.status, failed.error_message) == (
        Status.FAILED,
        "Line 1 cannot be decoded as UTF-16. Name its encoding, or save the file as UTF-8.",
    )
    shown = page(browser, version)
    assert "Version 2 could not be read; this is version 1" in shown
    assert failed.error_message in shown
    assert "3 rows" in shown
    create = browser.get(
        f"{reverse('project-create')}?dataset={version.dataset_id}"
    ).content.decode()
    assert version.dataset.name in create
    assert read_again(browser, version, delimiter=",").number == 3


def test_a_file_that_was_refused_can_be_read_in_another_way(browser: Client) -> None:
    version = upload(browser, '{"x": {"p": 1, "q": 2}, "y": {"p": 3, "q": 4}}', "frame.json")
    assert version.status == Status.FAILED
    assert "Read it differently" in page(browser, version)
    assert read_again(browser, version, orient="index").n_rows == 2


@pytest.mark.parametrize("field", ["encoding", "delimiter", "quotes", "has_header"])
def test_an_invalid_choice_is_refused(browser: Client, field: str) -> None:
    version = upload(browser, TABLE)
    response = browser.post(reverse("dataset-read", args=[version.dataset_id]), {field: "rot13"})
    assert response.status_code == 422
    assert version.dataset.versions.count() == 1


def test_a_second_version_is_uploaded_and_becomes_the_newest(browser: Client, alice: User) -> None:
    version = upload(browser, TABLE)
    project = make_project(alice, dataset=version.dataset)
    address = reverse("dataset-upload-version", args=[version.dataset_id])
    assert address in page(browser, version, "versions")
    browser.post(address, {"file": SimpleUploadedFile("june.csv", b"a,b\n1,2\n")})
    newest = version.dataset.versions.latest("number")
    assert (newest.number, newest.filename, newest.n_rows) == (2, "june.csv", 1)
    assert "june.csv" in page(browser, newest, "versions")
    project.refresh_from_db()
    assert project.version == version


def test_a_dataset_with_several_versions_is_deleted_with_its_files(browser: Client) -> None:
    version = upload(browser, TABLE)
    again = read_again(browser, version, has_header="no")
    browser.post(reverse("dataset-delete", args=[version.dataset_id]))
    assert not Dataset.objects.exists()
    assert [
        key
        for key in (version.source_key, version.table_key, again.table_key)
        if default_storage.exists(key)
    ] == []


def test_a_dataset_is_renamed(browser: Client, alice: User) -> None:
    dataset = make_dataset(alice)
    address = reverse("dataset-rename", args=[dataset.pk])
    assert 'value="requests"' in browser.get(address).content.decode()
    assert browser.post(address, {"name": " "}).status_code == 422
    browser.post(address, {"name": "June"})
    dataset.refresh_from_db()
    assert dataset.name == "June"
