"""A model's artefact in the file storage: one uncompressed tar, signed with this studio's key, opened once per process."""

from __future__ import annotations
