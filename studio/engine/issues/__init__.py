"""Kinds of issue of single rows: one file each, in `labels/`, `rows/` and `texts/`.

- `registry`: lists them, in the order of their columns;
- `base`: the input and output of detectors;
- `kept`: caches the results of detectors that use no labels.
"""
