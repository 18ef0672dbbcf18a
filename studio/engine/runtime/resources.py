"""What long work needs besides its data: a cache, a number of threads, a place for progress."""

from __future__ import annotations

from dataclasses import dataclass, field

from studio.engine.progress import Progress, Silent
from studio.engine.runtime.cache import Cache


@dataclass(frozen=True, slots=True)
class Resources:
    """The means of one piece of work; none of them changes its result."""

    cache: Cache = field(default_factory=lambda: Cache(None))
    n_jobs: int = 1
    progress: Progress = field(default_factory=Silent)
