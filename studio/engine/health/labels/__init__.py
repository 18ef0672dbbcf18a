"""Findings about given labels and predictions of them."""
