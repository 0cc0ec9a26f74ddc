"""Whoever comes by the form or by a class list is suggested as much as a student of the demo of the same kind."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from backend.ops.seed import seed
from backend.students import services as students
from backend.students.models import Student
from backend.students.services import ProfileDetails
from backend.suggestions.engine import Engine
from backend.suggestions.models import Suggestion
from backend.suggestions.selectors import reasons_text
from backend.suggestions.services import suggest_for_student
from tests.exchange.files import CLASS_HEADINGS, csv_file
from tests.exchange.test_imports import imported, upload_class
from tests.factories import CoordinatorFactory, OfferFactory, StudentFactory, UserFactory
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db
EVERYTHING = 100_000


def fitting(student: Student) -> set[int]:
    return {hit.id for hit in Engine().offers_for(student.pk, EVERYTHING)}


def signed_up_like(model: Student) -> Student:
    """Somebody new fills in the profile's page with what the other one wants, and nothing else."""
    user = UserFactory(name="")
    data: dict[str, Any] = {
        "name": "Ny Elev",
        "birth_date": model.birth_date.isoformat(),
        "programme": model.programme_id or "",
        "forms": [form.pk for form in model.forms.all()],
        "interests": [group.pk for group in model.interests.all()],
        "municipality": model.municipality.name if model.municipality else "",
        "studies": model.studies,
        "wants_suggestions": "on",
    }
    assert logged_in(user).post(reverse("student_profile"), data).status_code == 302
    return Student.objects.get(user=user)


def enrolled_like(model: Student) -> Student:
    """The school puts somebody new on a class list, with the columns that it must have."""
    row = ["ny.elev@skola.example", "Ny Elev", model.class_name, model.school, model.birth_date.isoformat()]
    coordinator = CoordinatorFactory(municipality=model.municipality_id)
    imported(upload_class(coordinator, csv_file([CLASS_HEADINGS, row]), form=model.forms.get().pk))
    return Student.objects.get(user__email="ny.elev@skola.example")


class TestSuggestedAsTheDemo:
    """The demo's students have said which languages they know; those who came by the doors have not been asked."""

    @pytest.fixture(autouse=True)
    def demo(self):
        seed(scale=0.05)

    def kind(self, **facts: Any) -> Student:
        found = Student.objects.unprotected().filter(municipality="0562", **facts).order_by("pk")
        return max(found, key=lambda each: len(fitting(each)))

    def test_who_signs_up(self):
        model = self.kind(forms="apl", availabilities=None)
        assert len(fitting(model)) > 5
        assert fitting(signed_up_like(model)) >= fitting(model)

    def test_who_is_on_a_class_list(self):
        model = self.kind(forms="prao", availabilities=None)
        assert len(fitting(model)) > 1
        assert fitting(enrolled_like(model)) >= fitting(model)


class TestWhatNobodySaid:
    def profile(self, **said: Any) -> Student:
        details = ProfileDetails(birth_date=date(2005, 5, 1), municipality_code="0562", forms=["apl"], **said)
        return students.save_profile(actor=UserFactory(), details=details)

    def place(self, *, programmes: tuple[str, ...] = (), **facts: Any) -> Any:
        offer: Any = OfferFactory(**facts)
        offer.programmes.set(programmes)
        return offer

    def test_languages_rule_out_nothing_and_the_place_says_what_it_asks_for(self):
        offer = self.place(languages=["sv", "en"])
        student = self.profile()
        suggest_for_student(student_id=student.pk)
        suggestion = Suggestion.objects.get(student=student, offer=offer)
        with translation.override("sv"):
            assert "Platsen kräver svenska och engelska" in reasons_text(suggestion)
        with translation.override("en"):
            assert "The place asks for Swedish and English" in reasons_text(suggestion)

    def test_who_has_said_so_and_lacks_one_is_not_suggested(self):
        offer = self.place(languages=["sv", "en"])
        lacking, knowing = self.profile(languages=["sv"]), self.profile(languages=["en", "sv"])
        assert fitting(lacking) == set()
        assert fitting(knowing) == {offer.pk}
        suggest_for_student(student_id=knowing.pk)
        assert not any("kräver" in text for text in reasons_text(Suggestion.objects.get(student=knowing)))

    def test_a_programme_that_nobody_asked_about_rules_out_nothing(self):
        offer = self.place(programmes=("IN25",))
        student = StudentFactory(programme_id=None)
        assert fitting(student) == {offer.pk}
        assert [hit.id for hit in Engine().students_for(offer.pk)] == [student.pk]
        suggest_for_student(student_id=student.pk)
        with translation.override("sv"):
            assert "För dig som går Industritekniska programmet" in reasons_text(Suggestion.objects.get())

    @pytest.mark.parametrize("facts", [{"programme_id": "EE25"}, {"programme_id": None, "studies": "adult"}])
    def test_another_programme_and_none_at_all_do(self, facts):
        self.place(programmes=("IN25",))
        assert fitting(StudentFactory(**facts)) == set()
