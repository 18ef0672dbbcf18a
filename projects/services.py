"""Writes of the app: uploads, kinds of columns, projects, and deletions including stored files."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction

from projects import selectors
from projects.appending.choice import AppendChoice
from projects.models import AppendedFile, Dataset, DatasetVersion, Project
from projects.readers import ReadOptions
from projects.readers.facts import FIND_OUT
from projects.readers.profile import profile_columns
from projects.sample.support_requests import write_sample_csv
from studio import quotas, runs, storage, tables
from studio.accounts.models import User
from studio.engine.conventions import DATE_ORDERS, DECIMALS, Convention
from studio.engine.errors import DataProblem
from studio.engine.schema import CleansetSpec
from studio.engine.table.columns import ColumnKind

logger = logging.getLogger(__name__)

SAMPLE_FILENAME = "support_requests.csv"
SAMPLE_NAME = "Support requests (sample)"
_PACKED = {".gz", ".zip"}


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """An uploaded file that is already in storage, or will be when its run begins.

    `asked_types` are the column types that the uploader named; `source_url` is the address to
    fetch the file from, if any; `options` say how to read it.
    """

    version_id: uuid.UUID
    key: str
    filename: str
    size_bytes: int
    asked_types: Mapping[str, str] = field(default_factory=dict)
    source_url: str = ""
    options: ReadOptions = FIND_OUT


def dataset_create(
    *,
    user: User,
    uploaded_file: UploadedFile[bytes],
    name: str = "",
    options: ReadOptions = FIND_OUT,
) -> Dataset:
    """Store the file, create its dataset (by default named after it) and queue its reading."""
    quotas.check_new_dataset(user)
    quotas.check_upload(user, uploaded_file.size or 0)
    return dataset_of_file(user=user, file=stored_upload(uploaded_file, options), name=name)


def dataset_create_sample(user: User) -> Dataset:
    """Write the sample file and create its dataset like that of any upload."""
    quotas.check_new_dataset(user)
    with tables.scratch() as folder:
        path = folder / SAMPLE_FILENAME
        write_sample_csv(path)
        return dataset_of_file(user=user, file=stored_file(path, SAMPLE_FILENAME), name=SAMPLE_NAME)


def dataset_rename(*, dataset: Dataset, name: str) -> None:
    dataset.name = name
    dataset.save(update_fields=["name"])


def dataset_upload_version(
    *,
    dataset: Dataset,
    user: User,
    uploaded_file: UploadedFile[bytes],
    options: ReadOptions = FIND_OUT,
) -> DatasetVersion:
    """Add a file as the newest version of a dataset. Raises DataProblem while one is being read."""
    quotas.check_upload(user, uploaded_file.size or 0)
    file = stored_upload(uploaded_file, options)
    try:
        return _next_version(dataset, user, file)
    except DataProblem:
        # No version refers to the file, so nothing else would ever delete it.
        tables.delete([file.key])
        raise


def dataset_read_again(
    *, version: DatasetVersion, user: User, options: ReadOptions
) -> DatasetVersion:
    """Read the file of a version with other options, as the newest version of its dataset.

    The two versions share the file. Raises DataProblem while a file of the dataset is being read,
    and if the file never arrived.
    """
    if not version.source_url and not default_storage.exists(version.source_key):
        raise DataProblem(
            "The uploaded file never arrived, so it cannot be read again. Upload it as a new"
            " version."
        )
    if version.base is not None:
        raise DataProblem(
            f"Version {version.number} consists of version {version.base.number} and the rows of"
            f" {version.filename}, so it cannot be read again as one file. Append the rows again to"
            f" version {version.base.number}, or upload a new version."
        )
    file = StoredUpload(
        version_id=uuid.uuid4(),
        key=version.source_key,
        filename=version.filename,
        size_bytes=version.size_bytes,
        asked_types=version.asked_types,
        source_url=version.source_url,
        options=options,
    )
    return _next_version(version.dataset, user, file)


@dataclass(frozen=True, slots=True)
class Extension:
    """The version that the rows of a file are appended to.

    `rows_key` is the file as a table if it has already been read. `project_ids` get the new rows
    when the version is ready.
    """

    base: DatasetVersion
    choice: AppendChoice
    rows_key: str = ""
    project_ids: Sequence[uuid.UUID] = ()


def version_extend(*, user: User, file: StoredUpload, extension: Extension) -> DatasetVersion:
    """Queue the appending of a stored file, as the newest version of the dataset."""
    return _next_version(extension.base.dataset, user, file, extension)


@transaction.atomic
def _next_version(
    dataset: Dataset, user: User, file: StoredUpload, extension: Extension | None = None
) -> DatasetVersion:
    dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
    if DatasetVersion.objects.filter(dataset=dataset).latest("number").is_active:
        raise DataProblem(
            "A file of this dataset is being read. Wait until that is done, or cancel it."
        )
    refused = dataset.refused_append
    if refused is not None:
        version_remove(version=refused)
        dataset.refused_append = None
    return _version_of(dataset, user, file, extension)


def version_remove(*, version: DatasetVersion) -> None:
    """Delete a version that was not read, with the files that no other version has.

    Raises
    ------
    DataProblem
        If it is the only version of its dataset, or has rows.
    """
    if version.is_active or version.is_succeeded:
        raise DataProblem(
            f"Version {version.number} has been read or is being read. Only versions that could not"
            " be read can be removed."
        )
    others = DatasetVersion.all_versions.filter(dataset=version.dataset_id).exclude(pk=version.pk)
    if not others.exists():
        raise DataProblem(
            f"Version {version.number} is the only one of this dataset. Delete the dataset, or"
            " upload a new version first."
        )
    with transaction.atomic():
        keys = set(selectors.file_keys(selectors.cascade(version)))
        version.delete()
        # Versions that were read again, and files that were compared first, share their files.
        kept = {key for other in others for key in (other.source_key, other.rows_key)}
        for file in AppendedFile.objects.filter(base__dataset=version.dataset_id):
            kept |= {file.source_key, file.table_key}
        transaction.on_commit(lambda: _delete_files(sorted(keys - kept)))


def dataset_of_file(*, user: User, file: StoredUpload, name: str = "") -> Dataset:
    """Create the dataset of a stored file, named after it by default, and queue its reading."""
    with transaction.atomic():
        quotas.check_new_dataset(user)
        dataset = Dataset.objects.create(owner=user, name=name or _name_of(file.filename))
        _version_of(dataset, user, file)
    return dataset


@transaction.atomic
def _version_of(
    dataset: Dataset, user: User, file: StoredUpload, extension: Extension | None = None
) -> DatasetVersion:
    previous = DatasetVersion.objects.filter(dataset=dataset).order_by("-number").first()
    chosen_kinds = {} if previous is None else previous.chosen_kinds
    extended: dict[str, object] = {}
    if extension is not None:
        chosen_kinds = extension.base.chosen_kinds
        extended = {
            "base": extension.base,
            "append_choice": extension.choice.to_dict(),
            "rows_key": extension.rows_key,
            "projects_to_grow": [str(pk) for pk in extension.project_ids],
        }
    version = DatasetVersion.objects.create(
        id=file.version_id,
        dataset=dataset,
        number=1 if previous is None else previous.number + 1,
        created_by=user,
        filename=file.filename,
        size_bytes=file.size_bytes,
        source_key=file.key,
        asked_types=dict(file.asked_types),
        source_url=file.source_url,
        asked_options=file.options.to_dict(),
        chosen_kinds=chosen_kinds,
        **extended,
    )
    runs.enqueue(version)
    return version


def stored_upload(uploaded_file: UploadedFile[bytes], options: ReadOptions) -> StoredUpload:
    """Move Django's temporary file into the storage; its content never passes through memory."""
    filename = uploaded_file.name or "upload"
    if hasattr(uploaded_file, "temporary_file_path"):
        stored = stored_file(Path(uploaded_file.temporary_file_path()), filename, options)
        uploaded_file.close()  # otherwise its finalizer warns that the file was moved
        return stored
    with tables.scratch() as folder:
        path = folder / "upload"
        with path.open("wb") as copy:
            for chunk in uploaded_file.chunks():
                copy.write(chunk)
        return stored_file(path, filename, options)


def stored_file(path: Path, filename: str, options: ReadOptions = FIND_OUT) -> StoredUpload:
    """Move a local file into the storage."""
    version_id = uuid.uuid4()
    size_bytes = path.stat().st_size
    key = tables.publish(path, storage.dataset_source(version_id))
    return StoredUpload(version_id, key, filename[-255:], size_bytes, options=options)


def _name_of(filename: str) -> str:
    path = PurePosixPath(filename)
    if path.suffix.lower() in _PACKED:
        path = path.with_suffix("")
    return (path.stem or filename)[:200]


def column_kinds_choose(
    *,
    version: DatasetVersion,
    kinds: Mapping[str, ColumnKind],
    conventions: Mapping[str, Convention | None] | None = None,
) -> None:
    """Store the kinds and conventions that differ from the inferred ones, and profile the columns
    that changed again. None as a convention restores the inferred one.
    """
    profiles = {profile.name: profile for profile in selectors.column_profiles(version)}
    new_kinds = {name: profile.kind for name, profile in profiles.items()} | dict(kinds)
    previous = {name: profile.chosen_convention for name, profile in profiles.items()}
    requested = previous | dict(conventions or {})
    changed = {
        name: kind
        for name, kind in new_kinds.items()
        if kind is not profiles[name].kind or requested[name] is not previous[name]
    }
    chosen: dict[str, Convention] = {}
    for name, convention in requested.items():
        # A column that is no date any more has no order of day and month, and so on.
        usable = DATE_ORDERS if new_kinds[name] is ColumnKind.DATETIME else DECIMALS
        if convention is not None and convention in usable:
            chosen[name] = convention
    if changed:
        table = tables.local_path(version.table_key)
        updated = {profile.name: profile for profile in profile_columns(table, changed, chosen)}
        version.columns = [
            updated.get(name, profile).to_dict() for name, profile in profiles.items()
        ]
    version.chosen_kinds = {
        name: kind.value
        for name, kind in new_kinds.items()
        if kind is not profiles[name].inferred_kind
    }
    version.chosen_conventions = {name: convention.value for name, convention in chosen.items()}
    version.save(update_fields=["chosen_kinds", "chosen_conventions", "columns"])


def project_create(
    *, user: User, version: DatasetVersion, name: str, spec: CleansetSpec, notes: Sequence[str] = ()
) -> Project:
    """Create a project with its choices; `notes` are sentences for the user about them."""
    return Project.objects.create(
        owner=user,
        version=version,
        name=name,
        task=spec.task,
        modality=spec.modality,
        mode=spec.mode,
        label_column=spec.label_column or "",
        feature_columns=list(spec.feature_columns),
        column_kinds={column: kind.value for column, kind in spec.column_kinds.items()},
        conventions={column: convention.value for column, convention in spec.conventions.items()},
        seed=spec.seed,
        separator=spec.separator,
        merged_labels=dict(spec.merged_labels),
        split={} if spec.split is None else spec.split.to_dict(),
        notes=list(notes),
    )


def project_rename(*, project: Project, name: str) -> None:
    project.name = name
    project.save(update_fields=["name"])


def delete_with_files(instance: models.Model) -> None:
    """Delete the object and everything that depends on it; stored files go after the commit."""
    with transaction.atomic():
        keys = selectors.file_keys(selectors.cascade(instance))
        instance.delete()
        # Files cannot be rolled back; rows without files would be worse than files without rows.
        transaction.on_commit(lambda: _delete_files(keys))


def _delete_files(keys: Sequence[str]) -> None:
    tables.delete(list(keys))
    logger.info("Files deleted n_files=%s", len(keys))
