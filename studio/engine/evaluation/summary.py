"""All metrics of some rows, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

from studio.engine.evaluation.intervals import Estimate, Scale, difference, estimate
from studio.engine.evaluation.metrics import METRICS, Metric, class_f1
from studio.engine.evaluation.resampling import Blocks, Sums, replicates, total
from studio.engine.evaluation.row_measures import RowMeasures


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


@dataclass(frozen=True, slots=True)
class PairedMetric:
    """A metric of two models on the same rows; `difference` is the second's less the first's."""

    metric: Metric
    first: float
    second: float
    difference: Estimate

    @property
    def verdict(self) -> str:
        """Whether the second is better, worse, or neither for sure."""
        low, high = self.difference.low, self.difference.high
        if low is None or high is None or low <= 0 <= high:
            return "unclear"
        return "better" if (low > 0) != self.metric.is_error else "worse"


def compare(first: RowMeasures, second: RowMeasures) -> list[PairedMetric]:
    """Compare two models on the same rows, in the same order.

    The same blocks are drawn for both, so that what is hard for both does not count.
    """
    blocks = Blocks.of(len(first))
    by_block = [rows.by_block(blocks) for rows in (first, second)]
    values = [total(sums) for sums in by_block]
    drawn = [replicates(sums) for sums in by_block]
    result = []
    for metric in METRICS[first.task]:
        if not all(metric.needs in sums for sums in by_block):
            continue
        one, other = (float(metric.of(sums)[0]) for sums in values)
        replicated = metric.of(drawn[1]) - metric.of(drawn[0])
        gained = difference(other - one, replicated, len(first))
        result.append(PairedMetric(metric, one, other, gained))
    return result
