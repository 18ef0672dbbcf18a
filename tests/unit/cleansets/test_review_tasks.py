"""Reviewing sets of classes, numbers, and rows without labels: what is shown, filtered, decided and
exported.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.urls import reverse

from cleansets import row_query, selectors, services
from cleansets.models import Cleanset, RowReview
from cleansets.overlay import corrected_rows
from cleansets.pages.review.row import row_detail
from cleansets.row_address import Range, RowQuery
from cleansets.row_query import selection
from cleansets.top_k import TopK, top_k_apply, top_k_effect
from studio import tables
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from studio.engine.schema.health import Health, NumberErrors
from tests.reviewable import COPY, EMPTY, NO_CLASS_SUGGESTED, OUTLIER, UNLABELED, make_reviewable

ClientOf = Callable[[User], Client]


@pytest.fixture
def sets(alice: User) -> Cleanset:
    return make_reviewable(alice, task=MLTask.MULTI_LABEL)


@pytest.fixture
def numbers(alice: User) -> Cleanset:
    return make_reviewable(alice, task=MLTask.REGRESSION)


@pytest.fixture
def unlabeled(alice: User) -> Cleanset:
    return make_reviewable(alice, task=MLTask.UNSUPERVISED)


def page(client: Client, cleanset: Cleanset, address: str = "") -> str:
    response = client.get(cleanset.get_absolute_url() + address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def rows_of(cleanset: Cleanset, **query: object) -> list[int]:
    return [
        row["row_id"]
        for row in row_query.fetch_page(RowQuery(**query), selectors.row_source(cleanset)).rows
    ]


def post(client: Client, cleanset: Cleanset, row: int, **data: object) -> Any:
    return client.post(
        reverse("cleanset-decide", args=[cleanset.pk, row]), {"next": row + 10, **data}
    )


def decide(cleanset: Cleanset, row_id: int, choice: str, label: str = "") -> None:
    services.row_decide(
        cleanset=cleanset, user=cleanset.created_by, row_id=row_id, choice=choice, label=label
    )


def corrected(cleanset: Cleanset) -> dict[int, str | None]:
    return dict(
        RowReview.objects.filter(cleanset=cleanset).values_list("row_id", "corrected_label")
    )


def exported(
    client: Client, cleanset: Cleanset, file_format: str, mode: str = "everything"
) -> bytes:
    address = reverse("cleanset-export", args=[cleanset.pk])
    response: Any = client.get(address, {"mode": mode, "file_format": file_format})
    return b"".join(response.streaming_content)


class TestSets:
    def test_the_panel_puts_the_classes_that_are_in_doubt_first(self, sets: Cleanset) -> None:
        detail = row_detail(sets, 0, selectors.row_source(sets))
        assert detail is not None
        shown = [
            (toggle.label, toggle.applies, toggle.suggestion, toggle.key)
            for toggle in detail.toggles
        ]
        assert shown == [
            ("billing", True, "False", "1"),
            ("delivery", False, "True", "2"),
            ("refund, partial", True, "", "3"),
            ("login", False, "", "4"),
        ]

    def test_suggested_boolean_is_only_shown_if_it_disagrees(
        self, sets: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        text = page(client_of(alice), sets)
        assert text.count("Suggested: False") == text.count("Suggested: True") == 1

    def test_the_empty_set_is_shown_in_words(
        self, sets: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        text = page(client_of(alice), sets, f"?row={NO_CLASS_SUGGESTED}")
        assert text.count(">no class</span>") == 2  # in the table and in the panel

    def test_auto_fix_takes_the_whole_suggested_set(self, sets: Cleanset) -> None:
        decide(sets, 0, "auto-fix")
        decide(sets, NO_CLASS_SUGGESTED, "auto-fix")
        assert corrected(sets) == {0: 'delivery,"refund, partial"', NO_CLASS_SUGGESTED: ""}

    def test_the_ticked_classes_and_those_typed_in_become_the_set(
        self, sets: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        applies = ["refund, partial", "billing"]
        post(
            client_of(alice),
            sets,
            0,
            choice="label",
            applies=applies,
            also='spam, "a, b"',
            new_class="1",
        )
        assert corrected(sets) == {0: 'billing,"refund, partial","a, b",spam'}
        assert selectors.added_classes(sets) == ["a, b", "spam"]
        assert "spam" in page(client_of(alice), sets, "?row=10")

    def test_no_box_ticked_means_that_no_class_applies(
        self, sets: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        post(client_of(alice), sets, 0, choice="label")
        assert corrected(sets) == {0: ""}
        assert "Label no class for row 1" in page(client_of(alice), sets)

    def test_the_ticked_boxes_do_not_matter_to_the_other_actions(
        self, sets: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        post(client_of(alice), sets, 0, choice="keep", applies=["login"])
        assert corrected(sets) == {0: None}

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"given": "refund, partial"}, [0, 20, 40, 60, 80, 100]),
            ({"given": "partial"}, []),
            ({"suggested": "delivery"}, [0, 30, 60, 90]),
            ({"suggested": "--"}, [NO_CLASS_SUGGESTED]),
            ({"issue": "all", "given": "--"}, [UNLABELED]),
            ({"suggested": "-", "given": "billing"}, []),
        ],
    )
    def test_filters_find_the_sets_that_have_a_class(
        self, sets: Cleanset, query: dict[str, object], expected: list[int]
    ) -> None:
        assert rows_of(sets, **query) == expected

    @pytest.mark.parametrize(
        ("cell", "name", "has"),
        [
            ("a, b", "b", True),
            (' "x, b, y" ,c', "b", False),
            (' "x, b, y" ,c', "x, b, y", True),
            ('"say ""hi""",c', 'say "hi"', True),
            ("abc", "b", False),
            ("a\nb", "b", True),
            ('"b",c', "b", True),
            ("a.c", "abc", False),
        ],
    )
    def test_a_class_is_found_as_the_engine_reads_sets(
        self, cell: str, name: str, has: bool
    ) -> None:
        with tables.connect() as connection:
            pattern = selection._set_pattern(name)
            assert connection.execute(
                "SELECT regexp_matches(?, ?)", [cell, pattern]
            ).fetchone() == (has,)

    def test_the_filter_counts_rows_per_class(self, sets: Cleanset) -> None:
        counts = dict(row_query.label_choices(selectors.row_source(sets), "given_label"))
        assert counts["refund, partial"] == 30
        assert counts["billing"] == 40

    def test_training_counts_a_set_in_another_order_as_unchanged(self, sets: Cleanset) -> None:
        decide(sets, 0, "label", '"refund, partial",billing')
        decide(sets, 10, "label", "")
        rows = corrected_rows(sets)
        assert rows.n_corrected == 1
        assert rows.labels[10] == ""

    def test_clean_top_k_gives_all_rows_one_set(self, sets: Cleanset) -> None:
        top_k = TopK(RowQuery(), k=2, choice="label", label="login,billing")
        top_k_apply(cleanset=sets, user=sets.created_by, top_k=top_k)
        assert corrected(sets) == {0: "billing,login", 10: "billing,login"}

    def test_exports_have_the_suggested_set_as_text(
        self, sets: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        decide(sets, NO_CLASS_SUGGESTED, "auto-fix")
        rows = json.loads(exported(client_of(alice), sets, "json"))
        assert rows[0]["suggested_label"] == 'delivery,"refund, partial"'
        assert rows[1]["suggested_label"] is None
        assert rows[NO_CLASS_SUGGESTED]["cleanlab_corrected_label"] == ""


class TestNumbers:
    def test_the_panel_draws_given_and_suggested_number_with_its_error_bar(
        self, numbers: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        text = page(client_of(alice), numbers)
        assert "<b>150</b> ± 8</span>, 142 to 158." in text
        assert "is 6.2 error bars away" in text
        assert "Given 100. The models predict 150, with an error bar from 142 to 158." in text

    def test_where_ratios_are_compared_the_bar_is_longer_upwards(
        self, numbers: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        errors = NumberErrors(1.5, 4.0, 20.0, 0.0, (-4.0, 4.0), (120,), ratio_floor=0.1)
        numbers.health = Health(number_errors=errors).to_dict()
        numbers.save()
        text = page(client_of(alice), numbers)
        assert "<b>150</b></span>, 142.4 to 158." in text
        assert "±" not in text
        assert "is 7.8 error bars away" in text

    def test_the_prediction_is_written_as_the_given_numbers_are(
        self, numbers: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        project = numbers.project
        project.conventions = {project.label_column: "comma"}
        project.save()
        text = page(client_of(alice), numbers, f"?issue=unlabeled&row={UNLABELED}")
        assert "<b>107,5</b>" in text

    def test_a_row_without_a_number_has_only_the_models_one(
        self, numbers: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        text = page(client_of(alice), numbers, f"?issue=unlabeled&row={UNLABELED}")
        assert "error bars away" not in text
        assert "107.5" in text

    @pytest.mark.parametrize(
        ("ranges", "expected"),
        [
            ((Range("given_label", 120, 140),), [20, 30, 40]),
            ((Range("given_label", None, 110),), [0, 10]),
            ((Range("suggested_label", 240, None),), [90, 100, 110]),
            ((Range("given_label", 105.5, 150), Range("suggested_label", None, 170)), [10, 20]),
        ],
    )
    def test_numbers_are_filtered_by_range(
        self, numbers: Cleanset, ranges: tuple[Range, ...], expected: list[int]
    ) -> None:
        assert rows_of(numbers, ranges=ranges) == expected

    def test_the_filter_bar_sets_and_clears_a_range(
        self, numbers: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        text = page(client_of(alice), numbers, "?given_from=120&given_to=")
        assert "Given <b>from 120</b>" in text
        assert 'value="120"' in text
        cleared = page(client_of(alice), numbers, "?range=given_label:120:&given_from=&given_to=")
        assert "<b>from 120</b>" not in cleared

    def test_numbers_are_sorted_as_numbers(self, numbers: Cleanset) -> None:
        decide(numbers, 4, "label", "99.5")
        decide(numbers, 5, "label", "1000")
        assert rows_of(numbers, issue="all", sort="corrected_label")[:2] == [5, 4]
        assert rows_of(numbers, issue="all", sort="given_label", ascending=True)[:2] == [0, 1]

    def test_another_number_can_be_typed_in_and_is_checked(
        self, numbers: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        assert post(client_of(alice), numbers, 0, typed_label="104.5").status_code == 302
        assert post(client_of(alice), numbers, 10, typed_label="much").status_code == 422
        assert corrected(numbers) == {0: "104.5"}

    def test_training_counts_another_spelling_as_unchanged(self, numbers: Cleanset) -> None:
        decide(numbers, 0, "label", "100")
        decide(numbers, 10, "auto-fix")
        rows = corrected_rows(numbers)
        assert rows.n_corrected == 1
        assert rows.labels[10] == "160.0"

    def test_numbers_stay_numbers_in_typed_exports_and_text_in_csv(
        self, numbers: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        decide(numbers, 0, "auto-fix")
        client = client_of(alice)
        row, *_ = json.loads(exported(client, numbers, "json"))
        assert (row["topic"], row["suggested_label"], row["cleanlab_corrected_label"]) == (
            100.0,
            150.0,
            150.0,
        )
        schema = pq.read_schema(io.BytesIO(exported(client, numbers, "parquet")))
        assert schema.field("topic").type == schema.field("suggested_label").type == pa.float64()
        sheet = openpyxl.load_workbook(io.BytesIO(exported(client, numbers, "xlsx"))).active
        assert sheet is not None
        header = [cell.value for cell in sheet[1]]
        assert sheet[2][header.index("cleanlab_corrected_label")].value == 150.0
        row, *_ = csv.DictReader(io.StringIO(exported(client, numbers, "csv").decode()))
        assert row["topic"] == "100.0"

    def test_numbers_with_decimal_commas_are_sorted_typed_and_exported_as_they_are_written(
        self, numbers: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        numbers.project.conventions = {"topic": "comma"}
        numbers.project.save()
        decide(numbers, 4, "label", "99.5")
        decide(numbers, 5, "label", "1.000,25")
        assert corrected(numbers) == {4: "99,5", 5: "1.000,25"}
        assert rows_of(numbers, issue="all", sort="corrected_label")[:2] == [5, 4]
        text = page(client_of(alice), numbers, "?issue=all&row=5")
        assert "1.000,25" in text
        rows = json.loads(exported(client_of(alice), numbers, "json"))
        assert (rows[4]["cleanlab_corrected_label"], rows[5]["cleanlab_corrected_label"]) == (
            99.5,
            1000.25,
        )

    def test_cells_that_would_be_lost_as_numbers_stay_text(
        self, numbers: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        version = numbers.project.version
        version.chosen_kinds = {"topic": "categorical"}
        version.save()
        row, *_ = json.loads(exported(client_of(alice), numbers, "json"))
        assert row["topic"] == "100.0"


class TestUnlabeled:
    def test_the_page_opens_on_the_first_issue_and_asks_for_no_label(
        self, unlabeled: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        text = page(client_of(alice), unlabeled)
        assert f"Row {OUTLIER + 1}" in text
        assert "<dt>flagged rows</dt> <dd> 4 </dd>" in text  # an outlier, two copies, an empty text
        for word in ("Given", "Suggested", "Corrected", "Classes", "Deploy Model"):
            assert word not in text
        assert "no model to deploy" in text

    def test_auto_fix_excludes_outliers_copies_and_empty_texts(self, unlabeled: Cleanset) -> None:
        for row_id in (OUTLIER, COPY, EMPTY):
            decide(unlabeled, row_id, "auto-fix")
        assert set(unlabeled.reviews.values_list("action", flat=True)) == {"exclude"}
        with pytest.raises(DataProblem, match="no suggestion"):
            decide(unlabeled, 0, "auto-fix")

    def test_a_label_is_refused(self, unlabeled: Cleanset) -> None:
        with pytest.raises(DataProblem, match="has no labels"):
            decide(unlabeled, OUTLIER, "label", "billing")
        with pytest.raises(DataProblem, match="has no labels"):
            top_k_effect(
                cleanset=unlabeled, top_k=TopK(RowQuery(issue="all"), 3, "label", "billing")
            )

    def test_all_rows_are_sorted_by_the_first_score_that_exists(self, unlabeled: Cleanset) -> None:
        assert rows_of(unlabeled, issue="all")[0] == OUTLIER

    def test_filters_on_labels_in_an_address_do_not_matter(
        self, unlabeled: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        assert "1 of 120" in page(
            client_of(alice), unlabeled, "?issue=all&given=a&suggested=-&range=given_label:1:2"
        )

    def test_rows_for_training_have_no_labels(self, unlabeled: Cleanset) -> None:
        decide(unlabeled, OUTLIER, "exclude")
        rows = corrected_rows(unlabeled)
        assert (len(rows.row_id), rows.n_excluded, set(rows.labels)) == (119, 1, {None})

    @pytest.mark.parametrize("mode", ["default", "custom", "everything"])
    def test_exports_have_no_columns_about_labels(
        self, unlabeled: Cleanset, alice: User, client_of: ClientOf, mode: str
    ) -> None:
        row, *_ = csv.DictReader(
            io.StringIO(exported(client_of(alice), unlabeled, "csv", mode).decode())
        )
        assert not [name for name in row if "label" in name.removeprefix("cleanlab_row")]
        assert "outlier_score" in row

    def test_deploying_is_refused_in_words(
        self, unlabeled: Cleanset, alice: User, client_of: ClientOf
    ) -> None:
        address = reverse("model-deploy", args=[unlabeled.pk])
        for response in (
            client_of(alice).get(address),
            client_of(alice).post(address, {"name": "Mine"}),
        ):
            assert response.status_code == 422
            assert "nothing for a model to learn" in response.content.decode()


@pytest.mark.parametrize("task", list(MLTask))
def test_the_analysis_page_names_the_score_of_the_task(
    alice: User, client_of: ClientOf, task: MLTask
) -> None:
    cleanset = make_reviewable(alice, task=task)
    text = client_of(alice).get(reverse("cleanset-details", args=[cleanset.pk])).content.decode()
    found = [name for name in ("Held-out Accuracy", "Held-out F1", "Held-out R²") if name in text]
    wanted = {MLTask.MULTI_CLASS: ["Held-out Accuracy"], MLTask.MULTI_LABEL: ["Held-out F1"]}
    assert found == (wanted | {MLTask.REGRESSION: ["Held-out R²"]}).get(task, [])
    assert ("Calibration error" in text) is (task in wanted)


@pytest.mark.parametrize(
    ("task", "key"),
    [(MLTask.MULTI_LABEL, "Apply the set"), (MLTask.REGRESSION, "Type another number")],
)
def test_the_help_tells_the_keys_of_the_task(
    alice: User, client_of: ClientOf, task: MLTask, key: str
) -> None:
    assert key in page(client_of(alice), make_reviewable(alice, task=task))
    assert key not in page(client_of(alice), make_reviewable(alice))
