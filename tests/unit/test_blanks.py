"""One rule says what an empty cell is, in Python, in SQL, and in every count of rows without a
label.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

from cleansets import row_query
from cleansets.pages.review.labels import row_labels
from cleansets.row_address import RowQuery
from cleansets.selectors import row_source
from projects.label_summaries import number_summary
from projects.readers.profile import profile_table
from studio import tables
from studio.accounts.models import User
from studio.engine.choices.facts import label_facts
from studio.engine.conventions.blanks import BLANK_CHARACTERS, is_blank
from studio.engine.conventions.label_sets import Separator, read_set
from studio.engine.labels.encoding import encode_labels
from studio.engine.labels.reading import class_counts
from studio.engine.ml_task import MLTask
from studio.sql import blank_sql, filled_sql
from tests.client.test_columns import table
from tests.factories import make_dataset
from tests.reviewable import UNLABELED, make_reviewable, publish_table
from tests.unit.engine.frames import table_spec

BLANK = [None, "", " ", "\t", "\r\n", "\u00a0", "\u200b", "\ufeff \u2060", "\u3000"]
FILLED = ["0", "-", "a", " a ", "\u200bb", "."]


def test_everything_that_python_takes_for_white_space_is_blank() -> None:
    spaces = {chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()}
    assert spaces <= set(BLANK_CHARACTERS)
    assert len(set(BLANK_CHARACTERS)) == len(BLANK_CHARACTERS)


@pytest.mark.parametrize("cell", [*BLANK, *FILLED, *BLANK_CHARACTERS])
def test_sql_and_python_agree(cell: str | None) -> None:
    with tables.connect() as connection:
        found = connection.execute(
            f"SELECT {blank_sql('c')}, {filled_sql('c')} FROM (SELECT ? AS c)", [cell]
        )
        assert found.fetchone() == (is_blank(cell), None if is_blank(cell) else cell)


def test_rows_without_a_label_are_counted_alike_everywhere(alice: User, tmp_path: Path) -> None:
    labels = [*BLANK, *FILLED]
    path = tmp_path / "rows.parquet"
    frame = pd.DataFrame({"__row_id": range(len(labels)), "label": pd.Series(labels, dtype=object)})
    frame.to_parquet(path, index=False)
    [profile] = profile_table(path)
    assert (profile.n_missing, profile.n_distinct) == (len(BLANK), len(FILLED))
    assert not any(is_blank(top.value) for top in profile.top_values)
    version = make_dataset(alice, n_rows=len(labels)).versions.get()
    tables.publish(path, version.table_key)
    counts = class_counts([(label, 1) for label in labels], MLTask.MULTI_CLASS)
    assert (counts.n_unlabeled, counts.n_classes) == (len(BLANK), len(FILLED))
    assert number_summary(version, profile).n_unlabeled == len(BLANK)
    sets = [read_set(label, Separator.COMMA) for label in labels]
    assert sets.count(()) == len(BLANK)
    assert [read_set(label, Separator.JSON) for label in labels].count(None) == len(BLANK)
    facts = label_facts(encode_labels(labels), table_spec())
    assert (facts.n_missing, facts.n_distinct) == (len(BLANK), len(FILLED))
    assert int((~encode_labels(labels).is_labeled).sum()) == len(BLANK)


def test_blank_given_label_is_missing_in_exports(alice: User) -> None:
    cleanset = make_reviewable(alice)
    issues = pd.read_parquet(tables.local_path(cleanset.issues_key))
    issues.loc[[1, UNLABELED], "given_label"] = ["\u00a0 ", None]
    publish_table(issues, cleanset.issues_key)
    source = row_source(cleanset)
    unlabeled = row_query.fetch_page(RowQuery(issue="all", given="-"), source)
    assert [row["row_id"] for row in unlabeled.rows] == [1, UNLABELED]
    row = row_query.fetch_row(1, source)
    assert row is not None
    assert (row["uploaded_label"], row["clean_label"]) == (None, None)
    assert row_labels(cleanset, row).given is None
    assert [label for label, _ in row_query.label_choices(source, "given_label")] == [
        "billing",
        "login",
        "delivery",
    ]
    _, rows = table(cleanset, details=True)
    assert rows.loc[[1, UNLABELED], "clean_label"].tolist() == [None, None]
    assert rows.index[rows["initially_unlabeled"].astype(bool)].tolist() == [1, UNLABELED]
