"""What the studio knows of the files in its storage."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class StoredFile(models.Model):
    """A file as it was published; it never changes, so that its digest proves it whole."""

    key = models.CharField(max_length=200, primary_key=True)
    sha256 = models.CharField(max_length=64)
    n_bytes = models.PositiveBigIntegerField()
    published_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.key
