"""The rate limit of API keys, shared by all web processes."""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.core.cache import caches
from redis.exceptions import RedisError

from studio.accounts.models import ApiKey
from studio.api.problems import ApiProblem

logger = logging.getLogger(__name__)

WINDOW_S = 60


def count_call(key: ApiKey) -> None:
    """Count one call of the key. Raises ApiProblem (429) if the minute's calls are used up."""
    limit = settings.API_CALLS_PER_MINUTE
    now = int(time.time())
    if limit and _calls(key, now // WINDOW_S) > limit:
        wait_s = WINDOW_S - now % WINDOW_S
        raise ApiProblem(
            f"This API key has used its {limit:,} calls of this minute. Wait {wait_s} s.",
            status=429,
            code="too_many_calls",
            retry_after_s=wait_s,
        )


def _calls(key: ApiKey, window: int) -> int:
    """Return the number of calls in the window with this one; 0 if the counter is unreachable."""
    counter = caches["calls"]
    name = f"{key.pk}:{window}"
    try:
        counter.add(name, 0, 2 * WINDOW_S)
        return counter.incr(name)
    except RedisError:  # a limit that cannot be counted is no reason to turn work away
        logger.warning("API calls not counted key=%s", key.pk, exc_info=True)
        return 0
