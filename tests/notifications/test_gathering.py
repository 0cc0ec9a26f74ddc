"""Places that are sent in one by one: the coordinator gets one review mail for those of a quarter of an hour."""

from datetime import timedelta

import pytest

from backend.notifications import registry
from backend.notifications.digest_runs import write_gathered
from backend.notifications.enums import DeliveryState
from backend.notifications.models import Delivery, Notification
from backend.notifications.scheduled_tasks import gather_mails
from backend.offers import services as offers
from backend.offers.enums import OfferState
from tests.factories import CoordinatorFactory, MembershipFactory, OfferFactory, WorkplaceFactory
from tests.factories.rows import FINSPANG

pytestmark = pytest.mark.django_db


@pytest.fixture
def coordinator():
    return CoordinatorFactory()


@pytest.fixture
def workplace():
    return WorkplaceFactory(municipality_id=FINSPANG)


def drafts(workplace, number):
    return [OfferFactory(state=OfferState.DRAFT, published_at=None, workplace=workplace) for _ in range(number)]


def waiting(person):
    """The mails that will go to the person: kind and when they are due."""
    rows = Delivery.objects.filter(recipient=person, channel="email", state=DeliveryState.PENDING).order_by("due_at")
    return list(rows.values_list("notification__kind", "due_at"))


def test_thirty_sent_in_one_by_one_are_one_mail(coordinator, workplace, frozen_clock):
    owner = MembershipFactory(organisation=workplace.organisation).user
    for draft in drafts(workplace, 30):
        offers.submit_offer(actor=owner, offer_id=draft.pk)
        frozen_clock.shift(timedelta(seconds=20))
        gather_mails()
    frozen_clock.shift(timedelta(minutes=4))
    assert gather_mails() == 30
    assert [kind for kind, _due in waiting(coordinator)] == ["notifications.several"]
    # On the site each stands by itself, at once.
    assert Notification.objects.filter(recipient=coordinator, kind="offer.submitted").count() == 30


def test_one_alone_goes_by_itself_after_a_quarter_of_an_hour(coordinator, workplace, frozen_clock):
    owner = MembershipFactory(organisation=workplace.organisation).user
    (draft,) = drafts(workplace, 1)
    offers.submit_offer(actor=owner, offer_id=draft.pk)
    ((kind, due),) = waiting(coordinator)
    frozen_clock.shift(timedelta(minutes=14))
    assert gather_mails() == 0
    assert waiting(coordinator) == [(kind, due)]


def test_what_comes_meanwhile_goes_with_the_first(coordinator, workplace, frozen_clock):
    owner = MembershipFactory(organisation=workplace.organisation).user
    first, second, late = drafts(workplace, 3)
    offers.submit_offer(actor=owner, offer_id=first.pk)
    frozen_clock.shift(timedelta(minutes=10))
    offers.submit_offer(actor=owner, offer_id=second.pk)
    assert len({due for _kind, due in waiting(coordinator)}) == 1
    frozen_clock.shift(timedelta(minutes=4))
    assert write_gathered(within=timedelta(minutes=2)) == 2
    offers.submit_offer(actor=owner, offer_id=late.pk)
    assert [kind for kind, _due in waiting(coordinator)] == ["notifications.several", "offer.submitted"]


def test_the_company_hears_of_thirty_publications_once(coordinator, workplace, frozen_clock):
    owner = MembershipFactory(organisation=workplace.organisation).user
    for draft in drafts(workplace, 30):
        offers.submit_offer(actor=owner, offer_id=draft.pk)
        offers.publish_offer(actor=coordinator, offer_id=draft.pk)
    frozen_clock.shift(timedelta(minutes=14))
    gather_mails()
    assert [kind for kind, _due in waiting(owner)] == ["notifications.several"]


def test_what_has_been_reviewed_meanwhile_is_not_in_it(coordinator, workplace, frozen_clock):
    owner = MembershipFactory(organisation=workplace.organisation).user
    for draft in drafts(workplace, 2):
        offers.submit_offer(actor=owner, offer_id=draft.pk)
        offers.publish_offer(actor=coordinator, offer_id=draft.pk)
    assert registry.get("offer.submitted").still_relevant(Notification.objects.filter(kind="offer.submitted")[0])


def test_a_kind_that_cannot_say_several_cannot_gather(make_kind):
    with pytest.raises(ValueError, match="several"):
        make_kind("test.gathers", gathers=True)
