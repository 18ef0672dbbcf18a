"""E-mails of accounts, sent from a thread so that no answer waits for the mail server.

How long an answer takes would otherwise tell which addresses have an account.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)

_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")


def send_later(write: Callable[[], None]) -> None:
    """Have the thread look up, write and send an e-mail; what goes wrong is in the log."""
    _sender.submit(_with_own_connection, write).add_done_callback(_log_failure)


def _with_own_connection(write: Callable[[], None]) -> None:
    try:
        write()
    finally:
        connection.close()


def _log_failure(sent: Future[None]) -> None:
    if error := sent.exception():
        logger.error("E-mail not sent", exc_info=error)


def send(template: str, subject: str, to: str, context: Mapping[str, object]) -> None:
    """Write an e-mail from `templates/accounts/<template>.txt` and send it."""
    values = {"public_url": settings.PUBLIC_URL, **context}
    send_mail(subject, render_to_string(f"accounts/{template}.txt", values), None, [to])
