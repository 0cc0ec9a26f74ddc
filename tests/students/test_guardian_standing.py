"""Who says that somebody is a guardian, what that opens, and how a guardian is removed."""

from datetime import date
from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction

from backend.accounts.models import User
from backend.common.models import LogEntry
from backend.notifications import registry
from backend.notifications.ledger import _people
from backend.notifications.models import Notification, ReminderStep
from backend.students import guardians, policies, selectors, services
from backend.students.models import GuardianConsent, Guardianship
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


@pytest.fixture
def student():
    return StudentFactory(birth_date=SIXTEEN)


def name(actor, student, email="vuxen@home.example", called="Vera Vuxen"):
    return services.add_guardian(actor=actor, student_id=student.pk, email=email, name=called)


class TestNaming:
    def test_whom_the_school_names_counts_and_whom_the_student_names_waits(self, student):
        coordinator = CoordinatorFactory()
        by_school = name(coordinator, student, "skolan@home.example")
        by_student = name(student.user, student, "eleven@home.example")
        assert (by_school.named_by, by_school.confirmation, by_school.confirmed_at, by_school.confirmed_by) == (
            "school",
            "school",
            NOW,
            coordinator,
        )
        assert (by_student.named_by, by_student.confirmation, by_student.confirmed_at) == ("student", "", None)

    def test_a_yes_of_an_unconfirmed_one_opens_nothing_until_the_school_confirms(self, student):
        row = name(student.user, student)
        services.give_consent(actor=row.guardian, guardianship_id=row.pk)
        assert selectors.consent_is_missing(student)
        guardians.confirm_guardian(actor=CoordinatorFactory(), guardianship_id=row.pk)
        assert not selectors.consent_is_missing(student)

    def test_whom_the_student_has_named_is_confirmed_when_the_school_names_them(self, student):
        row = name(student.user, student)
        assert name(CoordinatorFactory(), student, " VUXEN@home.example ") == row
        row.refresh_from_db()
        assert (row.named_by, row.confirmation) == ("student", "school")
        assert Notification.objects.filter(kind="consent.asked").count() == 1

    def test_an_account_that_exists_keeps_its_name_to_itself(self, student):
        known = UserFactory(name="Namn Från Kontot", email="okand@home.example")
        row = name(student.user, student, known.email, "Mamma")
        assert (row.guardian, row.named_as) == (known, "Mamma")
        known.refresh_from_db()
        assert known.name == "Namn Från Kontot"

    def test_a_ledger_names_an_account_once_its_owner_has_accepted(self, student):
        known = UserFactory(name="Namn Från Kontot")
        row = name(student.user, student, known.email, "Mamma")
        coordinator = CoordinatorFactory()

        def is_known():
            return any(known.pk in set(people.known_to(coordinator)) for people in _people)

        assert not is_known()
        guardians.accept_guardianship(actor=known, guardianship_id=row.pk)
        assert is_known()

    def test_the_schools_word_goes_before_that_of_the_student(self, student):
        first, second = (name(student.user, student, f"{who}@home.example") for who in ("en", "tva"))
        services.give_consent(actor=first.guardian, guardianship_id=first.pk)
        third = name(CoordinatorFactory(), student, "skolan@home.example")
        assert set(student.guardianships.all()) == {first, third}, "the one who has not answered made way"
        assert not Guardianship.objects.filter(pk=second.pk).exists()
        refused(
            "guardian.too_many",
            services.add_guardian,
            actor=CoordinatorFactory(),
            student_id=student.pk,
            email="fyra@home.example",
            name="Fyra",
        )

    def test_being_named_keeps_nobody_from_being_a_student(self):
        classmate = StudentFactory(birth_date=SIXTEEN)
        row = name(classmate.user, classmate, "kamrat@home.example", "Kamrat")
        details = services.ProfileDetails(birth_date=SIXTEEN, municipality_code="0562", forms=["apl"])
        assert services.save_profile(actor=row.guardian, details=details).pk


class TestAccepting:
    def test_before_they_have_said_so_they_are_no_guardian(self, student):
        row = name(CoordinatorFactory(), student)
        assert not policies.is_guardian_of(row.guardian, student)
        assert selectors.list_guardians_of(student) == []
        guardians.accept_guardianship(actor=row.guardian, guardianship_id=row.pk)
        guardians.accept_guardianship(actor=row.guardian, guardianship_id=row.pk)
        assert policies.is_guardian_of(row.guardian, student)
        assert selectors.list_guardians_of(student) == [row.guardian]
        assert LogEntry.objects.filter(action="guardian.accepted").count() == 1
        assert not GuardianConsent.objects.exists()

    def test_a_consent_says_it_too(self, student):
        row = name(CoordinatorFactory(), student)
        services.give_consent(actor=row.guardian, guardianship_id=row.pk)
        row.refresh_from_db()
        assert row.accepted_at == NOW

    def test_nobody_accepts_for_another(self, student):
        row = name(CoordinatorFactory(), student)
        for user in (student.user, CoordinatorFactory(), UserFactory()):
            refused("guardian.unknown", guardians.accept_guardianship, actor=user, guardianship_id=row.pk)


class TestConfirming:
    def test_who_confirmed_and_when_is_kept_and_logged(self, student):
        row, coordinator = name(student.user, student), CoordinatorFactory()
        for _twice in range(2):
            guardians.confirm_guardian(actor=coordinator, guardianship_id=row.pk)
        row.refresh_from_db()
        assert (row.confirmation, row.confirmed_at, row.confirmed_by) == ("coordinator", NOW, coordinator)
        entry = LogEntry.objects.get(action="guardian.confirmed")
        assert (entry.actor, entry.data) == (coordinator, {"how": "coordinator"})

    def test_neither_the_student_nor_the_guardian_nor_anybody_elsewhere(self, student):
        CoordinatorFactory()
        row = name(student.user, student)
        elsewhere = (CoordinatorFactory(municipality="0882"), NetworkOfficerFactory(), MembershipFactory().user)
        for user in (student.user, row.guardian, *elsewhere):
            refused("guardian.unknown", guardians.confirm_guardian, actor=user, guardianship_id=row.pk)
        row.refresh_from_db()
        assert not row.is_confirmed

    def test_the_network_office_where_there_is_no_coordinator(self):
        alone = StudentFactory(birth_date=SIXTEEN, municipality_id="0882")
        row = name(alone.user, alone)
        guardians.confirm_guardian(actor=NetworkOfficerFactory(), guardianship_id=row.pk)
        row.refresh_from_db()
        assert row.is_confirmed

    def test_of_a_protected_student_only_with_a_grant(self):
        hidden = StudentFactory(birth_date=SIXTEEN, is_protected=True, alias="Elev 7")
        row = name(hidden.user, hidden)
        for user in (CoordinatorFactory(), NetworkOfficerFactory()):
            refused("guardian.unknown", guardians.confirm_guardian, actor=user, guardianship_id=row.pk)

    def test_of_somebody_grown_up(self, student, frozen_clock):
        row = name(student.user, student)
        frozen_clock.move_to(NOW.replace(year=2028))
        refused("guardian.adult", guardians.confirm_guardian, actor=CoordinatorFactory(), guardianship_id=row.pk)

    def test_the_tables_want_the_moment_with_the_way(self, student):
        for fields in ({"confirmation": "coordinator"}, {"confirmed_at": NOW}, {"named_by": "neighbour"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Guardianship.objects.create(student=student, guardian=UserFactory(), **fields)


class TestRemoving:
    def test_the_school_removes_one_and_the_student_is_told(self, student):
        row = GuardianshipFactory(student=student)
        services.give_consent(actor=row.guardian, guardianship_id=row.pk)
        guardians.remove_guardian(actor=CoordinatorFactory(), guardianship_id=row.pk)
        assert not student.guardianships.exists()
        assert not policies.is_guardian_of(row.guardian, student)
        assert selectors.consent_is_missing(student)
        told = Notification.objects.get(kind="guardian.removed")
        assert told.recipient == student.user

    def test_what_was_given_stays_in_the_log(self, student):
        row = GuardianshipFactory(student=student)
        services.give_consent(actor=row.guardian, guardianship_id=row.pk, method="login")
        guardians.remove_guardian(actor=CoordinatorFactory(), guardianship_id=row.pk)
        [kept] = LogEntry.objects.get(action="guardian.removed").data["consents"]
        assert kept == {
            "version": services.CONSENT_TEXT_VERSION,
            "method": "login",
            "given": NOW.isoformat(),
            "withdrawn": "",
        }

    def test_the_student_as_long_as_nobody_has_confirmed_it(self, student):
        row = name(student.user, student)
        guardians.remove_guardian(actor=student.user, guardianship_id=row.pk)
        assert not Guardianship.objects.exists()
        assert not Notification.objects.filter(kind="guardian.removed").exists(), "the student did it"
        again = name(student.user, student)
        guardians.confirm_guardian(actor=CoordinatorFactory(), guardianship_id=again.pk)
        refused("guardian.confirmed", guardians.remove_guardian, actor=student.user, guardianship_id=again.pk)
        assert Guardianship.objects.filter(pk=again.pk).exists()

    def test_somebody_who_is_not_the_guardian_says_so(self, student):
        row = name(student.user, student)
        guardians.remove_guardian(actor=row.guardian, guardianship_id=row.pk)
        assert Notification.objects.get(kind="guardian.removed").recipient == student.user

    def test_nobody_else(self, student):
        row = GuardianshipFactory(student=student)
        other = GuardianshipFactory(student=student)
        CoordinatorFactory()
        elsewhere = (CoordinatorFactory(municipality="0882"), NetworkOfficerFactory(), MembershipFactory().user)
        for user in (other.guardian, StudentFactory().user, *elsewhere):
            refused("guardian.unknown", guardians.remove_guardian, actor=user, guardianship_id=row.pk)

    def test_reminders_end_and_a_mail_on_its_way_is_not_sent(self, student):
        row = name(student.user, student)
        asked = Notification.objects.get(kind="consent.asked")
        assert registry.get("consent.asked").still_relevant(asked) == ""
        assert ReminderStep.objects.filter(state="waiting").exists()
        guardians.remove_guardian(actor=student.user, guardianship_id=row.pk)
        assert registry.get("consent.asked").still_relevant(asked) == "already_done"
        assert not ReminderStep.objects.filter(state="waiting").exists()


class TestTakingBack:
    def test_the_coordinator_is_told_and_nobody_elsewhere(self, student):
        coordinator, _elsewhere = CoordinatorFactory(), CoordinatorFactory(municipality="0882")
        row = GuardianshipFactory(student=student)
        services.give_consent(actor=row.guardian, guardianship_id=row.pk)
        services.withdraw_consent(actor=row.guardian, guardianship_id=row.pk)
        assert [each.recipient for each in Notification.objects.filter(kind="consent.taken_back")] == [coordinator]

    def test_of_a_protected_student_no_coordinator_without_a_grant(self):
        CoordinatorFactory()
        row = GuardianshipFactory(student__is_protected=True, student__alias="Elev 7")
        services.give_consent(actor=row.guardian, guardianship_id=row.pk)
        services.withdraw_consent(actor=row.guardian, guardianship_id=row.pk)
        assert not Notification.objects.filter(kind="consent.taken_back").exists()


def test_those_there_were_already_are_told_apart_by_the_log():
    """What the migration writes: whom the school had named counts, whom the student had named waits."""
    student, coordinator = StudentFactory(birth_date=SIXTEEN), CoordinatorFactory()
    by_school = name(coordinator, student, "skolan@home.example")
    by_student = name(student.user, student, "eleven@home.example")
    services.give_consent(actor=by_student.guardian, guardianship_id=by_student.pk)
    blank = {"named_as": "", "named_by": "student", "confirmation": "", "confirmed_at": None, "accepted_at": None}
    Guardianship.objects.update(**blank)
    migration = import_module("backend.students.migrations.0006_guardians_confirmed")
    with connection.cursor() as cursor:
        for statement in (migration.WHO_NAMED_THEM, migration.WHAT_THEY_ARE_CALLED, migration.WHO_HAS_ACCEPTED):
            cursor.execute(statement)
    by_school.refresh_from_db()
    by_student.refresh_from_db()
    assert (by_school.confirmation, by_school.named_by, by_school.accepted_at) == ("school", "school", None)
    assert (by_student.confirmation, by_student.named_by, by_student.accepted_at) == ("", "student", NOW)
    assert by_school.named_as == User.objects.get(email="skolan@home.example").name


class TestNumbers:
    """The number one calls when a guardian does not answer."""

    def test_the_school_corrects_name_and_number_and_the_log_holds_neither(self, student):
        row = name(student.user, student)
        guardians.update_guardian(
            actor=CoordinatorFactory(), guardianship_id=row.pk, name=" Vera  Lind ", phone="070-174 06 05"
        )
        row.refresh_from_db()
        assert (row.named_as, row.phone) == ("Vera Lind", "+46701740605")
        entry = LogEntry.objects.get(action="guardian.changed")
        assert entry.data == {"fields": ["named_as", "phone"]}

    @pytest.mark.parametrize("who", ["student", "guardian", "other coordinator", "employer"])
    def test_nobody_else_does(self, student, who):
        row = name(CoordinatorFactory(), student)
        actors = {
            "student": student.user,
            "guardian": row.guardian,
            "other coordinator": CoordinatorFactory(municipality="0180"),
            "employer": MembershipFactory().user,
        }
        update = guardians.update_guardian
        refused("guardian.unknown", update, actor=actors[who], guardianship_id=row.pk, name="X", phone="")

    @pytest.mark.parametrize(
        ("data", "code", "field"),
        [
            ({"name": "", "phone": ""}, "guardian.no_name", "name"),
            ({"name": "x" * 121, "phone": ""}, "guardian.too_long", "name"),
            ({"name": "Vera", "phone": "ring Vera"}, "phone.not_valid", "phone"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, student, data, code, field):
        row = name(CoordinatorFactory(), student)
        update, school = guardians.update_guardian, CoordinatorFactory()
        refused(code, update, field=field, actor=school, guardianship_id=row.pk, **data)

    def test_a_student_who_names_again_does_not_change_the_schools_number(self, student):
        row = services.add_guardian(
            actor=CoordinatorFactory(), student_id=student.pk, email="v@home.example", name="V", phone="070-174 06 05"
        )
        services.add_guardian(
            actor=student.user, student_id=student.pk, email="v@home.example", name="V", phone="070-174 06 99"
        )
        row.refresh_from_db()
        assert row.phone == "+46701740605"
