"""Names for the columns that the studio adds to a user's table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence


def with_prefix(name: str, attempt: int) -> str:
    """Return the name with `cleanlab_` before it, as often as there were attempts."""
    return "cleanlab_" * attempt + name


def free_names(
    wanted: Sequence[str], taken: Iterable[str], renamed: Callable[[str, int], str] = with_prefix
) -> list[str]:
    """Return a name for each added column that no column of the table has, and no other added one.

    A wanted name stays as it is where it can. Otherwise `renamed(name, 1)`, `renamed(name, 2)` and
    so on
    are tried. The names of the table itself count whatever their case: DuckDB, Spark and
    spreadsheets take “Action” and “action” for the same column.

    >>> free_names(["is_outlier", "action"], ["Is_Outlier", "cleanlab_is_outlier"])
    ['cleanlab_cleanlab_is_outlier', 'action']
    """
    of_table = {name.casefold() for name in taken}
    names: list[str] = []
    used: set[str] = set()
    for name_wanted in wanted:
        name = name_wanted
        attempt = 0
        while name.casefold() in of_table or name in used:
            attempt += 1
            name = renamed(name_wanted, attempt)
        used.add(name)
        names.append(name)
    return names
