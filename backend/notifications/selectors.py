"""Questions about notifications, for pages."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backend.common.models import PeriodicRun, WorkState
from backend.notifications import opt_in, registry, subjects, summaries
from backend.notifications.enums import MENDABLE, NEEDS_ACTION, Category, ChannelName, DeliveryState, Slot
from backend.notifications.models import BouncedAddress, Delivery, Notification, Preference
from backend.notifications.preferences import allowed_slots, default_slot

if TYPE_CHECKING:
    from backend.accounts.models import User

PAGE = 30


@dataclass(frozen=True)
class NotificationPage:
    """cursor: for the next page; "" on the last."""

    rows: list[Notification]
    cursor: str


def list_notifications_for(user: "User", cursor: str = "", size: int = PAGE) -> NotificationPage:
    """Unread ones first, newest first in both halves. A cursor that is not ours starts from the beginning.

    Each row has `kind_title` (the line to show), `link` (the page to act on), `known_kind` (None for one that is gone) and
    `is_over` (what it says is no longer so, or has been dealt with).
    The number of queries does not depend on the number of rows.
    """
    shown = Notification.objects.filter(recipient=user, is_shown=True)
    half, last = _parse(cursor)
    rows: list[Notification] = []
    if half == "u":
        unread = shown.filter(read_at__isnull=True)
        rows = list((unread.filter(pk__lt=last) if last else unread).order_by("-id")[: size + 1])
        last = None
    if len(rows) <= size:
        read = shown.filter(read_at__isnull=False)
        read = read.filter(pk__lt=last) if last else read
        rows += list(read.order_by("-id")[: size + 1 - len(rows)])
    page, more = rows[:size], len(rows) > size
    following = f"{'u' if page[-1].read_at is None else 'r'}{page[-1].pk}" if more else ""
    _describe(page)
    return NotificationPage(page, following)


def _parse(cursor: str) -> tuple[str, int | None]:
    if cursor[:1] in {"u", "r"} and cursor[1:].isascii() and cursor[1:].isdigit() and len(cursor) < 20:
        return cursor[0], int(cursor[1:])
    return "u", None


def _describe(rows: list[Notification]) -> None:
    """Text, link and kind of each; a kind that is gone, or whose subject is, still leaves a line."""
    subjects.preload([(row, kind.subject) for row in rows if (kind := registry.find(row.kind))])
    for row in rows:
        kind = registry.find(row.kind)
        row.kind_title, row.link = _("A message that can no longer be shown"), ""  # type: ignore[attr-defined]
        row.known_kind, row.is_over = kind, False  # type: ignore[attr-defined]
        if kind is not None:
            with contextlib.suppress(models.ObjectDoesNotExist):
                if kind.subject is not None:
                    kind.subject(row)
                row.kind_title, row.link = kind.title(row), kind.page(row)  # type: ignore[attr-defined]
                row.is_over = kind.is_over(row)  # type: ignore[attr-defined]


def unread_count(user: "User") -> int:
    return Notification.objects.filter(recipient=user, is_shown=True, read_at__isnull=True).count()


@dataclass(frozen=True)
class PreferenceRow:
    """One category of the table: per channel the slot that holds and the slots that may be chosen."""

    category: str
    label: "str | Promise"
    cells: dict[str, "PreferenceCell"]


@dataclass(frozen=True)
class PreferenceCell:
    field: str
    slot: str
    choices: list[tuple[str, "str | Promise"]]


def channels_shown_to(user: "User") -> list[ChannelName]:
    """The columns of the table: the channels everybody has, and those the person has switched on."""
    on = {ChannelName.IN_APP.value, ChannelName.EMAIL.value} | opt_in.switched_on(user)
    return [channel for channel in ChannelName if channel.value in on]


def get_preferences(user: "User") -> list[PreferenceRow]:
    """The preference table. Only categories some kind uses, only channels those kinds use and the person has."""
    chosen = {
        (category, channel): slot
        for category, channel, slot in Preference.objects.filter(user=user).values_list("category", "channel", "slot")
    }
    shown = channels_shown_to(user)
    rows = []
    for category in Category:
        used = _channels_of(category, user)
        cells = {}
        for channel in shown:
            if channel not in used:
                continue
            allowed = allowed_slots(category, channel)
            cells[channel.value] = PreferenceCell(
                f"{category}.{channel}",
                chosen.get((category, channel), default_slot(category, channel)),
                [(slot.value, slot.label) for slot in Slot if slot in allowed],
            )
        if cells:
            rows.append(PreferenceRow(category, category.label, cells))
    return rows


def _channels_of(category: str, user: "User") -> set[str]:
    if category == Category.SUMMARIES:
        return {ChannelName.EMAIL.value} if summaries.has_summary(user) else set()
    kinds = [kind for kind in registry.kinds() if kind.category == category]
    return {channel for kind in kinds for channel in [*kind.channels, *opt_in.channels_of(kind)]}


def bounces_still() -> Exists:
    """For deliveries: whether the person's address of that channel is known to be wrong."""
    return Exists(
        BouncedAddress.objects.filter(
            user=OuterRef("recipient"),
            channel=OuterRef("channel"),
            address__in=[OuterRef("recipient__email"), OuterRef("recipient__phone")],
        )
    )


# What the list of undelivered messages can be narrowed to.
UNDELIVERED_STATES = frozenset({*NEEDS_ACTION, DeliveryState.EXPIRED, DeliveryState.SUPPRESSED})


def list_ended_badly() -> "models.QuerySet[Delivery]":
    """Deliveries that did not arrive though somebody wanted them to, each with `is_bounced`. Newest first."""
    mendable = Q(state=DeliveryState.SUPPRESSED, reason__in=MENDABLE)
    given_up = Q(state=DeliveryState.EXPIRED, reason="gave_up")
    return (
        Delivery.objects.filter(Q(state__in=NEEDS_ACTION) | mendable | given_up)
        .annotate(is_bounced=bounces_still())
        .select_related("notification", "recipient")
        .prefetch_related("attempt_rows")
        .order_by("-id")
    )


def list_undelivered() -> "models.QuerySet[Delivery]":
    """Those of them that ask for action: uncertain, dead, returned."""
    return list_ended_badly().filter(state__in=NEEDS_ACTION)


def narrowed_undelivered(asked: Mapping[str, str]) -> "tuple[models.QuerySet[Delivery], dict[str, str]]":
    """Those that are asked for by `state`, `channel` and `reason`, and the filters that hold.

    A value that does not exist is no filter.
    """
    found, chosen = list_undelivered(), {}
    if (state := asked.get("state", "")) in UNDELIVERED_STATES:
        chosen["state"], found = state, list_ended_badly().filter(state=state)
    if (channel := asked.get("channel", "")) in ChannelName.values:
        chosen["channel"], found = channel, found.filter(channel=channel)
    if (reason := asked.get("reason", "")) in dict(reasons_of_undelivered()):
        chosen["reason"], found = reason, found.filter(reason__startswith=reason)
    return found, chosen


def reasons_of_undelivered() -> "list[tuple[str, str | Promise]]":
    """What can be chosen to narrow the list: (code, words), in the order of the words."""
    codes = MENDABLE | {"refused", "answer_lost", "worker_vanished", "bounced", "provider_gave_up", "gave_up"}
    codes |= {"address_invalid", "too_large", "kind_unknown", "template_failed", "check_failed"}
    return sorted(((code, REASONS[code]) for code in codes), key=lambda pair: str(pair[1]))


def last_reconciliation() -> PeriodicRun | None:
    """The last finished run of the nightly check; `handled` is how many deliveries were missing, expected 0."""
    runs = PeriodicRun.objects.filter(name="notifications.reconcile", state=WorkState.DONE)
    return runs.order_by("-slot").first()


def count_by_state() -> dict[str, int]:
    """How many deliveries stand in each state."""
    return dict(Delivery.objects.values_list("state").annotate(number=models.Count("pk")).order_by("state"))


def oldest_waiting() -> Delivery | None:
    """The delivery that has been due the longest: how far behind the workers are."""
    return Delivery.objects.filter(state="pending", slot=Slot.NOW).order_by(F("due_at").asc()).first()


REASONS: dict[str, "str | Promise"] = {
    "opted_out": _("The person does not want these"),
    "inactive": _("The account is closed"),
    "in_digest": _("Went in a digest mail"),
    "nothing_left": _("Nothing in it was relevant any more"),
    "expired": _("It would have come too late"),
    "gave_up": _("Tried until it would have come too late"),
    "refused": _("The provider refused it for good"),
    "answer_lost": _("The connection broke after the message was handed over"),
    "worker_vanished": _("The worker stopped while the provider had the message"),
    "address_invalid": _("The address is not a valid e-mail address"),
    "subject_invalid": _("The subject of the mail is not valid"),
    "too_large": _("The message is too large"),
    "kind_unknown": _("This kind of message no longer exists"),
    "template_failed": _("The text could not be made"),
    "check_failed": _("Whether it is still relevant could not be decided"),
    "address_bounced": _("Messages to this address came back"),
    "bounced": _("The address does not receive messages"),
    "provider_gave_up": _("The provider could not deliver it"),
    "complained": _("The person reported it as unwanted"),
    "unreachable": _("The person has switched this channel off"),
    "not_set_up": _("This channel is not set up"),
    "phone_invalid": _("The number is not a valid mobile number"),
    "demo_data": _("Demo data: nothing was sent"),
    "already_answered": _("It had been answered by then"),
    "already_applied": _("The person had applied by then"),
    "already_decided": _("It had been decided by then"),
    "already_reviewed": _("The place had been reviewed by then"),
    "already_done": _("Somebody had taken care of it by then"),
    "offer_closed": _("The place was not open any more"),
    "round_moved_on": _("The round had moved on by then"),
}


def reason_label(reason: str) -> "str | Promise":
    """The reason of a delivery in words; a domain's own code is shown as it is."""
    code, _colon, _detail = reason.partition(":")
    return REASONS.get(code, reason)


def state_label(delivery: Delivery) -> "str | Promise":
    """Where a delivery stands, in words. One that was held back on purpose says so, and the reason says whose."""
    if delivery.state != DeliveryState.SUPPRESSED or delivery.reason == "opted_out":
        return DeliveryState(delivery.state).label
    return _("In a digest mail") if delivery.reason == "in_digest" else _("Not sent")
