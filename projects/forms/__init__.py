"""What may be posted about datasets and projects."""

from __future__ import annotations

from projects.forms.datasets import UploadForm

__all__ = ["UploadForm"]
