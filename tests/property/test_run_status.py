"""Whatever happens to a run, in whatever order, its status moves along the table only, and the
constraints hold.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projects.models import DatasetVersion
from studio import recovery, runs
from studio.accounts.models import User
from studio.runs import MOVES, TERMINAL, Status
from tests.factories import make_dataset

pytestmark = pytest.mark.django_db

EVENTS: dict[str, Callable[[DatasetVersion], object]] = {
    "claim": runs.claim,
    "finish": runs.finish,
    "fail": lambda run: runs.fail(run, "No."),
    "cancel": runs.cancel,
    "stop": runs.stop_cancelled,
    "requeue": lambda run: runs.requeue(run, reason="a test."),
    "worker dies": lambda run: recovery.recover_queue("data"),
    "studio restarts": lambda run: recovery.release_all(),
}


@pytest.fixture(autouse=True)
def _no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "send", lambda run: None)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    events=st.lists(st.sampled_from(sorted(EVENTS)), min_size=1, max_size=12), stale=st.booleans()
)
def test_status_moves_along_the_table_only(events: list[str], stale: bool, alice: User) -> None:
    seen = make_dataset(alice, status=Status.QUEUED).versions.get()
    for event in events:
        before = Status(DatasetVersion.objects.get(pk=seen.pk).status)
        EVENTS[event](seen)
        after = Status(DatasetVersion.objects.get(pk=seen.pk).status)
        assert after == before or after in MOVES[before], (before, event, after)
        if not stale:
            seen.refresh_from_db()


def test_no_move_leaves_an_end() -> None:
    assert all(MOVES[status] == () for status in TERMINAL)
    assert set(MOVES) == set(Status)
