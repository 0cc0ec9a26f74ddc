"""What time alone brings to people's data."""

from datetime import timedelta

from backend.common.schedule import periodic
from backend.privacy import retention, services


@periodic("privacy.forget_data_copies", every=timedelta(minutes=15))
def forget_data_copies() -> int:
    """Copies of people's data are kept for a week."""
    return services.forget_old_copies()


@periodic("privacy.weed", every=timedelta(hours=1))
def weed() -> int:
    """Documents whose time is over by a municipality's rule, a few at a time."""
    return retention.weed_due()
