"""Whether this process can do its work: for a load balancer and for `make run`. Says no more than yes or no."""

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

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
