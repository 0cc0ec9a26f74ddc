"""Protected identity: who may set and know it, by which grant, and that nobody else learns of it anywhere."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from backend.accounts import services as accounts
from backend.accounts.models import ProtectedGrant
from backend.accounts.policies import protected_municipalities_of
from backend.applications import services as applications
from backend.applications.board import classes_of, students_of
from backend.applications.policies import visible_to
from backend.common.models import DomainEvent, LogEntry
from backend.notifications.models import Notification
from backend.notifications.registry import get
from backend.placements import selectors, services
from backend.placements.models import Match
from backend.placements.policies import can_decide_match, matches_visible_to
from backend.students import policies, protection
from backend.students.models import Student
from backend.suggestions.models import Suggestion
from backend.suggestions.services import dismiss_suggestion, suggest_for_student
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    PeriodFactory,
    StudentFactory,
    UserFactory,
)
from tests.factories.refusals import refused
from tests.factories.rows import FINSPANG
from tests.factories.work import handle_events

pytestmark = pytest.mark.django_db

LAST_DAY = date(2027, 6, 30)


def grant_to(user, place=FINSPANG, until=LAST_DAY, by=None):
    return accounts.give_grant(
        actor=by or NetworkOfficerFactory(), user=user, municipality_code=place, valid_until=until, reason="Ansvarig."
    )


@pytest.fixture
def granted():
    user = CoordinatorFactory(name="Gunnel Grant")
    grant_to(user)
    return user


@pytest.fixture
def other():
    return CoordinatorFactory(name="Olle Ovetande")


def hide(student, actor):
    return protection.set_protected_identity(actor=actor, student_id=student.pk, reason="Skyddade uppgifter.")


def accepted(student):
    period = PeriodFactory()
    owner = MembershipFactory(organisation=period.offer.organisation).user
    application = applications.submit_application(actor=student.user, period_id=period.pk)
    applications.offer_seat(actor=owner, application_id=application.pk)
    return applications.accept_seat(actor=student.user, application_id=application.pk)


class TestGrants:
    def test_it_holds_through_its_last_day(self, granted, frozen_clock):
        assert protected_municipalities_of(granted) == {FINSPANG}
        frozen_clock.move_to("2027-06-30 20:00:00+00:00")
        assert protected_municipalities_of(granted) == {FINSPANG}
        frozen_clock.move_to("2027-06-30 22:30:00+00:00")  # the first of July in Sweden
        assert protected_municipalities_of(granted) == set()

    def test_taken_back_it_ends_at_once(self, granted):
        accounts.revoke_grant(actor=NetworkOfficerFactory(), grant_id=ProtectedGrant.objects.get().pk)
        assert protected_municipalities_of(granted) == set()
        refused(
            "grant.revoked",
            accounts.revoke_grant,
            actor=NetworkOfficerFactory(),
            grant_id=ProtectedGrant.objects.get().pk,
        )

    def test_who_is_no_coordinator_any_more_knows_nothing(self, granted):
        granted.roles.all().delete()
        assert protected_municipalities_of(type(granted).objects.get(pk=granted.pk)) == set()

    def test_only_the_network_office_gives_and_takes_back(self, granted, other):
        for actor in (granted, other, UserFactory()):
            refused("grant.not_allowed", grant_to, user=other, by=actor)
            refused("grant.not_allowed", accounts.revoke_grant, actor=actor, grant_id=ProtectedGrant.objects.get().pk)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"place": "0882"}, "user"),
            ({"until": date(2026, 11, 22)}, "valid_until"),
            ({"until": date(2027, 11, 30)}, "valid_until"),
        ],
    )
    def test_bad_input(self, other, changes, field):
        code = {"user": "grant.not_coordinator", "valid_until": "grant.bad_day"}[field]
        refused(code, grant_to, user=other, field=field, **changes)

    def test_a_reason_is_needed(self, other):
        refused(
            "grant.no_reason",
            accounts.give_grant,
            actor=NetworkOfficerFactory(),
            user=other,
            municipality_code=FINSPANG,
            valid_until=LAST_DAY,
            reason=" ",
        )

    def test_one_at_a_time_and_never_to_oneself(self, granted):
        refused("grant.exists", grant_to, user=granted)
        both = NetworkOfficerFactory()
        both.roles.create(kind="coordinator", municipality_id=FINSPANG)
        refused("grant.self", grant_to, user=both, by=both)
        with pytest.raises(IntegrityError, match="nobody_grants_to_themselves"), transaction.atomic():
            ProtectedGrant.objects.update(granted_by=granted)

    def test_one_that_has_run_out_gives_way(self, granted, frozen_clock):
        frozen_clock.move_to("2027-07-15 09:00:00+00:00")
        grant_to(granted, until=date(2027, 12, 31))
        assert protected_municipalities_of(granted) == {FINSPANG}

    def test_it_is_in_the_log(self, granted):
        entry = LogEntry.objects.get(action="grant.given")
        assert (entry.reason, entry.data["user"]) == ("Ansvarig.", granted.pk)


class TestSetting:
    def test_only_with_a_grant_of_the_own_municipality(self, granted, other):
        student = StudentFactory()
        strangers = [other, CoordinatorFactory(municipality="2580"), NetworkOfficerFactory(), student.user]
        grant_to(strangers[1], place="2580")
        for actor in strangers:
            refused(
                "student.unknown",
                protection.set_protected_identity,
                actor=actor,
                student_id=student.pk,
                reason="Skyddade uppgifter.",
            )
        hidden = hide(student, granted)
        assert hidden.is_protected
        assert hidden.alias.startswith("Student ")
        assert LogEntry.objects.get(action="student.protected").actor == granted
        for actor in strangers:
            refused(
                "student.unknown",
                protection.clear_protected_identity,
                actor=actor,
                student_id=student.pk,
                reason="Inte skyddad.",
            )
        protection.clear_protected_identity(actor=granted, student_id=student.pk, reason="Inte längre.")
        student.refresh_from_db()
        assert (student.is_protected, student.alias) == (False, "")

    @pytest.mark.parametrize("alias", ["Maja", "elev lind", "M. LIND"])
    def test_an_alias_holds_no_part_of_the_name(self, granted, alias):
        student = StudentFactory(user=UserFactory(name="Maja Lind"))
        refused(
            "student.alias_names",
            protection.set_protected_identity,
            field="alias",
            actor=granted,
            student_id=student.pk,
            reason="Skyddade uppgifter.",
            alias=alias,
        )

    def test_no_event_says_who_is_protected(self, granted):
        before = set(DomainEvent.objects.values_list("pk", flat=True))
        hide(StudentFactory(), granted)
        kinds = DomainEvent.objects.exclude(pk__in=before).values_list("kind", flat=True)
        assert set(kinds) == {"student.profile_saved"}

    def test_suggestions_end_the_dismissed_ones_too(self, granted):
        student = StudentFactory()
        OfferFactory()
        suggest_for_student(student_id=student.pk)
        dismiss_suggestion(actor=student.user, suggestion_id=Suggestion.objects.get(student=student).pk)
        hide(student, granted)
        handle_events()
        assert not Suggestion.objects.filter(student=student).exists()


class TestNowhere:
    """Lists and counts leave the student out, for those with a grant as for everyone."""

    @pytest.fixture
    def hidden(self, granted):
        student = StudentFactory(user=UserFactory(name="Hemliga Hanna"), class_name="IN2")
        application = accepted(student)
        hide(student, granted)
        return application

    def test_lists_and_counts(self, hidden, granted, other):
        StudentFactory(class_name="IN2")
        for user in (granted, other, NetworkOfficerFactory()):
            assert hidden.student not in students_of(user)
            assert not visible_to(user).exists()
            assert not matches_visible_to(user).exists()
            assert not selectors.list_matches_to_decide(user).exists()
        assert [(row.class_name, row.total) for row in classes_of(granted)] == [("IN2", 1)]
        assert [row.total for row in classes_of(other)] == [1]

    def test_the_organisation_sees_the_alias(self, hidden):
        owner = hidden.period.offer.organisation.memberships.get().user
        student = Student.objects.get(pk=hidden.student_id)
        for row in Notification.objects.filter(recipient=owner):
            kind = get(row.kind)
            assert "Hanna" not in f"{kind.title(row)} {kind.context(row)}"
        assert student.display_name == student.alias

    def test_one_with_a_grant_decides_and_ends_and_others_do_not(self, hidden, granted, other):
        match = Match.objects.get()
        assert list(selectors.list_protected_matches(granted)) == [match]
        assert not selectors.list_protected_matches(other).exists()
        assert can_decide_match(granted, match)
        refused("match.unknown", services.approve_match, actor=other, match_id=match.pk)
        refused("match.unknown", services.approve_match, actor=NetworkOfficerFactory(), match_id=match.pk)
        placement = services.approve_match(actor=granted, match_id=match.pk)
        refused("match.unknown", services.undo_match_approval, actor=other, match_id=match.pk)
        assert not selectors.list_undoable_decisions(granted).exists()
        refused("placement.unknown", services.end_placement, actor=other, placement_id=placement.pk, reason="Nej.")
        services.end_placement(actor=granted, placement_id=placement.pk, reason="Flytt.")

    def test_a_grant_that_ended_opens_nothing(self, hidden, granted, frozen_clock):
        frozen_clock.shift(timedelta(days=400))
        match = Match.objects.get()
        assert not can_decide_match(granted, match)
        assert not protection.protected_students_of(granted).exists()
        assert not policies.can_coordinate(granted, match.student)


class TestTold:
    def test_a_match_goes_to_those_with_a_grant_alone(self, granted, other):
        student = StudentFactory(user=UserFactory(name="Hemliga Hanna"))
        hide(student, granted)
        accepted(Student.objects.get(pk=student.pk))
        row = Notification.objects.get(kind="match.proposed")
        assert row.recipient == granted
        words = f"{get(row.kind).title(row)} {get(row.kind).context(row)}"
        assert "Hanna" not in words
        assert Student.objects.get(pk=student.pk).alias in words

    def test_without_anyone_the_network_office_learns_that_a_grant_is_needed(self, other):
        office = NetworkOfficerFactory()
        accepted(StudentFactory(user=UserFactory(name="Hemliga Hanna"), is_protected=True, alias="Student KXBR"))
        assert not Notification.objects.filter(kind="match.proposed").exists()
        row = Notification.objects.get(kind="match.grant_needed")
        words = f"{get(row.kind).title(row)} {get(row.kind).context(row)}"
        assert row.recipient == office
        assert "Finspång" in words
        assert "Hanna" not in words
        assert "KXBR" not in words

    def test_silence_is_told_to_those_with_a_grant_alone(self, granted, other):
        student = StudentFactory(is_protected=True, alias="Student KXBR")
        application = applications.submit_application(actor=student.user, period_id=PeriodFactory().pk)
        applications.escalate_silence(application_id=application.pk)
        told = Notification.objects.filter(kind="application.escalated").values_list("recipient", flat=True)
        assert list(told) == [granted.pk]


def test_every_look_is_a_row(granted):
    student = StudentFactory(is_protected=True, alias="Student KXBR")
    protection.record_look(actor=granted)
    protection.record_look(actor=granted, student=student)
    assert [entry.action for entry in protection.looks_at(student)] == ["protected.viewed"]
    assert [entry.action for entry in protection.list_looks()] == ["protected.viewed", "protected.listed"]
