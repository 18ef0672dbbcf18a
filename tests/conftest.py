"""Fixtures of every test.

Settings are `tests/settings.py`: data in a temporary folder, SQLite in memory, mail kept in
`mailoutbox`.

- `alice`, `bob`, `charlie`: users; `client_of(user)`: a `Client` in which the user is logged in.
- `eager_runs`: `runs.enqueue` executes the run at once, in this process, when its transaction
  commits. It makes the test transactional, so that commits really happen. Without it a run stays
  queued and its message goes nowhere:

      def test_upload_is_read(eager_runs, alice, client_of):
          response = client_of(alice).post("/datasets/upload", {"file": csv_file("a,b\\n1,2\\n")})

- `tests/factories.py`: rows of the database (`make_dataset`, `make_project`, …), with no files
behind them.
- `tests/data_builders.py`: small frames with planted errors, and files of them.
- A test that starts a program outside Python takes it from `tests/programs.py`, which skips with
  the reason, or fails under REQUIRE_SERVICES=1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import hypothesis
import pytest
from celery import current_app
from django.test import Client

from studio import runs
from studio.accounts import services
from studio.accounts.models import User
from studio.runs import Run
from tests.cast import logged_in, make_user
from tests.reading import read_files_here
from tests.scheduling import pytest_xdist_make_scheduler

__all__ = ["pytest_xdist_make_scheduler"]

# The same examples each time, however slow the machine is.
hypothesis.settings.register_profile(
    "studio",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("studio")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes by what they are: a zip file holds the time of day, and test processes must agree
    on names.
    """
    return "bytes" if isinstance(val, bytes) else None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Complete the ids of tests that schemathesis makes, which all end before the bracket.

    pytest 9.2 takes the bracket of an id from the parametrization, schemathesis writes it into the
    name alone. pytest-xdist runs only one of the tests that share an id.
    """
    call = item.name.partition("[")[2].removesuffix("]")
    if call and item.id.params is None:
        item._id = item.id.with_params(call)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse to begin where two tests share an id."""
    shared = [name for name, n in Counter(item.nodeid for item in items).items() if n > 1]
    if shared:
        raise pytest.UsageError(f"Several tests share each of these ids: {', '.join(shared)}")


@pytest.fixture
def alice(db: None) -> User:
    """The owner of the studio and of what the test looks at."""
    return make_user("alice", is_owner=True)


@pytest.fixture
def bob(db: None) -> User:
    """A user who has things of his own, and nothing of alice's."""
    return make_user("bob")


@pytest.fixture
def charlie(db: None) -> User:
    """A user who has nothing."""
    return make_user("charlie")


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """Log a user in."""
    return logged_in


@pytest.fixture
def browser(alice: User) -> Client:
    """The browser in which alice is logged in."""
    return logged_in(alice)


@pytest.fixture
def eager_runs(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Execute each run in this process as soon as the transaction that queued it is committed."""
    current_app.loader.import_default_modules()

    def execute(run: Run) -> None:
        current_app.tasks[run.task_name].apply(kwargs={"run_id": str(run.pk)}, throw=True)

    read_files_here(monkeypatch)
    monkeypatch.setattr(runs, "send", execute)
    monkeypatch.setattr(
        runs, "HEARTBEAT_EVERY_S", 3600.0
    )  # a second thread would wait for this one's transaction


@pytest.fixture(autouse=True)
def _mail_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send what accounts send from a thread before the answer, so that a test finds it."""
    monkeypatch.setattr(services, "send_later", lambda write: write())
