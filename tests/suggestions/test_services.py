"""What is stored and who is told when places and students find each other."""

from datetime import date, timedelta

import pytest
from django.utils import translation

from backend.applications import services as applications
from backend.common.models import DomainEvent
from backend.notifications.models import Notification
from backend.offers import services as offers
from backend.offers.details import OfferDetails, PeriodDetails
from backend.offers.models import Offer
from backend.organisations.models import MunicipalitySettings, TrustedOrganisation
from backend.students import services as students
from backend.students.models import Alert, Student
from backend.students.services import AlertDetails
from backend.suggestions import scheduled_tasks, selectors, services
from backend.suggestions.engine import get_engine
from backend.suggestions.models import Suggestion
from tests.conftest import NOW
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    OfferFactory,
    PeriodFactory,
    StudentFactory,
)
from tests.factories.refusals import refused
from tests.factories.rows import FINSPANG
from tests.factories.work import handle_events

pytestmark = pytest.mark.django_db


def publish(offer=None):
    """A submitted offer is published; the workers do the rest."""
    offer = offer or OfferFactory(state="submitted", submitted_at=NOW)
    offers.publish_offer(actor=CoordinatorFactory(), offer_id=offer.pk)
    handle_events()
    return offer


def told(student):
    kinds = Notification.objects.filter(recipient=student.user, subject_type="offer").order_by("pk")
    return list(kinds.values_list("kind", flat=True))


def eager(**facts):
    """A student who asked for just this work."""
    student = StudentFactory(**facts)
    student.interests.set(["7223"])
    return student


class TestTheAgeOnTheFirstDay:
    """Selling alcohol is for adults: the student is 17 now and 18 in February."""

    @pytest.fixture
    def soon_grown(self):
        student = eager(birth_date=date(2009, 2, 1), has_finished_compulsory_school=True)
        students.save_alert(actor=student.user, details=AlertDetails(name="Allt", form="apl"))
        return student

    @staticmethod
    def bar(*first_days):
        offer = OfferFactory(state="submitted", submitted_at=NOW, period=None)
        for day in first_days:
            PeriodFactory(offer=offer, start=day, end=day + timedelta(days=25))
        offer.hazards.set(["ALCOHOL_SALES"])
        return publish(offer)

    def test_a_place_that_begins_as_an_adult_is_suggested_and_told(self, soon_grown):
        self.bar(date(2027, 2, 8))
        assert Suggestion.objects.filter(student=soon_grown).count() == 1
        assert told(soon_grown) == ["alert.matched"]
        services.suggest_for_student(student_id=soon_grown.pk)
        assert Suggestion.objects.filter(student=soon_grown).count() == 1

    def test_a_place_that_begins_as_a_minor_is_not(self, soon_grown):
        self.bar(date(2027, 1, 11))
        services.suggest_for_student(student_id=soon_grown.pk)
        assert not Suggestion.objects.filter(student=soon_grown).exists()
        assert told(soon_grown) == []

    def test_of_two_periods_the_allowed_one_counts_and_no_reason_names_the_other(self, soon_grown):
        self.bar(date(2027, 1, 11), date(2027, 2, 8))
        reasons = Suggestion.objects.get(student=soon_grown).reasons
        assert not [each for each in reasons if each["code"] == "period" and each["start"] < "2027-02-01"]

    def test_many_who_are_too_young_push_nobody_out(self, monkeypatch):
        monkeypatch.setattr(services, "STUDENTS_PER_OFFER", 1)
        for _each in range(3):
            eager(birth_date=date(2009, 12, 1), has_finished_compulsory_school=True)
        soon_grown = eager(birth_date=date(2009, 2, 1), has_finished_compulsory_school=True)
        offer = self.bar(date(2027, 2, 8))
        assert list(offer.suggestions.values_list("student", flat=True)) == [soon_grown.pk]


class TestAPublishedOffer:
    def test_finds_those_it_fits_and_tells_each_once(self):
        student, other = eager(), eager(forms=["praktik"])
        offer = publish()
        suggestion = Suggestion.objects.get()
        assert (suggestion.student, suggestion.offer) == (student, offer)
        assert told(student) == ["match.suggested"]
        assert told(other) == []
        assert selectors.list_suggestions_for(student) == [suggestion]
        assert selectors.count_students_suggested(offer) is None
        assert selectors.get_suggestion(student, offer) == suggestion

    def test_the_same_event_twice_changes_nothing(self):
        eager()
        publish()
        event = DomainEvent.objects.get(kind="offer.published")
        before = list(Suggestion.objects.values_list("pk", "score", "reasons"))
        assert services.suggest_offer(event=event) == 1
        assert services.suggest_offer(event=event) == 1
        assert Notification.objects.filter(kind="match.suggested").count() == 1
        assert list(Suggestion.objects.values_list("pk", "score", "reasons")) == before

    def test_one_message_for_alert_and_suggestion_together(self):
        student = eager()
        for name in ("ett", "två"):
            students.save_alert(actor=student.user, details=AlertDetails(name=name))
        publish()
        assert told(student) == ["alert.matched"]
        assert Suggestion.objects.count() == 1

    def test_pausing_and_resuming_tells_nobody_again(self):
        student = eager()
        offer = publish()
        member = MembershipFactory(organisation=offer.organisation).user
        for _ in range(2):
            offers.pause_offer(actor=member, offer_id=offer.pk)
            handle_events()
            offers.resume_offer(actor=member, offer_id=offer.pk)
            handle_events()
        assert told(student) == ["match.suggested"]

    def test_whoever_came_meanwhile_hears_when_it_is_resumed(self):
        offer = publish()
        member = MembershipFactory(organisation=offer.organisation).user
        offers.pause_offer(actor=member, offer_id=offer.pk)
        late = eager()
        DomainEvent.objects.create(kind="student.profile_saved", subject_type="student", subject_id=late.pk, at=NOW)
        offers.resume_offer(actor=member, offer_id=offer.pk)
        handle_events()
        assert told(late) == ["match.suggested"]

    @pytest.mark.parametrize(
        ("text", "found"), [("", True), ("CNC", True), ("verkstaden cnc", True), ("svets", False), ("cnc svets", False)]
    )
    def test_all_words_of_an_alert_must_be_there(self, text, found):
        student = eager(wants_suggestions=False)
        students.save_alert(actor=student.user, details=AlertDetails(name="a", text=text))
        publish()
        assert told(student) == (["alert.matched"] if found else [])

    def test_weak_fits_are_kept_but_not_announced(self):
        student = StudentFactory(programme_id=None, lat=None, lon=None)
        publish()
        assert Suggestion.objects.get(student=student).score < services.TELL_FROM_SCORE
        assert told(student) == []

    def test_an_index_that_does_not_know_of_a_protected_identity_yet_tells_and_stores_nothing(self):
        student, owner = eager(), eager()
        students.save_alert(actor=owner.user, details=AlertDetails(name="a"))
        offer = OfferFactory(state="submitted", submitted_at=NOW)
        for _ in range(2):  # the second question takes in the events that were there when the index was built
            get_engine().students_for(offer.pk)
        Student.objects.update(is_protected=True, alias="Elev")
        publish(offer)
        assert get_engine().students_for(offer.pk) != []
        assert not Suggestion.objects.exists()
        assert told(student) == told(owner) == []
        assert selectors.count_students_suggested(offer) is None

    @pytest.mark.parametrize("state", ["paused", "closed", "draft"])
    def test_an_offer_that_is_not_open_any_more_finds_nobody(self, state):
        eager()
        offer = OfferFactory(state="submitted", submitted_at=NOW)
        offers.publish_offer(actor=CoordinatorFactory(), offer_id=offer.pk)
        Offer.objects.update(state=state)
        handle_events()
        assert not Suggestion.objects.exists()


class TestForbiddenWork:
    MINOR = date(2010, 3, 1)

    def test_is_neither_suggested_nor_told_of(self):
        minor, adult = eager(birth_date=self.MINOR), eager()
        students.save_alert(actor=minor.user, details=AlertDetails(name="a"))
        offer = OfferFactory(state="submitted", submitted_at=NOW)
        offer.hazards.set(["QUARTZ_DUST"])
        publish(offer)
        assert [row.student for row in Suggestion.objects.all()] == [adult]
        assert told(minor) == []

    def test_new_risks_take_the_suggestion_away(self):
        minor, adult = eager(birth_date=self.MINOR), eager()
        offer = publish()
        assert selectors.list_suggestions_for(minor)
        TrustedOrganisation.objects.create(municipality_id=FINSPANG, organisation=offer.organisation)
        MunicipalitySettings.objects.create(municipality_id=FINSPANG, trusted_may_publish=True)
        period = offer.periods.get()
        offers.update_offer(
            actor=MembershipFactory(organisation=offer.organisation).user,
            offer_id=offer.pk,
            details=OfferDetails(
                workplace_id=offer.workplace_id,
                form="apl",
                title=offer.title,
                tasks=offer.tasks,
                occupation="7223",
                hazards=["QUARTZ_DUST"],
            ),
            periods=[PeriodDetails(start=period.start, end=period.end, seats=2, pk=period.pk)],
        )
        handle_events()
        offer.refresh_from_db()
        assert offer.is_open
        assert selectors.list_suggestions_for(minor) == []
        assert len(selectors.list_suggestions_for(adult)) == 1

    def test_an_alert_follows_the_age_of_its_owner(self):
        student = eager(birth_date=date(2008, 3, 1), wants_suggestions=False)
        students.save_alert(actor=student.user, details=AlertDetails(name="a"))
        for _ in range(2):  # the second question takes in the events that were there when the index was built
            get_engine().alerts_for(0)
        students.save_profile(actor=student.user, details=students.ProfileDetails(birth_date=self.MINOR, forms=["apl"]))
        offer = OfferFactory(state="submitted", submitted_at=NOW)
        offer.hazards.set(["QUARTZ_DUST"])
        publish(offer)
        assert told(student) == []


class TestDismissed:
    @pytest.fixture
    def student(self):
        return eager()

    @pytest.fixture
    def offer(self, student):
        return publish()

    def dismiss(self, student):
        return services.dismiss_suggestion(
            actor=student.user, suggestion_id=selectors.list_suggestions_for(student)[0].pk
        )

    def test_stays_dismissed_whatever_is_computed_anew(self, student, offer):
        suggestion = self.dismiss(student)
        assert selectors.list_suggestions_for(student) == []
        services.suggest_for_student(student_id=student.pk)
        member = MembershipFactory(organisation=offer.organisation).user
        offers.pause_offer(actor=member, offer_id=offer.pk)
        services.suggest_for_student(student_id=student.pk)
        offers.resume_offer(actor=member, offer_id=offer.pk)
        handle_events()
        assert selectors.list_suggestions_for(student) == []
        suggestion.refresh_from_db()
        assert suggestion.dismissed_at == NOW

    def test_can_be_undone(self, student, offer):
        suggestion = self.dismiss(student)
        services.dismiss_suggestion(actor=student.user, suggestion_id=suggestion.pk, undo=True)
        assert selectors.list_suggestions_for(student) == [suggestion]

    def test_is_the_students_own_doing(self, student, offer):
        pk = Suggestion.objects.get().pk
        refused("suggestion.unknown", services.dismiss_suggestion, actor=eager().user, suggestion_id=pk)


class TestLists:
    def test_what_is_full_closed_passed_or_applied_for_is_not_listed(self):
        student = eager()
        offer = publish()
        period = offer.periods.get()
        assert len(selectors.list_suggestions_for(student)) == 1
        for undo, change in (
            ({"state": "published"}, {"state": "paused"}),
            ({"apply_by": None}, {"apply_by": date(2026, 11, 22)}),
        ):
            Offer.objects.update(**change)
            assert selectors.list_suggestions_for(student) == []
            Offer.objects.update(**undo)
        offer.periods.update(taken=2)
        assert selectors.list_suggestions_for(student) == []
        offer.periods.update(taken=0)
        applications.submit_application(actor=student.user, period_id=period.pk)
        assert selectors.list_suggestions_for(student) == []

    def test_a_change_of_the_profile_replaces_what_was_suggested(self):
        student = eager()
        publish()
        details = students.ProfileDetails(birth_date=date(2008, 3, 1), municipality_code=FINSPANG, forms=["praktik"])
        students.save_profile(actor=student.user, details=details)
        handle_events()
        assert not Suggestion.objects.exists()

    def test_those_who_changed_nothing_get_theirs_once_a_day(self, frozen_clock):
        student = eager()
        StudentFactory(is_protected=True, alias="Elev")
        OfferFactory()
        assert scheduled_tasks.refresh() == 1
        assert scheduled_tasks.refresh() == 0
        assert len(selectors.list_suggestions_for(student)) == 1
        frozen_clock.shift(timedelta(hours=25))
        assert scheduled_tasks.refresh() == 1

    def test_a_student_who_becomes_protected_loses_them_at_the_next_computation(self):
        student = eager()
        publish()
        Student.objects.update(is_protected=True, alias="Elev")
        assert services.suggest_for_student(student_id=student.pk) == 0
        assert not Suggestion.objects.exists()

    @pytest.mark.parametrize("number", [2, 15])
    def test_a_list_with_its_reasons_takes_a_constant_number_of_queries(self, number, django_assert_num_queries):
        student = eager(skills=["cnc"])
        for _ in range(number):
            OfferFactory(skills=["cnc"])
        services.suggest_for_student(student_id=student.pk)
        with django_assert_num_queries(3):
            found = selectors.list_suggestions_for(student)
            texts = selectors.reasons_texts(found)
            for row in found:
                assert row.offer.organisation.name
                assert row.offer.workplace.municipality.name
                assert [period.free for period in row.offer.periods.all()]
                assert texts[row.pk]
        assert len(found) == number


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("interest", ["7223", "7222", None])
def test_reasons_are_whole_sentences_in_both_languages(language, interest):
    student = StudentFactory(skills=["cnc"])
    student.interests.set([interest] if interest else [])
    offer = OfferFactory(skills=["cnc", "ritning"])
    offer.programmes.set(["IN25"])
    services.suggest_for_student(student_id=student.pk)
    suggestion = Suggestion.objects.get()
    codes = [reason["code"] for reason in suggestion.reasons]
    assert codes[0] == "programme"
    assert {"skills", "distance", "period"} <= set(codes)
    assert len({"occupation", "related_occupation", "field"} & set(codes)) == 1
    with translation.override(language):
        texts = selectors.reasons_text(suggestion)
        name = str(offer.occupation.name)
        assert len(texts) == len(codes)
        assert any(name in text for text in texts)
    for text in texts:
        assert text.strip()
        assert not text.rstrip().endswith(":")
        assert "%(" not in text
        assert "None" not in text


def test_an_alert_without_an_active_owner_is_silent():
    student = eager(user__is_active=False)
    Alert.objects.create(student=student, name="a")
    publish()
    assert told(student) == []


def test_a_place_in_several_periods_is_one_suggestion():
    eager()
    offer = OfferFactory(state="submitted", submitted_at=NOW)
    PeriodFactory(offer=offer, start=date(2027, 4, 5), end=date(2027, 4, 30))
    publish(offer)
    assert Suggestion.objects.count() == 1
