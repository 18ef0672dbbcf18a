"""Reads of the app over a real table file."""

from __future__ import annotations

from pathlib import Path

import pytest

from projects import selectors
from projects.models import FORMAT_NAMES, DatasetVersion
from projects.readers import FileFormat, ReadLimits, read_table
from projects.readers.profile import profile_table
from studio import tables
from studio.accounts.models import User
from studio.engine.progress import Silent
from studio.engine.table.columns import ColumnKind
from tests.factories import make_dataset

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(alice: User, tmp_path: Path) -> DatasetVersion:
    labels = ["b"] * 5 + ["a"] * 5 + ["c"] + [""] * 3 + ["  "]
    source, out = tmp_path / "rows.csv", tmp_path / "rows.parquet"
    source.write_text(
        'n,"the ""label"""\n' + "".join(f'{n},"{label}"\n' for n, label in enumerate(labels))
    )
    facts = read_table(source, source.name, out, progress=Silent(), limits=ReadLimits())
    columns = [profile.to_dict() for profile in profile_table(out)]
    dataset = make_dataset(
        alice, n_rows=facts.n_rows, columns=columns, table_key="datasets/t/rows.parquet"
    )
    tables.publish(out, "datasets/t/rows.parquet")
    return dataset.versions.get()


def test_rows_come_in_order_with_long_cells_shortened(alice: User, version: DatasetVersion) -> None:
    table = selectors.rows_between(version, range(3, 6))

    assert [row.row_id for row in table.rows] == [3, 4, 5]
    assert [cell for _, cell in table.rows[0].cells] == ["3", "b"]
    assert selectors._shortened("x" * 301) == "x" * 300 + "…"


def test_a_chosen_kind_replaces_the_found_one(version: DatasetVersion) -> None:
    version.chosen_kinds = {"n": "text"}

    profile = selectors.column_profiles(version)[0]

    assert profile.kind is ColumnKind.TEXT
    assert profile.inferred_kind is not ColumnKind.TEXT


def test_every_file_format_has_a_name_for_the_page() -> None:
    assert set(FORMAT_NAMES) == {file_format.value for file_format in FileFormat}
