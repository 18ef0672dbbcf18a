"""The dashboard: running work, projects, datasets, models, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.db.models import Count, F, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from cleansets.models import Cleanset, ReviewAction
from cleansets.selectors import ReviewProgress, review_progress
from inference.models import PredictionBatch
from models_app.models import DeployedModel
from models_app.selectors import held_out_text, models_of
from projects.models import DatasetVersion, Project
from projects.selectors import newest_versions, projects_of
from studio.accounts.access import account
from studio.accounts.models import User
from studio.htmx import is_partial
from studio.runs import ACTIVE, Run

M = TypeVar("M", bound=Model)
Row = TypeVar("Row")
SECTION_ROWS = 20  # the newest of each section, until the user asks for all
MANY = 10  # rows of a section from which they can be searched
ORDERS = {
    "newest": "Newest first",
    "name": "By name",
    "rows": "Most rows first",
}


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """A run that has not ended."""

    run: Run
    title: str
    cancel_url: str


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A project with its newest cleanset and, once that is analysed, the progress of its review."""

    project: Project
    cleanset: Cleanset
    reviewed: ReviewProgress | None
    decided_at: datetime | None

    @property
    def updated_at(self) -> datetime:
        """When the analysis finished, or somebody decided something since."""
        analysed_at = self.cleanset.finished_at or self.cleanset.queued_at
        return max(analysed_at, self.decided_at or analysed_at)

    @property
    def status_text(self) -> str:
        """The status of a finished analysis."""
        is_done = self.reviewed is not None and self.reviewed.n_to_review and not self.n_left
        return "Reviewed" if is_done else "Ready for review"

    @property
    def is_begun(self) -> bool:
        """Whether some, but not all of the rows to review are decided."""
        return self.reviewed is not None and 0 < self.reviewed.fraction < 1

    @property
    def n_left(self) -> int:
        """Number of rows to review that are undecided."""
        if self.reviewed is None:
            return 0
        return self.reviewed.n_to_review - self.reviewed.n_decided

    @property
    def n_rows(self) -> int | None:
        """Number of rows; that of the data before the analysis has finished."""
        return self.cleanset.n_rows or self.project.version.n_rows

    @property
    def n_label_issues(self) -> int | None:
        """Number of rows with a label issue; None until the analysis has finished."""
        if not self.cleanset.is_succeeded:
            return None
        n_rows: int | None = self.cleanset.counts.get("is_label_issue")
        return n_rows


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """The newest version of a dataset, and the number of projects that use the dataset."""

    version: DatasetVersion
    n_projects: int

    @property
    def other_filename(self) -> str:
        """The name of the file, unless the dataset is named after it."""
        filename = self.version.filename
        return "" if filename.startswith(self.version.dataset.name) else filename


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model with the deployed candidate's score and its name; a dash until it is trained."""

    model: DeployedModel
    held_out: str

    @property
    def updated_at(self) -> datetime:
        return self.model.finished_at or self.model.queued_at


@dataclass(frozen=True, slots=True)
class Section(Generic[Row]):
    """The newest rows of a list, and how many there are in all."""

    rows: Sequence[Row]
    n: int

    @property
    def is_cut(self) -> bool:
        """Whether there is more than is shown."""
        return self.n > len(self.rows)


@dataclass(frozen=True, slots=True)
class Listed:
    """Which rows are listed, and in which order; `whole` is the section without a limit."""

    search: str = ""
    order: str = "newest"
    whole: str = ""

    @classmethod
    def from_params(cls, params: QueryDict) -> Listed:
        """Read the address; an unknown order is the usual one."""
        order = params.get("sort", "")
        return cls(
            search=params.get("q", "").strip(),
            order=order if order in ORDERS else "newest",
            whole=params.get("all", ""),
        )

    @property
    def params(self) -> str:
        """The search and the order as they stand in an address."""
        params = QueryDict(mutable=True)
        if self.search:
            params["q"] = self.search
        if self.order != "newest":
            params["sort"] = self.order
        return params.urlencode()

    def section(
        self, rows: QuerySet[M], plural: str, *, name: str, n_rows: str
    ) -> tuple[list[M], int]:
        """Return the rows to show, and how many there are; `name` and `n_rows` are their fields."""
        if self.search:
            rows = rows.filter(**{f"{name}__icontains": self.search})
        if self.order == "name":
            rows = rows.order_by(Lower(name), "-pk")
        elif self.order == "rows":
            rows = rows.order_by(F(n_rows).desc(nulls_last=True), "-pk")
        shown = rows if self.whole == plural else rows[:SECTION_ROWS]
        return list(shown), rows.count()


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show running work, projects, datasets and models; a partial request polls running work."""
    user = account(request)
    active = active_runs(user)
    shown = ",".join(str(running.run.pk) for running in active)
    if is_partial(request):
        response = render(
            request, "studio/_dashboard_running.html", {"active": active, "seen": shown}
        )
        if request.GET.get("seen") != shown:
            # A run began or ended, which changes the other sections, too.
            response["HX-Refresh"] = "true"
        return response
    listed = Listed.from_params(request.GET)
    projects = project_section(user, listed)
    datasets = dataset_section(user, listed)
    models = model_section(user, listed)
    context = {
        "unfinished": _last_decided(projects.rows),
        "active": active,
        "seen": shown,
        "listed": listed,
        "orders": ORDERS,
        "is_searchable": bool(listed.search) or max(projects.n, datasets.n, models.n) > MANY,
        "projects": projects,
        "datasets": datasets,
        "models": models,
    }
    return render(request, "studio/dashboard.html", context)


def _last_decided(rows: Sequence[ProjectRow]) -> ProjectRow | None:
    """Return the project with a review under way in which something was decided last."""
    begun = [row for row in rows if row.is_begun]
    return max(begun, key=lambda row: row.updated_at, default=None)


def active_runs(user: User) -> list[ActiveRun]:
    """Return the user's runs that have not ended, the oldest first; one query per kind of run."""
    found = []
    versions = DatasetVersion.objects.filter(dataset__owner=user, status__in=ACTIVE)
    for version in versions.select_related("dataset"):
        cancel_url = reverse("dataset-cancel", args=[version.dataset_id])
        found.append(ActiveRun(version, f"Reading {version.filename}", cancel_url))
    cleansets = Cleanset.objects.filter(project__owner=user, status__in=ACTIVE)
    for cleanset in cleansets.select_related("project"):
        cancel_url = reverse("cleanset-cancel", args=[cleanset.pk])
        found.append(ActiveRun(cleanset, f"Analysing {cleanset.project.name}", cancel_url))
    for model in models_of(user).filter(status__in=ACTIVE):
        cancel_url = reverse("model-cancel", args=[model.pk])
        found.append(ActiveRun(model, f"Training {model.name}", cancel_url))
    batches = PredictionBatch.objects.filter(
        deployed_model__cleanset__project__owner=user, status__in=ACTIVE
    )
    for batch in batches.select_related("deployed_model"):
        cancel_url = reverse("prediction-cancel", args=[batch.pk])
        found.append(ActiveRun(batch, f"Predicting {batch.filename}", cancel_url))
    return sorted(found, key=lambda active: active.run.queued_at)


def project_section(user: User, listed: Listed) -> Section[ProjectRow]:
    """Return the user's projects, each with its newest cleanset; four queries."""
    projects, n = listed.section(
        projects_of(user), "projects", name="name", n_rows="version__n_rows"
    )
    numbered = Cleanset.objects.filter(project=OuterRef("project")).order_by("-number")
    newest = numbered.values("pk")[:1]
    numbered_actions = ReviewAction.objects.filter(cleanset=OuterRef("pk"), number__isnull=False)
    last_action = numbered_actions.order_by("-number").values("created_at")[:1]
    cleansets = (
        Cleanset.objects.filter(project__in=projects, pk=Subquery(newest))
        .defer("log", "error_detail", "manifest")
        .annotate(decided_at=Subquery(last_action))
    )
    newest_of = {cleanset.project_id: cleanset for cleanset in cleansets}
    reviewed = review_progress(newest_of.values())
    rows = [
        ProjectRow(project, cleanset, reviewed.get(cleanset.pk), cleanset.decided_at)
        for project in projects
        if (cleanset := newest_of.get(project.pk))
    ]
    return Section(rows, n)


def dataset_section(user: User, listed: Listed) -> Section[DatasetRow]:
    """Return the newest version of each of the user's datasets; three queries."""
    versions, n = listed.section(
        newest_versions(user), "datasets", name="dataset__name", n_rows="n_rows"
    )
    projects = Project.objects.filter(
        version__dataset__in=[version.dataset_id for version in versions]
    )
    n_projects = dict(projects.values_list("version__dataset").annotate(Count("pk")))
    rows = [DatasetRow(version, n_projects.get(version.dataset_id, 0)) for version in versions]
    return Section(rows, n)


def model_section(user: User, listed: Listed) -> Section[ModelRow]:
    """Return the user's models; two queries."""
    models, n = listed.section(models_of(user), "models", name="name", n_rows="n_rows")
    return Section([ModelRow(model, held_out_text(model)) for model in models], n)
