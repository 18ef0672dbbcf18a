"""Explains rows to the people who review them.

- `explain.explain`: everything that a cleanset keeps for that;
- `value_counts`: how often each class has a word or another value.
"""
