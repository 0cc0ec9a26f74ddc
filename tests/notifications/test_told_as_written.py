"""Each transition is carried out, and the notifications it wrote are held against the words of its table."""

from datetime import date

import pytest

from backend.applications import services as applications
from backend.applications.enums import APPLICATION_TRANSITIONS
from backend.applications.undoing import undo_offered_seat
from backend.common import clock
from backend.notifications.models import Notification
from backend.placements import services as placements
from backend.placements.enums import MATCH_TRANSITIONS, PLACEMENT_TRANSITIONS
from tests.factories import CoordinatorFactory, GuardianshipFactory, MembershipFactory, PeriodFactory, StudentFactory

pytestmark = pytest.mark.django_db
MOVES = APPLICATION_TRANSITIONS.moves | MATCH_TRANSITIONS.moves | PLACEMENT_TRANSITIONS.moves


class Life:
    """A minor of Finspång, her guardian, a workplace in Oskarshamn, and the coordinators of both."""

    def __init__(self, start=date(2027, 1, 25)):
        self.period = PeriodFactory(
            capacity=1, start=start, end=date(2027, 2, 19), offer__workplace__municipality_id="0882"
        )
        self.student = StudentFactory(birth_date=date(2009, 6, 1))
        self.people = {
            "student": self.student.user,
            "organisation": MembershipFactory(organisation=self.period.offer.organisation).user,
            "guardian of a minor": GuardianshipFactory(student=self.student).guardian,
            "coordinator": CoordinatorFactory(),
            "the other municipality": CoordinatorFactory(municipality="0882"),
        }
        self.people["organisation when a seat was held"] = self.people["organisation"]
        self.company, self.coordinator = self.people["organisation"], self.people["coordinator"]
        self.row = applications.submit_application(actor=self.student.user, period_id=self.period.pk)

    def offer(self):
        applications.offer_seat(actor=self.company, application_id=self.row.pk)

    def accept(self):
        self.offer()
        self.row = applications.accept_seat(actor=self.student.user, application_id=self.row.pk)

    def approve(self):
        self.accept()
        return placements.approve_match(actor=self.coordinator, match_id=self.row.match_id)

    def no(self):
        applications.decline_application(actor=self.company, application_id=self.row.pk, reason="dates")

    def turn_down(self):
        self.offer()
        applications.turn_down_seat(actor=self.student.user, application_id=self.row.pk)

    def undo_offer(self):
        self.offer()
        undo_offered_seat(actor=self.company, application_id=self.row.pk)

    def reject(self):
        self.accept()
        placements.reject_match(actor=self.coordinator, match_id=self.row.match_id, reason="Krockar.")

    def step_back(self):
        self.accept()
        applications.withdraw_application(actor=self.student.user, application_id=self.row.pk)

    def undo_approval(self):
        self.approve()
        placements.undo_match_approval(actor=self.coordinator, match_id=self.row.match_id)

    def end(self):
        placement = self.approve()
        placements.end_placement(actor=self.coordinator, placement_id=placement.pk, reason="Flyttar.")


DO = {
    "application.waitlisted": lambda life: applications.waitlist_application(
        actor=life.company, application_id=life.row.pk
    ),
    "application.offered": Life.offer,
    "application.declined": Life.no,
    "application.accepted": Life.accept,
    "application.withdrawn": lambda life: applications.withdraw_application(
        actor=life.coordinator, application_id=life.row.pk
    ),
    "application.turned_down": Life.turn_down,
    "application.offer_undone": Life.undo_offer,
    "application.lapsed": lambda life: applications.close_applications_of(offer_id=life.period.offer_id),
    "match.approved": Life.approve,
    "match.rejected": Life.reject,
    "match.withdrawn": Life.step_back,
    "match.approval_undone": Life.undo_approval,
    "placement.cancelled": Life.end,
    "placement.interrupted": Life.end,
}
CASES = {
    # "organisation when a seat was held" and "where no application tells it" do not hold in these lives.
    "application.waitlisted": "student",
    "application.offered": "student",
    "application.declined": "student",
    "application.accepted": "organisation",
    "application.withdrawn": "student, organisation",
    "application.turned_down": "organisation",
    "application.offer_undone": "student",
    "application.lapsed": "student",
    "match.approved": "student, organisation, guardian of a minor, the other municipality",
    "match.rejected": "student, organisation",
    "match.withdrawn": "coordinator",
    "match.approval_undone": "student, organisation, guardian of a minor, the other municipality",
    "placement.cancelled": "student, organisation, guardian of a minor, the other municipality",
    "placement.interrupted": "student, organisation, guardian of a minor, the other municipality",
}


@pytest.mark.parametrize("action", CASES)
def test_those_are_told_whom_the_table_names(action):
    life = Life(start=clock.today() if action == "placement.interrupted" else date(2027, 1, 25))
    DO[action](life)
    told = set(Notification.objects.filter(kind=action).values_list("recipient", flat=True))
    expected = {name.strip() for name in CASES[action].split(",")}
    assert told == {life.people[name].pk for name in expected}
    written = {name.strip() for name in MOVES[action].told.partition("(")[0].split(",") if name.strip()}
    assert expected <= written
    assert all("when" in name or "where" in name for name in written - expected)
