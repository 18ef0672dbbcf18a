"""What will happen when a project is started, in the words and numbers of its create page."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F
from django.db.models.functions import Abs

from cleansets.models import Cleanset
from projects.forms.projects import ProjectForm
from projects.selectors import LabelCounts
from studio.accounts.models import User
from studio.engine.ml_task import Modality
from studio.engine.schema import CleansetSpec
from studio.runs import Status

COMPARABLE = 5  # an earlier run says something about this one if neither has more than five times the other's rows


@dataclass(frozen=True, slots=True)
class TimeEstimate:
    """Seconds that an analysis may take, scaled from an earlier one of the same sort."""

    seconds: float
    measured_on: str


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """What an analysis would do, or why it cannot be done (`problems`)."""

    problems: tuple[str, ...]
    spec: CleansetSpec | None = None
    n_rows: int = 0
    labels: LabelCounts | None = None
    estimate: TimeEstimate | None = None

    @property
    def rarest(self) -> tuple[str, int] | None:
        """The class with the fewest rows; None where there are too many to list."""
        if self.labels is None or len(self.labels.classes) < self.labels.n_classes:
            return None
        return self.labels.classes[-1]

    @property
    def is_text(self) -> bool:
        """Whether one text column is read."""
        return self.spec is not None and self.spec.modality is Modality.TEXT


def project_plan(user: User, form: ProjectForm) -> ProjectPlan:
    """Work out what the posted choice would do."""
    if not form.is_valid():
        return ProjectPlan(tuple(str(error) for errors in form.errors.values() for error in errors))
    spec, version = form.spec(), form.version
    n_rows = version.n_rows or 0
    return ProjectPlan((), spec, n_rows, form.labels, _estimate(user, spec, n_rows))


def _estimate(user: User, spec: CleansetSpec, n_rows: int) -> TimeEstimate | None:
    """Scale the user's own finished analysis that is nearest in size; None where none is comparable."""
    alike = Cleanset.objects.filter(
        project__owner=user,
        project__modality=spec.modality,
        project__mode=spec.mode,
        status=Status.SUCCEEDED,
        n_rows__gte=n_rows / COMPARABLE,
        n_rows__lte=n_rows * COMPARABLE,
    )
    nearest = alike.select_related("project").order_by(Abs(F("n_rows") - n_rows)).first()
    if nearest is None or not nearest.n_rows:
        return None
    return TimeEstimate(nearest.elapsed_s * n_rows / nearest.n_rows, nearest.project.name)
