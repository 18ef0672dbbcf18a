"""How far a metric could be off.

- `resampling`: the bootstrap over blocks of rows;
- `intervals.Estimate`: a value with its interval.
"""
