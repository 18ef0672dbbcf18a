"""Runs of models.

- `run_rows.RunRows`: the rows of a run as they are kept;
- `measured`: the evaluation of a run, and of each part of its split;
- `comparison`: two runs on the rows that both have.
"""
