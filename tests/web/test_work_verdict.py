"""One answer to whether a student may do the work: on every page, in every command, on the first day of the period."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from backend.applications.models import Application
from backend.applications.services import accept_seat, offer_seat, submit_application
from backend.common.errors import Invalid
from backend.offers.work import WorkRules
from backend.placements.gates import gates_of
from backend.placements.models import Match
from backend.reference.enums import Verdict
from backend.rounds.eligibility import problems_for
from backend.rounds.models import Round, RoundSeat
from backend.suggestions.models import Suggestion
from tests.factories import ApplicationFactory, MembershipFactory, OfferFactory, StudentFactory
from tests.web.desk import logged_in, only_period

pytestmark = pytest.mark.django_db
FIRST_DAY = date(2027, 1, 25)
# Birth date, has finished compulsory school: the classes on the first day, and two that change between today and then.
PEOPLE = {
    "child": (date(2012, 6, 1), False),
    "youth": (date(2010, 6, 1), True),
    "adult": (date(2000, 6, 1), True),
    "turns 18 on the first day": (FIRST_DAY.replace(year=FIRST_DAY.year - 18), True),
    "turns 18 the day after": (date(2009, 1, 26), True),
}
FORMS = ("apl", "praktik", "lia", "prao")
HAZARDS = ((), ("NOISE",), ("TRUCK",), ("ASBESTOS",), ("NOISE", "NIGHT"))
HOLDS = {"Accept-Language": "en"}


def place(form: str, hazards: tuple[str, ...], **fields: Any) -> Any:
    offer = OfferFactory(form_id=form, title="Just that place", **fields)
    offer.hazards.set(hazards)
    return offer


def page(student: Any, name: str, *args: Any, **query: str) -> str:
    answer = logged_in(student.user).get(reverse(name, args=args), query, headers=HOLDS)
    return str(answer.content.decode())


@pytest.mark.parametrize("hazards", HAZARDS, ids="+".join)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("who", PEOPLE)
def test_every_page_and_command_says_the_same(who, form, hazards):
    birth_date, finished = PEOPLE[who]
    student: Any = StudentFactory(birth_date=birth_date, has_finished_compulsory_school=finished)
    offer = place(form, hazards)
    period = only_period(offer)
    Suggestion.objects.create(student=student, offer=offer, score=0.9, reasons=[])
    verdict = WorkRules([offer]).judge(student, offer, period.start).verdict
    forbidden = verdict == Verdict.FORBIDDEN

    shown = page(student, "offer", offer.pk)
    applying = page(student, "apply", offer.pk, period=str(period.pk))
    for text in (shown, applying):
        assert ("not allowed at your age:" in text or "not for your age" in text) == forbidden
        assert ("with a supervisor beside you" in text) == (verdict == Verdict.SUPERVISED)
        assert ('name="period"' in text) == (not forbidden), "no button to press where it is not allowed"
    if forbidden:
        assert "Why it fits you" not in shown + applying
    found = page(student, "search")
    assert ("Not allowed at your age" in found) == forbidden
    assert ("Just that place" in page(student, "suggestions")) == (not forbidden)

    match = Match(student=student, period=period, start=period.start, end=period.end)
    codes = {gate.code for gate in gates_of(match)}
    assert bool({"work_forbidden", "age_not_taken"} & codes) == forbidden
    assert ("work_supervised" in codes) == (verdict == Verdict.SUPERVISED)
    seat = RoundSeat(period=period)
    the_round = Round(form_id=form, start=period.start, end=period.end)
    assert ("age" in {problem.code for problem in problems_for(student, [seat], the_round)[seat.pk]}) == forbidden

    if forbidden:
        with pytest.raises(Invalid, match=r"application\.age"):
            submit_application(actor=student.user, period_id=period.pk)
        assert not Application.objects.exists()
    else:
        assert submit_application(actor=student.user, period_id=period.pk)


def test_a_risk_that_is_added_later_stops_the_seat_and_the_yes():
    birth_date, finished = PEOPLE["youth"]
    application: Any = ApplicationFactory(
        student__birth_date=birth_date, student__has_finished_compulsory_school=finished
    )
    company = MembershipFactory(organisation=application.period.offer.organisation).user
    offer = application.period.offer
    offer.hazards.set(["ASBESTOS"])
    with pytest.raises(Invalid, match=r"application\.age"):
        offer_seat(actor=company, application_id=application.pk)
    offer.hazards.clear()
    offer_seat(actor=company, application_id=application.pk)
    offer.hazards.set(["ASBESTOS"])
    with pytest.raises(Invalid, match=r"application\.age"):
        accept_seat(actor=application.student.user, application_id=application.pk)
    assert not Match.objects.exists()


def test_three_allowed_places_stand_instead_and_none_that_is_forbidden():
    birth_date, finished = PEOPLE["youth"]
    student: Any = StudentFactory(birth_date=birth_date, has_finished_compulsory_school=finished)
    forbidden = place("apl", ("ASBESTOS",))
    for number in range(4):
        OfferFactory(title=f"Allowed {number}")
    other = OfferFactory(title="Forbidden too")
    other.hazards.set(["ASBESTOS"])
    text = (
        page(student, "offer", forbidden.pk).partition("Places that you may take instead")[2].partition("</section>")[0]
    )
    assert text.count("Allowed ") == 3
    assert "Forbidden too" not in text


def test_of_two_periods_the_one_that_is_allowed_can_be_chosen():
    """The student is eighteen in the second."""
    student: Any = StudentFactory(birth_date=date(2009, 3, 1), has_finished_compulsory_school=True)
    offer = place("praktik", ("TRUCK",))
    first = only_period(offer)
    second = offer.periods.create(start=date(2027, 4, 5), end=date(2027, 4, 30), capacity=2)
    text = page(student, "offer", offer.pk, period=str(first.pk))
    assert text.count("Not allowed at your age") == 1
    assert f'value="{second.pk}" checked' in text
    assert "with a supervisor beside you" in text
