"""Sets of near duplicates: their order in a view, and what each consists of."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from cleansets.mapped_results import mapped_table
from cleansets.row_address import GIVEN
from cleansets.row_query.source import CLUSTER, RowSource
from studio import tables

SET_PLACE = "set_place"


@dataclass(frozen=True, slots=True)
class DuplicateSet:
    """A set of near duplicates with the different labels of its rows, excluded ones left out."""

    n_rows: int
    labels: list[str | None]


@lru_cache(maxsize=4)
def set_places(results_key: str) -> npt.NDArray[np.int32]:
    """Return the place of each row's set, from 1, and 0 for rows without one.

    Sets whose given labels differ come first, then the most similar ones. Decisions do not count,
    so that the order stays as it is while people decide.
    """
    results = mapped_table(results_key)
    places = np.zeros(len(results), dtype=np.int32)
    differs = "false"
    if GIVEN in results.column_names:
        differs = f"count(DISTINCT coalesce({GIVEN}::VARCHAR, '')) > 1"
    with closing(tables.connect()) as connection:
        connection.register("results", results)
        found = connection.execute(
            f"""
            SELECT row_id, place FROM results JOIN (
                SELECT {CLUSTER}, row_number() OVER (
                    ORDER BY {differs} DESC, max(near_duplicate_score) DESC, {CLUSTER}
                ) AS place
                FROM results WHERE {CLUSTER} IS NOT NULL GROUP BY {CLUSTER}
            ) USING ({CLUSTER})"""
        ).fetchnumpy()
    places[np.asarray(found["row_id"])] = np.asarray(found["place"])
    return places


def duplicate_sets(set_ids: Iterable[int], source: RowSource) -> dict[int, DuplicateSet]:
    """Return these sets as they are now, by their id."""
    wanted = ", ".join(str(int(set_id)) for set_id in set_ids)
    if not wanted:
        return {}
    label = "CASE WHEN action IS DISTINCT FROM 'exclude' THEN coalesce(clean_label, '') END"
    found = source.fetch(
        f"SELECT {CLUSTER}, count(*), list_sort(list(DISTINCT {label}))"
        f" FROM rows WHERE {CLUSTER} IN ({wanted}) GROUP BY {CLUSTER}"
    )
    return {
        int(set_id): DuplicateSet(int(n_rows), [label or None for label in labels])
        for set_id, n_rows, labels in found
    }
