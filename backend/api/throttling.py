"""Rate limits: for each token, each person, and each address that asks without either."""

import logging
from functools import cache
from typing import ClassVar

from django.conf import settings
from django.utils.crypto import salted_hmac
from redis import Redis
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from backend.api.principals import Principal

logger = logging.getLogger(__name__)


@cache
def _valkey() -> Redis:
    return Redis.from_url(settings.REDIS_URL, **settings.CACHES["default"]["OPTIONS"])


class RateThrottle(SimpleRateThrottle):
    """Counts in windows that begin with somebody's first request. Limits protect the service, not the data: without
    Valkey nobody is stopped.

    One counter and one question, exact also when many ask at once; the framework keeps the time of every request in a
    list that it reads and writes back whole.
    """

    prefix: ClassVar[str] = "api-rate"
    num_requests: int
    duration: int
    count = 0
    seconds = 0  # until the window ends

    def get_cache_key(self, request: Request, view: APIView) -> str:
        principal: Principal = view.principal  # type: ignore[attr-defined]
        if principal.user is not None:
            who = principal.key
        else:
            # An address is personal data: the counters hold something that cannot be turned back.
            who = salted_hmac("api.throttling", self.get_ident(request)).hexdigest()[:24]
        return f"{self.prefix}:{self.scope}:{who}"

    def allow_request(self, request: Request, view: APIView) -> bool:
        key = self.get_cache_key(request, view)
        try:
            with _valkey().pipeline(transaction=False) as asked:
                asked.incr(key)
                asked.expire(key, self.duration, nx=True)
                asked.ttl(key)
                self.count, _is_first, self.seconds = asked.execute()
        except RedisError:
            logger.warning("no Valkey: rate limits are off")
            self.count, self.seconds = 1, self.duration
        return self.count <= self.num_requests

    def wait(self) -> float:
        return max(1, self.seconds)

    def headers(self) -> dict[str, str]:
        """`RateLimit-Policy` and `RateLimit` as in the IETF draft: quota and window in seconds, what is left and when."""
        left = max(0, self.num_requests - self.count)
        return {
            "RateLimit-Policy": f'"{self.scope}";q={self.num_requests};w={self.duration}',
            "RateLimit": f'"{self.scope}";r={left};t={max(0, self.seconds)}',
        }


class ReadThrottle(RateThrottle):
    scope = "read"


class WriteThrottle(RateThrottle):
    scope = "write"


class AnonymousThrottle(RateThrottle):
    """A whole school may share one address, so this is no narrow door either."""

    scope = "anonymous"


def throttle_for(request: Request, principal: Principal) -> RateThrottle:
    if principal.user is None:
        return AnonymousThrottle()
    return ReadThrottle() if request.method in {"GET", "HEAD"} else WriteThrottle()
