"""All metrics of some rows, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    factor = _small_class_factor(values)
    metrics = {}
    for metric in METRICS[rows.task]:
        if metric.needs not in by_block:
            continue
        replicated = metric.of(drawn)
        if metric.is_class_mean and np.isfinite(replicated).any():
            mean = np.nanmean(replicated)
            replicated = mean + factor * (replicated - mean)
        value = float(metric.of(values)[0])
        metrics[metric.key] = estimate(value, replicated, metric.scale, len(rows))
    return Summary(metrics, _class_f1(values, drawn) if rows.n_classes else [])


def _small_class_factor(values: Sums) -> float:
    """Return the factor by which replicates of a mean over classes spread too little.

    The bootstrap takes the variance of n rows as if they were all there are, which is too small
    by the factor (n - 1) / n. Of a class with five rows, that is a fifth.
    """
    if "labeled" not in values:
        return 1.0
    n_rows = np.maximum(values["labeled"][0], 2)
    return float(np.sqrt(np.mean(n_rows / (n_rows - 1))))


def _class_f1(values: Sums, drawn: Sums) -> list[Estimate]:
    f1 = class_f1(values)[0]
    replicated = class_f1(drawn)
    stated = (values["labeled"] + values["predicted"])[0]
    return [
        estimate(float(f1[code]), replicated[:, code], Scale.FRACTION, int(-(-stated[code] // 2)))
        for code in range(len(f1))
    ]
