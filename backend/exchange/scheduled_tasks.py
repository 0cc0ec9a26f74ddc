"""What time alone brings to the exchange."""

from datetime import timedelta

from backend.common.schedule import periodic
from backend.exchange import services
from backend.exchange.exports import services as exports
from backend.exchange.webhooks import services as webhooks


@periodic("exchange.disable_failing_webhooks", every=timedelta(hours=1))
def disable_failing_webhooks() -> int:
    """Addresses that have not answered once for five days are switched off."""
    return webhooks.disable_failing()


@periodic("exchange.forget_webhook_deliveries", every=timedelta(hours=6))
def forget_webhook_deliveries() -> int:
    """What was sent is kept for 30 days."""
    return webhooks.forget_old_deliveries()


@periodic("exchange.forget_imports", every=timedelta(minutes=15))
def forget_imports() -> int:
    """Uploaded files, and what was read of them, whose time is over."""
    return services.forget_old_imports()


@periodic("exchange.forget_exports", every=timedelta(hours=1))
def forget_exports() -> int:
    """Files made for programs are kept for a day."""
    return exports.forget_old_exports()
