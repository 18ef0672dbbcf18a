"""Datasets, their versions (each one an ingest run), and projects."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from studio.engine import stages
from studio.engine.conventions import Convention
from studio.engine.conventions.label_sets import Separator
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.schema import CleansetSpec, SplitChoice
from studio.engine.table.columns import ColumnKind
from studio.runs import Run, Status

FORMAT_NAMES = {
    "csv": "CSV",
    "tsv": "TSV",
    "json": "JSON",
    "jsonl": "JSON Lines",
    "xlsx": "XLSX",
    "xlsb": "XLSB",
    "xls": "XLS",
    "ods": "ODS",
    "parquet": "Parquet",
}
DELIMITER_NAMES = {
    ",": "comma",
    ";": "semicolon",
    "\t": "tab",
    "|": "vertical bar",
    ":": "colon",
    " ": "space",
}


class Dataset(models.Model):
    """What a user uploaded, under a name; its rows belong to a version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="datasets"
    )
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)
    # The last appending, if it left the dataset as it was
    refused_append = models.ForeignKey(
        "DatasetVersion", on_delete=models.SET_NULL, null=True, related_name="+"
    )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the dataset page."""
        return reverse("dataset", args=[self.pk])


class ListedVersions(models.Manager["DatasetVersion"]):
    """All versions but appendings that were refused."""

    def get_queryset(self) -> models.QuerySet[DatasetVersion]:
        """Leave out runs that made no version."""
        return super().get_queryset().exclude(is_refused=True, status=Status.FAILED)


class DatasetVersion(Run):
    """One upload and the run that reads it into a table.

    A version with a `base` has the rows of that version under their ids, then those of its own
    file; `rows_key` is the file as a table if it has already been read. `updated_rows_key` are the
    ids of the old rows whose cells the file replaced. When it is ready, the projects of
    `projects_to_grow` get its rows. An appending that `is_refused` found nothing to append, or
    cannot be done as it was asked for; it becomes no version.
    """

    task_name = "projects.ingest_dataset"
    size_field = "size_bytes"

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(default=1)
    filename = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    source_key = models.CharField(max_length=200)
    table_key = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    file_format = models.CharField(max_length=10, blank=True, choices=list(FORMAT_NAMES.items()))
    encoding = models.CharField(max_length=40, blank=True)
    delimiter = models.CharField(max_length=4, blank=True)
    notes = models.JSONField(default=list)
    asked_options = models.JSONField(default=dict)
    used_options = models.JSONField(default=dict)
    doubts = models.JSONField(default=list)
    sheets = models.JSONField(default=list)
    n_rows = models.PositiveBigIntegerField(null=True)
    columns = models.JSONField(default=list)
    chosen_kinds = models.JSONField(default=dict)
    chosen_conventions = models.JSONField(default=dict)
    asked_types = models.JSONField(default=dict)
    text_columns = models.JSONField(default=list)
    source_url = models.TextField(blank=True)
    base = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="extensions")
    append_choice = models.JSONField(default=dict)  # of an `AppendChoice`
    append_counts = models.JSONField(default=dict)  # of an `AppendEffect`
    rows_key = models.CharField(max_length=200, blank=True)
    updated_rows_key = models.CharField(max_length=200, blank=True)
    projects_to_grow = models.JSONField(default=list)
    is_refused = models.BooleanField(default=False)

    objects = ListedVersions()
    all_versions: models.Manager[DatasetVersion] = models.Manager()

    class Meta(Run.Meta):
        default_manager_name = "all_versions"
        constraints = [
            *Run.Meta.constraints,
            models.UniqueConstraint(
                fields=["dataset", "number"],
                condition=models.Q(is_refused=False),
                name="dataset_version_number_unique",
            ),
        ]

    def get_absolute_url(self) -> str:
        """Return the dataset page."""
        return self.dataset.get_absolute_url()

    def ended_notice(self) -> str | None:
        """Tell the uploader."""
        if self.base_id:
            return f"Appending {self.filename} to {self.dataset.name}"
        return f"Dataset {self.dataset.name}"

    @property
    def kind(self) -> str:
        """What the run produces."""
        return "dataset"

    @property
    def resource_id(self) -> uuid.UUID:
        """The dataset; a version is only its latest file."""
        return self.dataset_id

    @property
    def delimiter_name(self) -> str:
        """The delimiter in words."""
        return DELIMITER_NAMES.get(self.delimiter, self.delimiter)

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages of reading and profiling, with fetching and unpacking only if needed."""
        appending = (stages.APPENDING_ROWS,) if self.base_id else ()
        if self.rows_key:
            return (*appending, stages.PROFILING_COLUMNS)
        reading = reading_stages(self.filename, self.source_url)
        return (*reading, *appending, stages.PROFILING_COLUMNS)


def reading_stages(filename: str, source_url: str) -> tuple[str, ...]:
    """Return the stages of reading a file, with fetching and unpacking only if needed."""
    names = [stages.CHECKING_FILE]
    if source_url:
        names.insert(0, stages.FETCHING_FILE)
    if filename.lower().endswith((".gz", ".zip")):
        names.append(stages.UNPACKING_FILE)
    return (*names, stages.READING_FILE)


class AppendedFile(Run):
    """A file of new rows for a dataset; reading it, so that a preview can be shown, is the run."""

    task_name = "projects.read_appended_file"
    size_field = "size_bytes"

    base = models.ForeignKey(
        DatasetVersion, on_delete=models.CASCADE, related_name="appended_files"
    )
    filename = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    source_key = models.CharField(max_length=200)
    table_key = models.CharField(max_length=200, blank=True)
    n_rows = models.PositiveBigIntegerField(null=True)
    facts = models.JSONField(default=dict)  # the fields of a version that describe its file

    class Meta(Run.Meta):
        pass

    def get_absolute_url(self) -> str:
        """Return the page that shows what the file would add."""
        return reverse("dataset-append-file", args=[self.pk])

    @property
    def kind(self) -> str:
        """What the run makes."""
        return "appended-file"

    @property
    def stages(self) -> tuple[str, ...]:
        """Only reading."""
        return reading_stages(self.filename, "")


class Upload(models.Model):
    """A file that arrives in parts; it is deleted after a while unless it becomes a version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads"
    )
    version = models.OneToOneField(
        DatasetVersion, on_delete=models.CASCADE, null=True, related_name="upload"
    )
    filename = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    part_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True)


class UploadPart(models.Model):
    """One stored part of a file; sending it again replaces it."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    etag = models.CharField(max_length=64)
    part_key = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "number"], name="upload_part_number_unique")
        ]


class Project(models.Model):
    """A dataset version with the choice of what to learn from it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="projects"
    )
    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="projects")
    name = models.CharField(max_length=200)
    task = models.CharField(max_length=20, choices=[(t.value, t.value) for t in MLTask])
    modality = models.CharField(max_length=20, choices=[(m.value, m.value) for m in Modality])
    mode = models.CharField(max_length=20, choices=[(m.value, m.value) for m in Mode])
    label_column = models.TextField(blank=True)
    feature_columns = models.JSONField(default=list)
    column_kinds = models.JSONField(default=dict)
    separator = models.CharField(
        max_length=10, default=Separator.COMMA, choices=[(s.value, s.value) for s in Separator]
    )
    merged_labels = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    conventions = models.JSONField(default=dict)
    split = models.JSONField(default=dict)  # of a `SplitChoice`; empty without a split
    seed = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the project page."""
        return reverse("project", args=[self.pk])

    @property
    def label_convention(self) -> Convention:
        """How the numbers of a regression's labels are written."""
        return Convention(self.conventions.get(self.label_column, Convention.POINT))

    def spec(self) -> CleansetSpec:
        """Return the choice in the engine's words."""
        return CleansetSpec(
            task=MLTask(self.task),
            modality=Modality(self.modality),
            mode=Mode(self.mode),
            label_column=self.label_column or None,
            feature_columns=tuple(self.feature_columns),
            column_kinds={name: ColumnKind(kind) for name, kind in self.column_kinds.items()},
            seed=self.seed,
            separator=Separator(self.separator),
            merged_labels=dict(self.merged_labels),
            conventions={
                name: Convention(convention) for name, convention in self.conventions.items()
            },
            split=SplitChoice.from_dict(self.split),
            encoder_folder=settings.ENCODER_FOLDER,
        )
