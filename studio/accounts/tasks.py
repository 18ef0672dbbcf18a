"""The app's Celery task."""

from __future__ import annotations

from celery import shared_task


@shared_task(name="accounts.forget_expired")
def forget_expired(**_: object) -> None:
    """Delete sessions and counters whose time is over."""
    from studio.accounts.sessions import SessionStore
    from studio.accounts.throttling import forget_expired

    SessionStore.clear_expired()
    forget_expired()
