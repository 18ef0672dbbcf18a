"""What the review page says of new rows: those that were scored, and those that wait."""

from __future__ import annotations

from dataclasses import dataclass

from cleansets.added_rows import new_rows_address
from cleansets.models import Cleanset, CleansetOrigin
from cleansets.row_address import ALL_ROWS, RowQuery
from projects.models import DatasetVersion
from projects.selectors import newer_rows
from studio.engine.counted import counted


@dataclass(frozen=True, slots=True)
class Growth:
    """The new rows of a version; `params` opens them, the worst labels first."""

    cleanset: Cleanset
    params: str

    @property
    def sentence(self) -> str:
        """How many rows are new, what scored them, and what was found."""
        growth = self.cleanset.growth
        n = growth["n_new"] + growth["n_updated"]
        sentences = [f"{counted(n, 'row is', 'rows are')} new or updated in this version."]
        if growth["scored_by"]:
            sentences.append(
                f"Scored by {growth['scored_by']}: {counted(growth['n_flagged'], 'label issue')}"
                " among them."
            )
        if growth["n_unknown_class"]:
            rows = counted(growth["n_unknown_class"], "has", "have")
            sentences.append(
                f"{rows} a class that the models do not know; a full analysis learns it."
            )
        return " ".join(sentences)


def growth_of(cleanset: Cleanset) -> Growth | None:
    """Return the new rows of a version, if scoring them made it."""
    if cleanset.origin != CleansetOrigin.ROWS or not cleanset.growth:
        return None
    query = RowQuery(issue=ALL_ROWS, among=new_rows_address(cleanset), sort="label_issue_score")
    return Growth(cleanset, query.params())


def waiting_rows(cleanset: Cleanset) -> DatasetVersion | None:
    """Return the version of the dataset with rows that the project does not have yet."""
    return newer_rows(cleanset.version)
