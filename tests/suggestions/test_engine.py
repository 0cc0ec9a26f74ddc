"""The engine says what the rules say, whatever happened since it was built."""

import random
from datetime import date, timedelta

import pytest

from backend.applications import services as applications
from backend.offers import services as offers
from backend.offers.details import OfferDetails, PeriodDetails
from backend.offers.models import Offer
from backend.organisations.models import Membership, MunicipalitySettings, TrustedOrganisation
from backend.students import services as students
from backend.students.models import Alert, Student
from backend.students.services import AlertDetails, ProfileDetails
from backend.suggestions.engine import Engine, get_engine
from tests.factories import MembershipFactory, OfferFactory, PeriodFactory, StudentFactory, UserFactory
from tests.suggestions.world import Rules, make_world

pytestmark = pytest.mark.django_db

EVERYBODY = 100_000


def pairs_by_offer(engine):
    return {
        (hit.id, pk) for pk in Offer.objects.values_list("pk", flat=True) for hit in engine.students_for(pk, EVERYBODY)
    }


def pairs_by_student(engine):
    return {
        (pk, hit.id) for pk in Student.objects.values_list("pk", flat=True) for hit in engine.offers_for(pk, EVERYBODY)
    }


def alert_pairs(engine):
    return {(hit.id, pk) for pk in Offer.objects.values_list("pk", flat=True) for hit in engine.alerts_for(pk)}


@pytest.mark.parametrize("seed", [1])
def test_the_engine_finds_exactly_what_the_rules_allow(seed):
    make_world(seed, students=200, offers=60, alerts=80)
    rules, engine = Rules(), Engine()
    expected = rules.pairs()
    assert len(expected) > 100
    assert pairs_by_offer(engine) == expected
    assert pairs_by_student(engine) == expected
    assert len(rules.alert_pairs()) > 30
    assert alert_pairs(engine) == rules.alert_pairs()


@pytest.fixture
def builds(monkeypatch):
    """How often an index was built from everything."""
    counted = []
    build = Engine._build

    def counting(self, moment):
        counted.append(moment)
        return build(self, moment)

    monkeypatch.setattr(Engine, "_build", counting)
    return counted


class Changes:
    """Commands as people give them, drawn at random over one small world."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.member = MembershipFactory(organisation=Offer.objects.first().organisation).user
        organisation = Membership.objects.get(user=self.member).organisation
        MunicipalitySettings.objects.create(municipality_id="0562", trusted_may_publish=True)
        TrustedOrganisation.objects.create(municipality_id="0562", organisation=organisation)

    @property
    def offers(self):
        return Offer.objects.filter(organisation__memberships__user=self.member)

    def any(self, rows):
        found = list(rows.order_by("pk"))
        return self.rng.choice(found) if found else None

    def publish(self):
        if offer := self.any(self.offers.filter(state="draft", periods__end__gte=date(2026, 11, 23)).distinct()):
            Offer.objects.filter(pk=offer.pk).update(apply_by=None)
            offers.submit_offer(actor=self.member, offer_id=offer.pk)

    def pause(self):
        if offer := self.any(self.offers.filter(state="published")):
            offers.pause_offer(actor=self.member, offer_id=offer.pk)

    def resume(self):
        if offer := self.any(self.offers.filter(state="paused", periods__end__gte=date(2026, 12, 1)).distinct()):
            Offer.objects.filter(pk=offer.pk).update(apply_by=None)
            offers.resume_offer(actor=self.member, offer_id=offer.pk)

    def close(self):
        if offer := self.any(self.offers.filter(state="published")):
            offers.close_offer(actor=self.member, offer_id=offer.pk)

    def change(self):
        if offer := self.any(self.offers.filter(state="published")):
            details = OfferDetails(
                workplace_id=offer.workplace_id,
                form=offer.form_id,
                title=offer.title,
                tasks=offer.tasks,
                occupation=offer.occupation_id or "",
                hazards=self.rng.choice([[], ["HEAT"]]),
                programmes=self.rng.choice([[], ["IN"]]),
                is_remote=offer.is_remote,
            )
            periods = [
                PeriodDetails(start=p.start, end=p.end, seats=max(1, p.taken), pk=p.pk) for p in offer.periods.all()
            ]
            offers.update_offer(actor=self.member, offer_id=offer.pk, details=details, periods=periods)

    def take_seat(self):
        period = PeriodFactory(offer=OfferFactory(period__make=False), capacity=1)
        company = MembershipFactory(organisation=period.offer.organisation).user
        someone = ProfileDetails(birth_date=date(2005, 5, 1), municipality_code="0562", forms=["apl"])
        student = students.save_profile(actor=UserFactory(), details=someone)
        application = applications.submit_application(actor=student.user, period_id=period.pk)
        applications.offer_seat(actor=company, application_id=application.pk)
        self.holders = [*getattr(self, "holders", []), application]

    def free_seat(self):
        if getattr(self, "holders", []):
            application = self.holders.pop()
            applications.withdraw_application(actor=application.student.user, application_id=application.pk)

    def save_profile(self):
        student = self.any(Student.objects.filter(user__is_active=True))
        details = ProfileDetails(
            birth_date=date(self.rng.choice([2005, 2009, 2012]), 5, 1),
            municipality_code="0562",
            programme=self.rng.choice(["", "IN25"]),
            forms=self.rng.sample(["apl", "praktik", "feriejobb"], 2),
            wants_suggestions=self.rng.random() < 0.8,
            languages=["sv"],
        )
        students.save_profile(actor=student.user, details=details)

    def save_alert(self):
        student = self.any(Student.objects.filter(alerts__isnull=False).distinct())
        details = AlertDetails(name="ny", form=self.rng.choice(["", "apl"]), group=self.rng.choice(["", "7223"]))
        students.save_alert(actor=student.user, details=details)

    def pause_alert(self):
        if alert := self.any(Alert.objects.all()):
            students.set_alert_active(actor=alert.student.user, alert_id=alert.pk, is_active=self.rng.random() < 0.5)

    def delete_alert(self):
        if alert := self.any(Alert.objects.all()):
            students.delete_alert(actor=alert.student.user, alert_id=alert.pk)

    def protect(self):
        """There is no command for it: the flag is set, and the student's next event makes it known."""
        student = self.any(Student.objects.filter(user__is_active=True))
        Student.objects.filter(pk=student.pk).update(is_protected=True, alias="Elev")
        details = ProfileDetails(birth_date=student.birth_date, forms=["apl"])
        students.save_profile(actor=student.user, details=details)


KINDS = [name for name in vars(Changes) if not name.startswith("_") and name not in {"any", "offers"}]


@pytest.mark.parametrize("seed", [11])
def test_the_engine_stays_fresh_without_building_anew(seed, builds):
    make_world(seed, students=15, offers=18, alerts=12)
    changes, engine = Changes(seed), get_engine()
    todo = KINDS * 2
    random.Random(seed).shuffle(todo)
    for kind in todo:
        getattr(changes, kind)()
        rules = Rules()
        assert pairs_by_offer(engine) == rules.pairs(), kind
        assert alert_pairs(engine) == rules.alert_pairs(), kind
    assert Rules().pairs()
    assert Rules().alert_pairs()
    assert pairs_by_student(engine) == Rules().pairs()
    assert len(builds) == 1


def test_a_new_day_and_an_old_index_are_built_anew(builds, frozen_clock):
    OfferFactory(apply_by=date(2026, 11, 23))
    StudentFactory()
    engine = get_engine()
    assert len(pairs_by_offer(engine)) == 1
    frozen_clock.shift(timedelta(days=1))
    assert pairs_by_offer(engine) == set()
    assert len(builds) == 2


def test_building_takes_a_constant_number_of_queries(django_assert_max_num_queries):
    counted = []
    for number in (10, 40):
        make_world(3, prefix=str(number), students=number, offers=number, alerts=number)
        with django_assert_max_num_queries(30) as captured:
            Engine().students_for(0)
        counted.append(len(captured))
    assert counted[0] == counted[1]


def test_a_protected_student_and_one_who_wants_peace_are_absent():
    OfferFactory()
    seen = StudentFactory()
    StudentFactory(is_protected=True, alias="Elev")
    StudentFactory(wants_suggestions=False)
    StudentFactory(user__is_active=False)
    assert {student for student, _offer in pairs_by_offer(get_engine())} == {seen.pk}
