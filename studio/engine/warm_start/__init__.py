"""Warm starts: fits that continue from earlier ones after a few labels were corrected.

- `estimator.WarmStart`: what a model offers that can continue;
- `estimator.WarmStartingEstimator`: fits a model anew, or from the state of an earlier fit;
- `corrections`: whether few enough labels changed.

A study that continues has `previous_labels`; `model_selection.crossval` fits those first.
"""
