"""What the API forgets."""

from backend.api.idempotency import KEPT
from backend.api.models import IdempotentRequest
from backend.common import clock
from backend.common.schedule import periodic


@periodic("api.forget_answers", every=KEPT / 48)
def forget_answers() -> int:
    """Stored answers hold personal data; nobody repeats a request after two days."""
    return IdempotentRequest.objects.filter(created_at__lt=clock.now() - KEPT).delete()[0]
