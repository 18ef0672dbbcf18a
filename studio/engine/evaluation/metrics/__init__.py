"""The metrics of each task.

- `catalogue`: lists them, each a function of sums over rows; pages read it, so nothing is imported
  here that is slow to load;
- `row_measures`: what each row adds to those sums;
- `summary`: all of them, with intervals;
- `ranking`, `class_ranks`: how scores rank rows, class by class;
- `per_class`, `confusion`: classes on their own, and in pairs.
"""

from studio.engine.evaluation.metrics.catalogue import METRICS, Metric

__all__ = ["METRICS", "Metric"]
