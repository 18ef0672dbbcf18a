"""Pure machine learning: arrays and frames in, dataclasses out. No Django, no Celery, no clock, no
global state.

Each folder is a room whose `__init__.py` says what it is for and what others use of it. From the
bottom up: `runtime`, `conventions`, `table`, `text`, `schema`, `labels`, `choices`, `features`,
`warm_start`, `models`, `fitting`, `tasks`, `similar`, `study`, `model_selection`, `groups`,
`issues`, `health`, `recipes`. Imports only point down; a contract in `pyproject.toml` proves it.
All rooms share `errors`, `ml_task`, `progress` and `stages`.
"""
