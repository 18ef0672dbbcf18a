"""Records what a cleanset was made from and what it contains, so that anybody can reproduce and
verify it.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_info

from studio.engine.conventions import Convention
from studio.engine.conventions.label_sets import Separator
from studio.engine.errors import DataProblem
from studio.engine.issues.registry import ISSUE_TYPES
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.model_selection.assessment import ENSEMBLE_KEY
from studio.engine.recipes.tolerance import Sample, samples
from studio.engine.schema import CleansetResult, CleansetSpec, Part, SplitChoice
from studio.engine.schema.class_weights import ClassWeights
from studio.engine.schema.split import SPLIT_COLUMN
from studio.engine.table.columns import ColumnKind
from studio.engine.table.rows import digest
from studio.engine.text.arithmetic import Arithmetic
from studio.engine.text.encoder import encoder_sha256
from studio.engine.text.processor import arithmetic_here

FORMAT_VERSION = 1
LIBRARIES = (
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "cleanlab",
    "torch",
    "sentence-transformers",
)


@dataclass(frozen=True, slots=True)
class RunManifest:
    """Everything that determines a cleanset, and digests of its parts.

    Attributes
    ----------
    dataset_sha256
        Of the uploaded file.
    labels_sha256
        Of the labels that models were fitted to: as uploaded, or as people had corrected them.
    n_rows
        Number of rows that were analysed.
    candidates
        Keys of the models that were tried.
    thresholds
        The numeric constants of each detector's module, by issue type.
    results
        SHA-256 by part: each column of the issues, pred_probs, predictions, folds.
    label_noise
        The fields of `LabelNoise`: the estimated fraction of wrong labels, its 95% interval and
        so on. None if it could not be estimated.
    label_trust
        The fields of `Trust`: how many rows are flagged, how many of them are expected to be wrong,
        and so on. None if it could not be estimated.
    former_labels_sha256
        Of the labels from whose fits models were warm-started; None if everything was fitted from
        scratch.
    separator, merged_labels
        How the cells of the label column were read.
    arithmetic
        The arithmetic in which the sentence encoder computed; None if it was not used.
    processor
        Architecture of the processor, which decides the order in which sums are computed.
    samples
        The results of some rows, by part. A run on another kind of processor is compared with them.
    conventions
        How numbers and dates were read, by column.
    split
        How rows were divided into training, validation and test, with the number of rows in each
        part, `n_rows`; None without a split. Models, their accuracy and the noise are those of
        training and validation rows.
    class_weights
        “balanced” or the weight of each class in fits; None for no weights.
    """

    format_version: int
    dataset_sha256: str
    labels_sha256: str
    n_rows: int
    task: str
    modality: str
    mode: str
    label_column: str | None
    feature_columns: tuple[str, ...]
    column_kinds: Mapping[str, str]
    n_folds: int
    seed: int
    python: str
    versions: Mapping[str, str]
    encoder_sha256: str | None
    candidates: tuple[str, ...]
    thresholds: Mapping[str, Mapping[str, float]]
    stage_seconds: Mapping[str, float]
    results: Mapping[str, str]
    former_labels_sha256: str | None = None
    separator: str | None = None
    merged_labels: Mapping[str, str] | None = None
    arithmetic: str | None = None
    processor: str | None = None
    samples: Mapping[str, Sample] | None = None
    label_noise: Mapping[str, object] | None = None
    label_trust: Mapping[str, object] | None = None
    conventions: Mapping[str, str] | None = None
    split: Mapping[str, Any] | None = None
    class_weights: str | Mapping[str, float] | None = None

    def to_dict(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> RunManifest:
        """Return the manifest of a JSON object. Raises DataProblem for another format."""
        required = {field.name for field in fields(cls) if field.default is MISSING}
        if values.get("format_version") != FORMAT_VERSION or not required <= values.keys():
            raise DataProblem(
                "This is not a manifest of this version of the studio. Analyse the data again to"
                " get one."
            )
        return cls(**{field.name: values.get(field.name) for field in fields(cls)})  # type: ignore[arg-type]

    def spec(self) -> CleansetSpec:
        """Return the spec with which the data was analysed."""
        conventions = self.conventions or {}
        return CleansetSpec(
            task=MLTask(self.task),
            modality=Modality(self.modality),
            feature_columns=tuple(self.feature_columns),
            column_kinds={name: ColumnKind(kind) for name, kind in self.column_kinds.items()},
            label_column=self.label_column,
            mode=Mode(self.mode),
            n_folds=self.n_folds,
            seed=self.seed,
            only_candidates=tuple(self.candidates),
            separator=Separator(self.separator or Separator.COMMA),
            merged_labels=dict(self.merged_labels or {}),
            arithmetic=Arithmetic(self.arithmetic) if self.arithmetic else None,
            conventions={name: Convention(value) for name, value in conventions.items()},
            split=SplitChoice.from_dict(self.split or {}),
            class_weights=ClassWeights.from_json(self.class_weights),
        )


def describe(
    result: CleansetResult,
    spec: CleansetSpec,
    *,
    dataset_sha256: str,
    labels: Sequence[str | None],
    former_labels: Sequence[str | None] | None = None,
) -> RunManifest:
    """Return the manifest of a result.

    This process must have computed the result: the manifest records its libraries and processor.

    Parameters
    ----------
    result
        What `build_cleanset` returned.
    spec
        The spec that it was given.
    dataset_sha256
        Digest of the uploaded file.
    labels, former_labels
        The labels that it was given, and the previous ones, in row order.
    """
    previous_sha256 = None
    if former_labels and result.is_warm_started:
        previous_sha256 = labels_digest(former_labels)
    separator = None
    if spec.task is MLTask.MULTI_LABEL:
        separator = spec.separator.value
    encoder = None
    arithmetic = None
    if spec.may_encode:
        encoder = encoder_sha256(spec.encoder_folder)
        arithmetic = arithmetic_here(spec.arithmetic).value
    thresholds = {}
    for issue_type in ISSUE_TYPES:
        stated = _thresholds(issue_type.find)
        if stated and issue_type.applies_to(spec):
            thresholds[issue_type.name] = stated
    class_weights = None
    if spec.class_weights is not None:
        class_weights = spec.class_weights.to_json()
    return RunManifest(
        format_version=FORMAT_VERSION,
        dataset_sha256=dataset_sha256,
        labels_sha256=labels_digest(labels),
        n_rows=len(result.issues),
        task=spec.task.value,
        modality=spec.modality.value,
        mode=spec.mode.value,
        label_column=spec.label_column,
        feature_columns=spec.feature_columns,
        column_kinds={name: spec.column_kinds[name].value for name in spec.feature_columns},
        n_folds=spec.n_folds,
        seed=spec.seed,
        python=platform.python_version(),
        versions={name: version(name) for name in LIBRARIES},
        encoder_sha256=encoder,
        candidates=tuple(row.key for row in result.candidates if row.key != ENSEMBLE_KEY),
        thresholds=thresholds,
        stage_seconds=dict(result.stage_seconds),
        results=digests(result),
        former_labels_sha256=previous_sha256,
        separator=separator,
        merged_labels=dict(spec.merged_labels),
        arithmetic=arithmetic,
        processor=_processor(),
        samples=samples(result),
        label_noise=asdict(result.health.noise) if result.health.noise else None,
        label_trust=asdict(result.health.trust) if result.health.trust else None,
        conventions={name: convention.value for name, convention in spec.conventions.items()},
        split=_described_split(result, spec),
        class_weights=class_weights,
    )


def _described_split(result: CleansetResult, spec: CleansetSpec) -> dict[str, Any] | None:
    if spec.split is None:
        return None
    counts = result.issues[SPLIT_COLUMN].value_counts()
    n_rows = {part.value: int(counts[part]) for part in Part if part in counts}
    return {**spec.split.to_dict(), "n_rows": n_rows}


def _processor() -> str:
    """Return the processor's architecture, and the kernels that numeric libraries chose for it."""
    kinds = {str(pool["architecture"]) for pool in threadpool_info() if pool.get("architecture")}
    return " ".join((platform.machine(), *sorted(kinds)))


def labels_digest(labels: Sequence[str | None]) -> str:
    """Return the SHA-256 of labels in row order."""
    return digest(_joined(["\x00" if label is None else label for label in labels]))


def digests(result: CleansetResult) -> dict[str, str]:
    """Return the SHA-256 of each part of a result."""
    arrays = {
        "pred_probs": result.pred_probs,
        "folds": result.fold_id,
        "predictions": result.predictions,
    }
    parts = {}
    for name, array in arrays.items():
        if array is not None:
            parts[name] = digest(np.ascontiguousarray(array))
    for column in result.issues.columns:
        parts[str(column)] = digest(_as_array(result.issues[column]))
    return parts


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the parts that differ or are missing on one side, in the order of `before`."""
    names = dict.fromkeys((*before, *after))
    return [name for name in names if before.get(name) != after.get(name)]


def _as_array(column: pd.Series[str]) -> npt.NDArray[np.generic]:
    if column.dtype.kind in "bf":
        return column.to_numpy()
    # No cell is a null character, so a missing one differs from an empty one.
    cells = (
        "\x00" if missing else str(cell)
        for cell, missing in zip(column, column.isna(), strict=True)
    )
    return np.array(_joined(cells))


def _joined(cells: Iterable[str]) -> bytes:
    return "\x1f".join(cells).encode("utf-8", "surrogatepass")


def _thresholds(find: object) -> dict[str, float]:
    """Return the numeric constants of the detector's module, which are its thresholds."""
    constants = vars(sys.modules[find.__module__]).items()
    return {
        name.strip("_"): value
        for name, value in constants
        if name.isupper() and isinstance(value, int | float)
    }
