"""Groups of rows with worse labels, from scores that are set by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studio.engine.groups.partitions import Partition
from studio.engine.health.base import Analysis
from studio.engine.health.rows.groups import find_groups
from studio.engine.issues.base import Evidence
from studio.engine.labels.encoding import encode_labels
from studio.engine.runtime.resources import Resources
from studio.engine.study.study import make_study
from studio.engine.table.cells import Table
from tests.unit.engine.frames import text_spec


def test_a_topic_lists_its_label_issues_by_the_rows_of_the_file() -> None:
    n_rows = 120
    frame = pd.DataFrame({"text": [f"request {row}" for row in range(n_rows)]}, dtype=object)
    table = Table.of(frame, ["text"])
    study = make_study(table, encode_labels(["a", "b"] * 60), text_spec(), Resources())
    of_topic = np.arange(n_rows) < 40
    members = np.where(of_topic, 0, -1).astype(np.int8)
    evidence = Evidence(
        study,
        np.full((n_rows, 2), 0.5, dtype=np.float32),
        np.zeros((n_rows, 1), dtype=np.float32),
    )
    vars(evidence)["partitions"] = (Partition(members, ["texts about cards"]),)
    flags = np.arange(n_rows) % 4 == 0
    scores = np.where(of_topic, 0.8, 0.1) + np.arange(n_rows) / 1_000
    issues = pd.DataFrame({"label_issue_score": scores, "is_label_issue": flags})
    # Rows 100 to 219 of a file of which others were left out.
    row_ids = 100 + np.arange(n_rows)
    [group] = find_groups(Analysis(evidence, issues, row_ids=row_ids))
    assert group.n_label_issues == 10
    assert group.issue_rows == tuple(100 + row for row in range(36, -1, -4))
