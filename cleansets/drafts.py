"""Large actions: written in short transactions, in force all at once.

Other decisions go on meanwhile, and win: a row that was decided after the action was planned is
left out of it. Nothing of an action that fails or is cancelled remains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from cleansets.decision_rows import (
    ROWS_PER_STATEMENT,
    Change,
    lock,
    next_number,
    write_draft,
    write_events,
)
from cleansets.models import Cleanset, Draft, ReviewAction, ReviewEvent, RowReview
from studio.accounts.models import User
from studio.api.idempotency import needs_short_transactions, note_carried_out
from studio.engine import stages
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress
from studio.patience import patiently

MAX_AT_ONCE = 5_000  # rows that an action changes in one transaction
ROWS_PER_PART = 5_000  # of a large action
ROWS_PER_CLEANING = 20_000
ABANDONED_AFTER = timedelta(minutes=2)  # without a write
DISCARDED = "This action was given up, as nothing was heard of it for minutes. Start it again."


@dataclass(frozen=True, slots=True)
class Plan:
    """What a large action does.

    `parts` are the changes, in the order of the rows, with the number of rows that were looked at;
    they were read when `newest` was the cleanset's newest action. `describe` names the action by
    its number of changed rows, and `nothing` is the sentence if there are none.
    """

    kind: ReviewAction.Kind
    newest: int
    n_rows: int
    parts: Iterable[tuple[int, list[Change]]]
    describe: Callable[[int], str]
    nothing: str
    reverted: ReviewAction | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """The action, and how many rows it skipped because they were decided again meanwhile."""

    action: ReviewAction
    n_decided_later: int


def is_large(n_rows: int) -> bool:
    """Return whether an action on so many rows is written in parts."""
    return n_rows > MAX_AT_ONCE


def apply_plan(
    cleanset: Cleanset,
    user: User,
    plan: Plan,
    *,
    action_id: UUID | None = None,
    progress: Progress,
    published: Callable[[Applied], None] = lambda _: None,
) -> Applied:
    """Carry out a large action. Raises DataProblem if another one is under way.

    `published` is called in the transaction that puts the decisions in force, and may raise.
    """
    needs_short_transactions()
    _discard_abandoned(cleanset)
    writer = _Writer.begin(cleanset, user, plan, action_id)
    try:
        for n_seen, changes in plan.parts:
            patiently(partial(writer.write, changes))
            progress(stages.WRITING_DECISIONS, n_seen, plan.n_rows)
        applied = patiently(partial(writer.publish, published))
    except BaseException:
        discard(writer.draft)
        raise
    _forget_replaced(cleanset)
    return applied


def refuse_second(cleanset: Cleanset) -> None:
    """Raise DataProblem while a large action is being written."""
    since = timezone.now() - ABANDONED_AFTER
    if cleanset.drafts.filter(written_at__gte=since).exists():
        raise DataProblem(
            "Another action on many rows of this cleanset is under way. Wait until it is done, or"
            " cancel it."
        )


@dataclass(slots=True)
class _Writer:
    plan: Plan
    action: ReviewAction
    draft: Draft
    checked: int  # the newest action whose rows are in `decided_later`
    decided_later: set[int] = field(default_factory=set)
    n_written: int = 0
    n_skipped: int = 0

    @classmethod
    @transaction.atomic
    def begin(cls, cleanset: Cleanset, user: User, plan: Plan, action_id: UUID | None) -> _Writer:
        lock(cleanset)
        refuse_second(cleanset)
        action = ReviewAction.objects.create(
            pk=action_id or uuid4(), cleanset=cleanset, user=user, kind=plan.kind, n_rows=0
        )
        draft = Draft.objects.create(cleanset=cleanset, review_action=action)
        return cls(plan, action, draft, checked=plan.newest)

    @transaction.atomic
    def write(self, changes: Sequence[Change]) -> None:
        """Write a part of the changes."""
        lock(self.draft.cleanset)
        if not self._draft_rows.update(written_at=timezone.now()):
            raise DataProblem(DISCARDED)
        self._note_later_decisions()
        wanted = [change for change in changes if change[0] not in self.decided_later]
        write_events(self.action, wanted)
        write_draft(self.draft, wanted)
        self.n_skipped += len(changes) - len(wanted)
        self.n_written += len(wanted)

    @transaction.atomic
    def publish(self, published: Callable[[Applied], None]) -> Applied:
        """Put the decisions in force, except on rows that were decided meanwhile."""
        cleanset = self.draft.cleanset
        lock(cleanset)
        n_published, _ = self._draft_rows.delete()
        if not n_published:
            raise DataProblem(DISCARDED)
        self._note_later_decisions()
        self._drop_decided_later()
        if not self.n_written:
            raise DataProblem(self.plan.nothing)
        self.action.number = next_number(cleanset)
        self.action.n_rows = self.n_written
        self.action.description = self.plan.describe(self.n_written)[:300]
        self.action.created_at = timezone.now()
        self.action.save()
        if self.plan.reverted is not None:
            reverted = ReviewAction.objects.filter(pk=self.plan.reverted.pk, undone_by=None)
            if not reverted.update(undone_by=self.action):
                raise DataProblem("This action has already been taken back.")
        applied = Applied(self.action, self.n_skipped)
        published(applied)
        note_carried_out()
        return applied

    @property
    def _draft_rows(self) -> QuerySet[Draft]:
        """The draft, unless another process discarded it as abandoned."""
        return Draft.objects.filter(pk=self.draft.pk, is_discarded=False)

    def _note_later_decisions(self) -> None:
        cleanset = self.draft.cleanset
        newest = next_number(cleanset) - 1
        if newest == self.checked:
            return
        events = ReviewEvent.objects.filter(
            review_action__cleanset=cleanset, review_action__number__gt=self.checked
        )
        self.decided_later.update(events.values_list("row_id", flat=True))
        self.checked = newest

    def _drop_decided_later(self) -> None:
        """Drop the events of rows that were decided after they had been written."""
        rows = sorted(self.decided_later)
        for start in range(0, len(rows), ROWS_PER_STATEMENT):
            part = rows[start : start + ROWS_PER_STATEMENT]
            events = ReviewEvent.objects.filter(review_action=self.action, row_id__in=part)
            n_dropped, _ = events.delete()
            self.n_written -= n_dropped
            self.n_skipped += n_dropped


def discard(draft: Draft) -> None:
    """Remove a draft with everything that was written for it."""
    cleanset = draft.cleanset
    Draft.objects.filter(pk=draft.pk).update(is_discarded=True)
    for rows in _row_ranges(cleanset):
        with transaction.atomic():
            lock(cleanset)
            versions = RowReview.all_versions.filter(cleanset=cleanset, row_id__range=rows)
            versions.filter(draft=draft.pk).delete()
            versions.filter(replaced_by_draft=draft.pk).update(replaced_by_draft=None)
            events = ReviewEvent.objects.filter(review_action=draft.review_action_id)
            events.filter(row_id__range=rows).delete()
    draft.review_action.delete()


def discard_all_abandoned() -> None:
    """Discard what killed processes left behind, whether or not somebody acts there again."""
    since = timezone.now() - ABANDONED_AFTER
    for cleanset in Cleanset.objects.filter(drafts__written_at__lt=since).distinct():
        _discard_abandoned(cleanset)


def _discard_abandoned(cleanset: Cleanset) -> None:
    """Discard what a process that was killed left behind."""
    since = timezone.now() - ABANDONED_AFTER
    for draft in cleanset.drafts.filter(written_at__lt=since):
        discard(draft)
    _forget_replaced(cleanset)


def _forget_replaced(cleanset: Cleanset) -> None:
    """Delete the versions that published drafts replaced, which nobody sees any more."""
    replaced = RowReview.all_versions.filter(
        cleanset=cleanset, replaced_by_draft__isnull=False
    ).exclude(replaced_by_draft__in=Draft.objects.values("pk"))
    if not replaced.exists():
        return
    for rows in _row_ranges(cleanset):
        replaced.filter(row_id__range=rows).delete()


def _row_ranges(cleanset: Cleanset) -> Iterator[tuple[int, int]]:
    for first in range(0, cleanset.n_rows or 0, ROWS_PER_CLEANING):
        yield first, first + ROWS_PER_CLEANING - 1
