"""What is typical of groups of rows: words of texts, and values of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from studio.engine.groups.partitions import column_partitions
from studio.engine.table.cells import Cells
from studio.engine.table.columns import ColumnKind

N_TERMS = 3
_PRIOR = 1.0  # rows with the term that are added to each group, divided as in all rows
_MIN_Z = 3.0  # standard errors by which the log odds differ from 0
_MIN_SHARE = 0.08  # of the group's rows that have the term
_MAX_CHARACTERS = 4_000_000  # of the texts whose words are counted


def typical_terms(
    columns: Mapping[str, Cells],
    kinds: Mapping[str, ColumnKind],
    members: npt.NDArray[np.integer],
    n_groups: int,
) -> list[list[str]]:
    """Return for each group the terms with the largest log odds of being in it, against the rest.

    Counts have an informative prior, the counts of all rows (Monroe et al., Fightin' Words, 2008),
    and terms are ordered by their log odds in standard errors, or rare words would lead.
    """
    names: list[str] = []
    counts: list[npt.NDArray[np.float64]] = []
    totals: list[npt.NDArray[np.float64]] = []
    for column, cells in columns.items():
        if kinds[column] is ColumnKind.TEXT:
            words, found, sizes = _words(cells, members, n_groups)
        else:
            words, found, sizes = _values(column, cells, kinds[column], members, n_groups)
        names += words
        counts.append(found)
        totals.append(np.tile(sizes, (len(words), 1)))
    if not names:
        return [[] for _ in range(n_groups)]
    return _leading(names, np.vstack(counts), np.vstack(totals))


def _leading(
    names: Sequence[str],
    counts: npt.NDArray[np.float64],
    totals: npt.NDArray[np.float64],
) -> list[list[str]]:
    """Choose terms by counts and numbers of rows, both of shape (n_terms, n_groups + 1).

    The last column has the rows of no group, which count among the rest.
    """
    inside = counts[:, :-1]
    n_inside = totals[:, :-1]
    outside = counts.sum(axis=1, keepdims=True) - inside
    n_outside = totals.sum(axis=1, keepdims=True) - n_inside
    share = counts.sum(axis=1, keepdims=True) / np.maximum(totals.sum(axis=1, keepdims=True), 1)
    prior = _PRIOR * np.clip(share, 1e-6, 1 - 1e-6)
    yes_in, no_in = inside + prior, n_inside - inside + _PRIOR - prior
    yes_out, no_out = outside + prior, n_outside - outside + _PRIOR - prior
    log_odds = np.log(yes_in / no_in) - np.log(yes_out / no_out)
    z = log_odds / np.sqrt(1 / yes_in + 1 / yes_out)
    z[(inside < _MIN_SHARE * n_inside) | (z < _MIN_Z)] = -np.inf
    leading = []
    for group in range(inside.shape[1]):
        best = np.argsort(-z[:, group], kind="stable")[:N_TERMS]
        leading.append([names[term] for term in best if np.isfinite(z[term, group])])
    return leading


def _words(
    cells: Cells, members: npt.NDArray[np.integer], n_groups: int
) -> tuple[list[str], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    step = 1 + sum(map(len, cells)) // _MAX_CHARACTERS
    sample = slice(None, None, step)
    groups = _indicator(members[sample], n_groups)
    counter = CountVectorizer(stop_words="english", min_df=3, max_features=20_000, binary=True)
    sizes = np.asarray(groups.sum(axis=0), dtype=np.float64).reshape(-1)
    try:
        counted = counter.fit_transform(cells[sample])
    except ValueError:  # no word occurs in three texts
        return [], np.zeros((0, n_groups + 1)), sizes
    found = np.asarray((counted.T.astype(np.float64) @ groups).todense())
    return counter.get_feature_names_out().tolist(), found, sizes


def _values(
    column: str,
    cells: Cells,
    kind: ColumnKind,
    members: npt.NDArray[np.integer],
    n_groups: int,
) -> tuple[list[str], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    groups = _indicator(members, n_groups)
    sizes = np.asarray(groups.sum(axis=0), dtype=np.float64).reshape(-1)
    names: list[str] = []
    found = []
    for partition in column_partitions(column, cells, kind):
        names += partition.descriptions
        having = _indicator(partition.members, len(partition.descriptions))
        found.append(np.asarray((having.T @ groups).todense())[:-1])
    if not found:
        return [], np.zeros((0, n_groups + 1)), sizes
    return names, np.vstack(found), sizes


def _indicator(members: npt.NDArray[np.integer], n_groups: int) -> sparse.csr_matrix:
    """Return which row is in which group, shape (n, n_groups + 1); none is the last one."""
    group = np.where(members < 0, n_groups, members).astype(np.int64)
    rows = np.arange(len(group))
    ones = np.ones(len(group), dtype=np.float64)
    return sparse.csr_matrix((ones, (rows, group)), shape=(len(group), n_groups + 1))
