"""Decisions from a file: each kind is applied, one wrong line leaves everything as it was, undo
takes all back.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from cleansets.imports import decisions_import, decisions_in_file
from cleansets.models import Cleanset, ReviewAction, RowReview
from cleansets.services import last_action_undo, row_decide
from studio.accounts.models import ApiKey, User
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from tests.factories import make_cleanset
from tests.reviewable import OUTLIER, make_reviewable

GOOD = """\
row_id,action,corrected_label
0,auto-fix,
1,keep,
2,exclude,
4,label,billing
6,needs-review,
"""


def imported(cleanset: Cleanset, content: str | bytes, name: str = "decisions.csv") -> int:
    content = content if isinstance(content, bytes) else content.encode()
    decisions = decisions_in_file(name, content)
    return decisions_import(
        cleanset=cleanset, user=cleanset.created_by, decisions=decisions
    ).n_changed


def states(cleanset: Cleanset) -> dict[int, tuple[str, str | None, bool]]:
    rows = RowReview.objects.filter(cleanset=cleanset)
    return {r.row_id: (r.action, r.corrected_label, r.needs_review) for r in rows}


def test_each_action_is_applied(cleanset: Cleanset) -> None:
    assert imported(cleanset, GOOD) == 5
    assert states(cleanset) == {
        0: ("auto-fix", "delivery", False),
        1: ("keep", None, False),
        2: ("exclude", None, False),
        4: ("label", "billing", False),
        6: ("", None, True),
    }


def test_import_is_one_action_that_undo_takes_back(cleanset: Cleanset) -> None:
    row_decide(cleanset=cleanset, user=cleanset.created_by, row_id=1, choice="exclude")
    before = states(cleanset)
    imported(cleanset, GOOD)
    action = ReviewAction.objects.get(kind="import")
    assert (action.n_rows, action.description) == (5, "Import of decisions on 5 rows")
    last_action_undo(cleanset=cleanset, user=cleanset.created_by)
    assert states(cleanset) == before


def test_json_says_the_same_as_csv(cleanset: Cleanset) -> None:
    entries = [
        {"row_id": 0, "action": "auto-fix"},
        {"row_id": "4", "action": "label", "corrected_label": "billing"},
    ]
    assert imported(cleanset, json.dumps(entries), "decisions.json") == 2
    assert states(cleanset) == {0: ("auto-fix", "delivery", False), 4: ("label", "billing", False)}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.csv", "cleanlab_row_ID,action,corrected_label\n5,label,billing\n"),
        ("d.csv", "row_id,cleanlab_row_ID,action,corrected_label\n4,5,label,billing\n"),
        ("d.csv", "row_id,cleanlab_row_ID,action,corrected_label\n4,,label,billing\n"),
        ("d.json", '[{"cleanlab_row_ID": 5, "action": "label", "corrected_label": "billing"}]'),
    ],
)
def test_row_may_be_named_by_its_number_in_exported_files(
    cleanset: Cleanset, name: str, content: str
) -> None:
    assert imported(cleanset, content, name) == 1
    assert states(cleanset) == {4: ("label", "billing", False)}


@pytest.mark.parametrize(
    ("classes", "value", "stored"),
    [
        (["0", "1"], 1, "1"),
        (["0.0", "1.0"], 1, "1.0"),
        (["0", "1"], 1.0, "1"),
        (["0", "1", "01"], 1, "1"),
        (["0.5", "1.50"], 1.5, "1.50"),
        (["False", "True"], True, "True"),
        (["FALSE", "TRUE"], False, "FALSE"),
        (["false", "true"], True, "true"),
        (["0", "1"], 7, "7"),
        (["0.0", "1.0"], 7, "7.0"),
        (["1", "other"], 1, "1"),
    ],
)
def test_json_value_is_written_as_its_class_is_spelled(
    cleanset: Cleanset, classes: list[str], value: object, stored: str
) -> None:
    Cleanset.objects.filter(pk=cleanset.pk).update(classes=classes)
    cleanset.refresh_from_db()
    imported(
        cleanset, json.dumps([{"row_id": 1, "action": "label", "corrected_label": value}]), "d.json"
    )
    assert states(cleanset)[1] == ("label", stored, False)


def test_json_number_that_may_be_two_classes_is_asked_about(cleanset: Cleanset) -> None:
    Cleanset.objects.filter(pk=cleanset.pk).update(classes=["01", "1.0"])
    cleanset.refresh_from_db()
    with pytest.raises(
        DataProblem, match=r"Entry 1: corrected_label 1 may be the class 01 or 1\.0\."
    ):
        imported(cleanset, '[{"row_id": 1, "action": "label", "corrected_label": 1}]', "d.json")


def test_json_number_is_a_number_in_a_regression_and_a_boolean_is_not(alice: User) -> None:
    cleanset = make_reviewable(alice, task=MLTask.REGRESSION)
    imported(cleanset, '[{"row_id": 1, "action": "label", "corrected_label": 7.25}]', "d.json")
    assert states(cleanset) == {1: ("label", "7.25", False)}
    with pytest.raises(DataProblem, match="corrected_label is true"):
        imported(cleanset, '[{"row_id": 1, "action": "label", "corrected_label": true}]', "d.json")


def test_decisions_that_were_made_already_change_nothing(cleanset: Cleanset) -> None:
    imported(cleanset, GOOD)
    assert imported(cleanset, GOOD) == 0
    assert ReviewAction.objects.count() == 1


def test_import_counts_as_a_persons_decision(cleanset: Cleanset) -> None:
    imported(cleanset, GOOD)
    assert set(RowReview.objects.values_list("is_manual", flat=True)) == {True}


def test_auto_fix_may_name_the_suggestion_that_it_takes(cleanset: Cleanset) -> None:
    assert imported(cleanset, "row_id,action,corrected_label\n0,auto-fix,delivery\n") == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "Line 1 names no column 'row_id' but: nothing"),
        ("row_id,action\n", "The file contains no decisions"),
        ("id,action\n0,keep\n", "Line 1 names no column 'row_id' but: id, action"),
        ("row_id,row_id,action\n0,0,keep\n", "Line 1 names the column 'row_id' twice"),
        (
            "row_id,action\n0,keep\n\n1,kep\n",
            "Line 4 has the action 'kep'; expected one of auto-fix, keep,",
        ),
        ("row_id,action\n0,\n", "Line 2 has no action"),
        ("row_id,action\n,keep\n", "Line 2 has no row_id"),
        ("row_id,action\n-1,keep\n", "Line 2 has the row_id '-1'; expected a whole number"),
        ("row_id,action\n1.0,keep\n", "Line 2 has the row_id '1.0'"),
        (
            "row_id,action\n120,keep\n",
            "Line 2: there is no row 121 (row_id 120); the last one is row 120",
        ),
        (
            "row_id,action\n5,keep\n5,exclude\n",
            "Line 3: row 6 (row_id 5) is decided twice, first at line 2",
        ),
        ("row_id,action\n1,auto-fix\n", "Line 2: row 2 (row_id 1) has no suggestion to apply"),
        ("row_id,action\n1,label\n", "Line 2: the action 'label' needs a corrected_label"),
        ("row_id,action,corrected_label\n1,label,\n", "Line 2: A label cannot be empty"),
        (
            f"row_id,action,corrected_label\n1,label,{'x' * 501}\n",
            "Line 2: This label has 501 characters",
        ),
        (
            "row_id,action,corrected_label\n1,keep,login\n",
            "Line 2: the action 'keep' does not take the corrected_label",
        ),
        (
            "row_id,action,corrected_label\n0,auto-fix,login\n",
            "Line 2: the action 'auto-fix' does not take",
        ),
        ("row_id,action\n0,keep,x,y\n", "Line 2 has 4 cells, the header 2"),
        ('row_id,action\n0,"keep\n', "cannot be read as CSV"),
        (b"row_id,action\n0,keep\n1,k\xe9ep\n", "Line 3 is not UTF-8"),
        ("[", "Line 1 is not valid JSON"),
        ('{"row_id": 0, "action": "keep"}', "this JSON is not a list"),
        ("[1]", "Entry 1 is not an object"),
        ("[]", "The file contains no decisions"),
        ('[{"row_id": true, "action": "keep"}]', "Entry 1 has the row_id 'true'"),
        ('[{"row_id": 0, "action": ["keep"]}]', "Entry 1 has the action"),
        (
            '[{"row_id": 0, "action": "label", "corrected_label": 7}]',
            "Entry 1: corrected_label is 7, which is not a class",
        ),
        (
            '[{"row_id": 0, "action": "label", "corrected_label": true}]',
            "corrected_label is true, which is not a class",
        ),
        (
            '[{"row_id": 0, "action": "label", "corrected_label": NaN}]',
            "corrected_label is NaN, which is not a number",
        ),
        (
            '[{"row_id": 0, "action": "label", "corrected_label": {}}]',
            "corrected_label is {}; expected text, a number",
        ),
        (f'[{{"row_id": {"9" * 5000}, "action": "keep"}}]', "A number in this JSON is too long"),
        (
            "cleanlab_row_ID,action\n0,keep\n",
            "Line 2 has the cleanlab_row_ID '0'; expected a whole number, 1 for",
        ),
        (
            "row_id,cleanlab_row_ID,action\n4,4,keep\n",
            "Line 2: row_id 4, which counts from 0, and cleanlab_row_ID 4",
        ),
        ("cleanlab_row_ID,action\n5,keep\n5,keep\n", "Line 3: row 5 (row_id 4) is decided twice"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_wrong_line_is_named_and_nothing_is_applied(
    cleanset: Cleanset, content: str | bytes, message: str
) -> None:
    with pytest.raises(DataProblem) as caught:
        imported(cleanset, content)
    assert message in str(caught.value)
    assert states(cleanset) == {}
    assert not ReviewAction.objects.exists()


def test_wrong_line_after_good_ones_leaves_them_undone(cleanset: Cleanset) -> None:
    with pytest.raises(DataProblem, match="Line 7: there is no row 10,000"):
        imported(cleanset, f"{GOOD}9999,keep,\n")
    assert states(cleanset) == {}


def test_line_is_counted_where_cells_span_lines(cleanset: Cleanset) -> None:
    with pytest.raises(DataProblem, match="Line 4 has the action 'x'"):
        imported(cleanset, 'row_id,action,note\n0,keep,"two\nlines"\n1,x,\n')


def test_file_of_a_spreadsheet_program_with_a_byte_order_mark_is_read(cleanset: Cleanset) -> None:
    assert imported(cleanset, "\ufeffrow_id,action\r\n1,keep\r\n".encode()) == 1


@pytest.mark.parametrize(
    ("task", "label", "stored"),
    [
        (MLTask.MULTI_LABEL, '"login,billing"', "billing,login"),
        (MLTask.MULTI_LABEL, "", ""),
        (MLTask.REGRESSION, "7.5", "7.5"),
    ],
)
def test_label_is_read_as_the_task_has_it(
    alice: User, task: MLTask, label: str, stored: str
) -> None:
    cleanset = make_reviewable(alice, task=task)
    assert imported(cleanset, f"row_id,action,corrected_label\n1,label,{label}\n") == 1
    assert states(cleanset) == {1: ("label", stored, False)}


@pytest.mark.parametrize(
    ("task", "label"), [(MLTask.REGRESSION, "high"), (MLTask.UNSUPERVISED, "billing")]
)
def test_label_that_the_task_cannot_have_is_refused(alice: User, task: MLTask, label: str) -> None:
    cleanset = make_reviewable(alice, task=task)
    with pytest.raises(DataProblem, match=r"^Line 2: "):
        imported(cleanset, f"row_id,action,corrected_label\n1,label,{label}\n")


def test_rows_without_labels_can_be_kept_excluded_and_fixed(alice: User) -> None:
    cleanset = make_reviewable(alice, task=MLTask.UNSUPERVISED)
    assert imported(cleanset, f"row_id,action\n1,keep\n{OUTLIER},auto-fix\n") == 2
    assert states(cleanset) == {1: ("keep", None, False), OUTLIER: ("exclude", None, False)}


def run(command: str, *arguments: object) -> tuple[int, str, str]:
    out, errors = io.StringIO(), io.StringIO()
    try:
        call_command(command, *map(str, arguments), stdout=out, stderr=errors)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue(), errors.getvalue()
    return 0, out.getvalue(), errors.getvalue()


def test_command_applies_a_file(cleanset: Cleanset, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(GOOD)
    assert run("decide", cleanset.pk, tmp_path / "d.csv") == (
        0,
        "5 decisions read, 5 rows changed\n",
        "",
    )
    assert ReviewAction.objects.get().user == cleanset.project.owner


def test_command_names_the_classes_that_are_new(cleanset: Cleanset, tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text(
        "row_id,action,corrected_label\n1,label,biling\n2,label,refund\n3,label,refund\n4,label,login\n"
    )
    assert run("decide", cleanset.pk, file)[1].splitlines() == [
        "4 decisions read, 4 rows changed",
        "The class biling is new. Did you mean billing?",
        "The class refund is new.",
    ]
    file.write_text("row_id,action,corrected_label\n5,label,refund\n")
    assert run("decide", cleanset.pk, file)[1] == "1 decision read, 1 row changed\n"


def test_command_ends_in_status_2_with_a_sentence(cleanset: Cleanset, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("row_id,action\n0,nothing\n")
    status, out, errors = run("decide", cleanset.pk, tmp_path / "d.csv")
    assert (status, out) == (2, "")
    assert errors.startswith("Line 2 has the action 'nothing'")
    assert run("decide", cleanset.pk, tmp_path / "none.csv")[2].startswith("There is no file")
    assert run("decide", "7", tmp_path / "d.csv")[2].startswith("'7' is not the id of a cleanset")


def test_command_refuses_a_cleanset_that_is_not_done(alice: User, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(GOOD)
    cleanset = make_cleanset(alice, status="failed")
    assert (
        run("decide", cleanset.pk, tmp_path / "d.csv")[2]
        == "The analysis of this cleanset is failed, not done.\n"
    )


def test_apikey_prints_just_a_key_that_works(alice: User) -> None:
    status, out, errors = run("apikey", "Alice@example.org", "--name", "cron", "--scope", "read")
    assert (status, errors) == (0, "")
    key = ApiKey.objects.get()
    assert (key.owner, key.name, key.scope) == (alice, "cron", "read")
    assert out.startswith(key.prefix)
    assert out.count("\n") == 1


def test_apikey_makes_the_account_only_when_asked(db: None) -> None:
    assert run("apikey", "dora@example.org")[0] == 2
    assert not User.objects.exists()
    status, out, errors = run("apikey", "dora@example.org", "--create")
    assert (status, out[:3]) == (0, "cs_")
    assert "changepassword dora@example.org" in errors
    assert User.objects.get().is_owner


def test_apikey_refuses_an_invalid_address(db: None) -> None:
    assert run("apikey", "dora", "--create")[2].startswith("'dora' is not an e-mail address")
