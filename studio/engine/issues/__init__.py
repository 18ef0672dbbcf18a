"""Kinds of issue of single rows: one file each, in `labels/`, `rows/` and `texts/`.

- `registry`: lists them, in the order of their columns;
- `base`: what a detector sees and returns;
- `kept`: keeps what detectors find without labels.
"""
