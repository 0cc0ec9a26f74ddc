"""A placement with everybody around it: the student, a guardian, the workplace, the coordinator and the neighbour."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from backend.applications import services as applications
from backend.placements import services as placements
from backend.placements.models import Match, Placement
from backend.rounds import services as rounds
from backend.students import services as students
from tests.factories import (
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    OfferFactory,
    StudentFactory,
    UserFactory,
    WorkplaceFactory,
)
from tests.factories.work import handle_events
from tests.rounds.world import World

ELSEWHERE = "0882"
MINOR = date(2009, 12, 1)


@dataclass
class Placed:
    """neighbour: a coordinator of the workplace's municipality, when that is another one."""

    student: Any
    guardian: Any
    member: Any
    coordinator: Any
    neighbour: Any
    placement: Placement

    def end(self, reason: str = "Maskinen är trasig.") -> Placement:
        self.placement = placements.end_placement(actor=self.coordinator, placement_id=self.placement.pk, reason=reason)
        return self.placement


def minor(**fields: Any) -> tuple[Any, Any]:
    """A student of seventeen and the guardian who has said yes."""
    student: Any = StudentFactory(
        **{"user": UserFactory(name="Elin Dahlqvist"), "birth_date": MINOR, "class_name": "IN2A", "school": "Bruket"}
        | fields
    )
    guardianship: Any = GuardianshipFactory(student=student)
    students.give_consent(actor=guardianship.guardian, guardianship_id=guardianship.pk, method="login")
    return student, guardianship.guardian


def placed_by_application(**fields: Any) -> Placed:
    """Applied, offered, accepted, approved; the workplace lies in another municipality."""
    student, guardian = minor(**fields)
    coordinator, neighbour = CoordinatorFactory(), CoordinatorFactory(municipality=ELSEWHERE)
    site: Any = WorkplaceFactory(
        municipality_id=ELSEWHERE, name="Verkstaden", address="Bruksgatan 1", postcode="572 31", city="Oskarshamn"
    )
    offer: Any = OfferFactory(workplace=site, supervisor_name="Ulf Berg")
    member = MembershipFactory(organisation=site.organisation).user
    row = applications.submit_application(actor=student.user, period_id=offer.periods.get().pk)
    applications.offer_seat(actor=member, application_id=row.pk)
    applications.accept_seat(actor=student.user, application_id=row.pk)
    match = Match.objects.get(student=student)
    placement = placements.approve_match(actor=coordinator, match_id=match.pk)
    handle_events()
    return Placed(student, guardian, member, coordinator, neighbour, placement)


def placed_by_round(clock: Any, **fields: Any) -> Placed:
    """Wished, got the seat, said yes: approved in the name of whoever published."""
    student, guardian = minor(**fields)
    world = World(1).open()
    member = MembershipFactory(organisation=world.rows[0].period.offer.organisation).user
    participant = rounds.join_round(actor=student.user, round_id=world.round.pk)
    world.wish(participant, 0)
    clock.shift(timedelta(days=8))
    world.close()
    result = world.publish().results.get(participant=participant)
    rounds.accept_result(actor=student.user, result_id=result.pk)
    placement = Placement.objects.get(student=student)
    return Placed(student, guardian, member, world.coordinator, None, placement)
