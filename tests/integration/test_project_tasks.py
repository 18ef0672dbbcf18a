"""The form of a new project for each task: what is guessed, what the summary says, what
is refused.
"""

from __future__ import annotations

import random

import pytest
from django.test import Client
from django.urls import reverse

from projects.models import DatasetVersion, Project
from projects.services import dataset_create
from studio import runs
from studio.accounts.models import User
from studio.runs import Run
from tests.data_builders import csv_file

PARTIAL = {"HX-Request": "true"}
N_ROWS = 60


def table() -> str:
    """Return texts with a set of tags, a price, a size and a note per row."""
    draw = random.Random(0)
    lines = ["text,tags,price,size"]
    for n in range(N_ROWS):
        tags = ",".join(sorted(draw.sample(["blue", "large", "new", "sold"], n % 3)))
        lines.append(
            f'thing number {n} of the shop with a long name,"{tags}",{10 + n * 1.5},{"sml"[n % 3]}'
        )
    return "\n".join(lines)


@pytest.fixture(autouse=True)
def sent(eager_runs: None, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """Read files at once, but only note the analyses that would be queued."""
    execute, kept = runs.send, []

    def only_ingest(run: Run) -> None:
        execute(run) if isinstance(run, DatasetVersion) else kept.append(run)

    monkeypatch.setattr(runs, "send", only_ingest)
    return kept


def read(user: User, content: str) -> DatasetVersion:
    version = dataset_create(user=user, uploaded_file=csv_file(content)).versions.get()
    assert version.is_succeeded, version.error_message
    return version


def create_address(version: DatasetVersion) -> str:
    return f"{reverse('project-create')}?dataset={version.dataset_id}"


def choice(task: str, **changes: object) -> dict[str, object]:
    posted = {
        "name": "Things",
        "modality": "text",
        "task": task,
        "guessed_task": task,
        "mode": "fast",
    }
    return posted | {"label_column": "", "text_column": "text", "feature_columns": []} | changes


def words(response: object) -> str:
    return " ".join(response.content.decode().replace("&#x27;", "'").split())


class TestGuess:
    def test_cells_with_sets_of_few_names_make_a_multi_label_project(
        self, browser: Client, alice: User
    ) -> None:
        page = words(browser.get(create_address(read(alice, table().replace("price", "weight")))))

        assert 'value="multi-label" checked' in page
        assert '<option value="tags" selected>' in page
        assert "which of the 4 classes of <b>tags</b> apply" in page
        assert "20 rows" in page  # without a class

    def test_a_measured_column_named_like_a_target_makes_a_regression(
        self, browser: Client, alice: User
    ) -> None:
        content = table().replace("tags", "list").replace("size", "shape").replace(",list", ",note")

        page = words(browser.get(create_address(read(alice, "\n".join(_without_sets(content))))))

        assert 'value="regression" checked' in page
        assert "predict the number <b>price</b>" in page
        assert "10 to 98.5" in page

    def test_texts_alone_make_an_unlabeled_project(self, browser: Client, alice: User) -> None:
        content = "text\n" + "".join(
            f"some words of row {n} that differ from the others\n" for n in range(N_ROWS)
        )

        page = words(browser.get(create_address(read(alice, content))))

        assert 'value="unsupervised" checked' in page
        assert "The analysis looks for near duplicates and outliers in <b>text</b>" in page


def _without_sets(content: str) -> list[str]:
    """Replace the sets by words that are all different."""
    header, *lines = content.splitlines()
    return [
        header,
        *(
            ",".join([line.split(",")[0], f"w{n}", *line.rsplit(",", 2)[1:]])
            for n, line in enumerate(lines)
        ),
    ]


class TestAnotherTask:
    @pytest.fixture
    def version(self, alice: User) -> DatasetVersion:
        return read(alice, table())

    def ask(self, browser: Client, version: DatasetVersion, task: str, **changes: object) -> str:
        posted = choice(task, guessed_task="multi-class", **changes)
        return words(browser.post(create_address(version), posted, headers=PARTIAL))

    @pytest.mark.parametrize(("task", "label"), [("multi-label", "tags"), ("regression", "price")])
    def test_the_label_column_is_guessed_anew(
        self, browser: Client, version: DatasetVersion, task: str, label: str
    ) -> None:
        region = self.ask(browser, version, task, label_column="size")

        assert f'<option value="{label}" selected>' in region
        assert f'name="guessed_task" value="{task}"' in region
        assert f"<b>{label}</b>" in region

    def test_a_label_column_that_fits_stays(self, browser: Client, alice: User) -> None:
        rows = "".join(
            f"thing number {n} of the shop,{n * 1.5},{90 - n}.5\n" for n in range(N_ROWS)
        )
        version = read(alice, f"text,price,weight\n{rows}")

        region = self.ask(browser, version, "regression", label_column="weight")

        assert '<option value="weight" selected>' in region

    def test_what_was_the_label_can_be_learned_from(
        self, browser: Client, version: DatasetVersion
    ) -> None:
        region = self.ask(
            browser,
            version,
            "regression",
            label_column="size",
            modality="tabular",
            feature_columns=["text", "price"],
        )

        assert 'value="size" checked' in region
        assert 'value="price" checked' not in region

    def test_a_choice_of_columns_stays_while_the_task_stays(
        self, browser: Client, version: DatasetVersion
    ) -> None:
        posted = choice(
            "multi-class", label_column="size", modality="tabular", feature_columns=["price"]
        )

        region = words(browser.post(create_address(version), posted, headers=PARTIAL))

        assert 'id="label-column"' not in region
        assert "1 column," in region

    def test_without_javascript_a_check_guesses_and_a_start_does_not(
        self, browser: Client, version: DatasetVersion
    ) -> None:
        posted = choice("regression", guessed_task="multi-class", label_column="tags")

        checked = browser.post(create_address(version), posted | {"check": "1"})
        started = browser.post(create_address(version), posted)

        assert '<option value="price" selected>' in words(checked)
        assert started.status_code == 422
        assert '<option value="tags" selected>' in words(started)


REFUSED = {
    "a cell that is no number": (
        "text,price\n" + "a b,1\nc d,2\n" * 9 + "e f,cheap\n",
        "regression",
        {"label_column": "price"},
        "“cheap” in row 19",
    ),
    "one number only": (
        "text,price\n" + "a b,1\nc d,1\n" * 9,
        "regression",
        {"label_column": "price"},
        "same number",
    ),
    "one class in every row": (
        "text,tags\n" + "a b,x\nc d,x\n" * 9,
        "multi-label",
        {"label_column": "tags"},
        "only one class",
    ),
    "no column of sets": (
        "text,tags\n" + "a b,x\nc d,y\n" * 9,
        "multi-label",
        {},
        "Choose the column whose cells",
    ),
    "nothing to look at": (
        "text,tags\n" + "a b,x\nc d,y\n" * 9,
        "unsupervised",
        {"modality": "tabular"},
        "No feature",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_impossible_choice_is_refused_with_the_reason(
    browser: Client, alice: User, case: str
) -> None:
    content, task, changes, reason = REFUSED[case]

    page = browser.post(create_address(read(alice, content)), choice(task, **changes))

    assert page.status_code == 422
    assert reason in words(page)
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    ("task", "label"), [("multi-label", "tags"), ("regression", "price"), ("unsupervised", "")]
)
def test_the_choice_becomes_a_project(
    browser: Client, alice: User, sent: list[Run], task: str, label: str
) -> None:
    response = browser.post(
        create_address(read(alice, table())), choice(task, label_column=label or "size")
    )

    project = Project.objects.get()
    assert response.status_code == 302
    assert sent == [project.cleansets.get()]
    assert (project.task, project.label_column) == (task, label)
    assert project.spec().label_column == (label or None)


def test_numbers_with_marks_around_them_are_numbers(browser: Client, alice: User) -> None:
    content = "text,price\n" + "".join(
        f'a thing with a name {n},"€1,{n:03}.50"\n' for n in range(20)
    )

    region = browser.post(
        create_address(read(alice, content)),
        choice("regression", label_column="price"),
        headers=PARTIAL,
    )

    assert "20 numbers" in words(region)
    assert "1,000.5 to 1,019.5" in words(region)
