"""The Versions tab: what changed, two compared, going back, and the same counts everywhere."""

from __future__ import annotations

import pandas as pd
import pytest
from django.test import Client
from django.urls import reverse

from cleansets import analyses, services, versions
from cleansets.models import Action, Cleanset
from studio import storage, tables
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.runs import Status
from tests.factories import make_cleanset
from tests.reviewable import make_reviewable, publish_table

pytestmark = pytest.mark.usefixtures("eager_runs")
KEYS = ("pred_probs_key", "fold_id_key", "classes", "candidates", "manifest")


@pytest.fixture
def first(alice: User) -> Cleanset:
    return make_reviewable(alice)


@pytest.fixture
def second(first: Cleanset, alice: User) -> Cleanset:
    """The version after the first: row 0 is no issue any more, row 1 is one, row 10 has another
    suggestion.
    """
    issues = pd.read_parquet(tables.local_path(first.issues_key))
    issues.loc[0, "is_label_issue"] = False
    issues.loc[1, "is_label_issue"] = True
    issues.loc[10, "suggested_label"] = "quite another"
    fields = {name: getattr(first, name) for name in KEYS}
    cleanset = make_cleanset(
        alice,
        project=first.project,
        base=first,
        n_rows=first.n_rows,
        counts=first.counts,
        **fields,
    )
    key = storage.cleanset_file(cleanset.pk, 1, "issues.parquet")
    cleanset.issues_key = publish_table(issues, key)
    cleanset.save()
    return Cleanset.objects.get(pk=cleanset.pk)


def decide(cleanset: Cleanset, row_id: int, label: str = "") -> None:
    services.row_decide(
        cleanset=cleanset,
        user=cleanset.created_by,
        row_id=row_id,
        choice=Action.LABEL if label else Action.KEEP,
        label=label,
    )


def test_changes_between_two_versions_open_their_rows(
    first: Cleanset, second: Cleanset, browser: Client
) -> None:
    decide(second, 20, "refund")
    decide(second, 21)
    changes = {one.key: one for one in versions.rows_changed(first, second)}
    assert {key: one.n_rows for key, one in changes.items()} == {
        "added": 0,
        "flagged": 1,
        "unflagged": 1,
        "suggested": 1,
        "label": 1,
    }
    address = reverse("versions-compare", args=[first.project_id])
    page = browser.get(address, {"first": 1, "second": 2}).content.decode()
    assert "Another label: 1" in page
    assert "are not measured" in page
    for cleanset in (first, second):
        assert f'href="{cleanset.get_absolute_url()}?issue=label_issue"' in page
    rows = browser.get(f"{second.get_absolute_url()}?{changes['label'].params}")
    assert "another label (version 2 after 1)" in rows.content.decode()
    assert [line.row_id for line in rows.context["table"].lines] == [20]


def test_going_back_is_a_new_version_with_all_decisions(
    first: Cleanset, second: Cleanset, alice: User, browser: Client
) -> None:
    decide(first, 10, "login")
    decide(second, 30)
    browser.post(reverse("version-restore", args=[first.pk]))
    restored = Cleanset.objects.get(number=3)
    assert restored.status == Status.SUCCEEDED, restored.error_detail
    assert restored.issues_key == first.issues_key
    assert dict(restored.reviews.values_list("row_id", "corrected_label")) == {10: "login"}
    assert all(one.n_rows == 0 for one in versions.rows_changed(first, restored))
    assert second.reviews.count() == 1  # nothing is lost
    with pytest.raises(DataProblem, match="Version 3 is the current one"):
        analyses.cleanset_restore(cleanset=restored, user=alice)
    page = browser.get(reverse("project-versions", args=[first.project_id])).content.decode()
    assert "Version 1 again, with its decisions." in page


def test_name_and_note_of_a_version_are_edited(first: Cleanset, browser: Client) -> None:
    note = {"name": "Before the audit", "note": "All of <May>."}
    browser.post(reverse("version-describe", args=[first.pk]), note)
    page = browser.get(reverse("project-versions", args=[first.project_id])).content.decode()
    assert "Version 1: Before the audit" in page
    assert "All of &lt;May&gt;." in page


def test_dashboard_and_project_show_the_same_counts(
    first: Cleanset, second: Cleanset, browser: Client
) -> None:
    decide(second, 10, "login")
    decide(second, 3)  # an outlier, which is not among the rows to review
    dashboard = browser.get(reverse("dashboard"))
    [row] = dashboard.context["projects"].rows
    [current, _] = versions.version_lines(first.project)
    assert row.reviewed == current.reviewed
    counts = browser.get(second.get_absolute_url()).context["counts"]
    assert counts["n_issues"] == row.reviewed.n_to_review
    assert counts["n_issues_reviewed"] == row.reviewed.n_decided == 1
    assert current.n_rows == row.n_rows == second.n_rows
