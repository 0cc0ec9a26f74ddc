"""Where a student's journeys start: a town or a point of about a kilometre, never a home."""

import pytest

from backend.exchange.class_import import FIELDS
from backend.reference.models import Municipality
from backend.reference.places import find_places
from backend.students import services
from backend.students.models import Student
from tests.exchange.files import CLASS_HEADINGS, CLASS_ROW, csv_file
from tests.exchange.test_imports import imported, upload_class
from tests.factories import CoordinatorFactory, UserFactory
from tests.organisations.test_organisations import refused
from tests.students.test_profiles import profile

pytestmark = pytest.mark.django_db


def home(student: Student) -> tuple[float | None, float | None, str, str]:
    student.refresh_from_db()
    return student.lat, student.lon, student.home_town, student.position_source


def middle(code: str = "0562") -> tuple[float, float, str, str]:
    town = Municipality.objects.get(pk=code)
    return round(town.lat, 2), round(town.lon, 2), "", "municipality"


class TestProfile:
    @pytest.mark.parametrize(
        ("text", "town", "source"),
        [
            ("Rejmyre", "Rejmyre, Finspång", "town"),
            ("612 31", "Finspång", "postcode"),
            ("746 22", "Bålsta, Håbo", "postcode"),
            ("Lunds kommun", "Lund", "municipality"),
        ],
    )
    def test_town_or_postcode_becomes_a_rounded_point_and_no_postcode_is_kept(self, text, town, source):
        student = services.save_profile(actor=UserFactory(), details=profile(home_place=text))
        place = find_places(text)[0]
        assert home(student) == (round(place.lat, 2), round(place.lon, 2), town, source)
        kept = [str(value) for value in Student.objects.values_list().get(pk=student.pk)]
        assert not any("612 31" in value or "61231" in value or "74622" in value for value in kept)

    def test_twins_are_asked_about_unless_one_is_in_the_municipality(self):
        user = UserFactory()
        refused(
            "place.several", services.save_profile, field="home_place", actor=user, details=profile(home_place="Fors")
        )
        student = services.save_profile(actor=user, details=profile(home_place="Fors", municipality_code="2084"))
        assert home(student)[2] == "Fors, Avesta"

    @pytest.mark.parametrize(("text", "code"), [("Atlantis qqqq", "place.unknown"), ("Rejmyr", "place.guess")])
    def test_what_is_no_place_is_refused_with_what_to_do(self, text, code):
        refused(code, services.save_profile, field="home_place", actor=UserFactory(), details=profile(home_place=text))

    @pytest.mark.parametrize("text", ["746 22", "Rejmyre", "Lunds kommun"])
    def test_saving_again_moves_nobody(self, text):
        user = UserFactory()
        student = services.save_profile(actor=user, details=profile(home_place=text))
        before = home(student)
        for place in (before[2], None):
            services.save_profile(actor=user, details=profile(home_place=place, skills=["cnc"]))
            assert home(student) == before

    def test_a_point_that_a_program_set_stays_when_the_form_is_saved(self):
        user = UserFactory()
        student = services.save_profile(actor=user, details=profile(lat=58.81234, lon=15.91234))
        services.save_profile(actor=user, details=profile(home_place=""))
        assert home(student) == (58.81, 15.91, "", "pin")
        services.save_profile(actor=user, details=profile(home_place="Rejmyre", lat=58.81, lon=15.91))
        assert home(student)[3] == "town"

    def test_an_emptied_town_is_the_middle_of_the_municipality_which_follows_a_move(self):
        user = UserFactory()
        student = services.save_profile(actor=user, details=profile(home_place="Rejmyre"))
        services.save_profile(actor=user, details=profile(home_place=""))
        assert home(student) == middle()
        services.save_profile(actor=user, details=profile(home_place="", municipality_code="2580"))
        assert home(student) == middle("2580")


class TestClassList:
    @pytest.mark.parametrize(
        ("postcode", "town", "expected"),
        [
            ("612 31", "Finspång", "Finspång"),
            ("", "Rejmyre", "Rejmyre, Finspång"),
            ("00000", "Rejmyre", "Rejmyre, Finspång"),
            ("", "okänd ort", ""),
        ],
    )
    def test_columns_for_postcode_and_town(self, postcode, town, expected):
        content = csv_file([[*CLASS_HEADINGS, "Postnummer", "Ort"], [*CLASS_ROW, postcode, town]])
        imported(upload_class(CoordinatorFactory(), content))
        student = Student.objects.get()
        assert student.home_town == expected
        assert (home(student) == middle()) is (expected == "")

    def test_who_has_told_keeps_it_and_who_has_not_gets_it_later(self):
        coordinator = CoordinatorFactory()
        imported(upload_class(coordinator, csv_file([CLASS_HEADINGS, CLASS_ROW])))
        student = Student.objects.get()
        assert home(student) == middle()
        headings = [*CLASS_HEADINGS, "Ort"]
        assert imported(upload_class(coordinator, csv_file([headings, [*CLASS_ROW, "Rejmyre"]]))).updated_count == 1
        assert home(student)[2] == "Rejmyre, Finspång"
        imported(upload_class(coordinator, csv_file([headings, [*CLASS_ROW, "Finspång"]])))
        assert home(student)[2] == "Rejmyre, Finspång"

    def test_both_are_optional(self):
        assert {field.name: field.required for field in FIELDS if field.name in {"postcode", "town"}} == {
            "postcode": False,
            "town": False,
        }
