"""What is asked for before a run has made it."""

from __future__ import annotations

from django.http import Http404

from studio.runs import Run, Status

_STATES = {
    Status.QUEUED: "its run is waiting. Come back once that is done.",
    Status.RUNNING: "its run is under way. Come back once that is done.",
    Status.FAILED: "its run failed.",
    Status.CANCELLED: "its run was cancelled. Start it again.",
}


class NotReady(Http404):
    """There is no result of the account's own run; the message is shown as it is."""


def refuse_unready(run: Run, result: str) -> None:
    """Raise NotReady unless the run has succeeded; `result` begins the sentence."""
    if run.is_succeeded:
        return
    sentences = f"{result} is not ready: {_STATES[Status(run.status)]} {run.error_message}"
    raise NotReady(sentences.strip())
