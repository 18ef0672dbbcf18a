"""Trouble that is not a run's own and passes: storage or database away, or restarting.

Within a run, `patiently` tries again with growing pauses. A page that somebody waits for fails at
once instead.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from django.db import connection

from studio import database

logger = logging.getLogger(__name__)
T = TypeVar("T")

PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)  # two minutes in all
_OF_S3 = ("botocore", "boto3", "s3transfer", "urllib3")
_MAY_PASS = ("RequestTimeout", "SlowDown", "RequestTimeTooSkewed", "InternalError")

Wait = Callable[[float, str], None]
_wait: ContextVar[Wait | None] = ContextVar("wait", default=None)


@contextmanager
def patience(wait: Wait) -> Iterator[None]:
    """Be patient in this thread: `wait` sleeps for some seconds, and may raise to end the work."""
    token = _wait.set(wait)
    try:
        yield
    finally:
        _wait.reset(token)


def patiently(act: Callable[[], T]) -> T:
    """Return what `act` returns; within a run, try again after trouble that passes."""
    wait = _wait.get()
    for pause_s in PAUSES_S if wait else ():
        try:
            return act()
        except Exception as error:
            if not is_passing(error):
                raise
            logger.warning("Tried again in %s s: %s", pause_s, error)
            assert wait is not None
            wait(pause_s, what_is_away(error))
    return act()


def is_passing(error: Exception) -> bool:
    """Return whether the error comes from a server that is away or busy, or has a full disk."""
    return database.is_passing(error) or database.is_full(error) or _is_passing_of_s3(error)


def what_is_away(error: Exception) -> str:
    """Return the name of what a run has to wait for."""
    if database.is_full(error):
        return "database on its full disk"
    return "database" if database.is_passing(error) else "file storage"


def _is_passing_of_s3(error: Exception) -> bool:
    """Return whether S3 did not answer, or said that it cannot now; a refusal does not pass.

    Known by their modules, as importing botocore takes long and an embedded studio needs no S3.
    """
    if type(error).__module__.partition(".")[0] not in _OF_S3:
        return False
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return not _is_our_mistake(error)
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or response.get("Error", {}).get("Code") in _MAY_PASS


def _is_our_mistake(error: Exception) -> bool:
    """Return whether the error is about settings or arguments and not about the connection."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return bool(kinds & {"ParamValidationError", "NoCredentialsError", "InvalidRegionError"})


def reconnect() -> None:
    """Drop a database connection that broke, so that the next statement opens another."""
    if not connection.in_atomic_block:
        connection.close()
