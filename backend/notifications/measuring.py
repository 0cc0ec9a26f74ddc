"""What each kind of message brings about: how many were told, reached outside the site, read it, and acted within two days.

People with a protected identity are left out, as in every count.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q

from backend.common import clock
from backend.notifications import effect, registry
from backend.notifications.enums import ChannelName, DeliveryState
from backend.notifications.ledger import concealed_ids
from backend.notifications.models import Delivery, Notification
from backend.notifications.registry import Kind

ACCEPTED = (DeliveryState.SENT, DeliveryState.DELIVERED)
# Days that can be chosen.
PERIODS = (30, 90, 365)


@dataclass(frozen=True)
class KindEffect:
    """Messages of one kind whose two days are over. sent: None for a kind that stays on the site. acted: None for one that
    asks for nothing. sent counts those a provider took, by themselves or in a digest."""

    kind: Kind
    told: int
    sent: int | None
    read: int
    acted: int | None


def effects(days: int) -> list[KindEffect]:
    """Of the messages written in the last `days` days; the most frequent first. One query.

    Those of the last two days are not counted yet: their readers still have time.
    """
    now = clock.now()
    taken = Q(state__in=ACCEPTED) | Q(carried_by__state__in=ACCEPTED)
    outside = Delivery.objects.filter(taken, notification=OuterRef("pk")).exclude(channel=ChannelName.IN_APP)
    rows = (
        Notification.objects.filter(created_at__gt=now - timedelta(days=days), created_at__lte=now - effect.WITHIN)
        .exclude(concealed_ids())
        .annotate(is_sent=Exists(outside), acted_at=effect.acted_at())
        .values("kind")
        .annotate(
            told=Count("pk"),
            sent=Count("pk", filter=Q(is_sent=True)),
            read=Count("pk", filter=Q(read_at__lte=F("created_at") + effect.WITHIN)),
            acted=Count("pk", filter=Q(acted_at__lte=F("created_at") + effect.WITHIN)),
        )
        .order_by("-told", "kind")
    )
    return [
        KindEffect(
            kind,
            row["told"],
            row["sent"] if set(kind.channels) - {ChannelName.IN_APP} else None,
            row["read"],
            row["acted"] if kind.acted else None,
        )
        for row in rows
        if (kind := registry.find(row["kind"]))
    ]
