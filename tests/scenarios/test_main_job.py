"""The main job through the commands, from the first draft to the placement, events handled as a worker would."""

from datetime import date

import pytest

from backend.applications import services as applications
from backend.applications.enums import ApplicationState
from backend.notifications.models import Notification
from backend.offers import services as offers
from backend.offers.details import OfferDetails, PeriodDetails
from backend.offers.models import OfferPeriod
from backend.placements import services as placements
from backend.placements.enums import MatchState, PlacementState
from backend.placements.models import Match
from backend.suggestions.models import Suggestion
from tests.factories import CoordinatorFactory, MembershipFactory, StudentFactory, WorkplaceFactory
from tests.factories.work import handle_events

pytestmark = pytest.mark.django_db


def kinds_told(user) -> list[str]:
    return list(Notification.objects.filter(recipient=user).order_by("pk").values_list("kind", flat=True))


def test_main_job_from_draft_to_placement():
    workplace = WorkplaceFactory()
    company = MembershipFactory(organisation=workplace.organisation).user
    coordinator = CoordinatorFactory()
    first, second = StudentFactory(), StudentFactory()

    details = OfferDetails(
        workplace_id=workplace.pk, form="apl", title="CNC-operatör", tasks="Köra maskin.", occupation="7223"
    )
    period = PeriodDetails(start=date(2027, 1, 25), end=date(2027, 2, 19), seats=1)
    offer = offers.create_offer(actor=company, organisation=workplace.organisation, details=details, periods=[period])
    offers.submit_offer(actor=company, offer_id=offer.pk)
    assert kinds_told(coordinator) == ["offer.submitted"]
    offers.publish_offer(actor=coordinator, offer_id=offer.pk)
    handle_events()
    assert Suggestion.objects.filter(offer=offer).count() == 2
    assert kinds_told(first.user) == ["match.suggested"]

    place = OfferPeriod.objects.get(offer=offer)
    one = applications.submit_application(actor=first.user, period_id=place.pk, motivation="Jag vill lära mig.")
    two = applications.submit_application(actor=second.user, period_id=place.pk)
    applications.offer_seat(actor=company, application_id=one.pk)
    applications.waitlist_application(actor=company, application_id=two.pk)
    applications.accept_seat(actor=first.user, application_id=one.pk)
    handle_events()
    place.refresh_from_db()
    assert place.taken == 1
    assert "match.proposed" in kinds_told(coordinator)

    applications.withdraw_application(actor=first.user, application_id=one.pk)
    handle_events()
    two.refresh_from_db()
    assert two.state == ApplicationState.OFFERED
    assert "application.offered" in kinds_told(second.user)

    applications.accept_seat(actor=second.user, application_id=two.pk)
    match = Match.objects.get(student=second, state=MatchState.PROPOSED)
    placement = placements.approve_match(actor=coordinator, match_id=match.pk)
    handle_events()
    two.refresh_from_db()
    place.refresh_from_db()
    assert (placement.state, two.state, place.taken) == (PlacementState.UPCOMING, ApplicationState.APPROVED, 1)
    assert "match.approved" in kinds_told(second.user)
    assert "match.approved" in kinds_told(company)
