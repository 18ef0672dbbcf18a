"""Projects in the browser: the guess, the summary, impossible choices, start, rename
and deletion.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from cleansets.models import Cleanset
from projects.models import DatasetVersion, Project
from projects.services import dataset_create
from studio import runs
from studio.accounts.models import User
from studio.runs import Run, Status
from tests.cast import logged_in
from tests.data_builders import csv_file, planted_table, planted_text
from tests.factories import make_cleanset, make_dataset, make_model, make_project

PARTIAL = {"HX-Request": "true"}


@pytest.fixture
def sent(eager_runs: None, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Read files at once, but only note the analyses that would be queued."""
    execute, kept = runs.send, []

    def only_ingest(run: Run) -> None:
        execute(run) if isinstance(run, DatasetVersion) else kept.append(run)

    monkeypatch.setattr(runs, "send", only_ingest)
    return kept


def read(user: User, content: object, name: str = "rows.csv") -> DatasetVersion:
    version = dataset_create(user=user, uploaded_file=csv_file(content, name)).versions.get()
    assert version.is_succeeded, version.error_message
    return version


def create_address(version: DatasetVersion) -> str:
    return f"{reverse('project-create')}?dataset={version.dataset_id}"


def text_choice(**changes: object) -> dict[str, object]:
    choice = {"name": "Topics", "modality": "text", "task": "multi-class", "mode": "fast"}
    return {
        **choice,
        "label_column": "label",
        "text_column": "text",
        "feature_columns": [],
    } | changes


def table_choice(**changes: object) -> dict[str, object]:
    return (
        text_choice(
            modality="tabular", text_column="", feature_columns=["height", "weight", "colour"]
        )
        | changes
    )


def words(response: object) -> str:
    return " ".join(response.content.decode().replace("&#x27;", "'").split())


@pytest.mark.usefixtures("sent")
class TestGuess:
    def test_a_text_dataset_is_guessed_as_text(self, browser: Client, alice: User) -> None:
        page = words(browser.get(create_address(read(alice, planted_text().frame))))

        assert 'value="text" checked' in page
        assert '<option value="label" selected>' in page
        assert "3 classes of <b>label</b>" in page

    def test_a_table_is_guessed_with_its_columns(self, browser: Client, alice: User) -> None:
        frame = planted_table().frame.assign(row_nr=[str(n) for n in range(150)], empty="")

        page = words(browser.get(create_address(read(alice, frame))))

        assert 'value="tabular" checked' in page
        assert 'value="height" checked' in page
        assert 'value="row_nr" checked' not in page
        assert "left out: its numbers only say where in the file a row stood" in page
        assert "left out: it is empty" in page

    def test_a_file_of_one_row_is_reported(self, browser: Client, alice: User) -> None:
        page = words(browser.get(create_address(read(alice, "text,label\na b c,x\n"))))

        assert "The table has one row, so there is nothing to compare it with." in page

    def test_without_a_dataset_in_the_address_the_newest_is_taken(
        self, browser: Client, alice: User
    ) -> None:
        version = read(alice, planted_text().frame, "newest.csv")

        assert version.filename in words(browser.get(reverse("project-create")))


@pytest.mark.usefixtures("sent")
class TestSummary:
    def test_it_counts_rows_classes_and_unlabeled_rows(self, browser: Client, alice: User) -> None:
        version = read(alice, "text,label\n" + "a b c,x\nd e f,y\n" * 10 + "g h i,\nj k l,z\n")

        region = words(browser.post(create_address(version), text_choice(), headers=PARTIAL))

        assert "<html" not in region
        assert "<dd> 22 </dd>" in region
        assert "<dd> 3 </dd>" in region
        assert "1, each gets a suggested label" in region
        assert "“z”, 1 row <" in region
        assert "1 class with fewer than 5 rows: “z”" in region
        assert not Project.objects.exists()

    def test_a_check_without_javascript_shows_the_page_and_starts_nothing(
        self, browser: Client, alice: User
    ) -> None:
        version = read(alice, planted_text().frame)

        page = browser.post(create_address(version), text_choice(check="1", name="Kept"))

        assert 'value="Kept"' in words(page)
        assert not Project.objects.exists()

    def test_the_time_is_estimated_from_an_earlier_analysis_of_that_size(
        self, browser: Client, alice: User
    ) -> None:
        version = read(alice, planted_text().frame)
        assert "no estimate yet: this is the first fast analysis of texts here" in words(
            browser.post(create_address(version), text_choice(), headers=PARTIAL)
        )
        earlier = make_project(alice, name="Earlier", modality="text", mode="fast")
        done = make_cleanset(
            alice,
            project=earlier,
            n_rows=60,
            candidates=[{"key": key} for key in ("ensemble", "words", "characters")],
        )
        Cleanset.objects.filter(pk=done.pk).update(
            started_at=done.finished_at - timedelta(seconds=30)
        )

        region = words(browser.post(create_address(version), text_choice(), headers=PARTIAL))

        assert "about 1 min 0 s on this machine, estimated from “Earlier”" in region
        assert "10: 2 models in 5 folds" in region

    def test_dataset_deleted_while_its_page_is_open_is_not_an_error(
        self, browser: Client, alice: User
    ) -> None:
        version = read(alice, planted_text().frame)
        address = create_address(version)
        version.dataset.delete()

        assert browser.post(address, text_choice(), headers=PARTIAL).status_code == 404


IMPOSSIBLE = {
    "only one class": ("text,label\n" + "a b c,x\nd e f,x\n" * 9, {}, "only one class"),
    "labels all different": (
        "text,label\n" + "".join(f"a b {n},l{n}\n" for n in range(9)),
        {},
        "is different",
    ),
    "fewer rows than folds": ("text,label\na b,x\nc d,y\ne f,x\n", {}, "5 folds"),
    "no label at all": ("text,label\n" + "a b c,\nd e f,\n" * 9, {}, "empty in every row"),
    "text column empty": ("text,label\n" + ",x\n,y\n" * 9, {}, "is empty in all 18 rows"),
    "text is the label": (
        "text,label\n" + "a b,x\nc d,y\n" * 9,
        {"text_column": "label"},
        "among the features",
    ),
    "no text column": (
        "text,label\n" + "a b,x\nc d,y\n" * 9,
        {"text_column": ""},
        "needs the column",
    ),
    "no features": (
        "text,label\n" + "a,x\nc,y\n" * 9,
        {"modality": "tabular"},
        "No feature column is given",
    ),
    "constant features": (
        "text,label\n" + "a,x\na,y\n" * 9,
        {"modality": "tabular", "feature_columns": ["text"]},
        "nothing to learn from",
    ),
    "unknown column": (
        "text,label\n" + "a b,x\nc d,y\n" * 9,
        {"label_column": "nope"},
        "Select a valid choice",
    ),
    "unknown feature": (
        "text,label\n" + "a b,x\nc d,y\n" * 9,
        {"modality": "tabular", "feature_columns": ["nope"]},
        "Select a valid choice",
    ),
    "task that does not exist": (
        "text,label\n" + "a b,x\nc d,y\n" * 9,
        {"task": "clustering"},
        "Select a valid choice",
    ),
    "no name": ("text,label\n" + "a b,x\nc d,y\n" * 9, {"name": ""}, "required"),
}


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_an_impossible_choice_is_refused_with_the_reason(
    browser: Client, alice: User, case: str
) -> None:
    content, changes, reason = IMPOSSIBLE[case]
    version = read(alice, content)

    page = browser.post(create_address(version), text_choice(**changes))
    region = browser.post(create_address(version), text_choice(**changes), headers=PARTIAL)

    assert page.status_code == 422
    assert reason in words(page)
    assert region.status_code == 200
    assert reason in words(region)
    assert not Project.objects.exists()


class TestStart:
    def test_the_choice_becomes_a_project_with_a_queued_cleanset(
        self, browser: Client, alice: User, sent: list[Run]
    ) -> None:
        version = read(alice, planted_table().frame)

        response = browser.post(create_address(version), table_choice(name="Sizes", mode="regular"))

        project = Project.objects.get()
        cleanset = project.cleansets.get()
        assert response.url == cleanset.get_absolute_url()
        assert sent == [cleanset]
        assert (project.owner, project.name, project.mode, cleanset.number) == (
            alice,
            "Sizes",
            "regular",
            1,
        )
        assert project.column_kinds == {
            "height": "number",
            "weight": "number",
            "colour": "categorical",
        }
        assert project.spec().feature_columns == ("height", "weight", "colour")

    def test_the_label_column_is_never_a_feature(
        self, browser: Client, alice: User, sent: list[Run]
    ) -> None:
        version = read(alice, planted_table().frame)

        browser.post(create_address(version), table_choice(feature_columns=["label", "height"]))

        assert Project.objects.get().feature_columns == ["height"]

    def test_a_chosen_kind_is_used(self, browser: Client, alice: User, sent: list[Run]) -> None:
        version = read(alice, planted_table().frame)
        DatasetVersion.objects.filter(pk=version.pk).update(chosen_kinds={"height": "categorical"})

        browser.post(create_address(version), table_choice())

        assert Project.objects.get().column_kinds["height"] == "categorical"

    def test_words_among_numbers_are_noted_and_gone_once_the_kind_is_chosen(
        self, browser: Client, alice: User, sent: list[Run]
    ) -> None:
        frame = planted_table(100).frame
        frame.loc[:4, "height"] = "tall"
        version = read(alice, frame)
        finding = "although 95 of its 100 filled cells are numbers; others are words: “tall”."
        columns = f"{reverse('dataset', args=[version.dataset_id])}?tab=columns"

        assert f"{finding} If it holds numbers, set its kind to number here" in words(
            browser.get(columns)
        )
        browser.post(create_address(version), table_choice())
        assert any(finding in note for note in Project.objects.get().notes)

        DatasetVersion.objects.filter(pk=version.pk).update(chosen_kinds={"height": "number"})
        assert finding not in words(browser.get(columns))

    def test_rare_classes_and_unlabeled_rows_are_accepted(
        self, browser: Client, alice: User, sent: list[Run]
    ) -> None:
        version = read(alice, "text,label\n" + "a b c,x\nd e f,y\n" * 10 + "g h i,\nj k l,z\n")

        assert browser.post(create_address(version), text_choice()).status_code == 302


class TestWrongAddresses:
    @pytest.mark.parametrize("dataset", ["x", "00000000-0000-0000-0000-000000000000", "%00"])
    def test_a_dataset_that_does_not_exist_is_not_found(
        self, browser: Client, dataset: str
    ) -> None:
        assert browser.get(f"{reverse('project-create')}?dataset={dataset}").status_code == 404

    def test_the_datasets_of_others_do_not_exist(self, alice: User, bob: User) -> None:
        dataset = make_dataset(alice)

        assert (
            logged_in(bob).get(reverse("project-create"), {"dataset": dataset.pk}).status_code
            == 404
        )

    def test_a_dataset_that_is_still_read_leads_to_its_page(
        self, browser: Client, alice: User
    ) -> None:
        dataset = make_dataset(alice, status=Status.RUNNING)

        assert (
            browser.get(reverse("project-create"), {"dataset": dataset.pk}).url
            == dataset.get_absolute_url()
        )

    def test_without_any_dataset_the_page_says_what_to_do(self, browser: Client) -> None:
        assert "A project starts with a dataset" in words(browser.get(reverse("project-create")))

    @pytest.mark.parametrize("name", ["project", "project-settings"])
    def test_the_projects_of_others_do_not_exist(self, alice: User, bob: User, name: str) -> None:
        project = make_cleanset(alice).project

        assert logged_in(bob).get(reverse(name, args=[project.pk])).status_code == 404
        assert logged_in(bob).post(reverse("project-delete", args=[project.pk])).status_code == 404
        assert Project.objects.filter(pk=project.pk).exists()

    def test_an_unknown_project_is_not_found(self, browser: Client) -> None:
        assert browser.get(reverse("project", args=[uuid.uuid4()])).status_code == 404


class TestSettings:
    def test_the_project_leads_to_its_newest_cleanset(self, browser: Client, alice: User) -> None:
        project = make_cleanset(alice).project
        newest = make_cleanset(alice, project=project)

        assert browser.get(project.get_absolute_url()).url == newest.get_absolute_url()

    def test_a_project_gets_another_name(self, browser: Client, alice: User) -> None:
        project = make_cleanset(alice).project

        browser.post(reverse("project-settings", args=[project.pk]), {"name": "Better name"})

        project.refresh_from_db()
        assert project.name == "Better name"

    def test_the_other_views_of_the_project_are_one_click_away(
        self, browser: Client, alice: User
    ) -> None:
        cleanset = make_cleanset(alice)
        page = browser.get(reverse("project-settings", args=[cleanset.project.pk])).content.decode()

        assert f'href="{cleanset.get_absolute_url()}"' in page
        assert f'href="{reverse("cleanset-details", args=[cleanset.pk])}"' in page

    def test_an_empty_name_is_refused(self, browser: Client, alice: User) -> None:
        project = make_cleanset(alice).project

        assert (
            browser.post(reverse("project-settings", args=[project.pk]), {"name": " "}).status_code
            == 422
        )

    def test_deleting_names_the_models_and_leaves_the_dataset(
        self, browser: Client, alice: User
    ) -> None:
        project = make_cleanset(alice).project
        make_model(alice, cleanset=project.cleansets.get(), name="Moods")
        assert "1 model: Moods" in words(
            browser.get(reverse("project-settings", args=[project.pk]))
        )

        browser.post(reverse("project-delete", args=[project.pk]))

        assert not Project.objects.exists()
        assert not Cleanset.objects.exists()
        assert DatasetVersion.objects.filter(pk=project.version_id).exists()
