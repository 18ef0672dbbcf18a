"""Run as a program beside a running studio: each line names an account to make, a task, and a
number of model runs.

The account is logged in and has a cleanset that is ready to review, with that many measured runs;
answered is the address of its page, and the key of the session.
"""

from __future__ import annotations

import json
import sys

import django

PARTLY_LABELED = "partly-labeled"  # in place of a task: multi-class, half of the labels missing
PLANTED = "planted"  # in place of a task: multi-class, with a model run, all of it markup


def main() -> None:
    """Answer until there are no more lines."""
    django.setup()
    for line in sys.stdin:
        email, task, n_runs = json.loads(line)
        sys.stdout.write(json.dumps(_made(email, task, n_runs)) + "\n")
        sys.stdout.flush()


def _made(email: str, task: str, n_runs: int) -> tuple[str, str]:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.backends import ModelBackend

    from studio.accounts.models import User
    from studio.accounts.sessions import SessionStore
    from studio.engine.ml_task import MLTask
    from tests.measured import keep_features, make_measured
    from tests.partly_labeled import make_partly_labeled
    from tests.planted import make_planted
    from tests.reviewable import make_reviewable

    user = User.objects.create_user(email)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = f"{ModelBackend.__module__}.{ModelBackend.__qualname__}"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    if task == PLANTED:
        cleanset = make_planted(user).cleanset
    elif task == PARTLY_LABELED:
        cleanset = make_partly_labeled(user)
    else:
        cleanset = make_reviewable(user, task=MLTask(task))
    for _ in range(n_runs):
        make_measured(cleanset)
    if n_runs:
        keep_features(cleanset)
    return cleanset.get_absolute_url(), str(session.session_key)


if __name__ == "__main__":
    main()
