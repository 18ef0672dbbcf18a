"""Prediction batches; each one is the run that predicts a file."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from models_app.models import DeployedModel
from studio.runs import Run


class PredictionBatch(Run):
    """One uploaded file and the predictions for its rows."""

    task_name = "inference.predict_batch"

    deployed_model = models.ForeignKey(DeployedModel, on_delete=models.CASCADE, related_name="prediction_batches")
    filename = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    source_key = models.CharField(max_length=200)
    table_key = models.CharField(max_length=200, blank=True)
    result_key = models.CharField(max_length=200, blank=True)
    n_rows = models.PositiveBigIntegerField(null=True)
    label_counts = models.JSONField(default=list)
    notes = models.JSONField(default=list)

    class Meta(Run.Meta):
        pass

    def get_absolute_url(self) -> str:
        """Return the page of the batch."""
        return reverse("prediction", args=[self.pk])

    def ended_notice(self) -> str | None:
        """Tell the uploader."""
        return f"Predictions for {self.filename}"

    @property
    def kind(self) -> str:
        """What the run makes."""
        return "prediction"

    @property
    def stages(self) -> tuple[str, ...]:
        """Reading, then predicting."""
        return ("Reading file", "Predicting")
