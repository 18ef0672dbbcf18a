"""What differs between the tasks: how models are fitted, calibrated, weighed, measured, and how
labels are written.
"""
