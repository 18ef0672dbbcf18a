"""Groups of rows that can be named.

- `partitions`: by values of columns, ranges of numbers, clusters of texts;
- `looks`: by the form of texts: markup, links, length, language;
- `slices`: groups whose labels are exchanged as a whole.
"""
