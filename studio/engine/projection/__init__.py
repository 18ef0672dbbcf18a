"""Rows in two dimensions.

- `reduction`: principal components, and UMAP in a process of its own (`umap_child`);
- `hills`: dense areas of the plane, and how dense it is everywhere;
- `typical_terms`: what distinguishes the rows of an area.
"""
