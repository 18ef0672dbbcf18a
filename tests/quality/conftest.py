"""Fixtures of the tests that send requests to all addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.testcases import TestCase
from pytest_django import DjangoDbBlocker

from tests.world import World, make_world

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
# Opening a page notes that the browser or the key was in use.
NOTED_BY_READS = ("accounts_accountsession", "UPDATE accounts_apikey SET last_used_at =")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Make the world once for all tests of a module, and undo it at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


@contextmanager
def changes() -> Iterator[list[object]]:
    """Yield what the block writes to tables, and what it leaves to do after its transaction."""
    found: list[object] = []

    def note(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        statement = sql.replace('"', "")
        is_noted = any(words in statement for words in NOTED_BY_READS)
        if statement.startswith(WRITES) and not is_noted:
            found.append(statement)
        return execute(sql, *arguments)

    with connection.execute_wrapper(note), TestCase.captureOnCommitCallbacks() as left_to_do:
        yield found
    found += left_to_do
