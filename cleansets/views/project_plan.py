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

ENSEMBLE = "ensemble"  # key of the mixture, which is not a model of its own
COMPARABLE = 5  # an earlier run says something about this one if neither has more than five times the other's rows


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an analysis may take: its models, and seconds scaled from an earlier analysis of the same sort."""

    seconds: float
    n_models: int
    measured_on: str


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """What an analysis would do, or why it cannot be done (`problems`)."""

    problems: tuple[str, ...]
    spec: CleansetSpec | None = None
    n_rows: int = 0
    labels: LabelCounts | None = None
    forecast: Forecast | None = None

    @property
    def n_fits(self) -> int:
        """Models times folds, where an earlier analysis tells how many models are tried; else 0."""
        return self.forecast.n_models * self.spec.n_folds if self.forecast and self.spec else 0

    @property
    def rarest(self) -> tuple[str, int] | None:
        """The class with the fewest rows; None where there are too many to list."""
        if self.labels is None or len(self.labels.classes) < self.labels.n_classes:
            return None
        return self.labels.classes[-1]

    @property
    def scarce(self) -> list[str]:
        """The classes with fewer rows than folds, the scarcest first; no model sees them in every fold."""
        if self.labels is None or self.spec is None:
            return []
        return [label for label, n_rows in reversed(self.labels.classes) if n_rows < self.spec.n_folds]

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
    return ProjectPlan((), spec, n_rows, form.labels, _forecast(user, spec, n_rows))


def _forecast(user: User, spec: CleansetSpec, n_rows: int) -> Forecast | None:
    """Scale the user's own finished analysis that is nearest in size; None where none is comparable.

    Of equally near ones the first counts: later ones may have found its fits in the cache.
    """
    alike = Cleanset.objects.filter(
        project__owner=user,
        project__modality=spec.modality,
        project__mode=spec.mode,
        status=Status.SUCCEEDED,
        n_rows__gte=n_rows / COMPARABLE,
        n_rows__lte=n_rows * COMPARABLE,
    )
    nearest = alike.select_related("project").order_by(Abs(F("n_rows") - n_rows), "queued_at").first()
    if nearest is None or not nearest.n_rows:
        return None
    n_models = sum(candidate["key"] != ENSEMBLE for candidate in nearest.candidates)
    return Forecast(nearest.elapsed_s * n_rows / nearest.n_rows, n_models, nearest.project.name)
