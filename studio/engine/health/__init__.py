"""Findings about a dataset as a whole: one file per finding, in `labels/` and `rows/`.

- `registry`: lists them; `studio.engine.schema.health` has their dataclasses;
- `base`: the input of a finding; `flagged`: the flagged rows, by class.
"""
