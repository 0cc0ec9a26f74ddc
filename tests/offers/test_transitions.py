"""Who may take an offer where, and that whoever may not leaves no trace."""

from datetime import timedelta

import pytest

from backend.common.models import DomainEvent, LogEntry
from backend.notifications.models import Notification
from backend.offers import services
from backend.offers.details import OfferDetails, PeriodDetails
from backend.offers.enums import OFFER_TRANSITIONS, OfferState
from backend.offers.models import Offer
from backend.organisations.models import MunicipalitySettings, TrustedOrganisation
from tests.conftest import NOW
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    OrganisationFactory,
    StudentFactory,
    WorkplaceFactory,
)
from tests.factories.refusals import everything, refused
from tests.factories.rows import END, FINSPANG, START

pytestmark = pytest.mark.django_db

OTHER = "0882"
PERIODS = [PeriodDetails(start=START, end=END, seats=2)]


def details_of(offer, **changes):
    return OfferDetails(
        **{"workplace_id": offer.workplace_id, "form": "apl", "title": "Svetsare", "tasks": "Svetsa."} | changes
    )


def update(*, actor, offer_id):
    offer = Offer.objects.get(pk=offer_id)
    return services.update_offer(actor=actor, offer_id=offer_id, details=details_of(offer), periods=PERIODS)


def send_back(*, actor, offer_id):
    return services.send_back_offer(actor=actor, offer_id=offer_id, reason="Skriv mer om uppgifterna.")


COMMANDS = {
    "submit": services.submit_offer,
    "publish": services.publish_offer,
    "send_back": send_back,
    "pause": services.pause_offer,
    "resume": services.resume_offer,
    "close": services.close_offer,
    "update": update,
    "copy": services.copy_offer,
}
ORGANISATION, COORDINATOR = "member", "coordinator"
# The state each command starts from, and who may.
MAY = {
    "submit": (OfferState.DRAFT, {ORGANISATION}),
    "publish": (OfferState.SUBMITTED, {COORDINATOR}),
    "send_back": (OfferState.SUBMITTED, {COORDINATOR}),
    "pause": (OfferState.PUBLISHED, {ORGANISATION, COORDINATOR}),
    "resume": (OfferState.PAUSED, {ORGANISATION, COORDINATOR}),
    "close": (OfferState.PUBLISHED, {ORGANISATION, COORDINATOR}),
    "update": (OfferState.PUBLISHED, {ORGANISATION, COORDINATOR}),
    "copy": (OfferState.PUBLISHED, {ORGANISATION}),
}


def inactive(user):
    user.is_active = False
    user.save()
    return user


ACTORS = {
    ORGANISATION: lambda offer: MembershipFactory(organisation=offer.organisation).user,
    "other_organisation": lambda offer: MembershipFactory().user,
    COORDINATOR: lambda offer: CoordinatorFactory(),
    "other_coordinator": lambda offer: CoordinatorFactory(municipality=OTHER),
    "network": lambda offer: NetworkOfficerFactory(),
    "student": lambda offer: StudentFactory().user,
    "inactive_member": lambda offer: inactive(MembershipFactory(organisation=offer.organisation).user),
    "inactive_coordinator": lambda offer: inactive(CoordinatorFactory()),
}


def knows(actor: str, state: str) -> bool:
    """Who may know that an offer which is not public exists."""
    if state == OfferState.PUBLISHED:
        return True
    return actor in {ORGANISATION, "network"} or (actor == COORDINATOR and state != OfferState.DRAFT)


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("command", COMMANDS)
def test_who_may(command, actor):
    # Where nobody coordinates, the network office does: tests/organisations/test_without_coordinator.py.
    CoordinatorFactory()
    state, allowed = MAY[command]
    offer = OfferFactory(state=state, submitted_at=None if state == OfferState.DRAFT else NOW)
    user = ACTORS[actor](offer)
    if actor in allowed:
        assert COMMANDS[command](actor=user, offer_id=offer.pk)
        assert LogEntry.objects.filter(actor=user).count() == 1
    else:
        code = "offer.not_allowed" if knows(actor, state) else "offer.unknown"
        refused(code, COMMANDS[command], actor=user, offer_id=offer.pk)


def test_a_place_that_was_changed_after_it_was_read_is_not_published(frozen_clock):
    offer = OfferFactory(state=OfferState.SUBMITTED, submitted_at=NOW)
    read, coordinator = offer.updated_at, CoordinatorFactory()
    frozen_clock.shift(1)
    update(actor=ACTORS[ORGANISATION](offer), offer_id=offer.pk)
    refused("offer.changed", services.publish_offer, actor=coordinator, offer_id=offer.pk, seen=read)
    offer.refresh_from_db()
    assert services.publish_offer(actor=coordinator, offer_id=offer.pk, seen=offer.updated_at).is_open


TARGETS = {
    "submit": "offer.submitted",
    "publish": "offer.published",
    "send_back": "offer.sent_back",
    "pause": "offer.paused",
    "resume": "offer.resumed",
    "close": "offer.closed",
}


@pytest.mark.parametrize("state", OfferState.values)
@pytest.mark.parametrize("command", TARGETS)
def test_every_move_from_every_state(command, state):
    offer = OfferFactory(state=state, submitted_at=NOW)
    user = ACTORS[ORGANISATION if ORGANISATION in MAY[command][1] else COORDINATOR](offer)
    action = TARGETS[command]
    if command == "publish" and state == OfferState.DRAFT:
        refused("offer.not_submitted", services.publish_offer, actor=user, offer_id=offer.pk)
    elif not OFFER_TRANSITIONS.allows(action, state):
        refused("offer.wrong_state", COMMANDS[command], actor=user, offer_id=offer.pk)
    else:
        COMMANDS[command](actor=user, offer_id=offer.pk)
        offer.refresh_from_db()
        assert offer.state == OFFER_TRANSITIONS.moves[action].target
        entry = LogEntry.objects.get(subject_type="offer", subject_id=offer.pk)
        assert (entry.action, entry.actor, entry.data["from"], entry.data["to"]) == (action, user, state, offer.state)
        assert DomainEvent.objects.get(subject_type="offer").kind == action


def test_a_never_submitted_draft_is_not_the_coordinators_to_publish_or_close():
    offer = OfferFactory(state=OfferState.DRAFT)
    for command in (services.publish_offer, services.close_offer, send_back):
        refused("offer.unknown", command, actor=CoordinatorFactory(), offer_id=offer.pk)


def test_the_network_office_reviews_what_lies_in_several_municipalities():
    offer = OfferFactory(state=OfferState.SUBMITTED, submitted_at=NOW, workplace__municipality_id=None)
    refused("offer.unknown", services.publish_offer, actor=CoordinatorFactory(), offer_id=offer.pk)
    assert services.publish_offer(actor=NetworkOfficerFactory(), offer_id=offer.pk).state == OfferState.PUBLISHED


@pytest.mark.parametrize(("setting", "trusted"), [(True, False), (False, True)])
def test_trust_needs_both_the_setting_and_the_organisation(setting, trusted):
    offer = OfferFactory(state=OfferState.DRAFT)
    if trusted:
        TrustedOrganisation.objects.create(municipality_id=FINSPANG, organisation=offer.organisation)
    MunicipalitySettings.objects.create(municipality_id=FINSPANG, trusted_may_publish=setting)
    user = ACTORS[ORGANISATION](offer)
    assert services.submit_offer(actor=user, offer_id=offer.pk).state == OfferState.SUBMITTED


def trust(offer, municipality=FINSPANG):
    TrustedOrganisation.objects.create(municipality_id=municipality, organisation=offer.organisation)
    MunicipalitySettings.objects.create(municipality_id=municipality, trusted_may_publish=True)


def test_a_trusted_organisation_publishes_at_once_but_only_where_it_is_trusted():
    here = OfferFactory(state=OfferState.DRAFT)
    trust(here)
    there = OfferFactory(
        state=OfferState.DRAFT, workplace=WorkplaceFactory(organisation=here.organisation, municipality_id=OTHER)
    )
    user = ACTORS[ORGANISATION](here)
    assert services.submit_offer(actor=user, offer_id=here.pk).state == OfferState.PUBLISHED
    assert services.submit_offer(actor=user, offer_id=there.pk).state == OfferState.SUBMITTED


def test_sending_back_needs_a_reason_and_says_it_to_the_organisation():
    offer = OfferFactory(state=OfferState.SUBMITTED, submitted_at=NOW)
    member, coordinator = ACTORS[ORGANISATION](offer), CoordinatorFactory()
    refused(
        "offer.no_reason",
        services.send_back_offer,
        field="reason",
        actor=coordinator,
        offer_id=offer.pk,
        reason="  ",
    )
    send_back(actor=coordinator, offer_id=offer.pk)
    offer.refresh_from_db()
    assert offer.sent_back_reason == "Skriv mer om uppgifterna."
    assert Notification.objects.get().recipient == member
    services.submit_offer(actor=member, offer_id=offer.pk)
    offer.refresh_from_db()
    assert offer.sent_back_reason == ""


@pytest.mark.parametrize("command", [services.submit_offer, services.publish_offer, services.resume_offer])
@pytest.mark.parametrize(
    ("facts", "code", "field"),
    [
        ({"apply_by": NOW.date() - timedelta(days=1)}, "offer.deadline_passed", "apply_by"),
        (
            {"period__end": NOW.date() - timedelta(days=1), "period__start": NOW.date() - timedelta(days=21)},
            "offer.no_period",
            "periods",
        ),
        ({"period__make": False}, "offer.no_period", "periods"),
    ],
)
def test_nothing_goes_public_that_nobody_can_apply_for(command, facts, code, field):
    states = {
        services.submit_offer: OfferState.DRAFT,
        services.publish_offer: OfferState.SUBMITTED,
        services.resume_offer: OfferState.PAUSED,
    }
    offer = OfferFactory(state=states[command], submitted_at=NOW, **facts)
    user = CoordinatorFactory() if command == services.publish_offer else ACTORS[ORGANISATION](offer)
    refused(code, command, field=field, actor=user, offer_id=offer.pk)


class TestReviewAgain:
    """What was approved cannot become something else behind the coordinator's back."""

    @pytest.fixture
    def offer(self):
        offer = OfferFactory(state=OfferState.PUBLISHED, submitted_at=NOW)
        offer.hazards.set(["NOISE", "HEAT"])
        return offer

    @pytest.fixture
    def member(self, offer):
        return ACTORS[ORGANISATION](offer)

    def change(self, member, offer, *, start=START, seats=2, extra=(), **changes):
        own = offer.periods.get()
        period = PeriodDetails(start=start, end=END, seats=seats, pk=own.pk)
        changed = details_of(offer, **{"hazards": ["NOISE", "HEAT"]} | changes)
        services.update_offer(actor=member, offer_id=offer.pk, details=changed, periods=[period, *extra])
        offer.refresh_from_db()
        return offer.state

    @pytest.mark.parametrize(
        "change",
        [
            {"form": "gymnasieutbildning"},
            {"start": START + timedelta(days=7)},
            {"seats": 3},
            {"hazards": ["NOISE", "HEAT", "TRUCK"]},
            {"hazards": ["TRUCK"]},
            {"extra": [PeriodDetails(start=START + timedelta(days=70), end=END + timedelta(days=70), seats=1)]},
        ],
    )
    @pytest.mark.parametrize("state", [OfferState.PUBLISHED, OfferState.PAUSED])
    def test_a_change_of_what_was_approved(self, member, offer, state, change):
        Offer.objects.update(state=state)
        coordinator = CoordinatorFactory()
        assert self.change(member, offer, **change) == OfferState.SUBMITTED
        assert Notification.objects.get(kind="offer.resubmitted").recipient == coordinator

    @pytest.mark.parametrize(
        "change",
        [
            {"title": "Maskinoperatör"},
            {"tasks": "Annat."},
            {"skills": ["cad"]},
            {"programmes": ["IN"]},
            {"apply_by": NOW.date() + timedelta(days=8)},
            {"seats": 1},
            {"hazards": ["NOISE"]},
            {"hazards": []},
        ],
    )
    def test_a_lesser_change(self, member, offer, change):
        assert self.change(member, offer, **change) == OfferState.PUBLISHED
        assert DomainEvent.objects.filter(kind="offer.updated", subject_id=offer.pk).count() == 1

    def test_moving_to_a_workplace_in_another_municipality(self, member, offer):
        trust(offer)
        elsewhere = WorkplaceFactory(organisation=offer.organisation, municipality_id=OTHER)
        assert self.change(member, offer, workplace_id=elsewhere.pk) == OfferState.SUBMITTED

    def test_a_trusted_organisation_needs_no_new_look(self, member, offer):
        trust(offer)
        assert self.change(member, offer, seats=3) == OfferState.PUBLISHED

    def test_a_closed_offer_is_not_changed(self, member, offer):
        services.close_offer(actor=member, offer_id=offer.pk)
        refused("offer.closed", update, actor=member, offer_id=offer.pk)

    def test_a_draft_stays_a_draft(self, member, offer):
        Offer.objects.update(state=OfferState.DRAFT)
        assert self.change(member, offer, seats=3) == OfferState.DRAFT


def test_creating_is_for_members():
    organisation = OrganisationFactory()
    workplace = WorkplaceFactory(organisation=organisation)
    details = OfferDetails(workplace_id=workplace.pk, form="apl", title="A", tasks="B")
    arguments = {"organisation": organisation, "details": details, "periods": PERIODS}
    for user in (MembershipFactory().user, CoordinatorFactory(), NetworkOfficerFactory(), StudentFactory().user):
        refused("organisation.not_member", services.create_offer, actor=user, **arguments)
    gone = inactive(MembershipFactory(organisation=organisation).user)
    refused("organisation.not_member", services.create_offer, actor=gone, **arguments)
    member = MembershipFactory(organisation=organisation).user
    before = everything()
    created = services.create_offer(actor=member, **arguments)
    assert created.state == OfferState.DRAFT
    assert everything() != before


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"update"}))
def test_an_offer_that_is_not_there(command):
    refused("offer.unknown", COMMANDS[command], actor=CoordinatorFactory(), offer_id=0)
