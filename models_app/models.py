"""Deployed models; each one is the run that trains it."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from cleansets.models import Cleanset
from studio.engine import stages
from studio.runs import Run


class DeployedModel(Run):
    """A model that was trained on a cleanset's corrected data."""

    task_name = "models_app.train_model"
    queue = "training"
    size_field = "artifact_bytes"

    cleanset = models.ForeignKey(Cleanset, on_delete=models.CASCADE, related_name="deployed_models")
    name = models.CharField(max_length=200)
    intended_use = models.TextField(blank=True)  # the usual one if empty
    candidate = models.CharField(max_length=40, blank=True)  # the best if empty
    made_current_at = models.DateTimeField(null=True)  # the latest is the project's current model
    retired_at = models.DateTimeField(null=True)
    artifact_key = models.CharField(max_length=200, blank=True)
    predictions_key = models.CharField(max_length=200, blank=True)
    labels_key = models.CharField(max_length=200, blank=True)
    onnx_key = models.CharField(max_length=200, blank=True)
    onnx_refusal = models.TextField(blank=True)  # why there is none
    artifact_bytes = models.PositiveBigIntegerField(null=True)
    manifest = models.JSONField(default=dict)
    candidates = models.JSONField(default=list)
    thresholds = models.JSONField(default=dict)
    n_rows = models.PositiveBigIntegerField(null=True)
    n_corrected = models.PositiveBigIntegerField(null=True)
    n_excluded = models.PositiveBigIntegerField(null=True)
    n_test = models.PositiveBigIntegerField(default=0)  # which it was not trained on

    class Meta(Run.Meta):
        pass

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the model page."""
        return reverse("model", args=[self.pk])

    def ended_notice(self) -> str | None:
        return f"Model {self.name}"

    @property
    def kind(self) -> str:
        """What the run makes."""
        return "model"

    @property
    def stages(self) -> tuple[str, ...]:
        """The engine's stages, ending with the fit on every row."""
        encoding = (stages.ENCODING_TEXT,) if stages.ENCODING_TEXT in self.cleanset.stages else ()
        return (
            stages.READING_ROWS,
            stages.READING_FEATURES,
            *encoding,
            stages.TRAINING_MODELS,
            stages.ENSEMBLING,
            stages.TRAINING_BEST_MODEL,
            stages.SAVING,
        )

    @property
    def has_guard(self) -> bool:
        """Whether it can say which of its predictions not to trust; older models cannot."""
        return bool(self.manifest.get("has_guard"))

    @property
    def n_unlabeled(self) -> int:
        """Rows that training left out because they have no label."""
        n_kept = (self.cleanset.n_rows or 0) - (self.n_excluded or 0)
        return n_kept - (self.n_rows or 0) - self.n_test
