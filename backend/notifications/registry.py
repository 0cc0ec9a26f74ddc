"""Every kind of notification there is. Apps register theirs in `<app>/notifications.py`, loaded at start."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Subquery
from django.utils.functional import Promise

from backend.notifications.enums import Category, ChannelName, Urgency
from backend.notifications.messages import page_of
from backend.notifications.subjects import Subject

if TYPE_CHECKING:
    from backend.accounts.models import User
    from backend.notifications.models import Notification


DECISION_PRIORITY, NEWS_PRIORITY, DIGESTIBLE_PRIORITY = 0, 1, 2


def always_relevant(notification: "Notification") -> str:
    return ""


def network_office_only(actor: "User", notification: "Notification") -> bool:
    from backend.accounts.policies import is_network_office

    return is_network_office(actor)


@dataclass(frozen=True)
class Kind:
    """One kind of notification.

    name: `<domain>.<what>`; its mails stand in `emails/<domain>/<what>/{subject.txt,body.txt,body.html}`, or in the
        folder that `templates` names (the ordinary ones share `emails/message`, see messages.py).
    title(notification): the one line of the notification page, in the language active when it is called.
    context(notification): variables of the templates; `link` is required: the path (`/applications/3/`) of the page
        where the person acts.
    still_relevant(notification): "" or a reason code; asked again just before each call to a provider.
    over(notification): the same for lists, which ask it of every row: "" while what the title says is still so. Told from
        the subject alone; still_relevant where that asks nothing else.
    urgency: a digestible kind follows the person's daily or weekly choice, an immediate one goes at once.
    opt_out: whether the person may say never; its mails carry one-click unsubscribe.
    expires_after: from the write; after that it is not sent any more.
    resend_when_uncertain: decisions that must arrive: sent once more, with the same Message-ID, when the first answer
        was lost.
    weigh(notifications): id -> how well it fits, in one query: the best stand first in a digest, the newest without it.
    to_every_address: its mail goes to all addresses that the person has confirmed: what changes who may come in.
    at_any_hour: what the person asked for a moment ago: quiet hours do not hold it.
    may_manage(actor, notification): who sees it in the ledger and may send it again.
    subject: how the row it speaks of is read; a list reads the subjects of all its rows together.
    page(notification): the path that `context` gives as `link`, without what else the mail needs.
    acted(): for kinds that ask for something: an expression on notifications, when the reader did it (see effect.py).
    several(number): the title of one mail in the place of so many, where they come from one piece of work (see grouping.py).
    gathers: nobody waits for its mails: those of a quarter of an hour go as one. Needs `several`.
    brief(notification): one sentence without names for the screen of a phone; the category's sentence when there is none.
    """

    name: str
    category: str
    title: Callable[["Notification"], "str | Promise"]
    context: Callable[["Notification"], dict[str, Any]]
    templates: str = ""
    channels: tuple[str, ...] = (ChannelName.IN_APP, ChannelName.EMAIL)
    urgency: str = Urgency.IMMEDIATE
    opt_out: bool = True
    expires_after: timedelta = timedelta(days=3)
    resend_when_uncertain: bool = False
    weigh: Callable[[list["Notification"]], dict[int, float]] | None = None
    to_every_address: bool = False
    at_any_hour: bool = False
    still_relevant: Callable[["Notification"], str] = field(default=always_relevant)
    over: Callable[["Notification"], str] | None = None
    may_manage: Callable[["User", "Notification"], bool] = field(default=network_office_only)
    subject: Subject[Any] | None = None
    page: Callable[["Notification"], str] = field(default=page_of)
    acted: Callable[[], Subquery] | None = None
    several: "Callable[[int], str | Promise] | None" = None
    gathers: bool = False
    brief: 'Callable[["Notification"], str | Promise] | None' = None

    @property
    def template_folder(self) -> str:
        return self.templates or f"emails/{self.name.replace('.', '/')}"

    def is_over(self, notification: "Notification") -> bool:
        """Whether what the title says is no longer so, or has been dealt with."""
        return bool((self.over or self.still_relevant)(notification))

    @property
    def priority(self) -> int:
        if self.resend_when_uncertain or not self.opt_out:
            return DECISION_PRIORITY
        return NEWS_PRIORITY if self.urgency == Urgency.IMMEDIATE else DIGESTIBLE_PRIORITY


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Adds a kind. ValueError when it does not hold together, or when another kind has the name."""
    known = _kinds.get(kind.name)
    if known is not None and known != kind:
        raise ValueError(f"two kinds are called {kind.name}")
    domain, _dot, what = kind.name.partition(".")
    if not (domain.isidentifier() and what.isidentifier()):
        raise ValueError(f"{kind.name}: a kind is called <domain>.<what>")
    if kind.category not in Category.values:
        raise ValueError(f"{kind.name}: category {kind.category} is none of {', '.join(Category.values)}")
    if not kind.channels or set(kind.channels) - set(ChannelName.values):
        raise ValueError(f"{kind.name}: channels {kind.channels} are not among {', '.join(ChannelName.values)}")
    if kind.urgency not in Urgency.values:
        raise ValueError(f"{kind.name}: urgency {kind.urgency} is none of {', '.join(Urgency.values)}")
    if kind.expires_after <= timedelta(0):
        raise ValueError(f"{kind.name}: expires before it is written")
    if kind.gathers and kind.several is None:
        raise ValueError(f"{kind.name}: gathers mails and cannot say several")
    _kinds[kind.name] = kind
    return kind


def unregister(name: str) -> None:
    _kinds.pop(name, None)


def get(name: str) -> Kind:
    """KeyError when no app registers the name."""
    return _kinds[name]


def find(name: str) -> Kind | None:
    """None for a kind that no app registers any more."""
    return _kinds.get(name)


def kinds() -> list[Kind]:
    return sorted(_kinds.values(), key=lambda kind: kind.name)


def names(*, resend_when_uncertain: bool) -> list[str]:
    return [kind.name for kind in kinds() if kind.resend_when_uncertain == resend_when_uncertain]


def categories_that_may_be_refused() -> set[str]:
    """Categories with at least one kind a person can opt out of."""
    return {kind.category for kind in _kinds.values() if kind.opt_out}


def may_wait(category: str) -> bool:
    """Whether some kind of the category follows a daily or weekly choice."""
    return any(kind.category == category and kind.urgency == Urgency.DIGESTIBLE for kind in _kinds.values())
