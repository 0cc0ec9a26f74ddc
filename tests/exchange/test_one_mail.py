"""An import is one piece of work: each who must act gets one mail about it, and nothing of it is lost."""

import pytest
from django.urls import reverse
from django.utils import translation

from backend.common.errors import NotFound
from backend.exchange import services
from backend.notifications import grouping, registry
from backend.notifications.digest_runs import in_one_mail
from backend.notifications.enums import DeliveryState
from backend.notifications.models import Delivery, Notification
from backend.offers.models import Offer
from backend.offers.services import publish_offer
from backend.students.models import Student
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, OFFER_HEADINGS, OFFER_ROW, csv_file, work
from tests.factories import CoordinatorFactory, MembershipFactory, WorkplaceFactory

pytestmark = pytest.mark.django_db


def imported(actor, kind, rows, **whose):
    job = services.upload_import(
        actor=actor, kind=kind, content=csv_file(rows), file_name="x.csv", options={"submit": True}, **whose
    )
    job = work(services.check_import(actor=actor, job_id=job.pk, mapping=job.mapping))
    assert job.state == "ready", list(job.rows.values_list("problems"))
    return work(services.run_import(actor=actor, job_id=job.pk))


def waiting(person) -> list[Delivery]:
    return list(
        Delivery.objects.filter(recipient=person, channel="email", state=DeliveryState.PENDING).select_related(
            "notification"
        )
    )


def title(delivery: Delivery) -> str:
    with translation.override("sv"):
        return str(registry.get(delivery.notification.kind).title(delivery.notification))


@pytest.fixture
def places():
    coordinator = CoordinatorFactory()
    owner = MembershipFactory(organisation=WorkplaceFactory().organisation, role="owner").user
    rows = [OFFER_HEADINGS, *([f"A{n}", *OFFER_ROW[1:3], f"Svetsa {n}", *OFFER_ROW[4:]] for n in range(30))]
    imported(owner, "offers", rows, organisation_id=owner.memberships.get().organisation_id)
    return coordinator, owner


def test_thirty_places_are_one_mail_to_review(places):
    coordinator, _owner = places
    assert Notification.objects.filter(recipient=coordinator, kind="offer.submitted").count() == 30
    (delivery,) = waiting(coordinator)
    assert title(delivery) == "30 platser att granska"
    context = registry.get("notifications.several").context(delivery.notification)
    assert len(context["items"]) + context["more"] == 30
    carried = Delivery.objects.filter(carried_by=delivery)
    assert carried.filter(state=DeliveryState.SUPPRESSED, reason="in_digest").count() == 30


def test_thirty_published_at_once_are_one_mail(client, places):
    coordinator, owner = places
    client.force_login(coordinator)
    client.post(reverse("coordinator_offers_decide"), {"offer": [str(offer.pk) for offer in Offer.objects.all()]})
    assert Offer.objects.filter(state="published").count() == 30
    (delivery,) = [each for each in waiting(owner) if each.notification.kind != "import.done"]
    assert title(delivery) == "30 platser är publicerade"


def test_a_single_one_keeps_its_own_mail_and_its_time(places):
    coordinator, owner = places
    first = Offer.objects.first()
    with in_one_mail():
        publish_offer(actor=coordinator, offer_id=first.pk)
    (delivery,) = waiting(owner)
    assert delivery.notification.kind == "offer.published"
    publish_offer(actor=coordinator, offer_id=Offer.objects.last().pk)
    due = sorted(each.due_at for each in waiting(owner))
    # The one of the finished work goes at once; the next one waits for others, see grouping.py.
    assert due[1] - due[0] == grouping.GATHERING


def test_work_that_is_cut_off_loses_nothing(places):
    coordinator, owner = places

    @in_one_mail()
    def publish(ids):
        for offer_id in ids:
            publish_offer(actor=coordinator, offer_id=offer_id)

    with pytest.raises(NotFound):
        publish([*Offer.objects.values_list("pk", flat=True)[:3], 0])
    assert [each.notification.kind for each in waiting(owner)] == ["offer.published"] * 3


def test_guardians_of_several_children_get_one_mail():
    coordinator = CoordinatorFactory()
    headings = [*CLASS_HEADINGS, "Vårdnadshavare 1 e-post"]
    rows = [[f"barn{n}@skola.example", f"Barn {n} Lind", *CLASS_ROW[2:], "eva@hem.example"] for n in range(3)]
    imported(coordinator, "class_list", [headings, *rows], municipality_code="0562")
    eva = Student.objects.first().guardianships.get().guardian
    (delivery,) = waiting(eva)
    assert title(delivery) == "Samtycke för 3 barn"
    items = registry.get("notifications.several").context(delivery.notification)["items"]
    assert len({item["link"] for item in items}) == 3
    assert all("/vardnadshavare/lank/" in item["link"] for item in items)
