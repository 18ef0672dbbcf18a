"""Appends the rows of a file to those of a dataset version."""
