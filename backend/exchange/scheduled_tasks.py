"""What time alone brings to the exchange."""

from datetime import timedelta

from backend.common.schedule import periodic
from backend.exchange import services


@periodic("exchange.forget_imports", every=timedelta(hours=6))
def forget_imports() -> int:
    """Uploaded files are kept for 30 days."""
    return services.forget_old_imports()
