"""The one exception for anticipated failures. Everything else that is raised is a bug."""

from __future__ import annotations

from collections.abc import Collection, Sequence


class DataProblem(Exception):
    """The user's data or choice makes the work impossible.

    The message is shown to the user as it is: one sentence or two that say what was found, what was
    expected, and what to do.
    """


class MissingColumnsProblem(DataProblem):
    """A file lacks columns that it must have.

    Attributes
    ----------
    missing
        Their names.
    present
        The names that the file has, in its order.
    """

    def __init__(self, message: str, missing: Sequence[str], present: Collection[str]) -> None:
        super().__init__(message)
        self.missing = tuple(missing)
        self.present = tuple(present)
