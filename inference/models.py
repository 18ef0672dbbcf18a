"""Prediction batches, each of which is the run that predicts a file, and announced uploads."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from models_app.models import DeployedModel
from studio.engine import stages
from studio.runs import Run


class PredictionBatch(Run):
    """One uploaded file and the predictions for its rows.

    `column_map` maps columns of the model to columns of the file whose names differ. If the file
    lacks columns, the batch fails, and `missing_columns` lists them, each with the candidates among
    `file_columns`. `chosen_conventions` are the user's readings of numbers and dates by column,
    `found_conventions` the readings that were used. `coverage` is None without a guard; else
    `report` has what the guard says of the batch as a whole. Of a row that `is_typed` into a form,
    the file has its cells as JSON, and `report` also has `row`, which says why.
    """

    task_name = "inference.predict_batch"
    size_field = "size_bytes"

    deployed_model = models.ForeignKey(
        DeployedModel, on_delete=models.CASCADE, related_name="prediction_batches"
    )
    filename = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    source_key = models.CharField(max_length=200)
    table_key = models.CharField(max_length=200, blank=True)
    result_key = models.CharField(max_length=200, blank=True)
    n_rows = models.PositiveBigIntegerField(null=True)
    label_counts = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    column_map = models.JSONField(default=dict, blank=True)
    missing_columns = models.JSONField(default=list)
    file_columns = models.JSONField(default=list)
    chosen_conventions = models.JSONField(default=dict, blank=True)
    found_conventions = models.JSONField(default=dict, blank=True)
    is_of_client = models.BooleanField(default=False)
    coverage = models.FloatField(null=True, blank=True)
    report = models.JSONField(default=dict, blank=True)
    is_typed = models.BooleanField(default=False)

    class Meta(Run.Meta):
        pass

    def get_absolute_url(self) -> str:
        """Return the page of the batch."""
        return reverse("prediction", args=[self.pk])

    def ended_notice(self) -> str | None:
        """Notify people of files; programs wait for the answer, and so does who typed a row."""
        if self.is_of_client or self.is_typed:
            return None
        return f"Predictions for {self.filename}"

    @property
    def kind(self) -> str:
        """What the run makes."""
        return "prediction"

    @property
    def stages(self) -> tuple[str, ...]:
        """Reading, then predicting."""
        return (stages.READING_FILE, stages.PREDICTING)


class PredictionUpload(models.Model):
    """A file that the public client announced. Its prediction becomes the batch of the same id.

    `source_key` is empty until the file arrives. Uploads that are never predicted expire.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    deployed_model = models.ForeignKey(
        DeployedModel, on_delete=models.CASCADE, related_name="prediction_uploads"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    source_key = models.CharField(max_length=200, blank=True)
    size_bytes = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
