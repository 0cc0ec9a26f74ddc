"""A student with a protected identity to whom everything has happened that can happen to a student.

Whoever has no grant must not be able to tell a world with this person from one without. The names are such as stand
nowhere else, so that one of them in an answer, a log line or a message is a leak.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from backend.accounts.models import User
from backend.applications import services as applications
from backend.applications.models import Application
from backend.applications.timers import UNANSWERED
from backend.common import clock
from backend.notifications.models import Delivery, Task
from backend.notifications.reminders import Owner, open_task
from backend.placements import services as placements
from backend.placements.models import Match
from backend.rounds import services as rounds
from backend.rounds.models import Participant, Publication, Result, Round
from backend.students import services as students
from backend.students.models import Student, StudentGroup
from backend.suggestions.models import Suggestion
from tests.factories import GuardianshipFactory, MembershipFactory, OfferFactory, StudentFactory, UserFactory
from tests.factories.rows import FINSPANG
from tests.factories.work import handle_events

NAME, EMAIL, PHONE = "Kvasthilda Zornvinge", "kvasthilda@hemlig.example", "+46701112233"
GUARDIAN_NAME, GUARDIAN_EMAIL = "Ansgar Zornvinge", "ansgar@hemlig.example"
ALIAS = "Student QXZW"
WORDS = "Jag heter egentligen Snöflinga."
"""What the student has written: to the company, in an alert, in a plea."""
CANARIES = ("Kvasthilda", "Zornvinge", "hemlig.example", "701112233", "70-111 22 33", "Ansgar", "Snöflinga")


@dataclass
class Employer:
    """The company that gets the student's applications: it knows an alias. Its places are in the world before."""

    owner: User
    periods: list[Any]
    decider: User


def make_employer(decider: User) -> Employer:
    """decider: a coordinator with a grant."""
    first: Any = OfferFactory()
    owner = MembershipFactory(organisation=first.organisation, role="owner").user
    starts = [date(2027, month, 1) for month in (1, 3, 4, 5, 9)]
    periods = [
        OfferFactory(workplace=first.workplace, period__start=day, period__end=day + timedelta(days=20)).periods.get()
        for day in starts
    ]
    return Employer(owner, periods, decider)


def make_group() -> StudentGroup:
    return StudentGroup.objects.create(name="IN3", school="Bergska skolan", municipality_id=FINSPANG, school_year=2026)


@dataclass
class Hidden:
    """ids: as in `House.ids`, of this student's rows."""

    student: Student
    ids: dict[str, Any]


def hide_somebody(employer: Employer, group: StudentGroup, open_round: Round, published: Round) -> Hidden:
    student: Any = StudentFactory(
        user=UserFactory(name=NAME, email=EMAIL, phone=PHONE),
        is_protected=True,
        alias=ALIAS,
        school=group.school,
        birth_date=date(2010, 3, 1),
        skills=["svets"],
        languages=["sv"],
    )
    guardianship: Any = GuardianshipFactory(
        student=student, guardian=UserFactory(name=GUARDIAN_NAME, email=GUARDIAN_EMAIL)
    )
    students.give_consent(actor=guardianship.guardian, guardianship_id=guardianship.pk)
    group.memberships.create(student=student)
    alert = students.save_alert(actor=student.user, details=students.AlertDetails(name="Snöflinga", text="cnc"))
    suggestion = Suggestion.objects.create(student=student, offer=employer.periods[0].offer, score=0.9)
    story = {**_applications(student, employer), **_joins(student, open_round), **_was_told(student, published)}
    handle_events()
    delivery = Delivery.objects.filter(recipient=student.user).first()
    assert delivery is not None
    Delivery.objects.filter(pk=delivery.pk).update(state="dead", due_at=clock.now())
    ids = {
        "student_id": student.pk,
        "guardianship_id": guardianship.pk,
        "alert_id": alert.pk,
        "suggestion_id": suggestion.pk,
        "delivery_id": delivery.pk,
        "notification_id": student.user.notifications.first().pk,
        "user_id": student.user.pk,
        **story,
    }
    return Hidden(student, ids)


def apply_for_everything(employer: Employer) -> Hidden:
    """The student with nothing but applications and what comes of them."""
    student: Any = StudentFactory(user=UserFactory(name=NAME, email=EMAIL, phone=PHONE), is_protected=True, alias=ALIAS)
    ids = _applications(student, employer)
    handle_events()
    return Hidden(student, ids)


def _applications(student: Student, employer: Employer) -> dict[str, int]:
    """One of each: waiting too long, on the waiting list, declined, to be decided, placed."""
    rows = [
        applications.submit_application(actor=student.user, period_id=period.pk, motivation=WORDS)
        for period in employer.periods
    ]
    silent, waitlisted, declined, proposed, placed = rows
    passed = clock.now() - timedelta(days=9)
    Application.objects.filter(pk=silent.pk).update(submitted_at=passed, answer_due_at=passed)
    applications.escalate_silence(application_id=silent.pk)
    applications.waitlist_application(actor=employer.owner, application_id=waitlisted.pk)
    applications.decline_application(actor=employer.owner, application_id=declined.pk, reason="dates")
    matches = []
    for row in (proposed, placed):
        applications.offer_seat(actor=employer.owner, application_id=row.pk, message="Välkommen!")
        applications.accept_seat(actor=student.user, application_id=row.pk)
        matches.append(Match.objects.get(application=row))
    placement = placements.approve_match(actor=employer.decider, match_id=matches[1].pk)
    owner = Owner(municipality_code=FINSPANG, people=[employer.decider], is_protected=True)
    if not Task.objects.filter(matter=UNANSWERED, subject_id=silent.pk).exists():
        open_task(UNANSWERED, silent, owner)
    return {
        "application_id": silent.pk,
        "match_id": matches[0].pk,
        "placement_id": placement.pk,
        "task_id": Task.objects.get(subject_type="application", subject_id=silent.pk).pk,
    }


def _joins(student: Student, the_round: Round) -> dict[str, int]:
    """Takes part with wishes, and has found a place without the service."""
    participant = rounds.join_round(actor=student.user, round_id=the_round.pk)
    seats = list(the_round.seats.order_by("pk").values_list("pk", flat=True))
    rounds.set_wishes(actor=student.user, participant_id=participant.pk, seat_ids=seats)
    details = rounds.OwnPlaceDetails(
        organisation_name="Snöflinga smide",
        municipality_code=FINSPANG,
        contact_name="Ulf",
        contact_email="ulf@hemlig.example",
        title="Smide",
        tasks=WORDS,
        start=the_round.start,
        end=the_round.end,
    )
    place = rounds.submit_own_place(actor=student.user, participant_id=participant.pk, details=details)
    return {"participant_id": participant.pk, "own_place_id": place.pk}


def _was_told(student: Student, the_round: Round) -> dict[str, int]:
    """Took part in a round that is decided, has no place, and asks to have it looked at again."""
    participant = Participant.objects.create(
        round=the_round, student=student, start=the_round.start, end=the_round.end, is_live=False
    )
    publication = Publication.objects.get(round=the_round)
    result = Result.objects.create(publication=publication, participant=participant, state="unplaced", lot=999_999)
    appeal = rounds.appeal_result(actor=student.user, result_id=result.pk, text=WORDS)
    return {"result_id": result.pk, "appeal_id": appeal.pk}
