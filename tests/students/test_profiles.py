"""What students say about themselves and what they want to hear about."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from backend.common.models import DomainEvent, LogEntry
from backend.students import services
from backend.students.models import Alert, Availability, Student
from backend.students.services import AlertDetails, ProfileDetails
from tests.factories import StudentFactory, UserFactory
from tests.factories.refusals import refused
from tests.factories.rows import FINSPANG

pytestmark = pytest.mark.django_db

BORN = date(2009, 5, 1)


def profile(**changes):
    return ProfileDetails(**{"birth_date": BORN, "municipality_code": FINSPANG, "forms": ["apl"]} | changes)


class TestProfile:
    def test_everything_is_kept(self):
        user = UserFactory()
        details = profile(
            programme="IN",
            interests=["7223"],
            skills=[" CNC ", "cnc", ""],
            languages=["sv", "en", "sv"],
            availability=[(date(2027, 1, 25), date(2027, 2, 19))],
            lat=58.70499,
            lon=15.76901,
            max_distance_km=30,
        )
        student = services.save_profile(actor=user, details=details, name=" Kim Alm ")
        student.refresh_from_db()
        assert (student.user.name, student.skills, student.languages) == ("Kim Alm", ["cnc"], ["sv", "en"])
        assert (student.lat, student.lon) == (58.7, 15.77)
        assert [form.pk for form in student.forms.all()] == ["apl"]
        assert [group.pk for group in student.interests.all()] == ["7223"]
        assert student.availabilities.get().end == date(2027, 2, 19)
        assert LogEntry.objects.get().action == DomainEvent.objects.get().kind == "student.profile_saved"

    def test_saving_again_changes_the_same_student(self):
        user = UserFactory()
        services.save_profile(
            actor=user, details=profile(availability=[(date(2027, 1, 25), date(2027, 2, 19))], interests=["7223"])
        )
        services.save_profile(actor=user, details=profile(forms=["praktik"]))
        student = Student.objects.get()
        assert [form.pk for form in student.forms.all()] == ["praktik"]
        assert not student.interests.exists()
        assert not Availability.objects.exists()

    def test_without_a_position_journeys_start_in_the_middle_of_the_municipality(self):
        student = services.save_profile(actor=UserFactory(), details=profile())
        assert student.lat == round(student.municipality.lat, 2)
        outside = services.save_profile(actor=UserFactory(), details=profile(municipality_code=""))
        assert (outside.municipality, outside.lat, outside.lon) == (None, None, None)

    @pytest.mark.parametrize(
        ("change", "code", "field"),
        [
            ({"birth_date": date(2015, 1, 1)}, "profile.bad_birth_date", "birth_date"),
            ({"birth_date": date(2027, 1, 1)}, "profile.bad_birth_date", "birth_date"),
            ({"birth_date": date(1945, 12, 31)}, "profile.bad_birth_date", "birth_date"),
            ({"forms": []}, "profile.no_form", "forms"),
            ({"forms": ["apl", "okänd"]}, "profile.unknown_code", "forms"),
            ({"interests": ["0000"]}, "profile.unknown_code", "interests"),
            ({"programme": "XX"}, "profile.unknown_programme", "programme"),
            ({"municipality_code": "562"}, "municipality.unknown", "municipality"),
            ({"languages": ["svenska"]}, "profile.unknown_code", "languages"),
            ({"availability": [(date(2027, 2, 1), date(2027, 1, 1))]}, "profile.reversed", "availability"),
            ({"max_distance_km": 0}, "profile.bad_distance", "max_distance_km"),
            ({"max_distance_km": 2001}, "profile.bad_distance", "max_distance_km"),
            ({"lat": float("inf"), "lon": 15.0}, "profile.bad_position", "lat"),
            ({"lat": float("nan"), "lon": 15.0}, "profile.bad_position", "lat"),
            ({"lat": 58.0, "lon": 181.0}, "profile.bad_position", "lat"),
            ({"school": "x" * 121}, "profile.too_long", "school"),
            ({"class_name": "x" * 21}, "profile.too_long", "class_name"),
        ],
    )
    def test_mistakes_change_nothing(self, change, code, field):
        student = StudentFactory()
        name = student.user.name
        refused(
            code,
            services.save_profile,
            field=field,
            actor=student.user,
            details=profile(**change),
            name="Ett nytt namn",
        )
        student.user.refresh_from_db()
        assert student.user.name == name

    def test_a_name_that_is_too_long(self):
        refused(
            "profile.too_long",
            services.save_profile,
            field="name",
            actor=UserFactory(),
            details=profile(),
            name="x" * 121,
        )

    def test_the_oldest_and_the_youngest(self):
        for born in (date(1946, 1, 1), date(2014, 12, 31)):
            assert services.save_profile(actor=UserFactory(), details=profile(birth_date=born))

    def test_saving_does_not_touch_a_protected_identity(self):
        student = StudentFactory(is_protected=True, alias="Elev 7")
        services.save_profile(actor=student.user, details=profile())
        student.refresh_from_db()
        assert (student.is_protected, student.alias) == (True, "Elev 7")

    @pytest.mark.parametrize(
        ("change", "name"),
        [
            ({"is_protected": True, "alias": ""}, "protected_student_has_alias"),
        ],
    )
    def test_the_tables_own_rules(self, change, name):
        student = StudentFactory()
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Student.objects.update(**change)
        with pytest.raises(IntegrityError, match="availability_ends_after_start"), transaction.atomic():
            Availability.objects.create(student=student, start=date(2027, 2, 1), end=date(2027, 1, 1))


class TestAlerts:
    @pytest.fixture
    def student(self):
        return StudentFactory()

    def test_an_alert_is_kept_and_leaves_its_event(self, student):
        details = AlertDetails(
            name=" Svets ", text="svets", form="apl", group="7212", municipality_code="0882", radius_km=50
        )
        alert = services.save_alert(actor=student.user, details=details)
        alert.refresh_from_db()
        assert (alert.name, alert.form_id, alert.group_id) == ("Svets", "apl", "7212")
        assert (alert.municipality_id, alert.radius_km) == ("0882", 50)
        assert DomainEvent.objects.get().kind == "alert.saved"

    @pytest.mark.parametrize(
        ("change", "code", "field"),
        [
            ({"name": "  "}, "alert.no_name", "name"),
            ({"name": "x" * 81}, "alert.too_long", "name"),
            ({"text": "x" * 81}, "alert.too_long", "text"),
            ({"radius_km": 10}, "alert.no_place", "municipality"),
            ({"radius_km": 0, "municipality_code": FINSPANG}, "alert.bad_radius", "radius_km"),
            ({"radius_km": 2001, "municipality_code": FINSPANG}, "alert.bad_radius", "radius_km"),
            ({"municipality_code": "9999"}, "municipality.unknown", "municipality"),
            ({"form": "okänd"}, "alert.unknown_form", "form"),
            ({"group": "0000"}, "alert.unknown_group", "group"),
        ],
    )
    def test_mistakes(self, student, change, code, field):
        details = AlertDetails(**{"name": "Svets"} | change)
        refused(code, services.save_alert, field=field, actor=student.user, details=details)

    def test_twenty_at_most_and_a_change_is_no_new_one(self, student):
        alerts = [
            services.save_alert(actor=student.user, details=AlertDetails(name=str(number))) for number in range(20)
        ]
        refused("alert.too_many", services.save_alert, actor=student.user, details=AlertDetails(name="21"))
        services.save_alert(actor=student.user, details=AlertDetails(name="ny"), alert_id=alerts[0].pk)
        services.delete_alert(actor=student.user, alert_id=alerts[1].pk)
        assert services.save_alert(actor=student.user, details=AlertDetails(name="21"))

    def test_an_alert_is_its_owners(self, student):
        alert = services.save_alert(actor=student.user, details=AlertDetails(name="min"))
        other = StudentFactory().user
        refused(
            "alert.unknown",
            services.save_alert,
            actor=other,
            details=AlertDetails(name="din"),
            alert_id=alert.pk,
        )
        refused("alert.unknown", services.delete_alert, actor=other, alert_id=alert.pk)
        refused("alert.unknown", services.set_alert_active, actor=other, alert_id=alert.pk, is_active=False)

    def test_who_has_no_profile_has_no_alerts(self):
        refused("student.no_profile", services.save_alert, actor=UserFactory(), details=AlertDetails(name="a"))

    def test_paused_resumed_and_deleted(self, student):
        alert = services.save_alert(actor=student.user, details=AlertDetails(name="min"))
        assert not services.set_alert_active(actor=student.user, alert_id=alert.pk, is_active=False).is_active
        assert services.set_alert_active(actor=student.user, alert_id=alert.pk, is_active=True).is_active
        services.delete_alert(actor=student.user, alert_id=alert.pk)
        assert not Alert.objects.exists()
        actions = list(LogEntry.objects.values_list("action", flat=True))
        assert actions == ["alert.saved", "alert.paused", "alert.resumed", "alert.deleted"]
        assert DomainEvent.objects.filter(kind="alert.deleted", subject_id=alert.pk).exists()

    def test_the_table_wants_a_place_for_a_radius(self, student):
        with pytest.raises(IntegrityError, match="alert_radius_needs_a_place"), transaction.atomic():
            Alert.objects.create(student=student, name="a", radius_km=5)
