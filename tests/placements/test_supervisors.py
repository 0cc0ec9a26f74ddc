"""The supervisor is a person with a number, can be replaced, and everybody concerned is told."""

from datetime import date
from typing import Any

import pytest

from backend.accounts.contacts import Contact
from backend.accounts.models import User
from backend.applications import services as applications
from backend.common.models import LogEntry
from backend.notifications.models import Notification
from backend.notifications.registry import get
from backend.offers.models import Offer
from backend.placements import services as placements
from backend.placements.models import Placement
from backend.placements.supervisors import replace_supervisor
from tests.factories import (
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    StudentFactory,
    UserFactory,
)
from tests.factories.refusals import refused

pytestmark = pytest.mark.django_db

SARA = Contact("Sara Nyqvist", "sara@firma.example", "+4612285000")
ULF = Contact("Ulf Berg", " Ulf@Firma.example", "070-123 45 67")


class Town:
    def __init__(self, **of_student: Any) -> None:
        offer = OfferFactory(
            supervisor_name=SARA.name,
            supervisor_email=SARA.email,
            supervisor_phone=SARA.phone,
            workplace__name="Hallen",
        )
        self.company = MembershipFactory(organisation=offer.organisation).user
        self.coordinator = CoordinatorFactory()
        self.student = StudentFactory(birth_date=date(2008, 3, 1), **of_student)
        application = applications.submit_application(actor=self.student.user, period_id=offer.periods.get().pk)
        applications.offer_seat(actor=self.company, application_id=application.pk)
        self.match = applications.accept_seat(actor=self.student.user, application_id=application.pk).match
        self.placement: Placement = placements.approve_match(actor=self.coordinator, match_id=self.match.pk)
        Notification.objects.all().delete()

    def told(self, kind: str) -> set[str]:
        rows = Notification.objects.filter(kind=f"placement.{kind}")
        return set(rows.values_list("recipient__email", flat=True))


@pytest.fixture
def town(frozen_clock) -> Town:
    return Town()


def test_the_placement_takes_the_offers_supervisor(town):
    row = town.placement
    assert Contact(row.supervisor_name, row.supervisor_email, row.supervisor_phone) == SARA


@pytest.mark.parametrize("who", ["company", "coordinator"])
def test_replaced_and_everybody_concerned_is_told(town, who):
    type(town.student).objects.filter(pk=town.student.pk).update(birth_date=date(2010, 5, 1))
    guardian = GuardianshipFactory(student=town.student).guardian
    actor = getattr(town, who)
    changed = replace_supervisor(actor=actor, placement_id=town.placement.pk, supervisor=ULF)
    changed.refresh_from_db()
    assert changed.supervisor_name == "Ulf Berg"
    assert (changed.supervisor_email, changed.supervisor_phone) == ("ulf@firma.example", "+46701234567")
    everybody = {town.student.user.email, guardian.email, town.company.email, town.coordinator.email}
    assert town.told("supervisor_replaced") == everybody - {actor.email}
    assert town.told("supervisor_named") == {"ulf@firma.example"}
    assert town.told("supervisor_relieved") == {"sara@firma.example"}
    entry = LogEntry.objects.get(action="placement.supervisor_replaced")
    assert (entry.actor, entry.data) == (actor, {"changed": ["name", "email", "phone"]})


def test_a_corrected_number_relieves_nobody(town):
    replace_supervisor(
        actor=town.company, placement_id=town.placement.pk, supervisor=Contact(SARA.name, SARA.email, "0122-850 01")
    )
    assert town.told("supervisor_replaced")
    assert not town.told("supervisor_named") | town.told("supervisor_relieved")


def test_the_mail_to_a_typed_address_names_no_student(town):
    replace_supervisor(actor=town.company, placement_id=town.placement.pk, supervisor=ULF)
    for kind in ("placement.supervisor_named", "placement.supervisor_relieved"):
        row = Notification.objects.get(kind=kind)
        assert town.student.user.name not in str(get(kind).context(row)), kind


def test_a_colleague_who_becomes_supervisor_is_told_once(town):
    colleague = MembershipFactory(organisation=town.match.period.offer.organisation).user
    replace_supervisor(
        actor=town.coordinator,
        placement_id=town.placement.pk,
        supervisor=Contact(colleague.name, colleague.email, ""),
    )
    assert Notification.objects.filter(recipient=colleague).count() == 1


@pytest.mark.parametrize(
    ("supervisor", "code", "field"),
    [
        (Contact("", "", ""), "placement.no_supervisor", "name"),
        (Contact("Ulf", "ulf", ""), "contact.bad_email", "email"),
        (Contact("Ulf", "", "12"), "phone.not_valid", "phone"),
        (Contact("", "ulf@firma.example", ""), "contact.no_name", "name"),
        (SARA, "placement.same_supervisor", "name"),
    ],
)
def test_bad_input_is_named_at_its_field(town, supervisor, code, field):
    refused(
        code, replace_supervisor, field=field, actor=town.company, placement_id=town.placement.pk, supervisor=supervisor
    )


def test_who_may(town):
    others = {
        "student": (town.student.user, "placement.not_allowed"),
        "another company": (MembershipFactory().user, "placement.unknown"),
        "another municipality": (CoordinatorFactory(municipality="2021"), "placement.unknown"),
        "office": (NetworkOfficerFactory(), "placement.unknown"),
        "somebody": (UserFactory(), "placement.unknown"),
    }
    for actor, code in others.values():
        refused(code, replace_supervisor, actor=actor, placement_id=town.placement.pk, supervisor=ULF)


def test_an_ended_placement_keeps_its_supervisor(town):
    placements.end_placement(actor=town.coordinator, placement_id=town.placement.pk, reason="Sjuk.")
    refused("placement.ended", replace_supervisor, actor=town.company, placement_id=town.placement.pk, supervisor=ULF)


def test_a_protected_student_is_no_name_to_anybody(frozen_clock):
    NetworkOfficerFactory()
    town = Town()
    type(town.student).objects.filter(pk=town.student.pk).update(is_protected=True, alias="Student KXBR")
    User.objects.filter(pk=town.student.user_id).update(name="Hemliga Hanna")
    replace_supervisor(actor=town.company, placement_id=town.placement.pk, supervisor=ULF)
    for row in Notification.objects.filter(kind__startswith="placement."):
        assert "Hanna" not in str(get(row.kind).context(row))
    assert town.coordinator.email not in town.told("supervisor_replaced"), "only one with a grant is told"


def test_the_offers_supervisor_is_checked_and_normalised(town):
    from dataclasses import replace

    from backend.api.v1.offer_shapes import details_of, periods_of
    from backend.offers import services as offers

    offer = Offer.objects.get()
    details = replace(details_of(offer), supervisor_phone="0122 - 850 02")
    offers.update_offer(actor=town.company, offer_id=offer.pk, details=details, periods=periods_of(offer))
    assert Offer.objects.get().supervisor_phone == "+4612285002"
    refused(
        "phone.not_valid",
        offers.update_offer,
        field="supervisor_phone",
        actor=town.company,
        offer_id=offer.pk,
        details=replace(details, supervisor_phone="ring Sara"),
        periods=periods_of(offer),
    )
