"""Where the pieces of one run are computed: on this machine, or on the Dask cluster that a setting
names.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from studio.engine.errors import DataProblem

CONNECT_TIMEOUT_S = 10


@contextmanager
def fan_out() -> Iterator[int]:
    """Yield how many pieces may be computed at once; in the block, joblib sends them there.

    Workers of a cluster need the same packages. They get each piece with its data, and keep
    nothing.
    """
    if not settings.DASK_SCHEDULER:
        yield settings.CORES
        return
    from distributed import Client
    from joblib import parallel_config

    try:
        client = Client(settings.DASK_SCHEDULER, timeout=CONNECT_TIMEOUT_S, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise DataProblem(
            f"The Dask scheduler at {settings.DASK_SCHEDULER} cannot be reached ({error}). "
            "Start it, or unset STUDIO_DASK_SCHEDULER to compute on this machine."
        ) from error
    with client:
        n_threads = sum(client.nthreads().values())  # type: ignore[no-untyped-call]
        if not n_threads:
            raise DataProblem(
                f"The Dask scheduler at {settings.DASK_SCHEDULER} has no worker. Start some, or"
                " unset STUDIO_DASK_SCHEDULER to compute on this machine."
            )
        with parallel_config(backend="dask", client=client):
            yield n_threads
