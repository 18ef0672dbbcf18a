"""Cross-validation and what is decided by it.

- `crossval`: out-of-sample predictions of every candidate;
- `selection`: candidates that are worth fitting on all folds;
- `tuning`: regularisation by held-out loss;
- `error_bars`: error bars of a regression;
- `assessment`: compares the candidates and mixes them.
"""
