"""Model runs: snapshots of trainings, their evaluation and their comparison."""
