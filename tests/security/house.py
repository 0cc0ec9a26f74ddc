"""One world with everybody in it, and for each address the ids that make it lead to something.

It is the town of the browser tests (where everything has happened at least once) with the neighbours of everybody: the
same kind of person beside them, and one of another municipality or company.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from backend.accounts.models import ProtectedGrant, RoleInvitation, User
from backend.applications.models import Application
from backend.common import clock
from backend.exchange.models import WebhookDelivery
from backend.notifications.models import Delivery, Notification, PushSubscription, Task
from backend.offers.models import Offer
from backend.organisations.models import ContactPerson, Membership, OrganisationClaim
from backend.placements.models import Match, Placement
from backend.reference.models import NetworkMembership
from backend.rounds import services as rounds
from backend.rounds.models import Appeal, LockedPair, OwnFoundPlace, Participant, Round
from backend.suggestions.models import Suggestion
from backend.tokens.enums import ORGANISATION_SCOPES
from backend.tokens.models import ApiToken
from backend.tokens.services import TokenDetails, create_token
from tests.browser import town as towns
from tests.browser.town import EMPTY_TOWN, Town
from tests.factories import CoordinatorFactory, GuardianshipFactory, MembershipFactory, OfferFactory, StudentFactory
from tests.factories.rows import FINSPANG
from tests.factories.work import handle_events
from tests.privacy.copies import copy_of

# Those of security.md, and between them: NB somebody without any part but an invitation, SC another student of the same
# class, G2 a guardian of somebody else, CM a member of the company who does not own it, KC a colleague of KO.
PRINCIPALS = ("AN", "TK", "NB", "ST", "SC", "S2", "GU", "G2", "CO", "CM", "C2", "KO", "KC", "K2", "NA")
MISSING = 999_999_999


@dataclass
class House:
    """people, clients: by principal; `bearer`: how TK names itself. ids: by the route's name, or the parameter's."""

    people: dict[str, User | None]
    clients: dict[str, Client]
    bearer: str
    ids: dict[str, dict[str, Any]]

    def ids_for(self, pattern: URLPattern, route: str) -> dict[str, Any]:
        """What stands in the address so that it leads to what its owner may see."""
        names = re.findall(r"<(?:\w+:)?(\w+)>", route)
        special = self.ids.get(pattern.name or "", {})
        return {name: special.get(name, self.ids[""].get(name, "0000")) for name in names}


def every_route(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[tuple[str, URLPattern]]:
    """Every address there is, ours and the libraries', pages and API."""
    for pattern in (resolver or get_resolver()).url_patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from every_route(pattern, where)
        else:
            yield where, pattern


def web_routes() -> Iterator[tuple[str, URLPattern]]:
    """The pages: everything but the API's operations, whose table is in tests/api/test_permissions.py."""
    for route, pattern in every_route():
        if not route.startswith("/api/v1/") or pattern.name == "api_docs":
            yield route, pattern


def fill(route: str, ids: dict[str, Any]) -> str:
    """The address of a route. What no id is given for becomes 0000, which nothing is called."""
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(ids.get(found[1], "0000")), route)
    path = re.sub(r"\(\?P(\w+)[^)]*\)", "0000", path.replace("(?P<", "(?P"))
    return re.sub(r"[\^$]|\\Z", "", path)


def client_of(user: User | None) -> Client:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    if user is not None:
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def build() -> House:
    people, desks = towns.build_people(), towns.build_desks()
    student, owner = people.people[towns.STUDENT].student, people.people[towns.EMPLOYER]
    membership = owner.memberships.get()
    elsewhere: Any = OfferFactory(
        workplace__municipality_id=EMPTY_TOWN, workplace__organisation__municipality_id=EMPTY_TOWN
    )
    everybody: dict[str, Any] = {
        "AN": None,
        "TK": None,
        "NB": people.people["invited"],
        "ST": student.user,
        "SC": StudentFactory(class_name=student.class_name, school=student.school).user,
        "S2": StudentFactory(municipality_id=EMPTY_TOWN).user,
        "GU": people.people[towns.GUARDIAN],
        "G2": GuardianshipFactory(student__birth_date=date(2010, 5, 1)).guardian,
        "CO": owner,
        "CM": MembershipFactory(organisation=membership.organisation, role="member").user,
        "C2": MembershipFactory(organisation=elsewhere.organisation, role="owner").user,
        "KO": desks.people[towns.COORDINATOR],
        "KC": CoordinatorFactory(),
        "K2": CoordinatorFactory(municipality=EMPTY_TOWN),
        "NA": desks.people[towns.NETWORK],
    }
    details = TokenDetails("Affärssystemet", list(ORGANISATION_SCOPES), membership.organisation_id)
    secret = create_token(actor=owner, user=owner, details=details).secret
    # Who made it is told before anything is looked at.
    handle_events()
    clients = {name: client_of(user) for name, user in everybody.items()}
    return House(everybody, clients, f"Bearer {secret}", _ids(people, desks, everybody, membership))


def _ids(people: Town, desks: Town, everybody: dict[str, Any], owner: Membership) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    by_name: dict[str, Any] = {}
    for paths in [*people.pages.values(), *desks.pages.values()]:
        for path in paths:
            match = resolve(path.partition("?")[0])
            if match.kwargs:
                found.setdefault(str(match.url_name), match.kwargs)
                by_name = {**match.kwargs, **by_name}
    return {"": {**by_name, **_rows(everybody, owner)}, **found, **_rows_of_routes(everybody, found)}


def _rows(everybody: dict[str, Any], owner: Membership) -> dict[str, Any]:
    """By the parameter's name: rows that no page of the town stands for."""
    student = everybody["ST"].student
    return {
        "suggestion_id": Suggestion.objects.create(student=student, offer=Offer.objects.published()[0], score=0.5).pk,
        "token_id": ApiToken.objects.filter(user=owner.user)[0].pk,
        "membership_id": MembershipFactory(organisation=owner.organisation).pk,
        "organisation_id": owner.organisation_id,
        "municipality_code": FINSPANG,
        "task_id": Task.objects.filter(municipality=FINSPANG)[0].pk,
        "grant_id": ProtectedGrant.objects.get().pk,
        "guardianship_id": everybody["GU"].guardianships.get().pk,
        "notification_id": Notification.objects.filter(recipient=student.user)[0].pk,
        "subscription_id": PushSubscription.objects.create(
            user=student.user, endpoint="https://push.example/1", created_at=clock.now()
        ).pk,
        "subject_type": "application",
        "subject_id": student.applications.all()[0].pk,
        "copy_id": copy_of(student.user).pk,
        "contact_id": ContactPerson.objects.filter(organisation=owner.organisation)[0].pk,
        "role_id": everybody["KC"].roles.get().pk,
        "appeal_id": Appeal.objects.get().pk,
        "own_place_id": OwnFoundPlace.objects.get().pk,
        "import_kind": "offers",
        "form": "apl",
        "slug": "skola",
    }


def _rows_of_routes(everybody: dict[str, Any], pages: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By the route's name: where two routes call rows of different kinds the same, or need two that belong together."""
    student = everybody["ST"].student
    mine = student.applications.all()[0]
    the_round = Round.objects.get(pk=pages["round_own_places"]["round_id"])
    first = the_round.participants.get()
    second = rounds.join_round(actor=everybody["SC"], round_id=the_round.pk)
    pair = rounds.pair_participants(actor=everybody["KO"], first_id=first.pk, second_id=second.pk)
    run = pages["round_move"]
    told = Round.objects.filter(participants__student=student, state="published")[0]
    ranked = Round.objects.filter(employers_answer_by__isnull=False)[0]
    Round.objects.filter(pk=ranked.pk).update(state="closed")
    lock = LockedPair.objects.create(
        participant_id=run["participant_id"],
        seat=Participant.objects.get(pk=run["participant_id"]).round.seats.all()[0],
        locked_by=everybody["KO"],
        reason="Har en plats.",
    )
    ledger = Delivery.objects.filter(
        notification__subject_type="application", notification__subject_id=mine.pk, recipient=student.user
    )[0]
    claim = OrganisationClaim.objects.all()[0]
    unclaimed = Application.objects.filter(period__offer__organisation=claim.organisation)[0]
    asked = RoleInvitation.objects.filter(kind="network")[0]
    undelivered = Delivery.objects.filter(state="dead")[0]
    waits = Match.objects.filter(state="proposed", deciding_municipality=FINSPANG, student__is_protected=False)[0]
    theirs = Placement.objects.filter(period__offer__organisation__memberships__user=everybody["CO"])[0]
    return {
        "student_round_join": {"round_id": the_round.pk},
        "student_round_demand": {"round_id": the_round.pk},
        "student_round_leave": {"round_id": the_round.pk},
        "student_round_wish": {"round_id": the_round.pk},
        "student_round_own_place": {"round_id": the_round.pk},
        "student_round_answer": {"round_id": told.pk},
        "student_round_appeal": {"round_id": told.pk},
        "employer_round_rank": {"seat_id": ranked.seats.all()[0].pk},
        "round_unlock": {"run_id": run["run_id"], "participant_id": lock.participant_id},
        "organisation_claim": {"organisation_id": claim.organisation_id},
        "unclaimed_invite": {"organisation_id": claim.organisation_id},
        "organisation_confirm": {"organisation_id": claim.organisation_id},
        "organisation_unconfirm": {"organisation_id": claim.organisation_id},
        "claim_decide": {"claim_id": claim.pk},
        **{f"unclaimed_{what}": {"application_id": unclaimed.pk} for what in ("offer", "decline")},
        **{f"network_invitation_{what}": {"invitation_id": asked.pk} for what in ("resend", "withdraw")},
        "network_member_end": {"membership_id": NetworkMembership.objects.all()[0].pk},
        "coordinator_withdraw": {"student_id": student.pk, "application_id": mine.pk},
        "coordinator_protect": {"student_id": student.pk},
        "coordinator_guardian_add": {"student_id": student.pk},
        "coordinator_match_guardian": {
            "match_id": waits.pk,
            "guardianship_id": GuardianshipFactory(student=waits.student).pk,
        },
        "coordinator_resend": {"subject_type": "application", "subject_id": mine.pk, "delivery_id": ledger.pk},
        "coordinator_ledger": {"subject_type": "application", "subject_id": mine.pk},
        "guardian_withdraw": {"application_id": mine.pk},
        "placement_end_ask": {"placement_id": theirs.pk},
        "placement_rest": {"placement_id": theirs.pk},
        "network_resend": {"delivery_id": undelivered.pk},
        "webhook_replay": {"delivery_id": WebhookDelivery.objects.filter(endpoint__organisation__isnull=False)[0].pk},
        "round_pair": {"participant_id": first.pk},
        "round_unpair": {"pair_id": pair.pk},
        "round_publish": {"run_id": run["run_id"]},
        "round_seat_exclude": {"seat_id": the_round.seats.all()[0].pk},
        "calendar_file": {"token": "no-such-token"},
        "second_factor_stop": {"token": "no-such-token"},
    }
