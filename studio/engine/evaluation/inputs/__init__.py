"""What is evaluated.

- `predictions.Predictions`: labels beside out-of-sample predictions, of any task;
- `provided`: predictions of a model that was trained elsewhere;
- `splits`: rows for training, validation and testing; loads no pandas, as pages read it.
"""
