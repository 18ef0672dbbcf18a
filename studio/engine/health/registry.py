"""The kinds of finding about a whole dataset. To add one, write its file, its dataclass, and a
line here.
"""

from __future__ import annotations

from studio.engine.health.base import Analysis, Finding
from studio.engine.health.labels.classes import (
    find_classes,
    find_confusions,
    find_imbalance,
    find_overlaps,
)
from studio.engine.health.labels.label_quality import find_label_quality
from studio.engine.health.labels.noise import find_noise
from studio.engine.health.labels.number_errors import find_number_errors
from studio.engine.health.labels.trust import find_trust
from studio.engine.health.rows.groups import find_groups
from studio.engine.health.rows.inverted import find_inverted
from studio.engine.health.rows.leak import find_leak
from studio.engine.health.rows.order import find_order
from studio.engine.ml_task import MLTask
from studio.engine.schema.health import Health

_WITH_ONE_CLASS = frozenset({MLTask.MULTI_CLASS})
_WITH_CLASSES = frozenset({MLTask.MULTI_CLASS, MLTask.MULTI_LABEL})
_WITH_NUMBERS = frozenset({MLTask.REGRESSION})
_WITH_LABELS = _WITH_CLASSES | _WITH_NUMBERS

FINDINGS = (
    Finding("label_quality", find_label_quality, _WITH_LABELS),
    Finding("trust", find_trust, _WITH_LABELS),
    Finding("noise", find_noise, _WITH_LABELS),
    Finding("classes", find_classes, _WITH_CLASSES),
    Finding("confusions", find_confusions, _WITH_ONE_CLASS),
    Finding("overlaps", find_overlaps, _WITH_ONE_CLASS),
    Finding("imbalance", find_imbalance, _WITH_CLASSES),
    Finding("number_errors", find_number_errors, _WITH_NUMBERS),
    Finding("order", find_order),
    Finding("groups", find_groups, _WITH_LABELS),
    Finding("inverted", find_inverted, _WITH_ONE_CLASS),
    Finding("leak", find_leak),
)


def find_health(analysis: Analysis) -> Health:
    """Return every finding that applies to the task."""
    task = analysis.evidence.study.spec.task
    return Health(
        **{finding.field: finding.find(analysis) for finding in FINDINGS if task in finding.tasks}
    )
