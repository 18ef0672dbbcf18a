"""Datasets in the browser: upload, reading, rows, columns, deletion, and what goes
wrong with files.
"""

from __future__ import annotations

import errno
import gzip
import io
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from projects.models import Dataset, DatasetVersion
from projects.views import datasets
from studio.accounts.models import User
from studio.runs import Status
from tests.cast import logged_in
from tests.data_builders import csv_file
from tests.factories import make_cleanset, make_dataset, make_model, make_prediction, make_project

TABLE = 'id,text,label\n007,"two\nlines",yes\n008,"a, b",no\n009,NA,\n'


def upload(browser: Client, content: bytes | str, name: str = "rows.csv") -> DatasetVersion:
    raw = content.encode() if isinstance(content, str) else content
    response = browser.post(reverse("dataset-upload"), {"file": SimpleUploadedFile(name, raw)})
    assert response.status_code == 302, response.content.decode()
    return Dataset.objects.get(pk=response.url.rsplit("/", 1)[1]).versions.get()


def sources() -> set[Path]:
    return set(Path(settings.MEDIA_ROOT).glob("datasets/*/source"))


@pytest.mark.usefixtures("eager_runs")
class TestUpload:
    def test_an_uploaded_file_becomes_a_table_with_the_facts_of_the_file(
        self, browser: Client
    ) -> None:
        version = upload(browser, TABLE, "letters.csv")

        assert version.status == Status.SUCCEEDED, version.error_message
        assert (version.n_rows, version.dataset.name, version.filename) == (
            3,
            "letters",
            "letters.csv",
        )
        assert (version.file_format, version.encoding, version.delimiter_name) == (
            "csv",
            "utf-8",
            "comma",
        )
        assert version.size_bytes == len(TABLE.encode())
        assert len(version.sha256) == 64

    def test_the_uploading_script_gets_the_next_address(self, browser: Client) -> None:
        response = browser.post(
            reverse("dataset-upload"), {"file": csv_file(TABLE)}, headers={"HX-Request": "true"}
        )

        assert response["HX-Redirect"] == Dataset.objects.get().get_absolute_url()

    def test_no_temporary_file_stays_behind(self, browser: Client) -> None:
        version = upload(browser, TABLE)

        assert list(Path(settings.SCRATCH_DIR).iterdir()) == []
        assert default_storage.exists(version.source_key)

    def test_the_sample_is_one_click(self, browser: Client) -> None:
        response = browser.post(reverse("dataset-sample"), follow=True)

        version = DatasetVersion.objects.get()
        assert version.is_succeeded, version.error_message
        assert "Create project" in response.content.decode()

    def test_a_packed_name_loses_both_its_endings(self, browser: Client) -> None:
        version = upload(browser, gzip.compress(TABLE.encode()), "letters.csv.gz")

        assert (version.is_succeeded, version.dataset.name) == (True, "letters")

    def test_a_file_can_be_uploaded_again_after_it_failed(self, browser: Client) -> None:
        failed = upload(browser, "a,b\n1,2,3\n")
        address = reverse("dataset-upload-version", args=[failed.dataset_id])
        assert failed.error_message in browser.get(address).content.decode().replace("&#x27;", "'")

        browser.post(address, {"file": csv_file(TABLE)})

        assert list(failed.dataset.versions.order_by("number").values_list("number", "status")) == [
            (1, Status.FAILED),
            (2, Status.SUCCEEDED),
        ]

    def test_no_file_is_taken_in_while_another_one_is_read(self, browser: Client) -> None:
        version = upload(browser, TABLE)
        version.status = Status.RUNNING
        version.save()
        before = sources()
        address = reverse("dataset-upload-version", args=[version.dataset_id])

        response = browser.post(address, {"file": csv_file(TABLE)})

        assert response.status_code == 422
        assert "is being read" in response.content.decode()
        assert version.dataset.versions.count() == 1
        assert sources() == before


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


BAD_FILES = {
    "jagged row": ("a,b\n1,2\n1,2,3\n", "rows.csv", "Line 3"),
    "duplicate column": ("a,b,a\n1,2,3\n", "rows.csv", "'a'"),
    "empty file": ("", "rows.csv", "empty"),
    "header only": ("a,b\n", "rows.csv", "header"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(64), "rows.csv", "PNG image"),
    "truncated gzip": (gzip.compress(TABLE.encode() * 50)[:-20], "rows.csv.gz", "gzip"),
    "broken JSON line": ('{"a": 1}\n{"a": \n', "rows.jsonl", "ine 2"),
}


@pytest.mark.usefixtures("eager_runs")
@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_ends_as_a_failed_run_that_says_what_is_wrong(
    browser: Client, case: str
) -> None:
    content, name, said = BAD_FILES[case]

    version = upload(browser, content, name)

    assert version.status == Status.FAILED
    assert said in version.error_message
    page = browser.get(version.get_absolute_url()).content.decode()
    assert "Upload again" in page
    assert version.error_detail == ""


@pytest.mark.usefixtures("eager_runs")
def test_an_archive_that_unpacks_to_too_much_fails_before_it_fills_the_disk(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "MAX_UNPACKED_BYTES", 1000)

    version = upload(browser, zipped("rows.csv", b"a,b\n" + b"1,2\n" * 1000), "rows.zip")

    assert version.status == Status.FAILED
    assert "limit" in version.error_message


@pytest.mark.usefixtures("eager_runs")
def test_a_full_disk_is_explained(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("projects.pipeline.read_in_subprocess", full)

    version = upload(browser, TABLE)

    assert version.status == Status.FAILED
    assert "disk of the studio became full" in version.error_message


class TestUploadForm:
    def test_no_file_is_answered_with_a_sentence(self, browser: Client) -> None:
        response = browser.post(reverse("dataset-upload"), {})

        assert response.status_code == 422
        assert "No file arrived" in response.content.decode()

    def test_a_file_above_the_limit_is_refused(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings, "MAX_UPLOAD_BYTES", 10)

        response = browser.post(reverse("dataset-upload"), {"file": csv_file(TABLE)})

        assert response.status_code == 422
        assert "accepts up to 10" in response.content.decode()
        assert not Dataset.objects.exists()


@pytest.mark.usefixtures("eager_runs")
class TestDatasetPage:
    def test_the_rows_are_shown_as_they_are_in_the_file(self, browser: Client) -> None:
        page = browser.get(upload(browser, TABLE).get_absolute_url()).content.decode()

        assert "<div>007</div>" in page
        assert "<div>two\nlines</div>" in page
        assert "<div>NA</div>" in page
        assert page.count("cell-empty") == 1

    def test_pages_partition_the_rows(self, browser: Client) -> None:
        version = upload(browser, "n\n" + "\n".join(str(1000 + n) for n in range(120)))
        address = version.get_absolute_url()

        pages = [browser.get(address, {"page": page}).content.decode() for page in (1, 2, 3)]

        assert [page.count("<tr>") - 1 for page in pages] == [50, 50, 20]
        assert [sum(f"<div>{1000 + n}</div>" in page for page in pages) for n in range(120)] == [
            1
        ] * 120

    @pytest.mark.parametrize("page", ["0", "-1", "99999999999999", "x", ""])
    def test_an_odd_page_number_shows_a_page(self, browser: Client, page: str) -> None:
        version = upload(browser, TABLE)

        assert browser.get(version.get_absolute_url(), {"page": page}).status_code == 200

    def test_odd_column_names_are_shown_and_their_kinds_are_saved(self, browser: Client) -> None:
        version = upload(browser, '"a ""b"" <i>",kind-0\n1,x\n2,y\n')

        assert browser.get(version.get_absolute_url()).status_code == 200
        response = browser.post(
            reverse("dataset-kinds", args=[version.dataset_id]),
            {"kind-0": "categorical", "kind-1": "text"},
        )

        version.refresh_from_db()
        assert response.status_code == 302
        assert version.chosen_kinds == {'a "b" <i>': "categorical", "kind-0": "text"}

    def test_choosing_the_found_kind_again_forgets_the_choice(self, browser: Client) -> None:
        version = upload(browser, "n\n1\n2\n3\n3\n")
        address = reverse("dataset-kinds", args=[version.dataset_id])
        browser.post(address, {"kind-0": "categorical"})

        browser.post(address, {"kind-0": version.columns[0]["inferred_kind"]})

        version.refresh_from_db()
        assert version.chosen_kinds == {}

    def test_what_the_cells_leave_open_is_asked_and_the_answer_is_kept(
        self, browser: Client
    ) -> None:
        version = upload(
            browser, "price;day\n" + "".join(f"1,{n}00;0{n}/05/2023\n" for n in range(1, 10))
        )
        address, page = reverse("dataset-kinds", args=[version.dataset_id]), {"tab": "columns"}
        asked = browser.get(version.get_absolute_url(), page).content.decode()
        assert "may be 1100 (with a decimal point) or 1.1 (with a decimal comma)" in asked
        assert "may be 2023-05-01 (day first) or 2023-01-05 (month first)" in asked
        assert "price from 1,100 to 1,900" in asked

        kinds = {"kind-0": "integer", "kind-1": "datetime"}
        browser.post(address, {**kinds, "convention-0": "comma", "convention-1": "day-first"})
        version.refresh_from_db()
        assert version.chosen_conventions == {"price": "comma", "day": "day-first"}
        answered = browser.get(version.get_absolute_url(), page).content.decode()
        assert "may be" not in answered
        assert "price from 1.1 to 1.9" in answered

        browser.post(address, {**kinds, "convention-0": "", "convention-1": ""})
        version.refresh_from_db()
        assert version.chosen_conventions == {}

    def test_a_changed_kind_is_drawn_anew_and_the_found_one_is_remembered(
        self, browser: Client
    ) -> None:
        version = upload(browser, "n,m\n" + "".join(f"{n % 4},{n}\n" for n in range(40)))
        address, page = reverse("dataset-kinds", args=[version.dataset_id]), {"tab": "columns"}
        assert "n from 0 to 3" in browser.get(version.get_absolute_url(), page).content.decode()

        browser.post(address, {"kind-0": "categorical"})
        as_words = browser.get(version.get_absolute_url(), page).content.decode()
        browser.post(address, {"kind-0": "integer"})
        as_numbers = browser.get(version.get_absolute_url(), page).content.decode()

        assert "n from 0 to 3" not in as_words
        assert '<span class="number">10</span>' in as_words
        assert "inferred: integer" in as_words
        assert "n from 0 to 3" in as_numbers

    def test_a_wide_table_is_paged_found_by_name_and_saved_page_by_page(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(datasets, "COLUMNS_PER_PAGE", 6)
        names = [f"column {n:03}" for n in range(15)]
        version = upload(browser, ",".join(names) + "\n" + ",".join(["7"] * 15) + "\n")
        address = version.get_absolute_url()

        pages = [
            browser.get(address, {"tab": "columns", "page": page}).content.decode()
            for page in (1, 2, 3)
        ]
        found = browser.get(address, {"tab": "columns", "named": "N 01"}).content.decode()
        kinds = reverse("dataset-kinds", args=[version.dataset_id])
        browser.post(kinds, {"kind-14": "text"})
        response = browser.post(kinds, {"kind-0": "text", "back": "tab=columns&page=2"})

        assert [page.count('class="profile"') for page in pages] == [6, 6, 3]
        assert [name for name in names if f">{name}</h3>" in found] == names[10:]
        version.refresh_from_db()
        assert version.chosen_kinds == {"column 000": "text", "column 014": "text"}
        assert response["Location"].endswith("?tab=columns&page=2")

    @pytest.mark.parametrize("posted", [{}, {"kind-0": "colour"}])
    def test_an_unknown_kind_saves_nothing(self, browser: Client, posted: dict[str, str]) -> None:
        version = upload(browser, "n\n1\n2\n")

        response = browser.post(reverse("dataset-kinds", args=[version.dataset_id]), posted)

        assert response.status_code == 422
        assert "Nothing was saved" in response.content.decode()

    @pytest.mark.parametrize("tab", ["data", "columns", "versions", "nonsense"])
    def test_every_tab_answers_with_a_fixed_number_of_queries(
        self, browser: Client, tab: str, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        version = upload(browser, TABLE)

        with django_assert_max_num_queries(5):
            assert browser.get(version.get_absolute_url(), {"tab": tab}).status_code == 200


class TestRun:
    def test_the_region_asks_again_until_the_run_ends_and_then_reloads_the_page(
        self, browser: Client, alice: User
    ) -> None:
        dataset = make_dataset(alice, status=Status.QUEUED)
        address = reverse("dataset-run", args=[dataset.pk])

        waiting = browser.get(address, headers={"HX-Request": "true"})
        assert f'hx-get="{address}"' in waiting.content.decode()
        assert "HX-Refresh" not in waiting

        browser.post(reverse("dataset-cancel", args=[dataset.pk]))
        assert browser.get(address, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
        assert dataset.versions.get().status == Status.CANCELLED

    def test_a_dataset_that_is_not_read_yet_has_no_columns_to_save(
        self, browser: Client, alice: User
    ) -> None:
        dataset = make_dataset(alice, status=Status.RUNNING)

        assert browser.post(reverse("dataset-kinds", args=[dataset.pk]), {}).status_code == 404


class TestDelete:
    def test_it_names_what_will_be_lost(self, browser: Client, alice: User) -> None:
        project = make_project(alice, name="Letters by mood")
        make_prediction(
            alice,
            model=make_model(alice, cleanset=make_cleanset(alice, project=project), name="Moods"),
        )

        page = browser.get(
            reverse("dataset-delete", args=[project.version.dataset_id])
        ).content.decode()

        assert "1 project: Letters by mood" in " ".join(page.split())
        assert "1 model: Moods" in " ".join(page.split())
        assert "1 prediction set" in page

    @pytest.mark.usefixtures("eager_runs")
    def test_rows_and_files_are_gone_afterwards(self, browser: Client, alice: User) -> None:
        version = upload(browser, TABLE)
        cleanset = make_cleanset(
            alice, project=make_project(alice, dataset=version.dataset), issues_key="cleansets/i"
        )
        default_storage.save(cleanset.issues_key, io.BytesIO(b"x"))

        browser.post(reverse("dataset-delete", args=[version.dataset_id]))

        assert not Dataset.objects.exists()
        assert not any(
            default_storage.exists(k)
            for k in (version.source_key, version.table_key, "cleansets/i")
        )

    def test_asking_deletes_nothing(self, browser: Client, alice: User) -> None:
        dataset = make_dataset(alice)

        browser.get(reverse("dataset-delete", args=[dataset.pk]))

        assert Dataset.objects.filter(pk=dataset.pk).exists()


NAMES = (
    "dataset",
    "dataset-run",
    "dataset-delete",
    "dataset-upload-version",
    "dataset-kinds",
    "dataset-cancel",
)


@pytest.mark.parametrize("name", NAMES)
def test_the_datasets_of_others_do_not_exist(bob: User, alice: User, name: str) -> None:
    address = reverse(name, args=[make_dataset(alice).pk])
    send = (
        logged_in(bob).post if name in ("dataset-kinds", "dataset-cancel") else logged_in(bob).get
    )

    assert send(address).status_code == 404
