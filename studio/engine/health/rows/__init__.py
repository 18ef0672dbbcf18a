"""Findings about groups of rows and their order."""
