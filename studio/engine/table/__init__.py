"""A table as the engine holds it.

- `cells.Cells`: the cells of a column, each different one once;
- `columns.ColumnKind`: how the cells of a column are read; `column_names`: what its name says;
- `cell_values`: cells as truth values and for comparing;
- `rows`: identity of rows by their content; `row_numbers`: how people count them;
- `required_columns`, `near_names`: the columns of a file that a model needs;
- `reading`, `levels`: cells that cannot be read, and categories that are new.
"""
