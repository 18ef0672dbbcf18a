"""The one exception for anticipated failures. Everything else that is raised is a bug."""

from __future__ import annotations


class DataProblem(Exception):
    """The user's data or choice makes the work impossible.

    The message is shown to the user as it is: one sentence or two that say what was found, what was
    expected, and what to do.
    """
