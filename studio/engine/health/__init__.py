"""What can be said of a data set as a whole: one file per finding, in `labels/` and `rows/`.

- `registry`: lists them; `studio.engine.schema.health` has their dataclasses;
- `base`: what a finding is made from; `flagged`: the flagged rows, by class.
"""
