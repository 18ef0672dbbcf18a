"""The panel of one row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cleansets import row_query, selectors
from cleansets.issue_columns import IssueColumn, badges
from cleansets.models import Action, Cleanset
from cleansets.overlay import corrected_in
from cleansets.pages.review.classes import (
    ClassChance,
    ClassToggle,
    class_chances,
    class_toggles,
)
from cleansets.pages.review.labels import RowLabels, row_labels
from cleansets.pages.review.near_duplicates import NearDuplicates, near_duplicates
from cleansets.pages.review.numbers import NumberChoice, number_choice
from cleansets.row_query import RowSource
from studio.engine.ml_task import MLTask, Modality

N_FEATURES = 14  # of the columns that the models see, those shown at once in the panel of a row


@dataclass(frozen=True, slots=True)
class RowDetail:
    """Everything that the panel shows of one row; only the choices of its task are present."""

    row: Mapping[str, Any]
    labels: RowLabels
    corrected_in: int | None
    badges: list[IssueColumn]
    is_text: bool
    text: str | None
    features: list[tuple[str, str | None]]
    others: list[tuple[str, str | None]]
    chances: list[ClassChance]
    toggles: list[ClassToggle]
    number: NumberChoice | None
    near_duplicates: NearDuplicates | None

    @property
    def row_id(self) -> int:
        """0-based position in the dataset version."""
        return int(self.row["row_id"])

    @property
    def first_features(self) -> list[tuple[str, str | None]]:
        """The cells above the labels; kept few, so that the choices stay in sight."""
        return self.features[:N_FEATURES]

    @property
    def more_features(self) -> list[tuple[str, str | None]]:
        """The cells that are folded away."""
        return self.features[N_FEATURES:]

    @property
    def tags(self) -> list[str]:
        """The names of the row's tags."""
        names: list[str] = self.row["tags"].splitlines()
        return names

    @property
    def no_advice(self) -> str:
        """What to say where auto-fix has nothing to apply."""
        return "This row has no suggestion to apply. Keep it, exclude it, or choose a label."

    @property
    def auto_fix_meaning(self) -> str:
        """What auto-fix would do with this row."""
        if self.row["advice"] is None:
            return "There is no suggestion for this row"
        if self.row["advice"] == "exclude":
            return "Advice: exclude this row"
        noun = "number" if self.number else "label"
        return f"Accept the suggested {noun}, {', '.join(self._suggested) or 'no class'}"

    @property
    def auto_fix_result(self) -> str:
        """The text of the auto-fix button: its result."""
        if self.row["advice"] is None:
            return "No suggestion"
        if self.row["advice"] == "exclude":
            return "Exclude (advice)"
        return ", ".join(self._suggested) or "No class"

    @property
    def _suggested(self) -> tuple[str, ...]:
        return self.labels.suggested.names if self.labels.suggested else ()

    @property
    def is_kept(self) -> bool:
        """Whether the row is decided to be right as it is."""
        return bool(self.row["action"] == Action.KEEP)

    @property
    def is_excluded(self) -> bool:
        """Whether somebody excluded the row; advice that was accepted is an auto-fix."""
        return bool(self.row["action"] == Action.EXCLUDE)

    @property
    def issue_scores(self) -> list[tuple[IssueColumn, float | None]]:
        """The issues of the row with the score of each that has one."""
        return [(issue, self.row[issue.score] if issue.score else None) for issue in self.badges]

    @property
    def first_chances(self) -> list[ClassChance]:
        """The classes with a digit key, and the given and the chosen one in any case."""
        named = (self.row["given_label"], self.row["decided_label"])
        return [chance for chance in self.chances if chance.key or chance.label in named]

    @property
    def more_chances(self) -> list[ClassChance]:
        """The other classes."""
        shown = {chance.label for chance in self.first_chances}
        return [chance for chance in self.chances if chance.label not in shown]

    @property
    def more_chances_probability(self) -> float:
        """How likely the other classes are together."""
        return sum(chance.probability for chance in self.more_chances)

    @property
    def first_toggles(self) -> list[ClassToggle]:
        """The classes that have a digit key, and all others that apply or should."""
        return [t for t in self.toggles if t.key or t.applies or t.suggestion]

    @property
    def more_toggles(self) -> list[ClassToggle]:
        """The classes that do neither."""
        shown = {t.label for t in self.first_toggles}
        return [t for t in self.toggles if t.label not in shown]


def row_detail(cleanset: Cleanset, row_id: int, source: RowSource) -> RowDetail | None:
    """Return one row for the panel, or None if it does not exist."""
    row = row_query.fetch_row(row_id, source)
    if row is None:
        return None
    project = cleanset.project
    own = row["own"]
    task = cleanset.task
    is_text = project.modality == Modality.TEXT
    columns = cleanset.feature_columns
    features = [] if is_text else [(name, own[name]) for name in columns]
    cluster = row.get("near_duplicate_cluster_id")
    return RowDetail(
        row=row,
        labels=row_labels(cleanset, row),
        corrected_in=corrected_in(cleanset, row_id),
        badges=badges(row),
        is_text=is_text,
        text=own[columns[0]] if is_text else None,
        features=features,
        others=[item for item in own.items() if item[0] not in (*columns, project.label_column)],
        chances=class_chances(cleanset, row_id) if task is MLTask.MULTI_CLASS else [],
        toggles=(
            class_toggles(cleanset, row, selectors.added_classes(cleanset, source.reviews))
            if task is MLTask.MULTI_LABEL
            else []
        ),
        number=number_choice(cleanset, row) if task is MLTask.REGRESSION else None,
        near_duplicates=(
            near_duplicates(cleanset, int(cluster), row, source) if cluster is not None else None
        ),
    )
