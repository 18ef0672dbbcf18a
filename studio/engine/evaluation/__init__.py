"""How good a model is: metrics with intervals, where it fails, and whether another is better.

- `report`: the whole evaluation of some rows; `thresholds`: from which probability on a class is
  predicted;
- `runs`: evaluations of runs, their rows as they are kept, and two of them compared;
- `slices`: groups of rows in which the model is worse than elsewhere;
- `plots`: the figures of charts;
- `metrics`: the metrics of each task, by class and for all rows;
- `uncertainty`: resampling, and intervals;
- `inputs`: labels, predictions and splits in the form in which they are measured.
"""
