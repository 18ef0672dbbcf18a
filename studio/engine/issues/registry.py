"""The kinds of issue, in the order of their columns. To add one, write its file and add a line."""

from __future__ import annotations

from studio.engine.issues.base import IssueType
from studio.engine.issues.labels.ambiguous import find_ambiguous
from studio.engine.issues.labels.label_issue import find_label_issue
from studio.engine.issues.labels.label_issue_numbers import find_label_issue_numbers
from studio.engine.issues.labels.label_issue_sets import find_label_issue_sets
from studio.engine.issues.labels.rare_class import find_rare_class
from studio.engine.issues.labels.unlabeled import find_unlabeled
from studio.engine.issues.labels.well_labeled import find_well_labeled
from studio.engine.issues.rows.near_duplicate import find_near_duplicate
from studio.engine.issues.rows.outlier import find_outlier
from studio.engine.issues.texts.informal import find_informal
from studio.engine.issues.texts.non_english import find_non_english
from studio.engine.issues.texts.pii import find_pii
from studio.engine.issues.texts.sentiment import find_sentiment
from studio.engine.issues.texts.text_basics import find_text_basics
from studio.engine.issues.texts.toxic import find_toxic
from studio.engine.ml_task import MLTask, Modality, Mode

_TEXT = frozenset({Modality.TEXT})
_REGULAR = frozenset({Mode.REGULAR})
_WITH_CLASSES = frozenset({MLTask.MULTI_CLASS, MLTask.MULTI_LABEL})
_WITH_LABELS = _WITH_CLASSES | {MLTask.REGRESSION}

ISSUE_TYPES = (
    IssueType("label issues", find_label_issue, tasks=frozenset({MLTask.MULTI_CLASS})),
    IssueType("label issues", find_label_issue_sets, tasks=frozenset({MLTask.MULTI_LABEL})),
    IssueType("label issues", find_label_issue_numbers, tasks=frozenset({MLTask.REGRESSION})),
    IssueType("ambiguous rows", find_ambiguous, tasks=_WITH_CLASSES),
    IssueType("well labeled rows", find_well_labeled, tasks=_WITH_LABELS),
    IssueType("near duplicates", find_near_duplicate),
    IssueType("outliers", find_outlier, content_version=5),
    IssueType("unlabeled rows", find_unlabeled, tasks=_WITH_LABELS),
    IssueType("rare classes", find_rare_class, tasks=_WITH_CLASSES),
    IssueType("text basics", find_text_basics, modalities=_TEXT),
    IssueType("personal data", find_pii, modalities=_TEXT),
    IssueType("languages", find_non_english, modalities=_TEXT, modes=_REGULAR, content_version=3),
    IssueType("informal texts", find_informal, modalities=_TEXT, modes=_REGULAR, content_version=3),
    IssueType("toxic texts", find_toxic, modalities=_TEXT, modes=_REGULAR, content_version=3),
    IssueType("sentiment", find_sentiment, modalities=_TEXT, modes=_REGULAR, content_version=3),
)
