"""An evaluation of a run: of the rows that count, and of each part of a split."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.engine.errors import DataProblem
from studio.engine.evaluation.inputs.predictions import Predictions
from studio.engine.evaluation.inputs.splits import Split
from studio.engine.evaluation.report import Evaluation, evaluate
from studio.engine.evaluation.runs.run_rows import RunRows
from studio.engine.groups.partitions import Partition
from studio.engine.schema import Part

ALL_ROWS = "all labeled rows"


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of a run.

    Attributes
    ----------
    predictions
        Of the rows that count: those for testing where a split has some, else all.
    evaluation
        Their evaluation.
    parts
        The evaluation of each part of the split.
    is_test
        Whether only the rows for testing count.
    """

    predictions: Predictions
    evaluation: Evaluation
    parts: dict[Part, Evaluation]
    is_test: bool = False

    @property
    def rows_name(self) -> str:
        """Which rows count."""
        return Part.TEST.value if self.is_test else ALL_ROWS

    @property
    def rows(self) -> RunRows:
        """The rows that count, as they are kept."""
        return RunRows(self.predictions.classes, self.predictions.row_id, self.evaluation.measures)

    def to_dict(self, labels: str) -> dict[str, Any]:
        """Return it for JSON; `labels` says which ones it is measured by."""
        whole = self.evaluation.to_dict()
        return {
            "measured_on": {
                "rows": self.rows_name,
                "n_rows": whole.pop("n_rows"),
                "labels": labels,
            },
            "classes": list(self.predictions.classes),
            **whole,
            "splits": {part.value: one.to_dict() for part, one in self.parts.items()},
        }


def measure(
    predictions: Predictions,
    split: Split | None,
    divided: Callable[[npt.NDArray[np.int64]], Iterable[Partition]],
    *,
    main_is_test: bool = True,
) -> Measured:
    """Measure predictions.

    Parameters
    ----------
    predictions
        Out of sample, of the rows that have a label.
    split
        Which part each row of the table belongs to.
    divided
        Given the ids of rows, the groups of them in which errors are looked for.
    main_is_test
        Whether only the rows for testing count, where there are some.

    Raises
    ------
    DataProblem
        Where there is nothing to measure.
    """
    if not len(predictions):
        raise DataProblem("No row has both a label and a prediction. There is nothing to measure.")
    main = predictions
    parts: dict[Part, Evaluation] = {}
    if split is not None:
        for part in Part:
            rows = split.is_part(part)[predictions.row_id]
            if rows.any():
                of_part = predictions.take(rows)
                parts[part] = evaluate(of_part)
                if part is Part.TEST and main_is_test:
                    main = of_part
    is_test = main is not predictions
    return Measured(main, evaluate(main, divided(main.row_id)), parts, is_test)
