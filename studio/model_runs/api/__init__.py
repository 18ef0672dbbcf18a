"""The HTTP API of model runs."""
