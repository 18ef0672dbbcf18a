"""All metrics of some rows, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

from studio.engine.evaluation.metrics.catalogue import METRICS, class_f1
from studio.engine.evaluation.metrics.row_measures import RowMeasures
from studio.engine.evaluation.uncertainty.intervals import Estimate, Scale, estimate
from studio.engine.evaluation.uncertainty.resampling import Blocks, Sums, replicates, total


@dataclass(frozen=True, slots=True)
class Summary:
    """What is measured of some rows: the metrics, and the F1 of each class."""

    metrics: dict[str, Estimate]
    class_f1: list[Estimate]


def summarise(rows: RowMeasures) -> Summary:
    """Measure rows, at least one."""
    by_block = rows.by_block(Blocks.of(len(rows)))
    values = total(by_block)
    drawn = replicates(by_block)
    metrics = {
        metric.key: estimate(float(metric.of(values)[0]), metric.of(drawn), metric.scale, len(rows))
        for metric in METRICS[rows.task]
        if metric.needs in by_block
    }
    return Summary(metrics, _class_f1(values, drawn) if rows.n_classes else [])


def _class_f1(values: Sums, drawn: Sums) -> list[Estimate]:
    f1 = class_f1(values)[0]
    replicated = class_f1(drawn)
    stated = (values["labeled"] + values["predicted"])[0]
    return [
        estimate(float(f1[code]), replicated[:, code], Scale.FRACTION, int(-(-stated[code] // 2)))
        for code in range(len(f1))
    ]
