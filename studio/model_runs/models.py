"""Model runs: immutable snapshots of trainings and their predictions, with an evaluation."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils import timezone

from cleansets.models import Cleanset
from models_app.models import DeployedModel
from projects.models import Project
from studio.engine import stages
from studio.engine.ml_task import MLTask
from studio.runs import Run


class Origin(models.TextChoices):
    """The source of a run's predictions."""

    ANALYSIS = "analysis", "Analysis"
    MODEL = "model", "Deployed model"
    IMPORT = "import", "Imported predictions"


class ModelRun(Run):
    """A snapshot of one training; the run itself is its evaluation.

    `configuration` holds the settings, `snapshot` the data and the versions. `main_metric` is the
    one that lists show. The evaluation and the rows are stored in files. For imported predictions,
    both the uploaded file and the parsed predictions are kept.
    """

    task_name = "model_runs.evaluate_run"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="model_runs")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    cleanset = models.ForeignKey(
        Cleanset, on_delete=models.CASCADE, null=True, related_name="model_runs"
    )
    deployed_model = models.ForeignKey(
        DeployedModel, on_delete=models.CASCADE, null=True, related_name="model_runs"
    )
    recorded_at = models.DateTimeField(default=timezone.now)
    name = models.CharField(max_length=200)
    notes = models.TextField(blank=True)
    tags = models.JSONField(default=list)
    configuration = models.JSONField(default=dict)
    snapshot = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    custom_metrics = models.JSONField(default=dict)
    main_metric = models.JSONField(default=dict)
    classes = models.JSONField(default=list)
    n_rows = models.PositiveBigIntegerField(null=True)
    n_corrected = models.PositiveBigIntegerField(null=True)
    filename = models.CharField(max_length=255, blank=True)
    source_key = models.CharField(max_length=200, blank=True)
    predictions_key = models.CharField(max_length=200, blank=True)
    evaluation_key = models.CharField(max_length=200, blank=True)
    rows_key = models.CharField(max_length=200, blank=True)

    class Meta(Run.Meta):
        pass

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the page of its evaluation."""
        return reverse("evaluation", args=[self.pk])

    @property
    def kind(self) -> str:
        """What the run makes."""
        return "evaluation"

    @property
    def task(self) -> MLTask:
        """What is predicted."""
        return MLTask(self.project.task)

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages of an evaluation: reading the results of the training, then measuring them."""
        return (stages.READING_PREDICTIONS, stages.MEASURING, stages.SAVING)

    @property
    def main_value(self) -> Any:
        """The value of the main metric; None before the evaluation."""
        return self.main_metric.get("value")


class Projection(Run):
    """The rows of a model run in two dimensions; computing them is the run.

    `summary` has the clusters, and the explained fraction of the variance; the points are stored in
    a file.
    """

    class Method(models.TextChoices):
        """How features are reduced."""

        UMAP = "umap", "UMAP"
        PCA = "pca", "PCA"

    task_name = "model_runs.project_rows"
    queue = "training"

    model_run = models.ForeignKey(ModelRun, on_delete=models.CASCADE, related_name="projections")
    method = models.CharField(max_length=10, choices=Method.choices)
    n_rows = models.PositiveBigIntegerField(null=True)
    n_placed = models.PositiveBigIntegerField(null=True)
    n_fitted = models.PositiveBigIntegerField(null=True)
    summary = models.JSONField(default=dict)
    plane_key = models.CharField(max_length=200, blank=True)

    class Meta(Run.Meta):
        pass

    def get_absolute_url(self) -> str:
        """Return the page of the map."""
        address = reverse("evaluation-map", args=[self.model_run_id])
        return f"{address}?method={self.method}"

    @property
    def kind(self) -> str:
        """What the run makes."""
        return "projection"

    @property
    def stages(self) -> tuple[str, ...]:
        """Reading what the analysis kept, then reducing it."""
        return (
            stages.READING_FEATURES,
            stages.PROJECTING,
            stages.NAMING_CLUSTERS,
            stages.SAVING,
        )


class SavedConfiguration(models.Model):
    """A configuration of a project under a name; `values` are the fields of a `Configuration`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="saved_configurations"
    )
    name = models.CharField(max_length=200)
    values = models.JSONField(default=dict)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], name="saved_configuration_name_unique"
            )
        ]

    def __str__(self) -> str:
        return self.name
