"""A large action with an Idempotency-Key: written in parts, in force at once, counted once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from cleansets import drafts, top_k
from cleansets.models import Cleanset, ReviewAction

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat 20 rows as many, and write 30 at a time."""
    monkeypatch.setattr(drafts, "MAX_AT_ONCE", 20)
    monkeypatch.setattr(top_k, "ROWS_PER_PART", 30)


def apply(program: Client, cleanset: Cleanset) -> Any:
    return program.post(
        f"/api/v1/cleansets/{cleanset.pk}/top-k",
        {"k": 120, "action": "keep", "view": {"issue": "all"}},
        content_type="application/json",
        headers={"Idempotency-Key": "k"},
    )


def test_large_action_with_a_key_is_written_in_parts_and_counts_once(
    program: Client, cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch
) -> None:
    depths: list[int] = []
    write = drafts._Writer.write

    def noted(writer: drafts._Writer, changes: Any) -> None:
        depths.append(len(connection.savepoint_ids))
        write(writer, changes)

    monkeypatch.setattr(drafts._Writer, "write", noted)
    outside = len(connection.savepoint_ids)
    first = apply(program, cleanset)
    assert (first.status_code, first.json()["n_rows"]) == (200, 120)
    assert depths == [outside] * 4, "no part waits in the transaction of the call"
    second = apply(program, cleanset)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.json() == first.json()
    assert ReviewAction.objects.filter(cleanset=cleanset).count() == 1


def test_answer_that_was_lost_is_not_carried_out_again(
    program: Client, cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr("studio.api.idempotency._keep", lambda *_: None)
        apply(program, cleanset)
    again = apply(program, cleanset)
    assert (again.status_code, again.json()["code"]) == (409, "answer_lost")
    assert ReviewAction.objects.filter(cleanset=cleanset).count() == 1
