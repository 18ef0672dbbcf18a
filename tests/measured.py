"""A model run that is measured, of a cleanset whose files exist."""

from __future__ import annotations

import numpy as np

from cleansets.models import Cleanset
from studio.model_runs import services
from studio.model_runs.models import ModelRun
from studio.model_runs.tasks import evaluate_run
from studio.runs import Status
from tests.programs import wait_until
from tests.reviewable import publish_array

N_WITHOUT_FEATURES = 3
N_IN_FIRST_GROUP = 40


def make_measured(cleanset: Cleanset) -> ModelRun:
    """Return the run of a cleanset's analysis, measured in this process, or by the worker of a
    studio that was quicker.
    """
    run = services.analysis_record(cleanset)
    evaluate_run(run_id=str(run.pk))
    stored = ModelRun.objects.filter(pk=run.pk)
    wait_until(lambda: not stored.get().is_active, timeout_s=60)
    run = stored.get()
    assert run.status == Status.SUCCEEDED, run.error_detail or run.error_message
    return run


def keep_features(cleanset: Cleanset) -> None:
    """Give an analysis of 120 rows features in two groups; the last rows have none."""
    rng = np.random.default_rng(0)
    space = rng.normal(scale=0.2, size=(120, 6))
    space[:, 0] += np.where(np.arange(120) < N_IN_FIRST_GROUP, 5.0, 0.0)
    space[-N_WITHOUT_FEATURES:] = np.nan
    cleanset.space_key = publish_array(
        space.astype(np.float16), f"cleansets/{cleanset.pk}/1/space.npy"
    )
    cleanset.save()
