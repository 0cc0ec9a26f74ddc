"""Calendars, feeds of places and open data: what is in them, what never is, and that unchanged ones are not sent twice."""

import json
from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.urls import reverse
from django.utils import translation
from icalendar import Calendar

from backend.applications import services as applications
from backend.applications.models import Application
from backend.common import clock
from backend.exchange.feeds import calendar, open_data
from backend.exchange.models import CalendarFeed
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.organisations.models import Workplace
from tests.exchange.placing import placed
from tests.factories import CoordinatorFactory, GuardianshipFactory, MembershipFactory, OfferFactory, StudentFactory
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db


def events_of(user) -> dict[str, object]:
    found = Calendar.from_ical(calendar.calendar_of(user))
    return {str(event["summary"]): event for event in found.walk("VEVENT")}


def address_for(user) -> str:
    return reverse("calendar_file", args=[calendar.token_of(calendar.subscribe(actor=user))])


def test_a_students_placement_is_whole_days_with_the_place():
    offer = OfferFactory(title="Svetsa")
    student = placed(offer).student
    event = events_of(student.user)[f"Svetsa, {offer.organisation.name}"]
    assert event["dtstart"].dt == date(2027, 1, 25)
    assert event["dtend"].dt == date(2027, 2, 20), "the day after the last"


def test_a_held_seat_ends_at_its_moment():
    offer = OfferFactory(title="Svetsa")
    company = MembershipFactory(organisation=offer.organisation).user
    student = StudentFactory(user__language="en")
    row = applications.submit_application(actor=student.user, period_id=offer.periods.get().pk)
    row = applications.offer_seat(actor=company, application_id=row.pk)
    (event,) = events_of(student.user).values()
    assert event["dtend"].dt == row.hold_expires_at
    assert "Svetsa" in str(event["summary"])


def test_a_moment_is_told_in_utc_whatever_the_wall_clock_says():
    """A zone by name would need its rules in the file; summer and winter are the reader's to work out."""
    offer = OfferFactory()
    company = MembershipFactory(organisation=offer.organisation).user
    student = StudentFactory()
    row = applications.submit_application(actor=student.user, period_id=offer.periods.get().pk)
    applications.offer_seat(actor=company, application_id=row.pk)
    (event,) = events_of(student.user).values()
    for name in ("dtstart", "dtend", "dtstamp", "last-modified"):
        assert event[name].to_ical().endswith(b"Z"), name
        assert "TZID" not in event[name].params


def test_a_changed_event_keeps_its_uid_and_counts_on(frozen_clock):
    placement = placed(OfferFactory())
    (before,) = events_of(placement.student.user).values()
    frozen_clock.shift(timedelta(minutes=5))
    placement.end = date(2027, 2, 18)
    placement.save()
    (after,) = events_of(placement.student.user).values()
    assert (after["uid"], after["dtend"].dt) == (before["uid"], date(2027, 2, 19))
    assert after["sequence"] > before["sequence"]
    assert calendar.calendar_of(placement.student.user) == calendar.calendar_of(placement.student.user)


def shown(user) -> tuple[str, int, str]:
    """uid, number and moment of the only event."""
    (event,) = events_of(user).values()
    return str(event["uid"]), event["sequence"], event["last-modified"].to_ical().decode()


def withdraw_one(offer) -> None:
    row = Application.objects.filter(period__offer=offer, state="submitted").order_by("-pk")[0]
    applications.withdraw_application(actor=row.student.user, application_id=row.pk)


def move_the_workplace(offer) -> None:
    Workplace.objects.filter(pk=offer.workplace_id).update(address="Nya gatan 2")


def rename_the_place(offer) -> None:
    Offer.objects.filter(pk=offer.pk).update(title="Svetsare")


class TestTheNumberOfAChange:
    """Calendars keep what they have unless the number grows, whichever row the change was made in."""

    def test_applicants_who_step_back(self, frozen_clock):
        offer = OfferFactory()
        company = MembershipFactory(organisation=offer.organisation).user
        for _number in range(4):
            frozen_clock.shift(timedelta(minutes=1))
            applications.submit_application(actor=StudentFactory().user, period_id=offer.periods.get().pk)
        seen = [shown(company)]
        for _number in range(3):
            frozen_clock.shift(timedelta(minutes=1))
            withdraw_one(offer)
            seen.append(shown(company))
        assert len({uid for uid, _sequence, _moment in seen}) == 1
        for old, new in pairwise(seen):
            assert new[1] > old[1]
            assert new[2] > old[2]

    @pytest.mark.parametrize("change", [move_the_workplace, rename_the_place])
    def test_what_the_place_is_called_and_where_it_is(self, frozen_clock, change):
        offer = OfferFactory(title="Svetsa")
        student = placed(offer).student
        before = shown(student.user)
        change(offer)
        after = shown(student.user)
        assert after[0] == before[0]
        assert after[1] > before[1], "also within the same second"
        assert after[2] > before[2]
        frozen_clock.shift(timedelta(days=1))
        assert shown(student.user) == after, "and nothing grows without a change"


def test_an_employers_calendar_holds_numbers_and_no_names():
    offer, other = OfferFactory(title="Svetsa"), OfferFactory()
    company = MembershipFactory(organisation=offer.organisation, user__language="sv").user
    placed(offer, StudentFactory(user__name="Maja Lind"))
    placed(offer, StudentFactory(user__name="Hemlig Person", is_protected=True, alias="Elev 7"))
    placed(other, StudentFactory(user__name="Otto Berg"))
    text = calendar.calendar_of(company).decode()
    with translation.override("sv"):
        assert list(events_of(company)) == ["2 elever: Svetsa"]
    for name in ("Maja", "Lind", "Elev 7", "Hemlig", "Otto"):
        assert name not in text


def test_a_guardians_calendar_shows_the_childs_placement_until_the_child_is_grown_up(frozen_clock):
    offer = OfferFactory(title="Svetsa")
    student = StudentFactory(user__name="Maja Lind", birth_date=date(2008, 12, 1))
    guardian = GuardianshipFactory(student=student).guardian
    placed(offer, student)
    assert list(events_of(guardian)) == [f"Svetsa, {offer.organisation.name}"]
    assert "Maja" not in calendar.calendar_of(guardian).decode()
    frozen_clock.shift(timedelta(days=10))
    assert events_of(guardian) == {}


def test_a_coordinators_calendar_holds_numbers_and_no_names():
    offer = OfferFactory()
    coordinator = CoordinatorFactory(language="en")
    placed(offer, StudentFactory(user__name="Maja Lind"))
    placed(offer, StudentFactory(user__name="Hemlig Person", is_protected=True, alias="Elev 7"))
    placed(offer, StudentFactory(municipality_id="2081"))
    text = calendar.calendar_of(coordinator).decode()
    assert "1 placement" in "".join(events_of(coordinator)) or "1 placering" in text
    for name in ("Maja", "Hemlig", "Elev 7"):
        assert name not in text


def test_the_address_is_the_key_and_ends_when_it_is_revoked(client):
    student = placed(OfferFactory()).student
    old = address_for(student.user)
    first = client.get(old)
    assert first["Content-Type"].startswith("text/calendar")
    assert "no-store" not in first["Cache-Control"]
    assert client.get(old, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert CalendarFeed.objects.get().last_read_on == clock.today()
    new = address_for(student.user)
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200
    calendar.revoke(actor=student.user)
    assert client.get(new).status_code == 404


def test_forged_addresses_and_closed_accounts_read_nothing(client):
    student = StudentFactory()
    address = address_for(student.user)
    token = address.rsplit("/", 1)[-1].removesuffix(".ics")
    assert calendar.read_token(token) is not None
    number, rest = token.split("-", 1)
    for wrong in ("1-1.x", "", "x", f"{int(number) + 1}-{rest}"):
        assert calendar.read_token(wrong) is None
    student.user.is_active = False
    student.user.save()
    assert client.get(address).status_code == 404


def test_the_calendar_page_makes_and_ends_the_address():
    student = StudentFactory()
    client = logged_in(student.user)
    assert "Make my address" in client.get(reverse("calendar")).text
    client.post(reverse("calendar"))
    assert "webcal://" in client.get(reverse("calendar")).text
    client.post(reverse("calendar"), {"revoke": "1"})
    assert "Make my address" in client.get(reverse("calendar")).text


def test_feeds_hold_open_places_without_supervisors(client):
    OfferFactory(title="Svetsa", supervisor_name="Sara Nyqvist")
    OfferFactory(title="Utkast", state=OfferState.DRAFT, published_at=None)
    OfferFactory(title="CNC-utbildning", form_id="yh", supervisor_name="Sara Nyqvist")
    internships = client.get(reverse("feed_internships")).text
    training = client.get(reverse("feed_training")).text
    atom = client.get(reverse("feed_municipality", args=["0562"])).text
    assert [each["title"] for each in json.loads(internships)["dataFeedElement"]] == ["Svetsa"]
    feed = json.loads(training)
    (education,), (event,) = feed["educationInfos"], feed["educationEvents"]
    assert education["content"]["title"]["strings"][0]["value"] == "CNC-utbildning"
    assert event["content"]["locations"][0]["areaCode"] == "0562"
    assert "Svetsa" in atom
    assert "Svetsa" in client.get(reverse("feed_form", args=["apl"])).text
    assert "Svetsa" not in client.get(reverse("feed_form", args=["lia"])).text
    for text in (internships, training, atom):
        assert "Utkast" not in text
        assert "Nyqvist" not in text
    assert client.get(reverse("feed_municipality", args=["9999"])).status_code == 404


def test_open_data_is_free_tagged_and_cacheable(client):
    OfferFactory(title="Svetsa")
    for name in ("open_places_csv", "open_places_json", "open_figures_csv", "open_figures_json", "feed_internships"):
        response = client.get(reverse(name))
        assert response["Access-Control-Allow-Origin"] == "*"
        assert "public" in response["Cache-Control"]
        assert client.get(reverse(name), headers={"If-None-Match": response["ETag"]}).status_code == 304
    (place,) = client.get(reverse("open_places_json")).json()["items"]
    assert (place["municipality_code"], place["form_code"], place["first_day"]) == ("0562", "apl", "2027-01-25")
    assert client.get(reverse("open_data")).status_code == 200


@pytest.mark.parametrize(("number", "shown"), [(0, None), (1, None), (4, None), (5, 5), (9, 5), (10, 10), (14, 10)])
def test_people_are_counted_coarsely(number, shown):
    offer = OfferFactory(period__capacity=50)
    for _number in range(number):
        placed(offer)
    placed(offer, StudentFactory(is_protected=True, alias="Elev 7"))
    (row,) = open_data.list_figures()
    assert (row.municipality_code, row.form_code, row.occupation_code) == ("0562", "apl", "7223")
    assert (row.places, row.seats, row.placed) == (1, 50, shown)


def test_a_group_that_is_only_people_is_absent_below_five():
    offer = OfferFactory(period__capacity=50)
    for _number in range(4):
        placed(offer)
    offer.state, offer.closed_at = OfferState.CLOSED, clock.now()
    offer.save()
    assert open_data.list_figures() == []
    placed(offer)
    (row,) = open_data.list_figures()
    assert (row.places, row.placed) == (0, 5)


def test_the_files_ask_a_constant_number_of_questions(client, django_assert_max_num_queries):
    names = ["open_places_json", "open_figures_json", "feed_internships", "feed_training"]

    def questions() -> list[int]:
        found = []
        for name in names:
            with django_assert_max_num_queries(12) as asked:
                client.get(reverse(name))
            found.append(len(asked))
        return found

    OfferFactory()
    OfferFactory(form_id="yh")
    before = questions()
    for _number in range(5):
        OfferFactory()
        OfferFactory(form_id="yh")
    assert questions() == before


def test_a_calendar_asks_a_constant_number_of_questions(django_assert_max_num_queries):
    offer = OfferFactory(period__capacity=20)
    company = MembershipFactory(organisation=offer.organisation).user

    def questions() -> int:
        # Read once before: what has changed since is written down, and is one question more.
        calendar.calendar_of(type(company).objects.get(pk=company.pk))
        with django_assert_max_num_queries(12) as asked:
            calendar.calendar_of(type(company).objects.get(pk=company.pk))
        return len(asked)

    placed(offer)
    before = questions()
    for number in range(5):
        placed(offer, start=date(2027, 1, 25) + timedelta(days=number))
    assert questions() == before
