"""Where a model fails.

- `divisions`: the groups of rows in which errors are looked for;
- `worst_slices`: those in which the model is worse than elsewhere, beyond chance.
"""
