"""Rate limits: for each token, each person, and each address that asks without either."""

import logging
import math

from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from backend.api.principals import Principal

logger = logging.getLogger(__name__)


class RateThrottle(SimpleRateThrottle):
    """A sliding minute in the cache. Limits protect the service, not the data: without the cache nobody is stopped."""

    history: list[float]
    num_requests: int
    duration: int
    now: float

    def get_cache_key(self, request: Request, view: APIView) -> str:
        principal: Principal = view.principal  # type: ignore[attr-defined]
        if principal.user is not None:
            who = principal.key
        else:
            # An address is personal data: the cache holds something that can not be turned back.
            who = salted_hmac("api.throttling", self.get_ident(request)).hexdigest()[:24]
        return f"api-rate:{self.scope}:{who}"

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return bool(super().allow_request(request, view))
        except RedisError:
            logger.warning("no cache: rate limits are off")
            self.history, self.now = [], self.timer()
            return True

    def headers(self) -> dict[str, str]:
        """`RateLimit-Policy` and `RateLimit` as in the IETF draft: quota and window in seconds, what is left and when."""
        oldest = self.history[-1] if self.history else self.now
        seconds = max(0, math.ceil(oldest + self.duration - self.now))
        left = max(0, self.num_requests - len(self.history))
        return {
            "RateLimit-Policy": f'"{self.scope}";q={self.num_requests};w={self.duration}',
            "RateLimit": f'"{self.scope}";r={left};t={seconds}',
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
