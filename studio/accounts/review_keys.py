"""The keys of the review page that people may choose for themselves."""

from __future__ import annotations

import re
from collections import Counter

from studio.accounts.models import User
from studio.engine.errors import DataProblem

# By the default key of each action, which is also its name in pages and scripts.
ACTIONS = {
    "w": "Auto-fix",
    "q": "Keep",
    "e": "Exclude",
    "n": "Later",
    "l": "Label: search the classes or type a number",
    "u": "Undo",
    "j": "Next row",
    "k": "Previous row",
    "d": "Next undecided row",
    "g": "Go to a view: its letter follows",
    "x": "Select the row",
    "y": "Why: explain the row",
    "h": "History of the row",
    "t": "Tag the row",
    "/": "Search the rows",
}
_ALLOWED = re.compile(r"[^\W\d_]|[-,.;:'=+*#/\[\]]")


def key_of(user: User, action: str) -> str:
    """Return the person's key for an action."""
    key: str = user.review_keys.get(action, action)
    return key


def keys_of(user: User) -> dict[str, str]:
    """Return the person's key for each action."""
    return {action: key_of(user, action) for action in ACTIONS}


def actions_by_own_key(user: User) -> dict[str, str]:
    """Return the actions whose key the person chose, by that key."""
    return {key: action for action, key in keys_of(user).items() if key != action}


def chosen_keys(keys: dict[str, str]) -> dict[str, str]:
    """Return the keys that differ from the defaults. Raises DataProblem for unusable ones."""
    chosen = {action: keys.get(action, "").strip().lower() or action for action in ACTIONS}
    for action, key in chosen.items():
        if not _ALLOWED.fullmatch(key):
            raise DataProblem(
                f"“{key[:20]}” cannot be the key of {_name(action)}. Choose a letter or one of"
                " - , . ; : ' = + * # / [ ]; digits choose classes."
            )
    twice = [key for key, n in Counter(chosen.values()).items() if n > 1]
    if twice:
        first, second = [_name(action) for action, key in chosen.items() if key == twice[0]][:2]
        raise DataProblem(
            f"“{twice[0]}” is the key of {first} and of {second}. Each needs a key of its own."
        )
    return {action: key for action, key in chosen.items() if key != action}


def _name(action: str) -> str:
    return ACTIONS[action].partition(":")[0]
