"""Class names that people type: matching them to known classes, and detecting new ones."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable

from studio.engine.errors import DataProblem

N_OFFERED = 3
CUTOFF = 0.5  # of difflib's ratio, below which a name is not offered


def folded(name: str) -> str:
    """Return the name without what people overlook: case, spaces and the marks between words.

    >>> folded("Card_Arrival") == folded("card  arrival")
    True
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\s_\-]+", " ", text).strip()


def same_spelling(name: str, classes: Iterable[str]) -> str | None:
    """Return the class that differs from the name only in case, spaces or marks between words."""
    wanted = folded(name)
    return next((known for known in classes if known != name and folded(known) == wanted), None)


def nearest_classes(name: str, classes: Collection[str]) -> list[str]:
    """Return the known classes that the name may refer to, likeliest first."""
    wanted = folded(name)
    by_folded: dict[str, str] = {}
    for known in classes:
        by_folded.setdefault(folded(known), known)
    starts = [known for text, known in by_folded.items() if text.startswith(wanted)]
    holds = [known for text, known in by_folded.items() if wanted in text]
    alike = difflib.get_close_matches(wanted, by_folded, n=N_OFFERED, cutoff=CUTOFF)
    found = [*starts, *holds, *(by_folded[text] for text in alike)]
    return list(dict.fromkeys(found))[:N_OFFERED]


def refuse_unknown(names: Iterable[str], classes: Collection[str]) -> None:
    """Raise DataProblem for the first unknown class, suggesting similar ones."""
    known = set(classes)
    for name in names:
        if name in known:
            continue
        offered = [f"“{other}”" for other in nearest_classes(name, classes)]
        meant = f"; did you mean {' or '.join(offered)}?" if offered else "."
        raise DataProblem(
            f"There is no class “{name[:80]}”{meant} Type a class of the list, or choose “Create"
            " new class”."
        )
