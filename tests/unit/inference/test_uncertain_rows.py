"""Which predicted rows a person should look at."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from inference.models import PredictionBatch
from inference.uncertain_rows import uncertain_rows
from studio import tables
from studio.accounts.models import User
from tests.factories import make_cleanset, make_dataset, make_model, make_prediction, make_project


@pytest.fixture
def batch(alice: User) -> PredictionBatch:
    """Return guarded predictions of four rows; the classes are votes, “Abstain” among them."""
    dataset = make_dataset(alice, columns=[{"name": "name"}, {"name": "vote"}])
    cleanset = make_cleanset(alice, project=make_project(alice, dataset=dataset))
    model = make_model(alice, cleanset=cleanset, manifest={"classes": ["Abstain", "Confidence"]})
    batch = make_prediction(alice, model=model, n_rows=4, coverage=0.9)
    cells = {"name": ["ann", "bob", "cem", "dee"], "other": ["1", "2", "3", "4"]}
    predicted = {
        "Abstain": [0.9, 0.8, 0.3, 0.4],
        "Confidence": [0.1, 0.2, 0.7, 0.6],
        "Suggested Label": ["Abstain", "Abstain", "Confidence", "Confidence"],
        "confidence": [0.9, 0.8, 0.7, 0.6],
        "prediction_set": [""] * 4,
        "is_out_of_distribution": [False] * 4,
        "out_of_distribution_score": [0.1] * 4,
        "abstain": [False, True, False, True],
        "nearest_training_row": [1] * 4,
        "nearest_training_label": [""] * 4,
        "prediction_note": [None] * 4,
    }
    with tables.scratch() as folder:
        for name, content in (("table", cells), ("result", predicted)):
            pq.write_table(pa.table({"__row_id": range(4), **content}), folder / name)
            key = tables.publish(folder / name, f"predictions/{name}-{batch.pk}")
            setattr(batch, f"{name}_key", key)
    batch.save()
    return batch


@pytest.mark.parametrize(
    ("n_least", "names"), [(None, ["bob", "dee"]), (1, ["dee"]), (3, ["dee", "cem", "bob"])]
)
def test_rows_are_found_by_the_guard_and_not_by_a_class_of_that_name(
    batch: PredictionBatch, n_least: int | None, names: list[str]
) -> None:
    assert uncertain_rows(batch, n_least).to_pydict() == {"name": names}
