"""Who decided how many rows, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from cleansets.models import Action, Cleanset, ReviewAction, ReviewEvent

# Decisions about single rows; large actions say little of the pace of people.
BY_HAND = (ReviewAction.Kind.SINGLE, ReviewAction.Kind.SELECTION)


@dataclass(frozen=True, slots=True)
class DayOfReview:
    """The rows that were decided by hand on a day, and by larger actions."""

    day: date
    n_by_hand: int
    n_otherwise: int


@dataclass(frozen=True, slots=True)
class Reviewer:
    """The decisions that a person made by hand, without those undone."""

    user_id: int
    name: str
    n_rows: int
    n_changed: int
    n_kept: int
    n_excluded: int
    first_day: date
    last_day: date


def days_of_review(cleanset: Cleanset) -> list[DayOfReview]:
    """Return the days on which rows were decided, oldest first."""
    days = (
        _counted_actions(cleanset)
        .annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(
            n_by_hand=Sum("n_rows", filter=Q(kind__in=BY_HAND), default=0),
            n_otherwise=Sum("n_rows", filter=~Q(kind__in=BY_HAND), default=0),
        )
        .order_by("day")
    )
    return [DayOfReview(**day) for day in days]


def reviewers(cleanset: Cleanset) -> list[Reviewer]:
    """Return the people who decided rows by hand, most rows first."""
    actions = _counted_actions(cleanset).filter(kind__in=BY_HAND)
    events = ReviewEvent.objects.filter(review_action__in=actions)
    changed = (Action.AUTO_FIX.value, Action.LABEL.value)
    found = (
        events.values(
            user_id=F("review_action__user"),
            user_name=F("review_action__user__name"),
            email=F("review_action__user__email"),
        )
        .annotate(
            n_rows=Count("pk", filter=Q(after__action__in=Action.values)),
            n_changed=Count("pk", filter=Q(after__action__in=changed)),
            n_kept=Count("pk", filter=Q(after__action=Action.KEEP.value)),
            n_excluded=Count("pk", filter=Q(after__action=Action.EXCLUDE.value)),
            first_day=Min(TruncDate("review_action__created_at")),
            last_day=Max(TruncDate("review_action__created_at")),
        )
        .filter(n_rows__gt=0)
        .order_by("-n_rows", "email")
    )
    return [
        Reviewer(
            user_id=row["user_id"],
            name=row["user_name"] or row["email"],
            n_rows=row["n_rows"],
            n_changed=row["n_changed"],
            n_kept=row["n_kept"],
            n_excluded=row["n_excluded"],
            first_day=row["first_day"],
            last_day=row["last_day"],
        )
        for row in found
    ]


def _counted_actions(cleanset: Cleanset) -> QuerySet[ReviewAction]:
    left_out = (ReviewAction.Kind.UNDO, ReviewAction.Kind.REDO, ReviewAction.Kind.CARRIED)
    actions = cleanset.review_actions.filter(number__isnull=False, undone_by=None)
    return actions.exclude(kind__in=left_out)
