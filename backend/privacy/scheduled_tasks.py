"""What time alone brings to people's data."""

from datetime import timedelta

from backend.common.schedule import periodic
from backend.privacy import services


@periodic("privacy.forget_data_copies", every=timedelta(minutes=15))
def forget_data_copies() -> int:
    """Copies of people's data are kept for a week."""
    return services.forget_old_copies()
