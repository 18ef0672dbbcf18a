"""The versions of a project: what changed from one to the next, and between any two."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleansets import row_query, selectors
from cleansets.issue_columns import issues_in
from cleansets.models import Cleanset, CleansetOrigin, ReviewAction
from cleansets.row_address import ALL_ROWS, RowQuery
from cleansets.row_sets import RowSet
from cleansets.selectors import ReviewProgress, review_progress
from cleansets.task_words import TASK_WORDS
from projects.models import Project
from studio import tables
from studio.engine.counted import counted

VERSIONS = "versions"  # the kind of their sets of rows
_SEPARATOR = "~"
# What a row may have done between two versions, in SQL over `first` and `second`
CHANGES = {
    "added": ("New rows", "first.row_id IS NULL"),
    "flagged": ("Flagged now, but not before", "second.is_flagged AND NOT first.is_flagged"),
    "unflagged": ("Flagged before, but not now", "first.is_flagged AND NOT second.is_flagged"),
    "suggested": (
        "Another suggested label",
        "second.row_id IS NOT NULL AND first.row_id IS NOT NULL"
        " AND first.suggested IS DISTINCT FROM second.suggested",
    ),
    "label": (
        "Another label",
        "second.row_id IS NOT NULL AND first.row_id IS NOT NULL"
        " AND first.label IS DISTINCT FROM second.label",
    ),
}


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in the list; `changes` are sentences on what it has that its base has not."""

    cleanset: Cleanset
    changes: tuple[str, ...]
    reviewed: ReviewProgress | None
    is_current: bool

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.cleanset.n_rows or self.cleanset.version.n_rows or 0

    @property
    def n_label_issues(self) -> int | None:
        """Number of rows with a label issue; None before the end, and without labels."""
        n_rows: int | None = self.cleanset.counts.get("is_label_issue")
        return n_rows

    @property
    def score(self) -> str:
        """The held-out score of the best model, with its name."""
        words = TASK_WORDS.get(self.cleanset.task)
        if words is None or not self.cleanset.candidates:
            return "–"
        return f"{words.score_text(self.cleanset.candidates[0]['accuracy'])} {words.score}"


def version_lines(project: Project) -> list[VersionLine]:
    """Return the versions of a project, newest first."""
    cleansets = list(
        selectors.cleansets_of(project)
        .select_related("project", "version", "base__version", "restored", "created_by")
        .defer("log", "error_detail", "manifest", "health", "version__columns")
    )
    reviewed = review_progress(cleansets)
    current = next((cleanset for cleanset in cleansets if cleanset.is_succeeded), None)
    return [
        VersionLine(
            cleanset,
            tuple(_changes(cleanset)),
            reviewed.get(cleanset.pk),
            is_current=cleanset == current,
        )
        for cleanset in cleansets
    ]


def _changes(cleanset: Cleanset) -> list[str]:
    base = cleanset.base
    if cleanset.restored is not None:
        return [f"Version {cleanset.restored.number} again, with its decisions."]
    if base is None:
        return [f"The first analysis of {cleanset.version.filename}."]
    sentences = []
    if cleanset.origin == CleansetOrigin.ROWS:
        sentences.append(_growth(cleanset))
    else:
        sentences.append(f"Analysed anew after version {base.number}.")
    carried = cleanset.review_actions.filter(kind=ReviewAction.Kind.CARRIED).first()
    if carried is not None and carried.n_rows:
        n = carried.n_rows
        sentences.append(f"{counted(n, 'decision')} carried over.")
    changed = _changed_settings(base, cleanset)
    if changed:
        sentences.append(f"Other configuration: {', '.join(changed)}.")
    if cleanset.provided_key:
        sentences.append(f"With predictions of {cleanset.provided['name']}.")
    return sentences


def _growth(cleanset: Cleanset) -> str:
    growth = cleanset.growth
    if not growth:
        return f"New rows of {cleanset.version.filename}."
    parts = []
    if growth["n_new"]:
        parts.append(counted(growth["n_new"], "new row"))
    if growth["n_updated"]:
        parts.append(f"{growth['n_updated']:,} updated")
    scored_by = f", scored by {growth['scored_by']}" if growth["scored_by"] else ""
    return f"{' and '.join(parts) or 'No new rows'} of {cleanset.version.filename}{scored_by}."


def _changed_settings(base: Cleanset, cleanset: Cleanset) -> list[str]:
    before = base.configuration
    after = cleanset.configuration
    names = [name for name in dict.fromkeys([*before, *after]) if name != "conventions"]
    return [name.replace("_", " ") for name in names if before.get(name) != after.get(name)]


@dataclass(frozen=True, slots=True)
class RowsChanged:
    """Rows that did the same between two versions; `among` names them in addresses."""

    key: str
    title: str
    n_rows: int
    among: str

    @property
    def params(self) -> str:
        """The address of the rows."""
        return RowQuery(issue=ALL_ROWS, among=self.among).params()


def rows_changed(first: Cleanset, second: Cleanset) -> list[RowsChanged]:
    """Count the rows that changed from one version to another, by what changed."""
    found = _found_changes(first, second)
    changes = []
    for key, (title, _) in CHANGES.items():
        name = _SEPARATOR.join((str(first.pk), str(second.pk), key))
        changes.append(RowsChanged(key, title, len(found[key]), f"{VERSIONS}:{name}"))
    return changes


def _found_changes(first: Cleanset, second: Cleanset) -> dict[str, npt.NDArray[np.int64]]:
    columns = ", ".join(
        f"coalesce({condition}, false) AS {key}" for key, (_, condition) in CHANGES.items()
    )
    with closing(tables.connect()) as connection:
        connection.register("first", _state(first))
        connection.register("second", _state(second))
        compared = connection.sql(
            f"SELECT second.row_id, {columns} FROM second LEFT JOIN first"
            " ON first.row_id = second.row_id ORDER BY second.row_id"
        ).to_arrow_table()
    row_ids = compared.column("row_id").to_numpy()
    return {key: row_ids[compared.column(key).to_numpy()] for key in CHANGES}


def _state(cleanset: Cleanset) -> pa.Table:
    """Return the flag, the suggestion and the label of now of each row."""
    with closing(selectors.row_source(cleanset).connect()) as connection:
        rows = connection.sql(
            "SELECT row_id::BIGINT AS row_id, suggested_label::VARCHAR AS suggested,"
            " clean_label::VARCHAR AS label FROM rows ORDER BY row_id"
        ).to_arrow_table()
    is_flagged = row_query.rows_to_review(cleanset.issues_key)
    return rows.append_column("is_flagged", pa.array(is_flagged))


def find_rows(name: str) -> RowSet | None:
    """Return the rows of an address: two cleansets of a project and a key of `CHANGES`."""
    parts = name.split(_SEPARATOR)
    if len(parts) != 3 or parts[2] not in CHANGES:
        return None
    pair = _pair(parts[:2])
    if pair is None:
        return None
    first, second = pair
    title = f"{CHANGES[parts[2]][0].lower()} (version {second.number} after {first.number})"
    return RowSet(title, second.project_id, _found_changes(first, second)[parts[2]])


def _pair(ids: Sequence[str]) -> tuple[Cleanset, Cleanset] | None:
    try:
        keys = [UUID(one) for one in ids]
    except ValueError:
        return None
    found = {
        cleanset.pk: cleanset
        for cleanset in Cleanset.objects.filter(pk__in=keys).select_related("project", "version")
        if cleanset.is_succeeded
    }
    if len(found) < 2 or len({cleanset.project_id for cleanset in found.values()}) > 1:
        return None
    return found[keys[0]], found[keys[1]]


@dataclass(frozen=True, slots=True)
class CountPair:
    """How many rows two versions flag for one reason; `params` is the address of such rows."""

    title: str
    first: int | None
    second: int | None
    params: str

    @property
    def difference(self) -> str:
        """The second less the first, with a sign."""
        if self.first is None or self.second is None:
            return "–"
        if self.first == self.second:
            return "0"
        return f"{self.second - self.first:+,}".replace("-", "\N{MINUS SIGN}")


def count_pairs(first: Cleanset, second: Cleanset) -> list[CountPair]:
    """Return the counts of two versions side by side."""
    pairs = [CountPair("Rows", first.n_rows, second.n_rows, RowQuery(issue=ALL_ROWS).params())]
    names = dict.fromkeys([*first.counts, *second.counts])
    for issue in issues_in(names):
        one = first.counts.get(issue.flag)
        other = second.counts.get(issue.flag)
        pairs.append(CountPair(issue.title, one, other, RowQuery(issue=issue.key).params()))
    return pairs
