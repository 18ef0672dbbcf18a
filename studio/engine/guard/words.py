"""Names in a report that pages know too, without loading what computes it."""

from __future__ import annotations

PREDICTIONS = "Predictions"
FEATURES = "All columns together"
SIGNIFICANCE = 0.05  # of all tests of a batch together
