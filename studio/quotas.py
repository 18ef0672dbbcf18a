"""What one account may use, and the room on the disk that is kept for reviews and exports."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Manager, Sum
from django.template.defaultfilters import filesizeformat

from studio import runs
from studio.engine.counted import counted
from studio.engine.errors import DataProblem
from studio.recovery import run_models


@dataclass(frozen=True, slots=True)
class Usage:
    """One line of the account page: what is used, and the limit if there is one."""

    name: str
    used: str
    limit: str


def usage_of(user: AbstractBaseUser) -> list[Usage]:
    """Return what the account uses."""
    return [
        Usage(
            "Uploaded files and models",
            filesizeformat(stored_bytes(user)),
            filesizeformat(settings.ACCOUNT_MAX_BYTES) if settings.ACCOUNT_MAX_BYTES else "",
        ),
        _counted("Datasets", _n_datasets(user), settings.ACCOUNT_MAX_DATASETS),
        _counted("Work under way", _n_active_runs(user), settings.ACCOUNT_MAX_RUNS),
    ]


def _counted(name: str, n: int, limit: int) -> Usage:
    return Usage(name, f"{n:,}", f"{limit:,}" if limit else "")


def stored_bytes(user: AbstractBaseUser) -> int:
    """Return the size of the account's uploaded files and models; one query per kind of run."""
    return sum(
        manager.filter(created_by=user).aggregate(n=Sum(model.size_field))["n"] or 0
        for model, manager in _managers()
        if model.size_field
    )


def _n_datasets(user: AbstractBaseUser) -> int:
    datasets: Manager[Any] = apps.get_model("projects", "Dataset")._default_manager
    return datasets.filter(owner=user).count()


def _n_active_runs(user: AbstractBaseUser) -> int:
    return sum(
        manager.filter(created_by=user, status__in=runs.ACTIVE).count()
        for _, manager in _managers()
    )


def _managers() -> Iterator[tuple[type[runs.Run], Manager[Any]]]:
    for model in run_models():
        yield model, model._default_manager


def check_disk() -> None:
    """Raise DataProblem if the disk has too little room for files and new work."""
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free < settings.MIN_FREE_BYTES:
        raise DataProblem(
            f"The studio's disk has {filesizeformat(free)} left, less than the"
            f" {filesizeformat(settings.MIN_FREE_BYTES)} that it keeps for reviews and exports. It"
            " takes no files and starts no work until whoever runs the studio makes room."
        )


def check_upload(user: AbstractBaseUser | None, n_bytes: int) -> None:
    """Raise DataProblem if the disk or the account has no room for a file of this size."""
    check_disk()
    limit = settings.ACCOUNT_MAX_BYTES
    if limit and user is not None:
        used = stored_bytes(user)
        if used + n_bytes > limit:
            raise DataProblem(
                f"This file has {filesizeformat(n_bytes)}, and your files and models already take"
                f" {filesizeformat(used)} of the {filesizeformat(limit)} that an account has here."
                " Delete what you no longer need, or ask whoever runs the studio for more."
            )


def check_new_dataset(user: AbstractBaseUser) -> None:
    """Raise DataProblem if the account has as many datasets as it may."""
    limit = settings.ACCOUNT_MAX_DATASETS
    if limit and _n_datasets(user) >= limit:
        raise DataProblem(
            f"You already have {counted(limit, 'dataset')}, the most that an account may have here."
            " Delete one first, or upload the file as a new version of one."
        )


def check_new_run(run: runs.Run) -> None:
    """Raise DataProblem if the disk has too little room, or the account too much under way."""
    check_disk()
    limit = settings.ACCOUNT_MAX_RUNS
    # The run itself is in the database already.
    if limit and _n_active_runs(run.created_by) > limit:
        raise DataProblem(
            f"You already have {counted(limit, 'run')} waiting or under way, the most that an"
            " account may have here. Wait until one has ended, or cancel it."
        )
