"""A municipality without an active coordinator: what waits there is the network office's until one comes. By table."""

from typing import Any

import pytest
from django.urls import reverse

from backend.accounts import appointments
from backend.accounts.models import Role, User
from backend.applications import services as applications
from backend.applications.board import list_silent_applications
from backend.applications.models import Application
from backend.applications.summaries import office_with_work
from backend.common import clock
from backend.common.errors import DomainError
from backend.notifications.models import Notification, Task
from backend.notifications.reminders import Owner, close_task, list_open_tasks, open_task
from backend.offers import services as offers
from backend.offers.enums import OfferState
from backend.offers.queues import list_offers_to_review
from backend.placements import services as placements
from backend.placements.selectors import list_matches_to_decide
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    PeriodFactory,
    StudentFactory,
)
from tests.factories.rows import FINSPANG
from tests.factories.work import handle_events
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db


class Town:
    """A coordinator, the office, and one of everything that waits in the municipality."""

    def __init__(self) -> None:
        self.officer: Any = NetworkOfficerFactory()
        self.coordinator: Any = CoordinatorFactory()
        self.elsewhere: Any = CoordinatorFactory(municipality="2021")
        period = PeriodFactory(capacity=3)
        self.company = MembershipFactory(organisation=period.offer.organisation).user
        self.offer = OfferFactory(
            workplace=period.offer.workplace, state=OfferState.DRAFT, published_at=None, submitted_at=None
        )
        offers.submit_offer(actor=self.company, offer_id=self.offer.pk)
        application = applications.submit_application(actor=StudentFactory().user, period_id=period.pk)
        applications.offer_seat(actor=self.company, application_id=application.pk)
        self.match = applications.accept_seat(actor=application.student.user, application_id=application.pk).match
        self.silent = applications.submit_application(actor=StudentFactory().user, period_id=period.pk)
        Application.objects.filter(pk=self.silent.pk).update(escalated_at=clock.now())
        self.task = open_task("application.seat_let_go", self.silent, Owner(FINSPANG, []))
        self.period = period

    @property
    def role(self) -> Role:
        return self.coordinator.roles.get()


def again(user: User) -> User:
    """As the next request reads the person."""
    return User.objects.get(pk=user.pk)


def sees(user: User) -> dict[str, bool]:
    user = again(user)
    return {
        "offer": list_offers_to_review(user).exists(),
        "match": list_matches_to_decide(user).exists(),
        "silence": list_silent_applications(user).exists(),
        "task": list_open_tasks(user).exists(),
    }


def may(user: User, town: Town) -> dict[str, bool]:
    """Tried for real, then taken back."""
    from django.db import transaction

    tries = {
        "offer": lambda: offers.publish_offer(actor=again(user), offer_id=town.offer.pk),
        "match": lambda: placements.approve_match(actor=again(user), match_id=town.match.pk),
        "task": lambda: close_task(actor=again(user), task_id=town.task.pk),
    }
    found = {}
    for name, attempt in tries.items():
        point = transaction.savepoint()
        try:
            attempt()
            found[name] = True
        except DomainError:
            found[name] = False
        transaction.savepoint_rollback(point)
    return found


def pause(town: Town) -> None:
    appointments.pause_role(actor=town.officer, role_id=town.role.pk)


def end(town: Town) -> None:
    appointments.end_role(actor=town.officer, role_id=town.role.pk)


def close_account(town: Town) -> None:
    User.objects.filter(pk=town.coordinator.pk).update(is_active=False)


def nothing(town: Town) -> None:
    """The coordinator is there."""


def come_back(town: Town) -> None:
    pause(town)
    appointments.resume_role(actor=town.officer, role_id=town.role.pk)


def successor(town: Town) -> None:
    end(town)
    invitation = appointments.invite_to_role(
        actor=town.officer, email="ny@kommun.example", name="Ny", kind="coordinator", municipality_code=FINSPANG
    )
    appointments.accept_role_invitation(actor=invitation.invitee, invitation_id=invitation.pk)
    town.coordinator = invitation.invitee


EVENTS = [
    # what happens, who has it after that
    (nothing, "coordinator"),
    (pause, "officer"),
    (end, "officer"),
    (close_account, "officer"),
    (come_back, "coordinator"),
    (successor, "coordinator"),
]


@pytest.mark.parametrize(("event", "holder"), EVENTS, ids=lambda value: getattr(value, "__name__", value))
def test_exactly_one_of_them_sees_and_may(frozen_clock, event, holder):
    town = Town()
    event(town)
    for name in ("coordinator", "officer", "elsewhere"):
        has_it = name == holder
        assert set(sees(getattr(town, name)).values()) == {has_it}, name
        assert set(may(getattr(town, name), town).values()) == {has_it}, name


@pytest.mark.parametrize(("event", "holder"), EVENTS, ids=lambda value: getattr(value, "__name__", value))
def test_what_comes_later_is_told_to_whoever_has_it(frozen_clock, event, holder):
    town = Town()
    event(town)
    handle_events()
    Notification.objects.all().delete()
    draft = OfferFactory(
        workplace=town.offer.workplace, state=OfferState.DRAFT, published_at=None, submitted_at=None, title="Ny plats"
    )
    offers.submit_offer(actor=town.company, offer_id=draft.pk)
    application = applications.submit_application(actor=StudentFactory().user, period_id=town.period.pk)
    applications.offer_seat(actor=town.company, application_id=application.pk)
    applications.accept_seat(actor=application.student.user, application_id=application.pk)
    applications.escalate_silence(application_id=town.silent.pk)
    for kind in ("offer.submitted", "match.proposed"):
        told = set(Notification.objects.filter(kind=kind).values_list("recipient", flat=True))
        assert told == {getattr(town, holder).pk}, kind


@pytest.mark.parametrize("event", [pause, end])
def test_the_office_is_told_at_once_and_reads_true_figures(frozen_clock, event):
    town = Town()
    office = logged_in(town.officer)
    assert "lacks a coordinator" not in office.get(reverse("network_home")).text
    assert office_with_work() == set()
    event(town)
    handle_events()
    told = Notification.objects.filter(kind="municipality.without_coordinator")
    assert [row.recipient for row in told] == [town.officer]
    page = office.get(reverse("network_home")).text
    for text in ("1 match lacks a coordinator", "1 place lacks a coordinator", "1 application lacks an answer"):
        assert text in page, text
    assert office_with_work() == {town.officer.pk}
    for name, pk in (("coordinator_offer", town.offer.pk), ("coordinator_match", town.match.pk)):
        assert office.get(reverse(name, args=[pk])).status_code == 200, name
    assert office.get(reverse("coordinator_silence")).status_code == 200
    assert office.get(f"/till/application/{town.silent.pk}/").url == reverse("coordinator_silence")


def test_the_first_of_two_who_leaves_changes_nothing(frozen_clock):
    town = Town()
    colleague = CoordinatorFactory()
    pause(town)
    assert set(sees(colleague).values()) == {True}
    assert set(sees(town.officer).values()) == {False}


def test_a_protected_student_stays_unknown_to_the_office(frozen_clock):
    town = Town()
    type(town.match.student).objects.filter(pk=town.match.student_id).update(is_protected=True, alias="Student KXBR")
    end(town)
    assert not list_matches_to_decide(again(town.officer)).exists()
    assert not may(town.officer, town)["match"]


def test_tasks_keep_their_municipality(frozen_clock):
    town = Town()
    end(town)
    assert Task.objects.get(pk=town.task.pk).municipality_id == FINSPANG
