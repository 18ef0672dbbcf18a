"""What a long computation needs besides its data: cache, number of threads, progress."""

from __future__ import annotations

from dataclasses import dataclass, field

from studio.engine.progress import Progress, Silent
from studio.engine.runtime.cache import Cache


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources of one computation; none of them changes its result."""

    cache: Cache = field(default_factory=lambda: Cache(None))
    n_jobs: int = 1
    progress: Progress = field(default_factory=Silent)
