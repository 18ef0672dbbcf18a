"""Reads for the review pages, from result files, decisions and the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from django.core.exceptions import ValidationError
from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict

from cleansets import row_query
from cleansets.cell_filters import CellReading
from cleansets.issue_columns import BADGES, issues_in
from cleansets.models import Cleanset, ReviewAction, RowReview
from cleansets.present_reviews import kept_reviews, present_reviews
from cleansets.row_address import RowQuery
from cleansets.row_query import RowSource
from cleansets.row_sets import row_set
from projects.models import Project
from studio.engine.conventions import Convention
from studio.engine.conventions.label_sets import split_labels
from studio.engine.ml_task import MLTask
from studio.engine.table.columns import ColumnKind
from studio.runs import Status

_SOURCE = "row_source"  # in the object of a cleanset, which lives as long as its request
MAX_PLACE_DIGITS = 6  # Python refuses to read thousands


def cleansets_of(project: Project) -> QuerySet[Cleanset]:
    """Return the project's cleansets, newest first."""
    return project.cleansets.order_by("-number")


def newer_version(cleanset: Cleanset) -> Cleanset | None:
    """Return the newest later version of the project, ignoring failed and cancelled ones."""
    later = cleansets_of(cleanset.project).filter(number__gt=cleanset.number)
    later = later.exclude(status__in=(Status.FAILED, Status.CANCELLED))
    return later.only("number", "project_id").first()


def newest_finished(project: Project) -> Cleanset | None:
    """Return the newest version that succeeded."""
    return cleansets_of(project).filter(status=Status.SUCCEEDED).first()


def named_cleanset(name: str) -> Cleanset | None:
    """Return the finished cleanset with an id that stands in an address; None if there is none."""
    try:
        return Cleanset.objects.filter(pk=name, status=Status.SUCCEEDED).first()
    except ValidationError:  # an address that somebody made up
        return None


def named_place(name: str) -> tuple[Cleanset, int] | None:
    """Return the finished cleanset and the place of CLEANSET.PLACE; None if there is no such
    cleanset, or the place is no number.
    """
    pk, _, place = name.partition(".")
    cleanset = named_cleanset(pk)
    if cleanset is None or not place.isdecimal() or len(place) > MAX_PLACE_DIGITS:
        return None
    return cleanset, int(place)


def older_version_problem(newer: Cleanset) -> str:
    """Explain why decisions in a version that `newer` replaced need confirmation."""
    return f"Version {newer.number} of this project is newer; decisions made here are not in it."


def row_source(cleanset: Cleanset) -> RowSource:
    """Return the files and the current decisions of a finished cleanset.

    Further calls with the same object, as within one request, return the same source with its
    decisions updated.
    """
    return _source(cleanset, present_reviews(cleanset))


def source_at_hand(cleanset: Cleanset) -> RowSource:
    """Return the source of an earlier call, else a new one, without looking for newer decisions."""
    known: RowSource | None = vars(cleanset).get(_SOURCE)
    return known or _source(cleanset, kept_reviews(cleanset))


def _source(cleanset: Cleanset, reviews: pa.Table) -> RowSource:
    convention = cleanset.label_convention
    known: RowSource | None = vars(cleanset).get(_SOURCE)
    if (
        known is not None
        and known.results_key == cleanset.issues_key
        and known.convention == convention
    ):
        known.renew(reviews)
        return known
    source = RowSource(
        cleanset.issues_key,
        cleanset.version.table_key,
        reviews,
        cleanset.task,
        convention,
        _readings(cleanset),
        cleanset.base.issues_key if cleanset.base else "",
        cleanset.space_key or cleanset.embeddings_key,
    )
    vars(cleanset)[_SOURCE] = source
    return source


def _readings(cleanset: Cleanset) -> dict[str, CellReading]:
    """Return how each column is read: by the project's settings, else by the dataset version's."""
    project = cleanset.project
    kinds = {column["name"]: column["kind"] for column in cleanset.version.columns}
    kinds |= project.column_kinds
    readings = {}
    for name, kind in kinds.items():
        convention = None
        if name in project.conventions:
            convention = Convention(project.conventions[name])
        readings[name] = CellReading(is_moment=kind == ColumnKind.DATETIME, convention=convention)
    return readings


def asked_rows(cleanset: Cleanset, params: QueryDict) -> RowQuery:
    """Parse an address for this cleanset; the first kind of issue with rows is the default view."""
    checked = issues_in(cleanset.counts)
    keys = [issue.key for issue in checked]
    flagged = [
        issue.key
        for issue in checked
        if issue in BADGES and issue.score and cleanset.counts[issue.flag]
    ]
    if "label_issue" in keys:
        default = ["label_issue"]
    else:
        default = flagged[:1]
    query = RowQuery.parse(params, list(dict.fromkeys([*default, *keys])))
    if not cleanset.manifest.get("split"):
        query = replace(query, part="")
    found = row_set(query.among) if query.among else None
    if found is None or found.project_id != cleanset.project_id:
        return replace(query, among="")
    return query


@dataclass(frozen=True, slots=True)
class ReviewProgress:
    """The number of rows to review, and how many of them are decided."""

    n_to_review: int
    n_decided: int

    @property
    def fraction(self) -> float:
        """Fraction of the rows to review that are decided."""
        if not self.n_to_review:
            return 1.0
        return self.n_decided / self.n_to_review


def review_progress(cleansets: Iterable[Cleanset]) -> dict[UUID, ReviewProgress]:
    """Return the review progress of each finished cleanset, with one query for all."""
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
    is_wanted = row_query.rows_to_review(cleanset.issues_key)
    return ReviewProgress(int(is_wanted.sum()), int(is_wanted[decided].sum()))


def added_classes(cleanset: Cleanset, reviews: pa.Table | None = None) -> list[str]:
    """Return the classes that people added to those of the analysis; `reviews` are the current
    decisions if already loaded.
    """
    if cleanset.task is MLTask.REGRESSION:
        return []
    if reviews is None:
        reviews = present_reviews(cleanset)
    chosen = pc.unique(reviews.column("decided_label")).to_pylist()
    names = {name for label in chosen for name in classes_in(cleanset.task, label)}
    return sorted(names - set(cleanset.classes))


def known_classes(cleanset: Cleanset, reviews: pa.Table | None = None) -> list[str]:
    """Return the classes of the analysis, then those that people added."""
    return [*cleanset.classes, *added_classes(cleanset, reviews)]


def tag_counts(reviews: pa.Table) -> list[tuple[str, int]]:
    """Return the tags of a table of reviews with their numbers of rows, in the order of names."""
    counted: Counter[str] = Counter()
    for tags in pc.value_counts(reviews.column("tags")).to_pylist():
        counted.update(dict.fromkeys(tags["values"].splitlines(), tags["counts"]))
    return sorted(counted.items())


def classes_in(task: MLTask, label: str | None) -> tuple[str, ...]:
    """Return the classes of a label; none for a number."""
    if task is MLTask.MULTI_LABEL:
        return split_labels(label)
    if label is None or task is MLTask.REGRESSION:
        return ()
    return (label,)


def actions(cleanset: Cleanset) -> QuerySet[ReviewAction]:
    """Return the actions on the cleanset, newest first."""
    return cleanset.review_actions.filter(number__isnull=False).order_by("-number")


def last_steps(
    cleanset: Cleanset, newest: ReviewAction | None = None
) -> tuple[ReviewAction | None, ReviewAction | None]:
    """Return what can be undone and what can be redone, as `last_action` and `last_undo` do;
    `newest` is the newest action, if the caller knows it.
    """
    newest = newest or actions(cleanset).first()
    steps = (ReviewAction.Kind.UNDO, ReviewAction.Kind.REDO, ReviewAction.Kind.CARRIED)
    if newest is not None and newest.kind not in steps:
        return newest, None
    return last_action(cleanset), last_undo(cleanset)


def last_undo(cleanset: Cleanset) -> ReviewAction | None:
    """Return the newest undo if it can be reverted: nothing else was decided since."""
    steps = [ReviewAction.Kind.UNDO, ReviewAction.Kind.REDO]
    others = actions(cleanset).exclude(kind__in=steps).values("number")
    undos = actions(cleanset).filter(kind=ReviewAction.Kind.UNDO, undone_by=None)
    since = undos.filter(number__gt=Coalesce(Subquery(others[:1]), 0))
    return since.select_related("undoes").first()


def last_action(cleanset: Cleanset) -> ReviewAction | None:
    """Return the newest action that can be undone."""
    undoable = actions(cleanset).filter(undone_by=None)
    return undoable.exclude(kind__in=[ReviewAction.Kind.UNDO, ReviewAction.Kind.CARRIED]).first()
