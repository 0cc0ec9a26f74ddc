"""Guardians and their consent, and those whose identity is protected."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from backend.accounts.models import User
from backend.common.models import DomainEvent, LogEntry
from backend.notifications.models import Notification
from backend.students import policies, selectors, services
from backend.students.models import GuardianConsent, Guardianship, Student
from tests.conftest import NOW
from tests.factories import (
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    StudentFactory,
    UserFactory,
)
from tests.factories.refusals import refused

pytestmark = pytest.mark.django_db

SIXTEEN = date(2010, 3, 1)


def add(actor, student, email="vuxen@home.example", name="Vera Vuxen"):
    return services.add_guardian(actor=actor, student_id=student.pk, email=email, name=name)


class TestGuardians:
    @pytest.fixture
    def student(self):
        return StudentFactory(birth_date=SIXTEEN)

    def test_a_guardian_is_asked_by_mail_and_needs_no_account_beforehand(self, student):
        guardianship = add(student.user, student)
        guardian = User.objects.get(email="vuxen@home.example")
        assert guardianship.guardian == guardian
        assert not guardian.has_usable_password()
        assert Notification.objects.get().kind == "consent.asked"
        assert Notification.objects.get().recipient == guardian

    def test_the_same_guardian_twice_is_asked_once(self, student):
        assert add(student.user, student) == add(student.user, student, email=" VUXEN@home.example ")
        assert Notification.objects.count() == LogEntry.objects.count() == 1

    def test_a_student_names_five_a_day_and_the_school_as_many_as_it_needs(self, student, frozen_clock):
        for number in range(services.MOST_NAMED_A_DAY):
            add(student.user, student, f"person{number}@home.example").delete()
        args = {"student_id": student.pk, "email": "en.till@home.example", "name": "En Till"}
        refused("guardian.too_many_today", services.add_guardian, actor=student.user, **args)
        add(CoordinatorFactory(), student, "skolan@home.example")
        frozen_clock.shift(timedelta(days=1, minutes=1))
        assert add(student.user, student, "en.till@home.example").pk

    def test_two_at_most(self, student):
        add(student.user, student, "en@home.example")
        add(student.user, student, "tva@home.example")
        refused(
            "guardian.too_many",
            services.add_guardian,
            actor=student.user,
            student_id=student.pk,
            email="tre@home.example",
            name="Tre",
        )

    def test_the_coordinator_may_name_one_and_nobody_else(self, student):
        assert add(CoordinatorFactory(), student)
        for user in (
            CoordinatorFactory(municipality="0882"),
            NetworkOfficerFactory(),
            StudentFactory().user,
            MembershipFactory().user,
        ):
            refused(
                "student.unknown",
                services.add_guardian,
                actor=user,
                student_id=student.pk,
                email="ny@home.example",
                name="Ny",
            )

    @pytest.mark.parametrize("email", ["", "vuxen", "a@b", "a@home.example\nBcc: b@home.example", "a b@home.example"])
    def test_a_bad_address(self, student, email):
        refused(
            "guardian.bad_email",
            services.add_guardian,
            field="email",
            actor=student.user,
            student_id=student.pk,
            email=email,
            name="Vera",
        )

    def test_nobody_is_the_own_guardian(self, student):
        refused(
            "guardian.self",
            services.add_guardian,
            field="email",
            actor=student.user,
            student_id=student.pk,
            email=f" {student.user.email.upper()} ",
            name="Jag",
        )

    @pytest.mark.parametrize(("born", "minor"), [(date(2008, 11, 23), False), (date(2008, 11, 24), True)])
    def test_from_the_eighteenth_birthday_there_is_no_guardian(self, born, minor):
        student = StudentFactory(birth_date=born)
        assert policies.is_minor(student) == minor
        if minor:
            assert add(student.user, student)
        else:
            refused(
                "guardian.adult",
                services.add_guardian,
                actor=student.user,
                student_id=student.pk,
                email="a@home.example",
                name="A",
            )


class TestConsent:
    @pytest.fixture
    def guardianship(self):
        return GuardianshipFactory()

    def test_given_taken_back_and_given_again(self, guardianship):
        student, guardian = guardianship.student, guardianship.guardian
        arguments = {"actor": guardian, "guardianship_id": guardianship.pk}
        assert selectors.consent_is_missing(student)
        first = services.give_consent(**arguments)
        assert services.give_consent(**arguments) == first
        assert (first.text_version, first.method, first.given_at) == (services.CONSENT_TEXT_VERSION, "link", NOW)
        assert not selectors.consent_is_missing(student)
        services.withdraw_consent(**arguments)
        services.withdraw_consent(**arguments)
        assert selectors.consent_is_missing(student)
        second = services.give_consent(**arguments)
        assert second != first
        assert list(LogEntry.objects.values_list("action", flat=True)) == [
            "consent.given",
            "consent.withdrawn",
            "consent.given",
        ]
        told = Notification.objects.filter(recipient=student.user).values_list("kind", flat=True)
        assert sorted(told) == ["consent.given", "consent.given", "consent.withdrawn"]
        assert GuardianConsent.objects.get(pk=first.pk).withdrawn_at == NOW

    def test_taking_back_what_was_never_given(self, guardianship):
        services.withdraw_consent(actor=guardianship.guardian, guardianship_id=guardianship.pk)
        assert not DomainEvent.objects.exists()

    def test_one_of_two_guardians_is_enough(self, guardianship):
        second = GuardianshipFactory(student=guardianship.student)
        services.give_consent(actor=second.guardian, guardianship_id=second.pk)
        assert not selectors.consent_is_missing(guardianship.student)

    @pytest.mark.parametrize("command", [services.give_consent, services.withdraw_consent])
    def test_nobody_answers_for_another(self, guardianship, command):
        for user in (
            guardianship.student.user,
            GuardianshipFactory(student=guardianship.student).guardian,
            CoordinatorFactory(),
            UserFactory(),
        ):
            refused("guardian.unknown", command, actor=user, guardianship_id=guardianship.pk)

    def test_from_eighteen_a_guardian_has_nothing_to_answer(self, guardianship, frozen_clock):
        arguments = {"actor": guardianship.guardian, "guardianship_id": guardianship.pk}
        services.give_consent(**arguments)
        frozen_clock.move_to(NOW.replace(year=2028))
        refused("guardian.unknown", services.withdraw_consent, **arguments)
        assert not selectors.consent_is_missing(guardianship.student)
        assert selectors.list_guardians_of(guardianship.student) == []

    def test_the_tables_keep_one_consent_in_force(self, guardianship):
        services.give_consent(actor=guardianship.guardian, guardianship_id=guardianship.pk)
        with pytest.raises(IntegrityError, match="one_consent_in_force"), transaction.atomic():
            GuardianConsent.objects.create(guardianship=guardianship, given_at=NOW + timedelta(days=1))
        with pytest.raises(IntegrityError, match="guardianship_once"), transaction.atomic():
            Guardianship.objects.create(student=guardianship.student, guardian=guardianship.guardian)


class TestProtectedIdentity:
    @pytest.fixture
    def hidden(self):
        return StudentFactory(is_protected=True, alias="Elev 7", birth_date=SIXTEEN)

    def test_an_employer_sees_the_alias(self, hidden):
        assert hidden.display_name == "Elev 7"
        assert StudentFactory().display_name != ""

    def test_absent_from_the_lists(self, hidden):
        seen = StudentFactory()
        assert list(Student.objects.unprotected()) == [seen]

    def test_not_even_the_own_municipality_coordinates_without_a_grant(self, hidden):
        assert not policies.can_coordinate(CoordinatorFactory(), hidden)
        refused(
            "student.unknown",
            services.add_guardian,
            actor=CoordinatorFactory(),
            student_id=hidden.pk,
            email="ny@home.example",
            name="Ny",
        )

    def test_nothing_about_the_person_in_events_and_logs(self, hidden):
        guardianship = add(hidden.user, hidden)
        services.give_consent(actor=guardianship.guardian, guardianship_id=guardianship.pk)
        rows = [*DomainEvent.objects.values_list("data", flat=True), *LogEntry.objects.values_list("data", "reason")]
        for word in (hidden.user.name, hidden.user.email, "vuxen", "Vera"):
            assert word not in str(rows)
