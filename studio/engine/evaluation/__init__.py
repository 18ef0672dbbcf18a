"""How good a model is: metrics with intervals, where it fails, and whether another is better."""
