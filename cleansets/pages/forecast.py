"""How long an analysis will take, scaled from an earlier one on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F
from django.db.models.functions import Abs

from cleansets.models import Cleanset
from studio.accounts.models import User
from studio.engine.schema import CleansetSpec
from studio.figures import duration
from studio.runs import Status

ENSEMBLE = "ensemble"  # key of the mixture, which is not a model of its own
# an earlier run says something about this one if neither has more than five times the other's rows
COMPARABLE = 5
A_FEW = 10  # seconds
SLOWER = 1.5  # times the expected seconds, from which a stage makes the forecast useless


@dataclass(frozen=True, slots=True)
class Forecast:
    """The expected cost of an analysis: models, and seconds scaled from another analysis.

    `measured_on` is the project of that analysis; empty if it is another person's. `is_rough` marks
    one of a very different number of rows.
    """

    seconds: float
    n_models: int
    measured_on: str
    is_rough: bool = False


def forecast(user: User, spec: CleansetSpec, n_rows: int) -> Forecast | None:
    """Scale the analysis that is nearest in size; None before the first of its kind here."""
    nearest = _nearest(user, spec, n_rows)
    if nearest is None or not nearest.n_rows:
        return None
    n_models = sum(candidate["key"] != ENSEMBLE for candidate in nearest.candidates)
    ratio = n_rows / nearest.n_rows
    return Forecast(
        nearest.elapsed_s * ratio,
        n_models,
        nearest.project.name if nearest.project.owner_id == user.pk else "",
        is_rough=not 1 / COMPARABLE <= ratio <= COMPARABLE,
    )


def time_left(cleanset: Cleanset) -> str:
    """Say how long a running analysis will still take; empty if nothing tells."""
    seconds = _seconds_left(cleanset)
    if seconds is None:
        return ""
    if seconds < A_FEW:
        return "a few seconds left"
    return f"about {duration(round(seconds))} left"


def _seconds_left(cleanset: Cleanset) -> float | None:
    """Add what earlier analyses took for the stages that are still to come.

    Of the current stage, its own progress tells more, once a fifth of it is done.
    """
    n_rows = cleanset.version.n_rows or 0
    nearest = _nearest(cleanset.created_by, cleanset.spec(), n_rows)
    current = next((stage for stage in cleanset.stage_lines if stage.is_current), None)
    if nearest is None or not nearest.n_rows or current is None:
        return None
    scale = n_rows / nearest.n_rows
    expected: dict[str, float] = {
        stage: scale * seconds for stage, seconds in nearest.stage_seconds.items()
    }
    spent = current.seconds or 0.0
    in_all: float = expected.get(current.name, 0.0)
    done = cleanset.progress_done / (cleanset.progress_total or 1)
    if done >= 0.2:
        in_all = spent / done
    elif spent > SLOWER * in_all + 1:
        return None
    places = range(cleanset.stage_number, len(cleanset.stages))
    to_come = sum(expected.get(cleanset.stages[place], 0.0) for place in places)
    return max(in_all - spent, 0.0) + to_come


def _nearest(user: User, spec: CleansetSpec, n_rows: int) -> Cleanset | None:
    """Return the finished analysis of the same kind that is nearest in size, the user's own if
    there is one, else anybody's: all ran on this machine.

    Among equally near ones the first counts: later ones may have used cached fits.
    """
    alike = Cleanset.objects.filter(
        project__modality=spec.modality,
        project__mode=spec.mode,
        project__task=spec.task,
        status=Status.SUCCEEDED,
    )
    nearest = alike.select_related("project").order_by(Abs(F("n_rows") - n_rows), "queued_at")
    return nearest.filter(project__owner=user).first() or nearest.first()
