"""Models in the format of others."""
