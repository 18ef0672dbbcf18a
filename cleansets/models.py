"""Cleansets, each an analysis run, and people's decisions about their rows."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from projects.models import DatasetVersion, Project
from studio.engine import stages
from studio.engine.conventions import Convention
from studio.engine.counted import counted
from studio.engine.ml_task import MLTask
from studio.engine.schema import CleansetSpec
from studio.engine.schema.configuration import Configuration
from studio.engine.table.columns import ColumnKind
from studio.runs import Run


class CleansetOrigin(models.TextChoices):
    """How a cleanset came about, if not by an analysis."""

    ROWS = "rows", "new rows scored"
    RESTORED = "restored", "older version restored"


class Cleanset(Run):
    """The analysis of one dataset version; its row-level results are stored in Parquet files.

    With the origin `rows`, it is its base with new rows, which the models of the base scored;
    `growth` says how. With the origin `restored`, it is equal to `restored`, an older cleanset.

    `configuration` is what it does otherwise than its project says: the fields of a
    `Configuration`, and the kinds and conventions of its columns. Empty if there is nothing.
    `provided_key` is a file with predictions of another model, used instead of training; `provided`
    has the name and the classes of that model.
    """

    task_name = "cleansets.build_cleanset"
    queue = "training"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="cleansets")
    number = models.PositiveIntegerField(default=1)
    base = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="improved")
    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="cleansets")
    origin = models.CharField(max_length=10, choices=CleansetOrigin.choices, blank=True)
    restored = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="+")
    growth = models.JSONField(default=dict)
    name = models.CharField(max_length=100, blank=True)
    note = models.TextField(blank=True)
    base_action_number = models.PositiveIntegerField(null=True)  # the base's newest, when improved
    n_rows = models.PositiveBigIntegerField(null=True)
    issues_key = models.CharField(max_length=200, blank=True)
    pred_probs_key = models.CharField(max_length=200, blank=True)
    predictions_key = models.CharField(max_length=200, blank=True)
    fold_id_key = models.CharField(max_length=200, blank=True)
    embeddings_key = models.CharField(max_length=200, blank=True)
    votes_key = models.CharField(max_length=200, blank=True)
    space_key = models.CharField(max_length=200, blank=True)
    levels_key = models.CharField(max_length=200, blank=True)
    value_counts_key = models.CharField(max_length=200, blank=True)
    explained = models.JSONField(default=dict)  # the names that belong to these four
    classes = models.JSONField(default=list)
    candidates = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    stage_seconds = models.JSONField(default=dict)
    manifest = models.JSONField(default=dict)
    configuration = models.JSONField(default=dict)
    provided_key = models.CharField(max_length=200, blank=True)
    provided = models.JSONField(default=dict)
    health = models.JSONField(default=dict)

    class Meta(Run.Meta):
        constraints = [
            *Run.Meta.constraints,
            models.UniqueConstraint(fields=["project", "number"], name="cleanset_number_unique"),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Take the data of the project, unless others are given."""
        if self.version_id is None:
            self.version_id = self.project.version_id
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        """Return the review page."""
        return reverse("cleanset", args=[self.pk])

    @property
    def worker_queue(self) -> str:
        """The queue of the trainings; what takes seconds does not wait for those."""
        return "data" if self.origin else self.queue

    @property
    def is_analysis(self) -> bool:
        """Whether all rows were analysed together."""
        return not self.origin

    @property
    def root(self) -> Cleanset:
        """The analysis of the uploaded labels from which this one descends."""
        cleanset = self
        while cleanset.base is not None:
            cleanset = cleanset.base
        return cleanset

    @property
    def task(self) -> MLTask:
        """What is predicted."""
        return MLTask(self.project.task)

    @property
    def label_convention(self) -> Convention:
        """How the numbers of the label column are written."""
        return self.project.label_convention

    @property
    def choices(self) -> dict[str, Any]:
        """The fields that another attempt of this analysis must have, too."""
        return {
            "configuration": self.configuration,
            "provided_key": self.provided_key,
            "provided": self.provided,
            "version": self.version,
            "origin": self.origin,
        }

    @property
    def feature_columns(self) -> list[str]:
        """The columns that its models see."""
        columns: list[str] = self.configuration.get("feature_columns", self.project.feature_columns)
        return columns

    @property
    def column_kinds(self) -> dict[str, str]:
        """The kinds of these columns."""
        kinds: dict[str, str] = self.configuration.get("column_kinds", self.project.column_kinds)
        return kinds

    @property
    def mode(self) -> str:
        """How much time it spends."""
        return str(self.configuration.get("mode", self.project.mode))

    def spec(self) -> CleansetSpec:
        """Return the choice of the project with the configuration of this analysis."""
        spec = self.project.spec()
        if not self.configuration:
            return spec
        values = dict(self.configuration)
        kinds = values.pop("column_kinds")
        conventions = values.pop("conventions")
        configuration = Configuration.from_dict(values, Configuration.of(spec))
        return replace(
            configuration.applied_to(spec),
            column_kinds={name: ColumnKind(kind) for name, kind in kinds.items()},
            conventions={name: Convention(convention) for name, convention in conventions.items()},
        )

    def ended_notice(self) -> str | None:
        """Notify the owner that the run has ended."""
        return f"Cleanset of {self.project.name}"

    @property
    def stages(self) -> tuple[str, ...]:
        """The engine's stages; only text in regular mode is encoded."""
        if self.origin == CleansetOrigin.RESTORED:
            return (stages.READING_ROWS,)
        if self.origin == CleansetOrigin.ROWS:
            return (
                stages.READING_ROWS,
                stages.TRAINING_BEST_MODEL,
                stages.PREDICTING,
                stages.READING_FEATURES,
                stages.FINDING_ISSUES,
                stages.SAVING,
            )
        encoding = (stages.ENCODING_TEXT,) if self.spec().may_encode else ()
        training = () if self.provided_key else (stages.TRAINING_MODELS, stages.ENSEMBLING)
        return (
            stages.READING_ROWS,
            stages.READING_FEATURES,
            *encoding,
            *training,
            stages.FINDING_ISSUES,
            stages.SAVING,
        )


class ReviewLayout(models.Model):
    """The columns that the review table of a project shows, their order and display."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="review_layout")
    columns = models.JSONField(default=list)
    scores = models.JSONField(default=list)
    has_two_lines = models.BooleanField(default=False)
    is_first_pinned = models.BooleanField(default=True)

    @classmethod
    def of(cls, project: Project) -> ReviewLayout:
        """Return the saved layout of the project, else the default one."""
        return getattr(project, "review_layout", None) or cls(project=project)


class SavedView(models.Model):
    """Filters and order of the review table under a name; `params` is their query string."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=30)
    description = models.CharField(max_length=200, blank=True)
    params = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="saved_view_name_unique")
        ]

    def __str__(self) -> str:
        return self.name


class Action(models.TextChoices):
    """What a person decided about a row."""

    AUTO_FIX = "auto-fix", "Auto-fix"
    KEEP = "keep", "Keep"
    EXCLUDE = "exclude", "Exclude"
    LABEL = "label", "Label"


class CurrentReviews(models.Manager["RowReview"]):
    """The decisions in force: without drafts, and without what a published draft replaced."""

    def get_queryset(self) -> models.QuerySet[RowReview]:
        """Read the drafts in the same statement, so that one cannot come into force in between."""
        drafts = Draft.objects.values("pk")
        in_force = models.Q(replaced_by_draft=None) | models.Q(replaced_by_draft__in=drafts)
        return super().get_queryset().exclude(draft__in=drafts).filter(in_force)


class RowReview(models.Model):
    """The current decision about a row; rows without one are untouched.

    While a large action is written, a row may have two versions: one with the number of the
    `draft`, and the one that the draft is going to replace.
    """

    cleanset = models.ForeignKey(
        Cleanset, on_delete=models.CASCADE, related_name="reviews", db_index=False
    )
    row_id = models.PositiveBigIntegerField()
    action = models.CharField(max_length=10, choices=Action.choices, blank=True)
    corrected_label = models.TextField(null=True)  # noqa: DJ001 (an empty label is not the same as none)
    needs_review = models.BooleanField(default=False)
    is_manual = models.BooleanField()
    tags = models.TextField(default="", db_default="", blank=True)  # sorted, one a line
    updated_at = models.DateTimeField(default=timezone.now)
    draft = models.PositiveBigIntegerField(null=True)
    replaced_by_draft = models.PositiveBigIntegerField(null=True)

    objects = CurrentReviews()
    all_versions: models.Manager[RowReview] = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["cleanset", "row_id"], name="row_review_row")]
        constraints = [
            models.UniqueConstraint(
                fields=["cleanset", "row_id"],
                condition=models.Q(replaced_by_draft=None),
                name="row_review_unique_unreplaced",
            ),
            models.CheckConstraint(
                condition=~models.Q(action__in=["label"]) | models.Q(corrected_label__isnull=False),
                name="row_review_label_has_label",
            ),
        ]


class ReviewAction(models.Model):
    """One action of a person, on one row or on many; the unit of undo."""

    class Kind(models.TextChoices):
        """Where the action came from."""

        SINGLE = "single", "by hand"
        BULK = "bulk", "Clean Top K"
        SELECTION = "selection", "selected rows"
        IMPORT = "import", "decisions from a file"
        CLASS = "class", "class renamed or merged"
        TAG = "tag", "tags"
        CARRIED = "carried", "carried over from the version before"
        UNDO = "undo", "undo"
        REDO = "redo", "redo"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cleanset = models.ForeignKey(Cleanset, on_delete=models.CASCADE, related_name="review_actions")
    number = models.PositiveIntegerField(null=True)  # of its cleanset; null until it counts
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    description = models.CharField(max_length=300)
    n_rows = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    undone_by = models.OneToOneField(
        "self", on_delete=models.CASCADE, null=True, related_name="undoes"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cleanset", "number"], name="review_action_number_unique"
            )
        ]


class ReviewEvent(models.Model):
    """How one action changed one row. Append-only: nothing updates or deletes an event."""

    review_action = models.ForeignKey(
        ReviewAction, on_delete=models.CASCADE, related_name="events", db_index=False
    )
    row_id = models.PositiveBigIntegerField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index(fields=["review_action", "row_id"], name="review_event_row")]


class Draft(models.Model):
    """The decisions of a large action while they are written; deleting it puts them in force."""

    cleanset = models.ForeignKey(Cleanset, on_delete=models.CASCADE, related_name="drafts")
    review_action = models.OneToOneField(ReviewAction, on_delete=models.CASCADE)
    written_at = models.DateTimeField(default=timezone.now)
    is_discarded = models.BooleanField(default=False)


class CorrectionsFile(Run):
    """An uploaded file of corrections; reading it is the run."""

    task_name = "cleansets.read_corrections"
    size_field = "size_bytes"

    cleanset = models.ForeignKey(
        Cleanset, on_delete=models.CASCADE, related_name="corrections_files"
    )
    filename = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    source_key = models.CharField(max_length=200)
    table_key = models.CharField(max_length=200, blank=True)
    n_rows = models.PositiveBigIntegerField(null=True)

    class Meta(Run.Meta):
        pass

    def get_absolute_url(self) -> str:
        """Return the page that shows what the file would change."""
        return reverse("cleanset-corrections", args=[self.pk])

    @property
    def kind(self) -> str:
        """What the run makes."""
        return "corrections"

    @property
    def stages(self) -> tuple[str, ...]:
        """Only reading."""
        return (stages.READING_FILE,)


class ActionRun(Run):
    """An action on more rows than a request should wait for."""

    class Purpose(models.TextChoices):
        """What the action does."""

        TOP_K = "top_k"
        IMPORT = "import"
        CLASS = "class"
        UNDO = "undo"
        REDO = "redo"
        REVERT = "revert"

    task_name = "cleansets.apply_action"

    cleanset = models.ForeignKey(Cleanset, on_delete=models.CASCADE, related_name="action_runs")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    title = models.CharField(max_length=300)
    params = models.JSONField(default=dict)
    corrections_file = models.ForeignKey(CorrectionsFile, on_delete=models.CASCADE, null=True)
    reverted = models.ForeignKey(
        ReviewAction, on_delete=models.CASCADE, null=True, related_name="+"
    )
    review_action = models.OneToOneField(
        ReviewAction, on_delete=models.CASCADE, null=True, related_name="run"
    )
    n_decided_later = models.PositiveBigIntegerField(default=0)

    class Meta(Run.Meta):
        pass

    def get_absolute_url(self) -> str:
        """Return the page with the progress of the action."""
        return reverse("cleanset-action-run", args=[self.pk])

    @property
    def kind(self) -> str:
        """What the run makes."""
        return "action"

    @property
    def stages(self) -> tuple[str, ...]:
        """Decisions are written, then come into force all at once."""
        return (stages.WRITING_DECISIONS,)

    @property
    def outcome(self) -> str:
        """What the action did, in words."""
        return f"{self.done_title}: done. {self.skipped}".strip()

    @property
    def done_title(self) -> str:
        """What the action did, else what it is going to do."""
        return self.review_action.description if self.review_action else self.title

    @property
    def skipped(self) -> str:
        """The rows that the action left alone, in words."""
        n = self.n_decided_later
        if not n:
            return ""
        rows = counted(n, "row was", "rows were")
        return f"{rows} decided again meanwhile and did not change."
