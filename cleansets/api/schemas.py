"""Schemas of `/api/v1` for projects, cleansets and rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from cleansets.models import Cleanset
from cleansets.task_words import TASK_WORDS
from projects.models import Project
from studio.api.schemas import ROW_ID_FORM, Name, RunOut, Text
from studio.engine.conventions.label_sets import Separator
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.schema import Part
from studio.engine.schema.split import MAX_TEST_PERCENT, MIN_TEST_PERCENT, TEST_PERCENT
from studio.engine.table.columns import ColumnKind


class SplitIn(Schema):
    """Which rows are for testing: by a column, or a split to be made; neither for none."""

    model_config = ConfigDict(extra="forbid")

    column: Text | None = Field(None, description="The column whose values say it.")
    values: dict[Text, Part] | None = Field(
        None, description="What its values mean, where that cannot be recognised."
    )
    test_percent: int | None = Field(
        None,
        ge=MIN_TEST_PERCENT,
        le=MAX_TEST_PERCENT,
        description=(
            f"Make a split with so many of a hundred rows for testing, such as {TEST_PERCENT}: as"
            " many of each class, near duplicates on the same side."
        ),
    )


class ProjectIn(Schema):
    """The settings of a project; whatever is omitted is guessed from the dataset."""

    model_config = ConfigDict(extra="forbid")

    dataset_id: UUID
    name: Name | None = Field(None, description="By default the name of the dataset.")
    task: MLTask | None = None
    modality: Modality | None = None
    mode: Mode | None = Field(None, description="By default regular.")
    label_column: Text | None = Field(None, description='"" for none.')
    text_column: Text | None = Field(
        None, description="For a text project: the column that the models read."
    )
    feature_columns: list[Text] | None = Field(
        None, description="For a tabular project: the columns to learn from."
    )
    separator: Separator | None = Field(
        None,
        description=(
            "For a multi-label project: how the cells of the label column write sets; inferred by"
            " default."
        ),
    )
    merge_spellings: bool | list[Text] = Field(
        default=False,
        description=(
            "Whether classes that differ in case, spaces or Unicode form count as one, spelled as"
            " most rows spell it; or the spellings to keep, each for all spellings of its class."
        ),
    )
    split: SplitIn | None = Field(
        None,
        description=(
            "Rows for testing, whose labels are never learned from. If left out: by a column whose"
            " values clearly say it, such as train and test, else none."
        ),
    )


class ProjectNameIn(Schema):
    """A new name for a project."""

    model_config = ConfigDict(extra="forbid")

    name: Name


class CleansetBriefOut(Schema):
    """A cleanset in a list, with the progress of its run."""

    id: UUID
    number: int
    name: str = Field(description="Of the version, as people named it.")
    note: str
    origin: str = Field(
        description=(
            "Empty for an analysis of all rows; rows if new rows were scored; restored if it is an"
            " older version again."
        )
    )
    dataset_version: int = Field(description="Number of the version of the dataset.")
    growth: dict[str, Any] = Field(
        description="Of the origin rows: how many are new, what scored them, and what was found."
    )
    run: RunOut

    @staticmethod
    def resolve_run(cleanset: Cleanset) -> Cleanset:
        """The cleanset is its run."""
        return cleanset

    @staticmethod
    def resolve_dataset_version(cleanset: Cleanset) -> int:
        """Return the number."""
        return cleanset.version.number


class ProjectOut(Schema):
    """A project with its newest cleanset."""

    id: UUID
    name: str
    created_at: datetime
    dataset_id: UUID
    dataset_name: str
    task: MLTask
    modality: Modality
    mode: Mode
    label_column: str | None
    feature_columns: list[str]
    column_kinds: dict[str, ColumnKind]
    seed: int
    separator: Separator = Field(
        description="How the cells of a multi-label project's label column write sets."
    )
    merged_labels: dict[str, str] = Field(
        description="Merged spellings of classes, each with the spelling it counts as."
    )
    split: dict[str, Any] | None = Field(
        description=(
            "Which rows are for testing: by a `column` with its `values`, or `test_percent` of a"
            " split that was made; null for none."
        )
    )
    notes: list[str] = Field(
        description="Notes on the label column from when the project was created."
    )
    cleanset: CleansetBriefOut | None = Field(description="The newest cleanset.")

    @staticmethod
    def resolve_dataset_id(project: Project) -> UUID:
        """Return the dataset, not the version."""
        return project.version.dataset_id

    @staticmethod
    def resolve_dataset_name(project: Project) -> str:
        """Return the name of the dataset."""
        return project.version.dataset.name

    @staticmethod
    def resolve_label_column(project: Project) -> str | None:
        """Return null where there is none."""
        return project.label_column or None

    @staticmethod
    def resolve_split(project: Project) -> dict[str, Any] | None:
        """Return null where there is none."""
        return project.split or None

    @staticmethod
    def resolve_cleanset(project: Project) -> Cleanset | None:
        """Return the newest of the cleansets that were prefetched with the project."""
        return max(project.cleansets.all(), key=lambda cleanset: cleanset.number, default=None)


class CandidateOut(Schema):
    """A candidate model, evaluated on held-out rows; metrics of other tasks are null."""

    key: str
    name: str
    accuracy: float | None = Field(None, description="For multi-class.")
    f1: float | None = Field(None, description="For multi-label: over all rows and classes.")
    r2: float | None = Field(None, description="For regression.")
    log_loss: float | None = Field(None, description="For multi-class and multi-label.")
    rmse: float | None = Field(
        None, description="For regression: root mean squared error, in the unit of the label."
    )
    ece: float | None = Field(
        None, description="Expected calibration error, for multi-class and multi-label."
    )
    weight: float = Field(description="Its weight in the ensemble.")
    training_time_s: float
    inference_time_s: float


class CleansetOut(CleansetBriefOut):
    """An analysis: its progress, then its results."""

    project_id: UUID
    task: MLTask
    n_rows: int | None = Field(
        description="null until the analysis is done; until then, the fields below are empty."
    )
    classes: list[str]
    counts: dict[str, int] = Field(description="Number of rows with each issue, by its flag.")
    candidates: list[CandidateOut] = Field(description="The candidate models, best first.")
    health: dict[str, Any] = Field(description="Findings on the dataset as a whole.")
    stage_seconds: dict[str, float]
    manifest: dict[str, Any] = Field(description="Inputs, settings and versions of the analysis.")
    base_id: UUID | None = Field(
        description="The cleanset whose corrected labels it learned from, if any."
    )

    @staticmethod
    def resolve_candidates(cleanset: Cleanset) -> list[dict[str, Any]]:
        """Return the candidates with their measures under the names that these have in the task."""
        words = TASK_WORDS.get(cleanset.task)
        if words is None:
            return []
        names = {"accuracy": words.score_name, "log_loss": words.loss_name}
        return [
            {names.get(name, name): value for name, value in candidate.items()}
            for candidate in cleanset.candidates
        ]


class ThresholdAccuracyOut(Schema):
    """What labeling all rows from a confidence on would do."""

    threshold: float
    n_rows: int = Field(description="Rows without a label that have at least this confidence.")
    accuracy: float | None = Field(description="Estimated share of right labels among them.")
    low: float | None = Field(description="Lower end of the 95% prediction interval.")
    high: float | None
    n_evidence: int = Field(description="Labeled rows that the estimate rests on.")
    classes_right: float | None = Field(
        description="Of sets of classes: the share of right ones among the single classes."
    )


class ThresholdErrorOut(Schema):
    """What labeling all rows up to an expected error would do; errors have the labels' unit."""

    threshold: float
    n_rows: int = Field(description="Rows without a label that have at most this expected error.")
    error: float | None = Field(description="Estimated mean absolute error of their numbers.")
    low: float | None = Field(description="Lower end of the 95% prediction interval.")
    high: float | None
    n_evidence: int = Field(description="Labeled rows that the estimate rests on.")


class ClassShiftOut(Schema):
    """A class that is more or less frequent among unlabeled rows than among labeled ones."""

    name: str
    labeled: float = Field(description="Its share of the labeled rows.")
    unlabeled: float = Field(description="Its estimated share of the unlabeled rows.")
    low: float
    high: float


class AutoLabelsOut(Schema):
    """How accurate the predicted labels of rows without one are."""

    n_rows: int
    n_unlabeled: int = Field(description="Rows that came without a label.")
    n_open: int = Field(description="Those of them that have none yet.")
    is_reweighted: bool = Field(
        description="Whether labeled rows are weighted, as unlabeled ones differ."
    )
    shifts: list[ClassShiftOut] = Field(
        [], description="Classes whose labels seem to be missing more or less often than others."
    )
    recommended: float | None = Field(
        None, description="The lowest threshold whose interval lies above the wanted accuracy."
    )
    thresholds: list[ThresholdAccuracyOut] = Field([], description="Of classes, and sets of them.")
    errors: list[ThresholdErrorOut] = Field([], description="Of numbers.")


class AutoLabelIn(Schema):
    """The confidence from which on rows get their predicted label, or the expected error up to
    which they get their predicted number.
    """

    model_config = ConfigDict(extra="forbid")

    threshold: float = Field(ge=0)


class VersionIn(Schema):
    """A name and a note for a version."""

    model_config = ConfigDict(extra="forbid")

    name: Text = Field("", max_length=100)
    note: Text = Field("", max_length=5_000)


class RowsChangedOut(Schema):
    """Rows that changed in the same way between two versions."""

    key: str
    title: str
    n_rows: int
    among: str = Field(description="The set of rows; list them with this filter.")


class VersionChangesOut(Schema):
    """What changed from one version to another."""

    first: int
    second: int
    changes: list[RowsChangedOut]


class ReviewOut(Schema):
    """The progress of the review."""

    n_to_review: int = Field(
        description="Rows with a label issue, or with any issue if there are no labels."
    )
    n_to_review_decided: int
    n_decided: int
    n_corrected: int = Field(
        description="Rows whose label is not the uploaded one, excluded rows included."
    )
    n_excluded: int
    n_needs_review: int


class CleansetRowOut(Schema):
    """A row with its issues and its decision."""

    row_id: int = Field(description=ROW_ID_FORM)
    uploaded_label: str | None = Field(description="The label in the file.")
    given_label: str | None = Field(
        description=(
            "The label that the analysis read: the uploaded one, or its correction in an earlier"
            " cleanset."
        )
    )
    suggested_label: str | None
    corrected_label: str | None = Field(
        description=(
            "The label that was chosen here or in an earlier cleanset; null if it equals the"
            " uploaded one."
        )
    )
    clean_label: str | None = Field(
        description="The label for training: the corrected one, else the uploaded one."
    )
    action: str | None
    needs_review: bool
    tags: list[str]
    issues: list[str] = Field(description="The keys of the row's issues.")
    advice: str | None = Field(description="What auto-fix would do: label, exclude or nothing.")
    results: dict[str, Any] = Field(
        description="Every result of the analysis, by column; a score of 1 is the worst."
    )
    cells: dict[str, str | None] = Field(description="Every uploaded cell as text.")


class ClassChanceOut(Schema):
    """A class with its out-of-sample probability."""

    label: str
    probability: float


class NumberOut(Schema):
    """The out-of-sample prediction for a row, with its error bar."""

    value: float
    error: float


class RowDetailOut(CleansetRowOut):
    """A row with everything that a reviewer sees."""

    class_probabilities: list[ClassChanceOut] = Field(
        description="Likeliest first; empty if there are no classes."
    )
    number: NumberOut | None = Field(description="For regression.")
    near_duplicates: list[CleansetRowOut] = Field(description="Up to five other rows of its set.")


class VoteOut(Schema):
    """What one model of the ensemble expects of a row that it did not learn from."""

    model: str
    label: str


class SimilarRowOut(Schema):
    """A similar row with its present label."""

    row_id: int
    text: str
    label: str | None

    @staticmethod
    def resolve_label(row: Any) -> str | None:
        """Return the label in its stored form."""
        return row.label.exact if row.label else None


class FoldVoteOut(Schema):
    """What the most similar rows within one fold have."""

    fold: int = Field(description="From 1.")
    label: str = Field(
        description="The most frequent label; the class of a set that is in doubt; or a median."
    )
    n_same: int | None = Field(description="Rows that have it; null for numbers.")
    n_rows: int


class SpeakingValueOut(Schema):
    """A word or value of the row, and how many times as often one side has it."""

    text: str
    times: float


class ClassComparisonOut(Schema):
    """What speaks for one class rather than another."""

    label: str
    other: str = Field(description="Empty for all rows without the first class.")
    for_label: list[SpeakingValueOut]
    for_other: list[SpeakingValueOut]


class WhyOut(Schema):
    """Everything that explains one row."""

    row_id: int
    sentences: list[str]
    votes: list[VoteOut] = Field(description="The heaviest model first.")
    similar: list[SimilarRowOut] = Field(description="The nearest first.")
    folds: list[FoldVoteOut] = Field(description="Without the row's own fold.")
    comparisons: list[ClassComparisonOut]


class IntervalOut(Schema):
    """An estimate with the ends of its 90% interval."""

    value: float
    low: float
    high: float
