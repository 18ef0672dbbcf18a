"""Prepares rows for learning.

- `study.Study`: rows in canonical order, with labels, folds and views;
- `folds`: assigns rows to folds;
- `views.Views`: the features of a table, each computed once.
"""
