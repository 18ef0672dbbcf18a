"""The rate limit of API keys and of calls without one, shared by all web processes."""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.core.cache import caches
from redis.exceptions import RedisError

from studio.accounts.models import ApiKey
from studio.api.problems import ApiProblem
from studio.engine.counted import counted

logger = logging.getLogger(__name__)

WINDOW_S = 60


def count_call(key: ApiKey) -> None:
    """Count one call of the key. Raises ApiProblem (429) if the minute's calls are used up."""
    _count(f"{key.pk}", "This API key")


def count_call_from(address: str) -> None:
    """Count one call without a key, by where it comes from. Raises ApiProblem as `count_call`."""
    _count(f"from-{address}", "Your network")


def _count(who: str, name: str) -> None:
    limit = settings.API_CALLS_PER_MINUTE
    now = int(time.time())
    if limit and _calls(who, now // WINDOW_S) > limit:
        wait_s = WINDOW_S - now % WINDOW_S
        raise ApiProblem(
            f"{name} has used its {counted(limit, 'call')} of this minute. Wait {wait_s} s.",
            status=429,
            code="too_many_calls",
            retry_after_s=wait_s,
        )


def _calls(who: str, window: int) -> int:
    """Return the number of calls in the window with this one; 0 if the counter is unreachable."""
    counter = caches["calls"]
    name = f"{who}:{window}"
    try:
        counter.add(name, 0, 2 * WINDOW_S)
        return counter.incr(name)
    except RedisError:  # a limit that cannot be counted is no reason to turn work away
        logger.warning("API calls not counted of=%s", who, exc_info=True)
        return 0
