"""Given labels.

- `reading`: cells of the label column in the one form that analysis, decisions and models use;
- `encoding.Labels`: labels as class codes, sets or numbers, which models are fitted to;
- `scale.LabelScale`: whether numbers are compared as they are or by their ratios;
- `spellings`: classes that are spelled in several ways.
"""
