"""Random students, offers and alerts, and the hard rules once more as plain questions about their rows."""

import random
from datetime import date, timedelta

from backend.accounts.models import User
from backend.common import clock
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferPeriod
from backend.organisations.models import Organisation, Workplace
from backend.reference.geo import distance_km
from backend.reference.models import Municipality
from backend.reference.selectors import equivalent_codes, form_on
from backend.reference.work_rules import age_class, allowed_age_classes, is_age_taken
from backend.students.models import Alert, Availability, Student

FORMS = ("apl", "praktik", "prao", "feriejobb", "gymnasieutbildning")
PROGRAMMES = (None, "IN", "IN25", "EE", "BA")
GROUPS = ("7223", "7212", "5311", "7111")
HAZARDS = ("TRUCK", "NOISE", "NIGHT", "ASBESTOS", "HEAT")
PLACES = ("0562", "0882", "2081", None)


def position(rng: random.Random) -> dict[str, float | None]:
    if rng.random() < 0.1:
        return {"lat": None, "lon": None}
    return {"lat": round(58.7 + rng.uniform(-0.6, 0.6), 2), "lon": round(15.8 + rng.uniform(-1.2, 1.2), 2)}


def dates(rng: random.Random) -> tuple[date, date]:
    start = date(2026, 10, 5) + timedelta(days=7 * rng.randrange(16))
    return start, start + timedelta(days=7 * rng.choice([1, 2, 3]) - 3)


def make_world(seed: int, *, students: int, offers: int, alerts: int, prefix: str = "") -> None:
    rng = random.Random(seed)
    _make_students(rng, students, prefix)
    _make_offers(rng, offers)
    owners = list(Student.objects.all())
    Alert.objects.bulk_create(
        Alert(
            student=rng.choice(owners),
            name=f"alert {number}",
            form_id=rng.choice([None, *FORMS]),
            group_id=rng.choice([None, None, *GROUPS]),
            municipality_id=place,
            radius_km=rng.choice([None, 5, 60]) if place else None,
            is_active=rng.random() < 0.9,
        )
        for number in range(alerts)
        for place in [rng.choice(PLACES)]
    )


def _make_students(rng: random.Random, number: int, prefix: str) -> None:
    users = User.objects.bulk_create(
        User(email=f"s{prefix}-{n}@world.example", name=f"S {n}", is_active=rng.random() < 0.95) for n in range(number)
    )
    made = Student.objects.bulk_create(
        Student(
            user=user,
            municipality_id="0562",
            programme_id=rng.choice(PROGRAMMES),
            studies=rng.choice(["", "upper_secondary", "adult", "none"]),
            birth_date=date(rng.choice([2005, 2008, 2009, 2010, 2012]), rng.randrange(1, 13), 15),
            has_finished_compulsory_school=rng.random() < 0.8,
            languages=rng.sample(["sv", "en", "ar"], rng.randrange(4)),
            max_distance_km=rng.choice([None, 10, 40]),
            wants_suggestions=rng.random() < 0.95,
            is_protected=(hidden := rng.random() < 0.05),
            alias="Elev" if hidden else "",
            **position(rng),
        )
        for user in users
    )
    for student in made:
        student.forms.set(rng.sample(FORMS, rng.choice([1, 2, 3])))
    Availability.objects.bulk_create(
        Availability(student=student, start=start, end=start + timedelta(days=rng.choice([6, 20, 60])))
        for student in made
        for _ in range(rng.choice([0, 0, 1, 2]))
        for start in [dates(rng)[0]]
    )


def _make_offers(rng: random.Random, number: int) -> None:
    organisation = Organisation.objects.create(name="Bruket")
    workplaces = Workplace.objects.bulk_create(
        Workplace(organisation=organisation, name=f"W {n}", municipality_id="0562", **position(rng)) for n in range(20)
    )
    made = Offer.objects.bulk_create(
        Offer(
            organisation=organisation,
            workplace=rng.choice(workplaces),
            form_id=rng.choice(FORMS),
            occupation_id=rng.choice([None, *GROUPS]),
            title=f"Plats {n}",
            tasks="Arbete.",
            state=rng.choice([OfferState.PUBLISHED] * 5 + [OfferState.PAUSED, OfferState.DRAFT]),
            published_at=clock.now(),
            languages=rng.choice([[], [], ["sv"], ["sv", "en"]]),
            apply_by=rng.choice([None, None, date(2026, 11, 22), date(2026, 11, 23)]),
            is_remote=rng.random() < 0.15,
        )
        for n in range(number)
    )
    for offer in made:
        offer.hazards.set(rng.sample(HAZARDS, rng.choice([0, 0, 0, 1, 2])))
        offer.programmes.set(rng.choice([[], [], ["IN"], ["EE", "BA"]]))
        for start, end in {dates(rng) for _ in range(rng.choice([1, 2, 3]))}:
            capacity = rng.choice([1, 2])
            OfferPeriod.objects.create(
                offer=offer, start=start, end=end, capacity=capacity, taken=rng.randrange(capacity + 1)
            )


class Rules:
    """Which students, offers and alerts fit, asked of the rows as they are now."""

    def __init__(self) -> None:
        self.today = clock.today()
        self.students = list(
            Student.objects.filter(is_protected=False, wants_suggestions=True, user__is_active=True).prefetch_related(
                "forms", "availabilities"
            )
        )
        self.offers = [
            offer
            for offer in Offer.objects.filter(state="published")
            .select_related("workplace")
            .prefetch_related("periods", "programmes", "hazards")
            if offer.apply_by is None or offer.apply_by >= self.today
        ]
        self.allowed = {
            (offer.pk, day): allowed_age_classes([row.pk for row in offer.hazards.all()], offer.form_id, day)
            for offer in self.offers
            for day in {period.start for period in offer.periods.all()}
        }
        self.same = {code: equivalent_codes(code) for code in {s.programme_id for s in self.students} if code}

    def pairs(self) -> set[tuple[int, int]]:
        return {(s.pk, o.pk) for s in self.students for o in self.offers if self.fits(s, o)}

    def fits(self, student: Student, offer: Offer) -> bool:
        wanted = {programme.pk for programme in offer.programmes.all()}
        return (
            offer.form_id in {form.pk for form in student.forms.all()}
            and any(self.may_work(student, offer, period.start) for period in self.free_periods(offer))
            and (not wanted or self.may_study(student, wanted))
            and (not student.languages or set(offer.languages) <= set(student.languages))
            and any(self.has_time(student, period) for period in self.free_periods(offer))
            and self.is_near(student, offer)
        )

    def may_study(self, student: Student, wanted: set[str]) -> bool:
        if student.programme_id is None:
            return student.studies in {"", "upper_secondary"}
        return bool(wanted & self.same[student.programme_id])

    def may_work(self, student: Student, offer: Offer, first_day: date) -> bool:
        who = age_class(student.birth_date, first_day, student.has_finished_compulsory_school)
        version = form_on(offer.form_id, first_day)
        return who in self.allowed[offer.pk, first_day] and is_age_taken(version, student.birth_date, first_day)

    def free_periods(self, offer: Offer) -> list[OfferPeriod]:
        return [p for p in offer.periods.all() if p.end >= self.today and p.taken < p.capacity]

    @staticmethod
    def has_time(student: Student, period: OfferPeriod) -> bool:
        spans = [(span.start, span.end) for span in student.availabilities.all()]
        length = (period.end - period.start).days + 1
        days = [period.start + timedelta(days=n) for n in range(length)]
        return not spans or sum(any(a <= day <= b for a, b in spans) for day in days) * 2 >= length

    @staticmethod
    def is_near(student: Student, offer: Offer) -> bool:
        here, there = student, offer.workplace
        if offer.is_remote or student.max_distance_km is None or None in (here.lat, there.lat):
            return True
        return distance_km(here.lat, here.lon, there.lat, there.lon) <= student.max_distance_km

    def alert_pairs(self) -> set[tuple[int, int]]:
        active = Alert.objects.filter(is_active=True, student__is_protected=False, student__user__is_active=True)
        alerts = list(active.select_related("student", "municipality"))
        return {(a.pk, o.pk) for a in alerts for o in self.offers if self.answers(a, o)}

    def answers(self, alert: Alert, offer: Offer) -> bool:
        return (
            alert.form_id in (None, offer.form_id)
            and alert.group_id in (None, offer.occupation_id)
            and any(self.may_work(alert.student, offer, period.start) for period in self.free_periods(offer))
            and self.is_around(alert.municipality, alert.radius_km, offer)
        )

    @staticmethod
    def is_around(place: Municipality | None, radius_km: int | None, offer: Offer) -> bool:
        if place is None or offer.is_remote:
            return True
        there = offer.workplace
        return there.lat is not None and distance_km(place.lat, place.lon, there.lat, there.lon) <= (radius_km or 30)
