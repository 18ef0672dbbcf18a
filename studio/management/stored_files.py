"""Compares the file storage with the database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import models
from django.utils import timezone

from cleansets.models import Cleanset
from inference.models import PredictionBatch, PredictionUpload
from models_app.models import DeployedModel
from projects.models import DatasetVersion, Upload
from studio.engine.progress import Progress
from studio.model_runs.models import ModelRun, Projection
from studio.models import StoredFile
from studio.runs import ACTIVE, Run

ORPHAN_AFTER = timedelta(days=1)  # what is younger may belong to work under way
CHUNK_BYTES = 1024 * 1024
# Whose files lie in each folder of the storage, by their id (`studio.storage`).
OWNERS: dict[str, tuple[type[models.Model], ...]] = {
    "datasets": (DatasetVersion,),
    "uploads": (Upload,),
    "cleansets": (Cleanset,),
    "models": (DeployedModel,),
    "model_runs": (ModelRun,),
    "projections": (Projection,),
    "predictions": (PredictionBatch, PredictionUpload),
}

APPS = frozenset(model._meta.app_label for owners in OWNERS.values() for model in owners)


@dataclass(slots=True)
class Found:
    """The keys of files with a problem, by problem."""

    n_whole: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)


def check_files(progress: Progress) -> Found:
    """Verify the digest of every stored file, and find missing and orphaned files."""
    referred = referred_keys()
    stored = set(stored_keys())
    digests = dict(StoredFile.objects.values_list("key", "sha256"))
    # Pending uploads and downloads get these keys from their run.
    pending = set(
        DatasetVersion.all_versions.filter(sha256="").values_list("source_key", flat=True)
    )
    found = Found(missing=sorted(referred - stored - pending))
    for position, key in enumerate(sorted(stored)):
        progress("Checking files", position, len(stored))
        if key not in referred and is_orphan(key):
            found.orphans.append(key)
        elif key not in digests:
            found.unknown.append(key)
        elif digest_of(key) == digests[key]:
            found.n_whole += 1
        else:
            found.changed.append(key)
    progress("Checking files", len(stored), len(stored))
    return found


def referred_keys() -> set[str]:
    """Return the keys that database rows refer to."""
    keys: set[str] = set()
    for model in apps.get_models():
        if model._meta.app_label in APPS:
            for field_of_model in model._meta.concrete_fields:
                name = field_of_model.name
                if not name.endswith("_key"):
                    continue
                manager: models.Manager[Any] = model._default_manager
                keys |= set(manager.exclude(**{name: ""}).values_list(name, flat=True))
    return keys


def stored_keys(folder: str = "") -> Iterator[str]:
    """Yield the keys of all files in the storage."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:  # nothing was ever stored
        return
    for name in files:
        yield f"{folder}{name}"
    for name in folders:
        yield from stored_keys(f"{folder}{name}/")


def is_orphan(key: str) -> bool:
    """Whether no row refers to a file, now or after a pending run."""
    # A file is published before the row that refers to it is saved.
    if default_storage.get_modified_time(key) > timezone.now() - ORPHAN_AFTER:
        return False
    parts = PurePosixPath(key).parts
    if len(parts) < 3 or parts[0] not in OWNERS:
        return False
    owners = [_owner(model, parts[1]) for model in OWNERS[parts[0]]]
    return not any(isinstance(owner, Upload) or _is_active(owner) for owner in owners)


def _owner(model: type[models.Model], object_id: str) -> models.Model | None:
    manager: models.Manager[Any] = model._default_manager
    try:
        found: models.Model | None = manager.filter(pk=object_id).first()
    except ValidationError:  # no id of ours
        return None
    return found


def _is_active(owner: models.Model | None) -> bool:
    return isinstance(owner, Run) and owner.status in ACTIVE


def digest_of(key: str) -> str:
    """Return the SHA-256 of a stored file."""
    digest = hashlib.sha256()
    with default_storage.open(key, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
