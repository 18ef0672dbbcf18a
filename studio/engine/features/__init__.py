"""Turns cells into matrices. No featuriser sees labels, so one fitted on all rows leaks nothing
into a fold.
"""
