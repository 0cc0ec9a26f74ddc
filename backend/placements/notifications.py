"""Who is told what about matches and placements."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from backend.accounts.models import User
from backend.accounts.policies import municipalities_coordinated_by
from backend.accounts.selectors import list_coordinators_of, list_network_office
from backend.common.models import DomainEvent
from backend.common.transitions import Audience, audiences
from backend.common.weeks import format_dates
from backend.notifications import ledger
from backend.notifications.effect import own_step
from backend.notifications.enums import Category
from backend.notifications.messages import TEMPLATES, Words, context_from
from backend.notifications.models import Notification
from backend.notifications.registry import Kind, register
from backend.notifications.services import notify
from backend.notifications.subjects import Subject, from_rows
from backend.organisations.selectors import list_member_users
from backend.placements import supervisor_notifications, timers
from backend.placements.enums import MATCH_TRANSITIONS, PLACEMENT_TRANSITIONS, MatchSource, MatchState, RestState
from backend.placements.models import EndRequest, Match, Placement
from backend.placements.policies import matches_visible_to
from backend.students.protection import deciders_for, protected_students_of
from backend.students.selectors import guardian_ids, list_guardians_of

RELATED = ("student__user", "period__offer__organisation", "period__offer__workplace")


def _deciders(match: Match) -> list[User]:
    return deciders_for(match.student, match.deciding_municipality_id)


def _student(match: Match) -> list[User]:
    return [match.student.user]


def _organisation(match: Match) -> list[User]:
    return list_member_users(match.period.offer.organisation_id)


def _guardians(match: Match) -> list[User]:
    return list_guardians_of(match.student)


def _other_municipality(match: Match) -> list[User]:
    """The workplace's, when another one decided. A protected identity is not made known where it has no part."""
    other = match.period.offer.municipality_code
    if match.student.is_protected or other == match.deciding_municipality_id:
        return []
    return list_coordinators_of(other)


def _organisation_without_application(match: Match) -> list[User]:
    return _organisation(match) if match.source != MatchSource.APPLICATION else []


# What the words in the tables of transitions mean.
ROLES: dict[str, Audience] = {
    "student": _student,
    "organisation": _organisation,
    "guardian of a minor": _guardians,
    "the other municipality": _other_municipality,
    "coordinator": _deciders,
    "organisation where no application tells it": _organisation_without_application,
}
TOLD: dict[str, Audience] = {
    "match.proposed": _deciders,
    **audiences(MATCH_TRANSITIONS, ROLES),
    **audiences(PLACEMENT_TRANSITIONS, ROLES),
}


def _matches_with_ledger(reader: User) -> "QuerySet[Match]":
    """Those of the students the reader coordinates; of protected ones with a grant."""
    own = matches_visible_to(reader).filter(
        student__municipality__in=municipalities_coordinated_by(reader), student__is_protected=False
    )
    rows = Match.objects.select_related(*RELATED)
    return rows.filter(Q(pk__in=own.values("pk")) | Q(student__in=protected_students_of(reader)))


def _placement_with_ledger(reader: User, placement_id: int) -> Placement | None:
    rows = Placement.objects.select_related(*RELATED)
    return rows.filter(pk=placement_id, match__in=_matches_with_ledger(reader)).first()


ledger.register_case(
    ledger.Case(
        "match",
        find=lambda reader, pk: _matches_with_ledger(reader).filter(pk=pk).first(),
        organisation=lambda match: match.period.offer.organisation_id,
        student=lambda match: match.student.user_id,
        beside=lambda match: guardian_ids(match.student),
    )
)
ledger.register_case(
    ledger.Case(
        "placement",
        find=_placement_with_ledger,
        organisation=lambda placement: placement.period.offer.organisation_id,
        student=lambda placement: placement.student.user_id,
        beside=lambda placement: guardian_ids(placement.student),
    )
)


def tell(event: DomainEvent, match: Match, subject: "Match | Placement | None" = None) -> None:
    """Writes the notifications of a transition, in its transaction."""
    timers.follow(event, match)
    if event.kind not in TOLD:
        return
    recipients = TOLD[event.kind](match)
    notify(event=event, recipients=recipients, kind=event.kind, subject=subject or match)
    if event.kind == "match.proposed" and match.student.is_protected and not recipients:
        # Nobody may know of it yet: those who give the grants learn that one is needed, and nothing about whom.
        notify(event=event, recipients=list_network_office(), kind="match.grant_needed", subject=match)


def tell_rest(event: DomainEvent, placement: Placement) -> None:
    """The organisation is asked whether it takes somebody else for the days that are left."""
    organisation = _organisation(placement.match)
    notify(event=event, recipients=organisation, kind=event.kind, subject=placement)


def tell_end_request(event: DomainEvent, asked: EndRequest) -> None:
    """The coordinator of a request to end a placement, and the one who asked of the answer."""
    deciders = _deciders(asked.placement.match)
    recipients = deciders if event.kind == "placement.end_asked" else [asked.asked_by]
    notify(event=event, recipients=recipients, kind=event.kind, subject=asked.placement, data={"request": asked.pk})


def tell_first_day(event: DomainEvent, placement: Placement) -> None:
    """The student and a minor's guardians hear what the workplace has written for the first day."""
    recipients = [placement.student.user, *list_guardians_of(placement.student)]
    notify(event=event, recipients=recipients, kind=event.kind, subject=placement)


_match: Subject[Match] = from_rows(
    lambda: Match.objects.select_related("placement", *RELATED), placement="placement__pk"
)


def _deciding_name(notification: Notification) -> str:
    place = _match(notification).deciding_municipality
    return place.name if place else ""


def _facts(match: Match, notification: Notification) -> tuple[tuple[str, str], ...]:
    return (
        (_("Student"), "" if notification.recipient_id == match.student.user_id else match.student.display_name),
        (_("Place"), match.period.offer.title),
        (_("Organisation"), match.period.offer.organisation.name),
        (_("Dates"), format_dates(match.start, match.end)),
    )


def _title(text: Callable[[Match], str]) -> Callable[[Notification], str]:
    return lambda notification: text(_match(notification))


def _words(
    paragraphs: Callable[[Match], tuple[str, ...]], button: Callable[[], str]
) -> Callable[[Notification], Words]:
    def words(notification: Notification) -> Words:
        match = _match(notification)
        return Words(paragraphs=paragraphs(match), facts=_facts(match, notification), button=button())

    return words


def _only_while(state: MatchState) -> Callable[[Notification], str]:
    """A message about a decision is not sent any more when the decision has been undone or made meanwhile."""

    def still_relevant(notification: Notification) -> str:
        return "" if _match(notification).state == state else "already_decided"

    return still_relevant


def _only_while_it_lasts(notification: Notification) -> str:
    """What is said about a placement that comes or goes on is not sent once it has ended."""
    placement = getattr(_match(notification), "placement", None)
    return "" if placement is not None and placement.stands else "already_decided"


def _register(name: str, title: Callable[[Match], str], words: Callable[[Notification], Words], **options: Any) -> None:
    category = Category.PLACEMENTS if name.startswith("placement.") else Category.MATCHES
    register(
        Kind(
            name=name,
            category=category,
            title=_title(title),
            context=context_from(words),
            templates=TEMPLATES,
            subject=_match,
            **options,
        )
    )


DECIDED = own_step("match.approved", "match.rejected")
DECISION: dict[str, Any] = {"opt_out": False, "resend_when_uncertain": True, "expires_after": timedelta(days=14)}

_register(
    "match.proposed",
    lambda match: _("A match to approve: %(title)s") % {"title": match.period.offer.title},
    _words(lambda match: (_("Student and organisation have both said yes."),), lambda: _("Review the match")),
    still_relevant=_only_while(MatchState.PROPOSED),
    acted=DECIDED,
)


def _approved_title(match: Match) -> str:
    """As it stands today: a list that is read after a cancellation does not say that there is a place."""
    ended = match.ended_placement
    words = {"title": match.period.offer.title, "state": ended.get_state_display() if ended else ""}
    if ended:
        return _("%(state)s: %(title)s (was approved)") % words
    return _("The placement is approved: %(title)s") % words


def _approved_and_stands(notification: Notification) -> str:
    match = _match(notification)
    return "" if match.state == MatchState.APPROVED and match.ended_placement is None else "already_decided"


_register(
    "match.approved",
    _approved_title,
    _words(
        lambda match: (_("The coordinator has approved the match. The placement is confirmed."),),
        lambda: _("See the placement"),
    ),
    still_relevant=_approved_and_stands,
    **DECISION,
)
_register(
    "match.rejected",
    lambda match: _("The match was not approved: %(title)s") % {"title": match.period.offer.title},
    _words(
        lambda match: (_("The coordinator could not approve the match."), match.decision_reason),
        lambda: _("Open the page"),
    ),
    still_relevant=_only_while(MatchState.REJECTED),
    **DECISION,
)
_register(
    "match.approval_undone",
    lambda match: _("Correction: not decided yet: %(title)s") % {"title": match.period.offer.title},
    _words(
        lambda match: (
            _("You were told that the placement was approved. That was a mistake and has been taken back."),
            _("The seat is still held. The coordinator decides again, and you are told."),
        ),
        lambda: _("Open the page"),
    ),
    still_relevant=_only_while(MatchState.PROPOSED),
    **DECISION,
)
_register(
    "match.rejection_undone",
    lambda match: _("Correction: still possible: %(title)s") % {"title": match.period.offer.title},
    _words(
        lambda match: (
            _("You were told that the match was not approved. That was a mistake and has been taken back."),
            _("The seat is held again. The coordinator decides anew, and you are told."),
        ),
        lambda: _("Open the page"),
    ),
    still_relevant=_only_while(MatchState.PROPOSED),
    **DECISION,
)
register(
    Kind(
        name="match.grant_needed",
        category=Category.MATCHES,
        title=lambda notification: _("A grant for protected identities is needed"),
        context=context_from(
            lambda notification: Words(
                paragraphs=(
                    _("A decision waits that only a coordinator with a grant may make, and nobody there has one."),
                ),
                facts=((_("Municipality"), _deciding_name(notification)),),
                button=_("See the grants"),
            )
        ),
        templates=TEMPLATES,
        subject=_match,
        opt_out=False,
        still_relevant=_only_while(MatchState.PROPOSED),
    )
)
_register(
    "match.withdrawn",
    lambda match: _("A match was withdrawn: %(title)s") % {"title": match.period.offer.title},
    _words(
        lambda match: (_("The student has stepped back. Nothing needs to be decided."),), lambda: _("Open the page")
    ),
)
for _name in ("placement.cancelled", "placement.interrupted"):
    _register(
        _name,
        lambda match: _("The placement has ended early: %(title)s") % {"title": match.period.offer.title},
        _words(lambda match: (match.placement.ended_reason,), lambda: _("Open the page")),
        **DECISION,
    )
_register(
    "placement.first_day_set",
    lambda match: _("For the first day: %(title)s") % {"title": match.period.offer.title},
    _words(
        lambda match: (
            _("The workplace has written what you need to know before the first day."),
            match.placement.first_day,
            _("Bring: %(things)s") % {"things": match.placement.bring} if match.placement.bring else "",
        ),
        lambda: _("See the placement"),
    ),
    still_relevant=_only_while_it_lasts,
)


def _request(notification: Notification) -> EndRequest:
    return EndRequest.objects.get(pk=notification.data["request"])


def _end_words(
    paragraphs: Callable[[EndRequest], tuple[str, ...]], button: Callable[[], str]
) -> Callable[[Notification], Words]:
    def words(notification: Notification) -> Words:
        facts = _facts(_match(notification), notification)
        return Words(paragraphs=paragraphs(_request(notification)), facts=facts, button=button())

    return words


_register(
    "placement.rest_asked",
    lambda match: _("Somebody else for the rest of the period? %(title)s") % {"title": match.period.offer.title},
    _words(
        lambda match: (
            _(
                "The placement has ended early, and days are left of the period. Do you want to take somebody else for them?"
            ),
            _("If you say yes, the next in line is offered these days."),
        ),
        lambda: _("Say yes or no"),
    ),
    opt_out=False,
    still_relevant=lambda notification: (
        "" if _match(notification).placement.rest == RestState.ASKED else "already_answered"
    ),
    acted=own_step("placement.rest_opened", "placement.rest_declined"),
)
_register(
    "placement.end_asked",
    lambda match: _("A wish to end a placement: %(title)s") % {"title": match.period.offer.title},
    _end_words(
        lambda asked: (
            _("%(asker)s asks you to end the placement.") % {"asker": asked.get_asked_as_display()},
            _("Reason: %(reason)s") % {"reason": asked.reason},
        ),
        lambda: _("Answer the wish"),
    ),
    opt_out=False,
    still_relevant=lambda notification: "already_answered" if _request(notification).answered_at else "",
    over=_only_while_it_lasts,
    acted=own_step("placement.cancelled", "placement.interrupted", "placement.end_declined"),
)
_register(
    "placement.end_declined",
    lambda match: _("The placement stands: %(title)s") % {"title": match.period.offer.title},
    _end_words(
        lambda asked: (_("You asked to end the placement. The coordinator answers:"), asked.answer),
        lambda: _("Open the page"),
    ),
    over=_only_while_it_lasts,
    **DECISION,
)
register(
    Kind(
        name="match.decision_wanted",
        category=Category.REMINDERS,
        title=lambda notification: _("Still to decide: %(title)s") % {"title": _match(notification).period.offer.title},
        context=context_from(
            _words(
                lambda match: (_("Student and organisation have said yes and wait for your decision."),),
                lambda: _("Review the match"),
            )
        ),
        templates=TEMPLATES,
        subject=_match,
        still_relevant=_only_while(MatchState.PROPOSED),
        acted=DECIDED,
    )
)

# What supervisors and those around them are told is registered where it stands.
__all__ = ["TOLD", "supervisor_notifications", "tell"]
