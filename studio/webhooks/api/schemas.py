"""Webhooks as `/api/v1` reads and writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from studio.api.schemas import RunKind, Text


class WebhookIn(Schema):
    """An address to notify when a run ends."""

    model_config = ConfigDict(extra="forbid")

    url: Text = Field(min_length=1, max_length=2000, description="http or https, on a public host.")
    kinds: list[RunKind] = Field(
        [], max_length=20, description="Only runs of these kinds; all if empty."
    )


class WebhookOut(Schema):
    """A webhook, without its secret."""

    id: UUID
    url: str
    kinds: list[RunKind]
    created_at: datetime


class WebhookMadeOut(WebhookOut):
    """A new webhook. The secret is shown only once."""

    secret: str = Field(
        description="It signs each delivery, by the scheme of standardwebhooks.com."
    )


class DeliveryOut(Schema):
    """One event for a webhook."""

    id: UUID
    event: str = Field(description="run.succeeded, run.failed, run.cancelled or ping.")
    state: Literal["waiting", "delivered", "given up"]
    created_at: datetime
    n_attempts: int
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    last_status: int | None = Field(description="The status of the answer to the last attempt.")
    last_error: str = Field(description="Why there was no answer.")
    body: str = Field(description="The body that is posted.")
