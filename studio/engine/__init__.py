"""Pure machine learning: arrays and frames in, dataclasses out. No Django, no Celery, no clock, no
global state.
"""
