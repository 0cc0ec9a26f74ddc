"""Whether this process can do its work: for a load balancer, `make run`, and whoever has just installed it."""

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from backend.common.parts import missing_parts
from backend.web.access import public


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def broker_answers() -> bool:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


@public
@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 while the database answers; without the broker pages still work, so that is only told."""
    database, broker = database_answers(), broker_answers()
    return JsonResponse({"database": database, "broker": broker}, status=200 if database else 503)


@public
@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when all that the pages offer can be done here, else 503. missing: names of parts that are not installed."""
    database, broker, missing = database_answers(), broker_answers(), missing_parts()
    is_ready = database and broker and not missing
    return JsonResponse(
        {"database": database, "broker": broker, "missing": list(missing)}, status=200 if is_ready else 503
    )
