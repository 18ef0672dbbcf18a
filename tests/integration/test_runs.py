"""The frame around each run: claim, work, end; cancel; the sweep."""

from __future__ import annotations

import pytest

from projects.models import DatasetVersion
from studio import runs
from studio.accounts.models import User
from studio.runs import Status
from tests.factories import make_dataset

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(alice: User) -> DatasetVersion:
    return make_dataset(alice, status=Status.QUEUED).versions.get()


def test_work_ends_the_run_with_its_results(waiting: DatasetVersion) -> None:
    runs.run_tracked(DatasetVersion, str(waiting.pk), lambda run, progress: {"n_rows": 7})
    waiting.refresh_from_db()
    assert (waiting.status, waiting.n_rows, waiting.attempt) == (Status.SUCCEEDED, 7, 1)
