"""The settings that are varied between analyses of the same data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from studio.engine.errors import DataProblem
from studio.engine.ml_task import Mode
from studio.engine.schema.class_weights import ClassWeights, class_weights_as_json
from studio.engine.schema.cleanset import CleansetSpec
from studio.engine.schema.split import MAX_TEST_PERCENT, MIN_TEST_PERCENT, Part, SplitChoice

MIN_FOLDS, MAX_FOLDS = 2, 20
MAX_SEED = 2**31 - 1
_KEY = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class Configuration:
    """How the models of an analysis are trained.

    Attributes
    ----------
    feature_columns
        The columns that the models see; for the text modality, the one text column.
    candidates
        Keys of the models to try; all that suit the data, if empty.
    n_folds, seed
        Of the cross-validation, and of everything random.
    class_weights
        How much the rows of each class weigh in fits; None is all the same.
    split
        Which rows are for testing; None is none of them.
    """

    feature_columns: tuple[str, ...]
    mode: Mode = Mode.REGULAR
    candidates: tuple[str, ...] = ()
    n_folds: int = 5
    seed: int = 0
    class_weights: ClassWeights | None = None
    split: SplitChoice | None = None

    @classmethod
    def of(cls, spec: CleansetSpec) -> Configuration:
        """Return the configuration of a spec."""
        return cls(
            spec.feature_columns,
            spec.mode,
            spec.only_candidates,
            spec.n_folds,
            spec.seed,
            spec.class_weights,
            spec.split,
        )

    def applied_to(self, spec: CleansetSpec) -> CleansetSpec:
        """Return the spec with this configuration; kinds of further columns are its caller's."""
        return replace(
            spec,
            feature_columns=self.feature_columns,
            mode=self.mode,
            only_candidates=self.candidates,
            n_folds=self.n_folds,
            seed=self.seed,
            class_weights=self.class_weights,
            split=self.split,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "feature_columns": list(self.feature_columns),
            "mode": self.mode.value,
            "candidates": list(self.candidates),
            "n_folds": self.n_folds,
            "seed": self.seed,
            "class_weights": class_weights_as_json(self.class_weights),
            "split": {} if self.split is None else self.split.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], default: Configuration) -> Configuration:
        """Read it from JSON; what is missing is taken from a default.

        Raises
        ------
        DataProblem
            If a setting is unknown, or its value cannot be used.
        """
        known = default.to_dict()
        unknown = sorted(values.keys() - known.keys())
        if unknown:
            raise DataProblem(
                f"“{unknown[0]}” is not a setting of a configuration. Its settings are:"
                f" {', '.join(known)}."
            )
        found = {**known, **values}
        if found["mode"] not in list(Mode):
            raise DataProblem(f"mode: “{found['mode']}” is not a mode. Use {' or '.join(Mode)}.")
        return cls(
            feature_columns=_names(found, "feature_columns"),
            mode=Mode(found["mode"]),
            candidates=_keys(found),
            n_folds=_whole_number(found, "n_folds", MIN_FOLDS, MAX_FOLDS),
            seed=_whole_number(found, "seed", 0, MAX_SEED),
            class_weights=ClassWeights.from_json(found["class_weights"]),
            split=_split(found["split"]),
        )


def _names(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = values[name]
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise DataProblem(f"{name}: a list of names is expected.")
    return tuple(dict.fromkeys(found))


def _keys(values: Mapping[str, Any]) -> tuple[str, ...]:
    found = _names(values, "candidates")
    unfit = next((key for key in found if not _KEY.fullmatch(key)), None)
    if unfit is not None:
        raise DataProblem(f"candidates: “{unfit[:40]}” is not the key of a model.")
    return found


def _split(found: Any) -> SplitChoice | None:
    if not found:
        return None
    if not isinstance(found, Mapping):
        raise DataProblem("split: an object with `column` or `test_percent` is expected.")
    if found.keys() == {"test_percent"}:
        _whole_number(found, "test_percent", MIN_TEST_PERCENT, MAX_TEST_PERCENT)
        return SplitChoice(test_percent=found["test_percent"])
    values = found.get("values")
    if found.keys() != {"column", "values"} or not isinstance(values, Mapping):
        raise DataProblem(
            "split: either `test_percent`, or `column` with its `values`, is expected."
        )
    unknown = next((part for part in values.values() if part not in list(Part)), None)
    if unknown is not None:
        raise DataProblem(f"split: “{unknown}” is not a part. Use {', '.join(Part)}.")
    return SplitChoice(
        str(found["column"]), {str(value): Part(part) for value, part in values.items()}
    )


def _whole_number(values: Mapping[str, Any], name: str, low: int, high: int) -> int:
    found = values[name]
    if isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high:
        raise DataProblem(f"{name}: a whole number from {low:,} to {high:,} is expected.")
    return found
