"""The stages of a run, with the seconds that each took, and what its log says beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

QUEUED_AGAIN = "Queued again: "
_LINE = re.compile(r" *(\d+\.\d) s  (.*)")


@dataclass(frozen=True, slots=True)
class StageLine:
    """A stage; `seconds` is how long it took, or has taken until now; None before it begins."""

    name: str
    seconds: float | None = None
    is_done: bool = False
    is_current: bool = False


def stage_lines(stages: Sequence[str], current: str, log: str, elapsed_s: float) -> list[StageLine]:
    """Return the stages of a run that is under way.

    The log has a line for the begin of each stage. A stage that is left out, such as features that
    come from the cache, has no seconds.
    """
    begins = {text: seconds for seconds, text in _lines(log) if text in stages}
    place = stages.index(current) if current in stages else -1
    found = []
    for number, name in enumerate(stages):
        begin = begins.get(name)
        later = [begins[other] for other in stages[number + 1 :] if other in begins]
        seconds = None
        if begin is not None:
            seconds = max(0.0, min([*later, elapsed_s]) - begin)
        found.append(StageLine(name, seconds, is_done=number < place, is_current=number == place))
    return found


def found_so_far(stages: Sequence[str], log: str) -> list[str]:
    """Return the lines of the log that are not stages: what the run has found until now."""
    return [text for _, text in _lines(log) if text not in stages]


def _lines(log: str) -> list[tuple[float, str]]:
    """Return seconds and text of each line of the newest attempt."""
    lines: list[tuple[float, str]] = []
    for line in log.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        if found[2].startswith(QUEUED_AGAIN):
            lines = []
        else:
            lines.append((float(found[1]), found[2]))
    return lines
