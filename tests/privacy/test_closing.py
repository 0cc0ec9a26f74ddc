"""Closing one's account: what happens is said first, then done; what must be kept stays and is named."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from backend.accounts.models import User
from backend.accounts.session_store import PROVED_AT
from backend.accounts.sessions import note_proof
from backend.applications import services as applications
from backend.applications.models import Application
from backend.common import clock
from backend.common.errors import Conflict
from backend.common.models import LogEntry
from backend.notifications.models import Notification
from backend.organisations.models import Membership
from backend.organisations.services import register_organisation
from backend.placements import services as placements
from backend.placements.models import Match
from backend.privacy.closing import close_account, list_matters
from backend.privacy.retention import weed_due
from backend.rounds.models import Participant
from backend.students import services as students
from backend.students.models import Guardianship, Student
from tests.factories import (
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    OrganisationFactory,
    PeriodFactory,
    StudentFactory,
    UserFactory,
)
from tests.factories.work import handle_events
from tests.privacy.rules import rule
from tests.rounds.world import World
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def student(frozen_clock):
    return StudentFactory(user=UserFactory(name="Snöflinga Ek", email="sno@skola.example", phone="+46701112233"))


def kinds(user: User) -> list[tuple[str, str]]:
    return [(each.kind, each.what) for each in list_matters(user)]


def test_who_has_done_nothing_is_gone(student):
    students.save_alert(actor=student.user, details=students.AlertDetails(name="Snöflinga", text="cnc"))
    GuardianshipFactory(student=student)
    close_account(actor=student.user)
    user = User.objects.get(pk=student.user_id)
    assert not Student.objects.exists()
    assert not Guardianship.objects.exists()
    assert (user.is_active, user.name, user.email, user.phone) == (False, "–", f"closed-{user.pk}@account.invalid", "")
    assert LogEntry.objects.filter(action="account.closed", subject_id=user.pk).exists()
    assert User.objects.create_user(email="sno@skola.example", name="Ny").pk != user.pk


def test_an_open_application_is_withdrawn_and_stays_as_the_rule_says(student):
    period = PeriodFactory()
    applications.submit_application(actor=student.user, period_id=period.pk)
    rule(CoordinatorFactory(), action="preserve", decision_number="BUN 9")
    with translation.override("en"):
        matters = {each.what: each for each in list_matters(student.user)}
    assert matters[period.offer.title].kind == "ends"
    assert "BUN 9" in matters["Applications"].then
    close_account(actor=student.user)
    kept = Application.objects.get()
    assert (kept.state, kept.student.user.name) == ("withdrawn", "Snöflinga Ek")
    user = kept.student.user
    assert (user.is_active, user.email, kept.student.home_town) == (False, f"closed-{user.pk}@account.invalid", "")
    assert not Notification.objects.filter(recipient=user).exists()
    handle_events()


def test_a_placement_that_stands_and_a_match_stop_it(student):
    period = PeriodFactory()
    company = MembershipFactory(organisation=period.offer.organisation).user
    row = applications.submit_application(actor=student.user, period_id=period.pk)
    applications.offer_seat(actor=company, application_id=row.pk)
    applications.accept_seat(actor=student.user, application_id=row.pk)
    for decide in (False, True):
        if decide:
            placements.approve_match(actor=CoordinatorFactory(), match_id=Match.objects.get().pk)
        assert ("stops", period.offer.title) in kinds(student.user)
        with pytest.raises(Conflict):
            close_account(actor=student.user)
        student.user.refresh_from_db()
        assert student.user.is_active
    handle_events()
    assert Application.objects.get().state == "approved"


def test_an_open_round_is_left(frozen_clock):
    world = World(1).open()
    student = world.student(0).student
    assert ("ends", world.round.name) in kinds(student.user)
    close_account(actor=student.user)
    assert not Participant.objects.filter(round=world.round, student=student).exists()


def test_the_last_owner_is_stopped_and_another_member_leaves(frozen_clock):
    organisation = OrganisationFactory()
    owner = MembershipFactory(organisation=organisation, role="owner").user
    member = MembershipFactory(organisation=organisation, role="member").user
    with pytest.raises(Conflict):
        close_account(actor=owner)
    close_account(actor=member)
    assert list(Membership.objects.values_list("user", flat=True)) == [owner.pk]
    MembershipFactory(organisation=organisation, role="owner")
    close_account(actor=owner)
    assert not User.objects.get(pk=owner.pk).is_active


def test_the_address_an_organisation_was_registered_from_goes_too(frozen_clock):
    user = UserFactory()
    made = register_organisation(
        actor=user, name="Svetsen AB", registration_number="556036-0793", municipality_code="0562"
    )
    MembershipFactory(organisation=made, role="owner")
    close_account(actor=user)
    made.refresh_from_db()
    assert made.registered_from == ""


def test_a_coordinator_asks_the_office_first(frozen_clock):
    coordinator = CoordinatorFactory()
    with pytest.raises(Conflict):
        close_account(actor=coordinator)
    assert coordinator.roles.exists()


def test_a_guardian_leaves_and_the_child_stays(frozen_clock):
    guardianship = GuardianshipFactory(student__birth_date=date(2010, 5, 1))
    close_account(actor=guardianship.guardian)
    assert not Guardianship.objects.exists()
    assert Student.objects.filter(pk=guardianship.student_id).exists()


def test_the_page_says_it_first_and_then_does_it(student):
    applications.submit_application(actor=student.user, period_id=PeriodFactory().pk)
    client, page = logged_in(student.user), reverse("account_close")
    shown = client.get(page).content.decode()
    assert "Your application is withdrawn" in shown
    assert "kept, since the municipality has not decided otherwise" in shown
    session = client.session
    del session[PROVED_AT]
    session.save()
    asked = client.post(page, {"yes": "1"})
    assert asked.status_code == 302
    assert asked["Location"].startswith(reverse("proof")), "it is asked once more who sits there"
    student.user.refresh_from_db()
    assert student.user.is_active
    session = client.session
    note_proof(session)
    session.save()
    assert client.post(page, {}).status_code == 200
    assert client.post(page, {"yes": "1"}).status_code == 302
    student.user.refresh_from_db()
    assert not student.user.is_active
    assert client.get(page).status_code == 302


def test_years_later_what_stayed_goes_by_the_rule(student, frozen_clock):
    applications.submit_application(actor=student.user, period_id=PeriodFactory().pk)
    rule(CoordinatorFactory())
    close_account(actor=student.user)
    frozen_clock.move_to(clock.now() + timedelta(days=366 * 3))
    assert weed_due() == 1
    assert not Application.objects.exists()
