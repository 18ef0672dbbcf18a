"""Which tests may not be spread over test processes: those that share something slow to start."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

TOGETHER = (
    "tests/browser/",
    "tests/client/test_live",
    "tests/integration/test_backup.py",
    "tests/integration/test_cluster.py",
    "tests/integration/test_command_reading.py",
    "tests/integration/test_commands.py",
    "tests/integration/test_document_blocks.py",
    "tests/integration/test_services_stack.py",
    "tests/integration/test_worker.py",
    "tests/quality/test_api_permissions.py",
    "tests/quality/test_client_permissions.py",
    "tests/quality/test_every_page.py",
    "tests/quality/test_mixed_accounts.py",
    "tests/quality/test_url_permissions.py",
    "tests/unit/engine/recipes/test_build.py",
    "tests/unit/engine/recipes/test_train_and_predict.py",
    "tests/unit/inference/test_guarding.py",
)


class SharedThingsOnce(LoadScopeScheduling):
    """Hands out tests one by one, but all tests of one of `TOGETHER` to the same process."""

    def _split_scope(self, nodeid: str) -> str:
        return next((place for place in TOGETHER if nodeid.startswith(place)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharedThingsOnce:
    """Replace pytest-xdist's own ways."""
    return SharedThingsOnce(config, log)
