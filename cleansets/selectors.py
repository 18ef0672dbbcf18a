"""What the review pages show, read from the result files, the decisions and the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict

from cleansets import row_address, row_choices, row_query
from cleansets.issue_columns import BADGES, IssueColumn, issues_in
from cleansets.label_text import ShownLabel, is_same_label, shown_label
from cleansets.models import Action, Cleanset, ReviewAction, RowReview
from cleansets.overlay import corrected_in, review_table
from cleansets.row_address import RowQuery
from cleansets.row_choices import N_KEYS, ClassChance, ClassToggle, NumberChoice
from cleansets.row_query import RowSource
from projects.models import Project
from studio import tables
from studio.engine.columns import ColumnKind
from studio.engine.label_sets import split_labels
from studio.engine.ml_task import MLTask, Modality
from studio.runs import Status

N_FEATURES = 14  # of the columns that the models see, those shown at once in the panel of a row
N_OWN_COLUMNS = 5  # of the uploaded columns, those shown until the user chooses ...
N_COLUMNS_WITH_TEXT = 3  # ... and where one of them is text, which needs the room


def cleansets_of(project: Project) -> QuerySet[Cleanset]:
    """Return the project's cleansets, newest first."""
    return project.cleansets.order_by("-number")


def newer_version(cleanset: Cleanset) -> Cleanset | None:
    """Return the newest later version of the project; one that failed or was cancelled does not
    count.
    """
    later = cleansets_of(cleanset.project).filter(number__gt=cleanset.number)
    return later.exclude(status__in=(Status.FAILED, Status.CANCELLED)).first()


def older_version_problem(newer: Cleanset) -> str:
    """Say why decisions in a version that `newer` replaced are not taken without a word."""
    return f"Version {newer.number} of this project is newer; decisions made here are not in it."


def row_source(cleanset: Cleanset) -> RowSource:
    """Return the files and the present decisions of a cleanset whose analysis is done."""
    table = tables.local_path(cleanset.project.version.table_key)
    issues, reviews = tables.local_path(cleanset.issues_key), review_table(cleanset)
    return RowSource.of(issues, table, reviews, cleanset.task, cleanset.label_convention)


def asked_rows(cleanset: Cleanset, params: QueryDict) -> RowQuery:
    """Read what an address asks of this cleanset; the first kind of issue that has rows is the
    default view.
    """
    looked_for = issues_in(cleanset.counts)
    flagged = [
        issue.key
        for issue in looked_for
        if issue in BADGES and issue.score and cleanset.counts[issue.flag]
    ]
    first = [
        key for key in ("label_issue", *flagged) if key in {issue.key for issue in looked_for}
    ][:1]
    return RowQuery.parse(
        params, list(dict.fromkeys([*first, *(issue.key for issue in looked_for)]))
    )


def own_columns_shown(cleanset: Cleanset, query: RowQuery, source: RowSource) -> tuple[str, ...]:
    """Return the uploaded columns that the table shows: those chosen, else the ones the models see,
    text first.
    """
    if chosen := tuple(name for name in query.own if name in source.own_columns):
        return chosen
    features = sorted(
        cleanset.project.feature_columns, key=lambda name: not is_text(cleanset, name)
    )
    return tuple(
        features[: N_COLUMNS_WITH_TEXT if is_text(cleanset, features[0]) else N_OWN_COLUMNS]
    )


def is_text(cleanset: Cleanset, column: str) -> bool:
    """Say whether the models read the column as text."""
    return bool(cleanset.project.column_kinds.get(column) == ColumnKind.TEXT)


def scores_shown(query: RowQuery, source: RowSource) -> tuple[str, ...]:
    """Return the score columns that the table shows: those chosen, else the one that it is sorted
    by.
    """
    chosen = tuple(name for name in query.scores if name in source.result_columns)
    if chosen:
        return chosen
    by = source.sort_column(query)
    if not by.endswith("_score"):
        by = source.sort_column(RowQuery(issue=query.issue))
    return (by,) if by in source.result_columns else ()


@dataclass(frozen=True, slots=True)
class View:
    """One line of the left rail: an issue, its number of rows, its address."""

    key: str
    title: str
    meaning: str
    n_rows: int
    params: str
    is_current: bool


def issue_views(cleanset: Cleanset, source: RowSource, query: RowQuery) -> list[View]:
    """Return the left rail: every kind of issue that was looked for, and all rows."""
    issues = [
        (i.key, i.title, i.meaning, cleanset.counts.get(i.flag, 0))
        for i in issues_in(source.result_columns)
    ]
    every = ("all", "All rows", "Every row of the dataset.", cleanset.n_rows or 0)
    return [
        View(
            *view,
            params=RowQuery(issue=view[0]).params(),
            is_current=view[0] == query.issue and not query.action,
        )
        for view in (*issues, every)
    ]


@dataclass(frozen=True, slots=True)
class ReviewProgress:
    """How many rows a reviewer is led to, and how many of those are decided."""

    n_to_review: int
    n_decided: int


def review_progress(cleansets: Iterable[Cleanset]) -> dict[UUID, ReviewProgress]:
    """Return how far the review of each finished cleanset is, with one query for all of them."""
    ready = {cleanset.pk: cleanset for cleanset in cleansets if cleanset.is_succeeded}
    reviews = RowReview.objects.filter(cleanset__in=ready).exclude(action="")
    decided: dict[UUID, list[int]] = {pk: [] for pk in ready}
    for pk, row_id in reviews.values_list("cleanset_id", "row_id"):
        decided[pk].append(row_id)
    return {pk: _progress(cleanset, decided[pk]) for pk, cleanset in ready.items()}


def _progress(cleanset: Cleanset, decided: list[int]) -> ReviewProgress:
    n_label_issues = cleanset.counts.get("is_label_issue")
    if n_label_issues is not None and not decided:
        return ReviewProgress(n_label_issues, 0)
    is_wanted = row_query.rows_to_review(tables.local_path(cleanset.issues_key))
    return ReviewProgress(int(is_wanted.sum()), int(is_wanted[decided].sum()))


def work_views(source: RowSource, query: RowQuery) -> list[View]:
    """Return the part of the left rail that leads to what is decided."""
    counts = row_query.review_counts(source)
    views = (
        (
            row_address.NEEDS_REVIEW,
            "Needs review",
            "Rows put off for later.",
            counts.n_needs_review,
        ),
        (
            row_address.CORRECTED,
            "Corrected",
            "Rows whose label is not the uploaded one.",
            counts.n_corrected,
        ),
        (
            Action.EXCLUDE.value,
            "Excluded",
            "Rows that training and the export leave out.",
            counts.n_excluded,
        ),
    )
    return [
        View(
            *view,
            params=RowQuery(issue="all", action=view[0]).params(),
            is_current=view[0] == query.action,
        )
        for view in views
        if source.task is not MLTask.UNSUPERVISED or view[0] != row_address.CORRECTED
    ]


def badges(row: Mapping[str, Any]) -> list[IssueColumn]:
    """Return the issues that a row has."""
    return [issue for issue in BADGES if row.get(issue.flag)]


def added_classes(cleanset: Cleanset) -> list[str]:
    """Return the classes that people typed in and the analysis did not know."""
    if cleanset.task is MLTask.REGRESSION:
        return []
    chosen = (
        cleanset.reviews.filter(corrected_label__isnull=False)
        .values_list("corrected_label", flat=True)
        .distinct()
    )
    names = {name for label in chosen for name in classes_in(cleanset.task, label)}
    return sorted(names - set(cleanset.classes))


def known_classes(cleanset: Cleanset) -> list[str]:
    """Return the classes of the analysis, then those that people added."""
    return [*cleanset.classes, *added_classes(cleanset)]


def classes_in(task: MLTask, label: str | None) -> tuple[str, ...]:
    """Return the classes of a label; a number is none."""
    if task is MLTask.MULTI_LABEL:
        return split_labels(label)
    return () if label is None or task is MLTask.REGRESSION else (label,)


@dataclass(frozen=True, slots=True)
class RowLabels:
    """The labels of a row as a page shows them; None where there is none.

    `uploaded` is only there where the given label is a correction, and `now` where the row has
    another label than the given one.
    """

    given: ShownLabel | None
    suggested: ShownLabel | None
    corrected: ShownLabel | None
    uploaded: ShownLabel | None
    now: ShownLabel | None
    is_given_corrected: bool


def row_labels(cleanset: Cleanset, row: Mapping[str, Any]) -> RowLabels:
    """Return the labels of a row, from the uploaded to the present one."""
    task, convention = cleanset.task, cleanset.label_convention
    is_given_corrected = bool(row["is_given_corrected"])
    has_new_label = not is_same_label(task, row["given_label"], row["clean_label"], convention)
    return RowLabels(
        given=shown_label(task, row["given_label"], convention),
        suggested=shown_label(task, row["suggested_label"], convention),
        corrected=shown_label(task, row["corrected_label"], convention),
        uploaded=(
            shown_label(task, row["uploaded_label"], convention, as_spelled=True)
            if is_given_corrected
            else None
        ),
        now=shown_label(task, row["clean_label"], convention) if has_new_label else None,
        is_given_corrected=is_given_corrected,
    )


@dataclass(frozen=True, slots=True)
class RowDetail:
    """Everything about one row that the panel shows; of what can be chosen, only what fits the task
    is there.
    """

    row: Mapping[str, Any]
    labels: RowLabels
    corrected_in: int | None
    badges: list[IssueColumn]
    is_text: bool
    text: str | None
    features: list[tuple[str, str | None]]
    others: list[tuple[str, str | None]]
    chances: list[ClassChance]
    toggles: list[ClassToggle]
    number: NumberChoice | None
    near_duplicates: list[dict[str, Any]]

    @property
    def row_id(self) -> int:
        """0-based position in the dataset version."""
        return int(self.row["row_id"])

    @property
    def first_features(self) -> list[tuple[str, str | None]]:
        """The cells that stand above the labels; what can be chosen must not lie far below."""
        return self.features[:N_FEATURES]

    @property
    def more_features(self) -> list[tuple[str, str | None]]:
        """The cells that are folded away."""
        return self.features[N_FEATURES:]

    @property
    def no_advice(self) -> str:
        """What to say where auto-fix has nothing to apply."""
        return "This row has no suggestion to apply. Keep it, exclude it, or choose a label."

    @property
    def auto_fix_meaning(self) -> str:
        """What auto-fix would do with this row."""
        if self.row["advice"] is None:
            return "There is no suggestion for this row"
        if self.row["advice"] == "exclude":
            return "Advice: exclude this row"
        return f"Take the suggested {'number' if self.number else 'label'}"

    @property
    def issue_scores(self) -> list[tuple[IssueColumn, float | None]]:
        """The issues of the row with the score of each that has one."""
        return [(issue, self.row[issue.score] if issue.score else None) for issue in self.badges]

    @property
    def first_chances(self) -> list[ClassChance]:
        """The classes that have a digit key."""
        return self.chances[:N_KEYS]

    @property
    def more_chances(self) -> list[ClassChance]:
        """The classes that do not."""
        return self.chances[N_KEYS:]

    @property
    def first_toggles(self) -> list[ClassToggle]:
        """The classes that have a digit key, and all others that apply or should."""
        return [t for t in self.toggles if t.key or t.applies or t.suggestion]

    @property
    def more_toggles(self) -> list[ClassToggle]:
        """The classes that do neither."""
        shown = {t.label for t in self.first_toggles}
        return [t for t in self.toggles if t.label not in shown]


def row_detail(cleanset: Cleanset, row_id: int, source: RowSource) -> RowDetail | None:
    """Return one row for the panel, or None where there is no such row."""
    row = row_query.fetch_row(row_id, source)
    if row is None:
        return None
    project, own, task = cleanset.project, row["own"], cleanset.task
    is_text = project.modality == Modality.TEXT
    features = [] if is_text else [(name, own[name]) for name in project.feature_columns]
    cluster = row.get("near_duplicate_cluster_id")
    return RowDetail(
        row=row,
        labels=row_labels(cleanset, row),
        corrected_in=corrected_in(cleanset, row_id),
        badges=badges(row),
        is_text=is_text,
        text=own[project.feature_columns[0]] if is_text else None,
        features=features,
        others=[
            item
            for item in own.items()
            if item[0] not in (*project.feature_columns, project.label_column)
        ],
        chances=row_choices.class_chances(cleanset, row_id) if task is MLTask.MULTI_CLASS else [],
        toggles=(
            row_choices.class_toggles(cleanset, row, added_classes(cleanset))
            if task is MLTask.MULTI_LABEL
            else []
        ),
        number=row_choices.number_choice(cleanset, row) if task is MLTask.REGRESSION else None,
        near_duplicates=(
            _near_duplicates(cleanset, int(cluster), row_id, source) if cluster is not None else []
        ),
    )


def _near_duplicates(
    cleanset: Cleanset, cluster: int, row_id: int, source: RowSource
) -> list[dict[str, Any]]:
    """Return other rows of the set, each with a line to recognise it by."""
    rows = row_query.fetch_near_duplicates(cluster, row_id, source)
    columns = cleanset.project.feature_columns
    return [
        row | {"preview": " · ".join(row["own"][name] or "–" for name in columns)} for row in rows
    ]


def issue_counts(cleanset: Cleanset) -> list[tuple[IssueColumn, int]]:
    """Return how many rows each kind of issue has."""
    return [(issue, cleanset.counts[issue.flag]) for issue in issues_in(cleanset.counts)]


def made_with(cleanset: Cleanset) -> list[tuple[str, str]]:
    """Return what the analysis was made from and with, as lines to read."""
    manifest = cleanset.manifest
    versions = ", ".join(f"{name} {number}" for name, number in manifest["versions"].items())
    stages = ", ".join(
        f"{stage} {seconds:.1f} s" for stage, seconds in cleanset.stage_seconds.items()
    )
    return [
        ("Dataset", f"{cleanset.project.version.filename}, SHA-256 {manifest['dataset_sha256']}"),
        ("Task", f"{manifest['task']}, {manifest['modality']}, {manifest['mode']} mode"),
        ("Label column", manifest["label_column"] or "–"),
        ("Learned from", ", ".join(manifest["feature_columns"])),
        ("Cross-validation", f"{manifest['n_folds']} folds, seed {manifest['seed']}"),
        ("Stages", stages),
        ("Made with", f"Python {manifest['python']}, {versions}"),
    ]


def last_action(cleanset: Cleanset) -> ReviewAction | None:
    """Return the newest action that can be undone."""
    undoable = cleanset.review_actions.filter(undone_by=None).exclude(
        kind__in=[ReviewAction.Kind.UNDO, ReviewAction.Kind.CARRIED]
    )
    return undoable.order_by("-created_at").first()
