"""A coordinator takes a decision about a place back, and changes a place of the own municipality."""

from datetime import timedelta

import pytest

from backend.applications.services import submit_application
from backend.common.models import LogEntry
from backend.notifications.models import Notification
from backend.offers import services
from backend.offers.details import OfferDetails, PeriodDetails
from backend.offers.enums import OfferState
from backend.organisations.models import MunicipalitySettings
from backend.students.services import AlertDetails, save_alert
from tests.conftest import NOW
from tests.factories import CoordinatorFactory, MembershipFactory, NetworkOfficerFactory, OfferFactory, StudentFactory
from tests.factories.refusals import refused
from tests.factories.rows import FINSPANG
from tests.factories.work import handle_events

pytestmark = pytest.mark.django_db


@pytest.fixture
def coordinator():
    return CoordinatorFactory()


@pytest.fixture
def offer():
    return OfferFactory(state=OfferState.SUBMITTED, submitted_at=NOW, published_at=None)


@pytest.fixture
def owner(offer):
    return MembershipFactory(organisation=offer.organisation).user


def kinds_for(user):
    return list(Notification.objects.filter(recipient=user).order_by("pk").values_list("kind", flat=True))


def test_a_publication_goes_back_to_review_and_everyone_is_told(coordinator, offer, owner):
    watcher = StudentFactory()
    save_alert(actor=watcher.user, details=AlertDetails(name="CNC", text="cnc"))
    services.publish_offer(actor=coordinator, offer_id=offer.pk)
    handle_events()
    services.undo_offer_publication(actor=coordinator, offer_id=offer.pk)
    handle_events()
    offer.refresh_from_db()
    assert (offer.state, offer.published_at, offer.undo_until) == (OfferState.SUBMITTED, None, None)
    assert offer.submitted_at == NOW
    assert kinds_for(owner) == ["offer.published", "offer.publication_undone"]
    assert kinds_for(watcher.user) == ["alert.matched", "match.suggestion_corrected"]
    assert LogEntry.objects.filter(action="offer.publication_undone", actor=coordinator).count() == 1
    services.publish_offer(actor=coordinator, offer_id=offer.pk)
    assert offer.__class__.objects.get(pk=offer.pk).state == OfferState.PUBLISHED


def test_not_when_someone_has_applied(coordinator, offer):
    services.publish_offer(actor=coordinator, offer_id=offer.pk)
    submit_application(actor=StudentFactory().user, period_id=offer.periods.get().pk)
    refused("offer.undo_depends", services.undo_offer_publication, actor=coordinator, offer_id=offer.pk)


@pytest.mark.parametrize(("minutes", "too_late"), [(9, False), (11, True)])
def test_only_for_a_while(coordinator, offer, frozen_clock, minutes, too_late):
    services.publish_offer(actor=coordinator, offer_id=offer.pk)
    frozen_clock.shift(timedelta(minutes=minutes))
    if too_late:
        refused("offer.undo_late", services.undo_offer_publication, actor=coordinator, offer_id=offer.pk)
    else:
        services.undo_offer_publication(actor=coordinator, offer_id=offer.pk)


def test_the_municipality_chooses_how_long(coordinator, offer, frozen_clock):
    MunicipalitySettings.objects.create(municipality_id=FINSPANG, undo_minutes=60)
    services.publish_offer(actor=coordinator, offer_id=offer.pk)
    frozen_clock.shift(timedelta(minutes=59))
    services.undo_offer_publication(actor=coordinator, offer_id=offer.pk)
    MunicipalitySettings.objects.update(undo_minutes=0)
    services.publish_offer(actor=coordinator, offer_id=offer.pk)
    refused("offer.undo_late", services.undo_offer_publication, actor=coordinator, offer_id=offer.pk)


def test_only_those_who_could_decide(coordinator, offer, owner):
    services.publish_offer(actor=coordinator, offer_id=offer.pk)
    for other in (owner, CoordinatorFactory(municipality="0882"), NetworkOfficerFactory()):
        refused("offer.not_allowed", services.undo_offer_publication, actor=other, offer_id=offer.pk)


def test_a_sending_back_is_undone_unless_the_place_was_changed(coordinator, offer, owner):
    services.send_back_offer(actor=coordinator, offer_id=offer.pk, reason="Fel knapp.")
    services.undo_send_back(actor=coordinator, offer_id=offer.pk)
    offer.refresh_from_db()
    assert (offer.state, offer.sent_back_reason) == (OfferState.SUBMITTED, "")
    assert kinds_for(owner) == ["offer.sent_back", "offer.send_back_undone"]
    services.send_back_offer(actor=coordinator, offer_id=offer.pk, reason="Fel knapp.")
    change(owner, offer)
    refused("offer.undo_late", services.undo_send_back, actor=coordinator, offer_id=offer.pk)


def test_what_nobody_reviewed_can_not_be_undone(coordinator, owner, offer):
    offer.state = OfferState.DRAFT
    offer.save()
    refused("offer.undo_late", services.undo_send_back, actor=coordinator, offer_id=offer.pk)
    refused("offer.undo_late", services.undo_offer_publication, actor=coordinator, offer_id=offer.pk)


def change(actor, offer, **fields):
    period = offer.periods.get()
    values = {"workplace_id": offer.workplace_id, "form": "apl", "title": "Svetsare", "tasks": "Svetsa."} | fields
    return services.update_offer(
        actor=actor,
        offer_id=offer.pk,
        details=OfferDetails(**values),
        periods=[PeriodDetails(start=period.start, end=period.end, seats=period.capacity, pk=period.pk)],
    )


class TestCoordinatorsChange:
    def test_the_organisation_is_told_and_nothing_goes_back_to_review(self, coordinator, owner):
        offer = OfferFactory(organisation=owner.memberships.get().organisation)
        offer.workplace.organisation = offer.organisation
        offer.workplace.save()
        change(coordinator, offer, hazards=["TRUCK"])
        offer.refresh_from_db()
        assert (offer.title, offer.state) == ("Svetsare", OfferState.PUBLISHED)
        assert kinds_for(owner) == ["offer.updated"]
        assert LogEntry.objects.get(action="offer.updated").actor == coordinator

    def test_nothing_is_told_when_the_organisation_changes_it(self, offer, owner):
        change(owner, offer)
        assert kinds_for(owner) == []

    def test_not_a_draft_that_was_never_sent_in_nor_a_neighbours(self, coordinator):
        draft = OfferFactory(state=OfferState.DRAFT, published_at=None)
        refused("offer.unknown", change, actor=coordinator, offer=draft)
        theirs = OfferFactory(workplace__municipality_id="0882")
        refused("offer.not_allowed", change, actor=coordinator, offer=theirs)
