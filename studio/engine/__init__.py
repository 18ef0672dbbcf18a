"""Pure machine learning: arrays and frames in, dataclasses out. No Django, no Celery, no clock, no
global state.

Each folder is a room whose `__init__.py` says what it is for and what others use of it. From the
bottom up: `runtime`, `conventions`, `table`, `text`, `schema`, `labels`, `choices`, `features`,
`warm_start`, `models`, `fitting`, `tasks`, `similar`, `study`, `model_selection`, `groups`,
`issues`, then side by side `health`, `explanations` and `evaluation`, and `recipes`. Imports only
point down; contracts in `pyproject.toml` prove it, also between the sub-rooms of `models` and
`evaluation`. All rooms share `errors`, `ml_task`, `progress` and `stages`.
"""
