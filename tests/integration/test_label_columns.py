"""The label column of a new project: spellings of one class, sets however written, numbers as
classes.
"""

from __future__ import annotations

import json
import unicodedata
from html import unescape
from types import SimpleNamespace

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cleansets.models import Cleanset
from cleansets.overlay import given_labels
from projects.models import DatasetVersion, Project
from projects.services import dataset_create
from studio import runs
from studio.accounts.models import User
from studio.accounts.services import api_key_create
from studio.engine.conventions.label_sets import Separator
from studio.engine.issues.labels.rare_class import find_rare_class
from studio.engine.labels.encoding import Labels
from studio.engine.ml_task import MLTask
from studio.runs import Run
from tests.data_builders import csv_file

TOPICS = ("billing", "login", "shipping")
N_ROWS = 60


def texts() -> list[str]:
    return [
        f"some words about {TOPICS[row % 3]} in message number {row} of the day"
        for row in range(N_ROWS)
    ]


def table(labels: list[str]) -> str:
    lines = [
        f'{text},"{label.replace(chr(34), chr(34) * 2)}"'
        for text, label in zip(texts(), labels, strict=True)
    ]
    return "\n".join(["text,label", *lines])


def spelled() -> list[str]:
    """Return a topic per row, one of them spelled in three ways."""
    labels = [TOPICS[row % 3] for row in range(N_ROWS)]
    labels[0], labels[3], labels[6] = "Billing", "Billing", "billing "
    return labels


def sets() -> list[list[str]]:
    return [
        [TOPICS[row % 3], "urgent"] if row % 4 == 0 else [TOPICS[row % 3]] for row in range(N_ROWS)
    ]


@pytest.fixture
def program(alice: User) -> Client:
    _, secret = api_key_create(owner=alice, name="test", scope="write")
    return Client(headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture(autouse=True)
def sent(eager_runs: None, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Read files at once, but only note the analyses that would be queued."""
    execute, kept = runs.send, []

    def only_ingest(run: Run) -> None:
        execute(run) if isinstance(run, DatasetVersion) else kept.append(run)

    monkeypatch.setattr(runs, "send", only_ingest)
    return kept


def read(user: User, content: str | list[dict[str, object]]) -> DatasetVersion:
    if isinstance(content, str):
        file = csv_file(content)
    else:
        file = SimpleUploadedFile(
            "rows.json", json.dumps(content).encode(), content_type="application/json"
        )
    version = dataset_create(user=user, uploaded_file=file).versions.get()
    assert version.is_succeeded, version.error_message
    return version


def address(version: DatasetVersion) -> str:
    return f"{reverse('project-create')}?dataset={version.dataset_id}"


def choice(task: str = "multi-class", **changes: object) -> dict[str, object]:
    posted = {
        "name": "Topics",
        "modality": "text",
        "task": task,
        "guessed_task": task,
        "mode": "fast",
    }
    return {**posted, "label_column": "label", "text_column": "text"} | changes


def words(response: object) -> str:
    return " ".join(unescape(response.content.decode()).split())


def create(
    program: Client, version: DatasetVersion, **body: object
) -> tuple[int, dict[str, object]]:
    wanted = {"dataset_id": str(version.dataset_id), **body}
    response = program.post("/api/v1/projects", json.dumps(wanted), content_type="application/json")
    return response.status_code, response.json()


class TestSpellings:
    def test_the_page_shows_them_with_their_rows_and_merges_nothing_by_itself(
        self, browser: Client, alice: User
    ) -> None:
        version = read(alice, table(spelled()))

        page = words(browser.get(address(version)))

        assert "1 class is spelled in several ways" in page
        assert '<q>billing</q> <span class="number">17</span>' in page
        assert '<q>billing␣</q> <span class="number">1</span>' in page
        assert "<b>label</b>" in page
        assert "5 classes" in page

        browser.post(address(version), choice())
        assert Project.objects.get().merged_labels == {}

    def test_merged_ones_are_kept_with_the_project_and_given_to_the_analysis(
        self, browser: Client, alice: User
    ) -> None:
        version = read(alice, table(spelled()))

        browser.post(address(version), choice(merged=["Billing"]))

        project = Project.objects.get()
        assert project.merged_labels == {"billing": "Billing", "billing ": "Billing"}
        assert project.spec().merged_labels == project.merged_labels
        assert set(given_labels(Cleanset.objects.get())) == {"Billing", "login", "shipping"}
        settings = words(browser.get(reverse("project-settings", args=[project.pk])))
        assert "<q>billing␣</q> counts as <q>Billing</q>" in settings

    def test_all_are_merged_by_one_button_that_starts_nothing(
        self, browser: Client, alice: User, sent: list[Run]
    ) -> None:
        version = read(alice, table(spelled()))

        page = words(browser.post(address(version), choice(merge_all="1")))

        assert '<option value="billing" selected>Merge into “billing”</option>' in page
        assert "3 classes" in page
        assert sent == []

    def test_a_choice_for_another_column_is_forgotten(self, browser: Client, alice: User) -> None:
        version = read(alice, table(spelled()))

        browser.post(address(version), choice(merged=["Spam"]))

        assert Project.objects.get().merged_labels == {}

    def test_what_looks_the_same_is_told_apart(self, browser: Client, alice: User) -> None:
        labels = ["Café" if row % 2 else "Bar" for row in range(N_ROWS)]
        labels[1] = unicodedata.normalize("NFD", "Café")

        page = words(browser.get(address(read(alice, table(labels)))))

        assert "<q>Café (decomposed)</q>" in page

    def test_a_program_merges_all_or_some_and_hears_about_the_others(
        self, program: Client, alice: User
    ) -> None:
        version = read(
            alice,
            table(
                [
                    label.replace("login", "Login" if n > 40 else "login")
                    for n, label in enumerate(spelled())
                ]
            ),
        )

        _, apart = create(program, version)
        assert apart["merged_labels"] == {}
        assert any("“login” 14, “Login” 6" in note for note in apart["notes"])

        _, merged = create(program, version, merge_spellings=True)
        assert merged["merged_labels"] == {
            "Billing": "billing",
            "billing ": "billing",
            "Login": "login",
        }

        _, some = create(program, version, merge_spellings=["Billing"])
        assert some["merged_labels"] == {"billing": "Billing", "billing ": "Billing"}

        status, refused = create(program, version, merge_spellings=["rabbit"])
        assert (status, "“rabbit”" in str(refused["error"])) == (422, True)


class TestSets:
    @pytest.mark.parametrize("separator", [";", "|", "/", ","])
    def test_sets_make_a_multi_label_project(
        self, browser: Client, alice: User, separator: str
    ) -> None:
        version = read(alice, table([separator.join(names) for names in sets()]))

        page = words(browser.get(address(version)))
        assert 'value="multi-label" checked' in page
        assert "which of the 4 classes of <b>label</b> apply" in page
        assert f"<code>red{separator}large</code>" in page

        browser.post(address(version), choice("multi-label"))
        assert Project.objects.get().spec().separator == separator
        assert given_labels(Cleanset.objects.get())[:2] == ["billing,urgent", "login"]

    def test_lists_in_json_are_sets_and_null_is_no_label(
        self, browser: Client, alice: User
    ) -> None:
        records: list[dict[str, object]] = [
            {"text": text, "label": names} for text, names in zip(texts(), sets(), strict=True)
        ]
        records[1]["label"], records[2]["label"] = None, []
        version = read(alice, records)

        page = words(browser.get(address(version)))
        assert 'value="multi-label" checked' in page
        assert "<dt>Unlabeled</dt> <dd> 1, each gets a suggested set </dd>" in page
        assert "<dt>No class</dt> <dd> 1 row </dd>" in page

        browser.post(address(version), choice("multi-label"))
        assert Project.objects.get().spec().separator is Separator.JSON
        assert given_labels(Cleanset.objects.get())[:3] == ["billing,urgent", None, ""]

    def test_the_separator_can_be_chosen(self, browser: Client, alice: User) -> None:
        version = read(alice, table([" ".join(names) for names in sets()]))
        offered = words(browser.get(address(version)))
        assert 'value="multi-class" checked' in offered
        assert "may be sets of classes, such as billing urgent" in offered

        found = words(
            browser.post(address(version), choice("multi-label"), headers={"HX-Request": "true"})
        )
        assert "which of the 4 classes" in found

        browser.post(address(version), choice("multi-label", separator=","))
        assert Project.objects.get().spec().separator is Separator.COMMA

    def test_spellings_are_found_inside_sets(self, browser: Client, alice: User) -> None:
        labels = ["|".join(names) for names in sets()]
        labels[0] = "Billing|urgent"
        version = read(alice, table(labels))

        page = words(browser.get(address(version)))
        assert "<q>Billing</q>" in page

        browser.post(address(version), choice("multi-label", merged=["billing"]))
        assert given_labels(Cleanset.objects.get())[0] == "billing,urgent"

    def test_sets_as_classes_are_questioned(
        self, browser: Client, program: Client, alice: User
    ) -> None:
        version = read(alice, table([";".join(names) for names in sets()]))

        _, project = create(program, version, task="multi-class")

        assert any(
            "look like sets of classes, such as billing;urgent" in note for note in project["notes"]
        )
        assert project["notes"][0] in words(browser.post(address(version), choice(check="1")))

    def test_a_program_may_name_the_separator(self, program: Client, alice: User) -> None:
        version = read(alice, table([";".join(names) for names in sets()]))

        assert create(program, version)[1]["separator"] == ";"
        assert create(program, version, task="multi-label", separator="|")[1]["separator"] == "|"
        assert create(program, version, separator="~")[0] == 422


def test_many_numbers_as_classes_are_questioned(
    browser: Client, program: Client, alice: User
) -> None:
    version = read(alice, table([str(row // 2 + 0.5) for row in range(N_ROWS)]))

    _, project = create(program, version, task="multi-class", label_column="label")

    [note] = project["notes"]
    assert "holds 30 different numbers, and each is a class of its own here" in note
    assert note in words(browser.post(address(version), choice(check="1")))


def test_a_class_is_called_rare_by_the_rule_of_the_analysis(browser: Client, alice: User) -> None:
    rows = [*["login"] * 300, *["billing"] * 300, *["shipping"] * 10]
    lines = [
        f"some words about {label} in message number {n} of the day,{label}"
        for n, label in enumerate(rows)
    ]
    version = read(alice, "\n".join(["text,label", *lines]))

    page = words(browser.get(address(version)))

    assert "1 class with fewer than 21 rows: “shipping”" in page
    codes = np.repeat([0, 1, 2], [300, 300, 10]).astype(np.int32)
    labels = Labels(codes, ("login", "billing", "shipping"), codes)
    evidence = SimpleNamespace(
        study=SimpleNamespace(labels=labels, spec=SimpleNamespace(task=MLTask.MULTI_CLASS))
    )
    assert np.flatnonzero(find_rare_class(evidence)["has_rare_class"]).tolist() == list(
        range(600, 610)
    )  # type: ignore[arg-type]
