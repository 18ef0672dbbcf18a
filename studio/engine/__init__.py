"""Pure machine learning: arrays and frames in, dataclasses out. No Django, no Celery, no clock, no
global state.

Each folder is a room whose `__init__.py` says what it is for and what others use of it. From the
bottom up: `runtime`, `conventions`, `table`, `text`, `schema`, `labels`, `choices`, `features`,
`models`, `fitting`, `tasks`, `similar`, `study`, `model_selection`, `groups`, `issues`, `health`,
`recipes`. Imports only point down; a contract in `pyproject.toml` proves it. `errors`, `ml_task`
and `progress` are shared by all rooms.
"""
