"""Rows that came without a label."""

from __future__ import annotations

from studio.engine.issues.base import Columns, Evidence


def find_unlabeled(evidence: Evidence) -> Columns:
    """Mark rows whose label cell is empty or blank.

    In a multi-label task an explicit empty set is a label: it states that no class applies.
    """
    return {"is_initially_unlabeled": ~evidence.study.labels.is_labeled}
