"""Detects a studio that was never started."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

from studio.accounts.models import User
from studio.engine.errors import DataProblem


def refuse_before_first_start() -> None:
    """Raise DataProblem if the database has no tables yet."""
    if User._meta.db_table not in connection.introspection.table_names():
        raise DataProblem(
            f"The studio in {settings.DATA_DIR} was never started, so it has no accounts and no"
            " data. Start it once with “make run”, or set STUDIO_DATA_DIR to the folder of the"
            " studio that you mean."
        )
