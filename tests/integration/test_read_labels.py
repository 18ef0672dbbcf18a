"""Merged spellings and lists of classes on their way through analysis, decisions, improvement and
every export.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pandas as pd
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from cleansets import analyses, services
from cleansets.imports import decisions_import, decisions_in_file
from cleansets.models import Action, Cleanset
from cleansets.overlay import corrected_rows, given_labels
from projects.models import Dataset, Project
from projects.services import dataset_create
from studio.accounts.models import User
from studio.runs import Status
from tests.client.test_columns import table
from tests.data_builders import csv_file, planted_table, planted_text

pytestmark = pytest.mark.usefixtures("eager_runs")
SPELLED = {0: "LOW", 3: "LOW", 6: "low "}  # rows whose label is spelled otherwise


def analysed(user: User, project: Project) -> Cleanset:
    cleanset = analyses.cleanset_start(project=project, user=user)
    cleanset.refresh_from_db()
    assert cleanset.status == Status.SUCCEEDED, cleanset.error_detail or cleanset.error_message
    return cleanset


def exported(browser: Client, cleanset: Cleanset, file_format: str = "csv") -> list[dict[str, Any]]:
    params = {"mode": "everything", "file_format": file_format}
    response: Any = browser.get(reverse("cleanset-export", args=[cleanset.pk]), params)
    content = b"".join(response.streaming_content).decode()
    return (
        json.loads(content) if file_format == "json" else list(csv.DictReader(io.StringIO(content)))
    )


class TestMergedSpellings:
    @pytest.fixture
    def cleanset(self, alice: User) -> Cleanset:
        frame = planted_table(90, n_wrong=0).frame
        for row, label in SPELLED.items():
            frame.loc[row, "label"] = label
        dataset_create(user=alice, uploaded_file=csv_file(frame))
        project = Project.objects.create(
            owner=alice,
            version=Dataset.objects.get().versions.get(),
            name="Shapes",
            task="multi-class",
            modality="tabular",
            mode="fast",
            label_column="label",
            feature_columns=["height", "weight"],
            column_kinds={"height": "number", "weight": "number"},
            merged_labels={"LOW": "low", "low ": "low"},
        )
        return analysed(alice, project)

    def test_they_are_one_class_and_the_upload_stays_as_it_was(
        self, cleanset: Cleanset, browser: Client
    ) -> None:
        assert cleanset.classes == ["high", "low", "middle"]
        assert cleanset.manifest["merged_labels"] == {"LOW": "low", "low ": "low"}
        rows = exported(browser, cleanset)
        assert [rows[row]["label"] for row in SPELLED] == ["LOW", "LOW", "low "]
        assert [rows[row]["cleanlab_corrected_label"] for row in SPELLED] == ["low"] * 3
        assert [rows[row]["cleanlab_clean_label"] for row in (0, 9)] == ["low", "low"]
        assert rows[9]["cleanlab_corrected_label"] == ""

    def test_the_review_page_says_how_a_row_was_spelled(
        self, cleanset: Cleanset, browser: Client
    ) -> None:
        page = browser.get(
            reverse("cleanset", args=[cleanset.pk]), {"issue": "all", "row": 6}
        ).content.decode()
        assert "low␣" in page
        assert "spelling merged" in page

    def test_a_program_that_applies_corrections_gets_one_spelling(self, cleanset: Cleanset) -> None:
        _, columns = table(cleanset)
        assert [columns["corrected_label"][row] for row in SPELLED] == ["low"] * 3
        assert columns["corrected_label"].notna().sum() == len(SPELLED)

    def test_a_label_typed_in_another_spelling_is_the_merged_class(
        self, cleanset: Cleanset, alice: User
    ) -> None:
        services.row_decide(
            cleanset=cleanset, user=alice, row_id=1, choice=Action.LABEL, label="LOW"
        )
        assert cleanset.reviews.get(row_id=1).corrected_label == "low"

    def test_they_stay_merged_in_an_improved_cleanset(
        self, cleanset: Cleanset, alice: User, browser: Client
    ) -> None:
        services.row_decide(
            cleanset=cleanset, user=alice, row_id=1, choice=Action.LABEL, label="high"
        )
        improved = analyses.cleanset_improve(cleanset=cleanset, user=alice)
        improved.refresh_from_db()
        rows = exported(browser, improved)
        assert [rows[row]["cleanlab_corrected_label"] for row in (0, 1, 6)] == [
            "low",
            "high",
            "low",
        ]
        page = browser.get(
            reverse("cleanset", args=[improved.pk]), {"issue": "all", "row": 6}
        ).content.decode()
        assert "spelling merged" in page
        assert set(corrected_rows(improved).labels) == {"low", "middle", "high"}

    def test_the_same_comes_out_again(self, cleanset: Cleanset) -> None:
        out = io.StringIO()
        call_command("rerun", str(cleanset.pk), stdout=out)
        assert "Reproduced" in out.getvalue()


class TestLists:
    UNLABELED, NO_CLASS = 7, 11

    @pytest.fixture
    def cleanset(self, alice: User) -> Cleanset:
        frame = planted_text(90, n_wrong=0).frame
        sets: list[list[str] | None] = [
            [label, "urgent"] if row % 4 == 0 else [label]
            for row, label in enumerate(frame["label"])
        ]
        sets[self.UNLABELED], sets[self.NO_CLASS] = None, []
        records = [
            {"text": text, "label": names} for text, names in zip(frame["text"], sets, strict=True)
        ]
        file = SimpleUploadedFile("rows.json", json.dumps(records).encode())
        dataset_create(user=alice, uploaded_file=file)
        project = Project.objects.create(
            owner=alice,
            version=Dataset.objects.get().versions.get(),
            name="Topics",
            task="multi-label",
            modality="text",
            mode="fast",
            label_column="label",
            feature_columns=["text"],
            column_kinds={"text": "text"},
            separator="json",
        )
        return analysed(alice, project)

    def test_a_row_without_a_label_is_not_one_without_a_class(
        self, cleanset: Cleanset, browser: Client
    ) -> None:
        assert cleanset.classes == ["account", "billing", "delivery", "urgent"]
        assert cleanset.counts["is_initially_unlabeled"] == 1
        assert given_labels(cleanset)[self.UNLABELED] is None
        assert given_labels(cleanset)[self.NO_CLASS] == ""
        address = reverse("cleanset", args=[cleanset.pk])
        unlabeled = browser.get(address, {"issue": "all", "given": "-"}).content.decode()
        without = browser.get(address, {"issue": "all", "given": "--"}).content.decode()
        assert f"row={self.UNLABELED}" in unlabeled
        assert f"row={self.NO_CLASS}" not in unlabeled
        assert f"row={self.NO_CLASS}" in without

    def test_programs_get_lists_and_exports_the_text_of_the_column(
        self, cleanset: Cleanset, browser: Client, alice: User
    ) -> None:
        services.row_decide(
            cleanset=cleanset, user=alice, row_id=1, choice=Action.LABEL, label="urgent,billing"
        )
        services.row_decide(
            cleanset=cleanset, user=alice, row_id=self.UNLABELED, choice=Action.LABEL, label=""
        )

        _, columns = table(cleanset)
        assert columns["corrected_label"][1] == ["billing", "urgent"]
        assert columns["corrected_label"][self.UNLABELED] == []
        assert columns["corrected_label"][2] is None
        assert columns["clean_label"][0] == ["billing", "urgent"]

        rows = exported(browser, cleanset, "json")
        assert rows[1]["cleanlab_corrected_label"] == '["billing", "urgent"]'
        assert rows[self.UNLABELED]["cleanlab_corrected_label"] == "[]"
        assert rows[2]["cleanlab_corrected_label"] is None
        assert [rows[row]["label"] for row in (0, self.UNLABELED, self.NO_CLASS)] == [
            '["billing", "urgent"]',
            None,
            "[]",
        ]

    def test_decisions_may_be_written_like_exports(self, cleanset: Cleanset, alice: User) -> None:
        entries = [
            {"row_id": 1, "action": "label", "corrected_label": '["urgent", "new, class"]'},
            {"row_id": 2, "action": "label", "corrected_label": "urgent,billing"},
            {"row_id": 3, "action": "label", "corrected_label": ["urgent", "account"]},
            {"row_id": 4, "action": "label", "corrected_label": []},
        ]
        decisions = decisions_in_file("decisions.json", json.dumps(entries).encode())
        decisions_import(cleanset=cleanset, user=alice, decisions=decisions)
        labels = dict(cleanset.reviews.values_list("row_id", "corrected_label"))
        assert labels == {1: 'urgent,"new, class"', 2: "billing,urgent", 3: "account,urgent", 4: ""}

    def test_the_same_comes_out_again(self, cleanset: Cleanset) -> None:
        out = io.StringIO()
        call_command("rerun", str(cleanset.pk), stdout=out)
        assert "Reproduced" in out.getvalue()
        assert pd.Series(cleanset.manifest)["separator"] == "json"
