"""The figures of charts.

- `calibration`: whether stated confidence can be believed;
- `numbers`: predicted numbers beside the given ones.
"""
