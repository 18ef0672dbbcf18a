"""Similar rows.

- `near_duplicates`: copies and near copies, found with `row_pairs` and `shingles`;
- `neighbours`: distances to the nearest rows, in bounded memory.
"""
