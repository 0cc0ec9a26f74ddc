"""A coordinator adds a student by page and corrects one; two at once see each other's change."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backend.common.models import LogEntry
from backend.notifications.models import Notification
from backend.students.models import Student
from tests.factories import CoordinatorFactory, StudentFactory
from tests.factories.work import handle_events
from tests.web.desk import logged_in

pytestmark = pytest.mark.django_db
NEW = reverse("coordinator_student_new")


@pytest.fixture
def karin() -> Any:
    return CoordinatorFactory(name="Karin Ek")


@pytest.fixture
def desk(karin: Any) -> Client:
    return logged_in(karin)


def pupil(**changes: Any) -> dict[str, Any]:
    return {
        "municipality": "0562",
        "name": "Maja Lind",
        "email": "maja@skola.example",
        "birth_date": "2012-05-01",
        "school": "Bergska skolan",
        "class_name": "8B",
        "studies": "compulsory",
        "forms": ["prao"],
        **changes,
    }


class TestAdd:
    def test_the_student_is_invited_and_the_guardians_are_asked(self, desk):
        answer = desk.post(
            NEW,
            pupil(guardian_email_1="vera@home.example", guardian_name_1="Vera Lind", guardian_phone_1="070-174 06 05"),
        )
        student = Student.objects.get()
        assert answer["Location"] == reverse("coordinator_student", args=[student.pk])
        assert (student.user.name, student.class_name, student.studies) == ("Maja Lind", "8B", "compulsory")
        assert student.has_finished_compulsory_school is False
        guardianship = student.guardianships.get()
        assert (guardianship.guardian.name, guardianship.phone) == ("Vera Lind", "+46701740605")
        assert 'href="tel:+46701740605"' in desk.get(answer["Location"]).text
        update = reverse("coordinator_guardian_update", args=[guardianship.pk])
        refused = desk.post(update, {"name": "Vera Berg", "phone": "ring"})
        assert refused.status_code == 400
        assert 'value="Vera Berg"' in refused.text
        assert desk.post(update, {"name": "Vera Berg", "phone": ""}).status_code == 302
        guardianship.refresh_from_db()
        assert (guardianship.named_as, guardianship.phone) == ("Vera Berg", "")
        handle_events()
        kinds = set(Notification.objects.values_list("kind", flat=True))
        assert {"student.invited", "consent.asked"} <= kinds

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": ""}, "name"),
            ({"email": "maja"}, "email"),
            ({"birth_date": "1820-01-01"}, "birth_date"),
            ({"studies": ""}, "studies"),
            ({"forms": []}, "forms"),
            ({"municipality": "2580"}, "municipality"),
            ({"guardian_phone_2": "070-174 06 05"}, "guardian_email_2"),
            ({"guardian_email_2": "v@home.example", "guardian_phone_2": "ring"}, "guardian_phone_2"),
            (
                {"studies": "adult", "birth_date": "1990-01-01", "guardian_email_1": "v@home.example"},
                "guardian_email_1",
            ),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field_and_nothing_is_saved(self, desk, changes, field):
        answer = desk.post(NEW, pupil(**changes))
        assert answer.status_code == 400
        assert field in answer.context["form"].errors
        assert not Student.objects.exists()

    def test_accounts_of_others_stay_unknown(self, desk):
        StudentFactory(user__email="borta@skola.example", municipality_id="2081", birth_date=date(2012, 5, 1))
        CoordinatorFactory(email="larare@skola.example")
        texts = {
            str(desk.post(NEW, pupil(email=email)).context["form"].errors["email"])
            for email in ("borta@skola.example", "larare@skola.example")
        }
        assert len(texts) == 1


class TestCorrect:
    @pytest.fixture
    def student(self) -> Any:
        return StudentFactory(birth_date=date(2012, 5, 1), class_name="8B", programme_id=None, forms=["prao"])

    def url(self, student: Any) -> str:
        return reverse("coordinator_student_edit", args=[student.pk])

    def sent(self, desk: Client, student: Any, **changes: Any) -> dict[str, Any]:
        page = desk.get(self.url(student))
        typed = {
            "birth_date": "2012-05-01",
            "school": "Bergska skolan",
            "class_name": "8B",
            "studies": "compulsory",
            "forms": ["prao"],
        }
        return {"seen": page.context["form"].version, **typed, **changes}

    def test_a_birth_date_is_logged_with_old_and_new_and_the_student_is_told(self, desk, karin, student):
        assert desk.post(self.url(student), self.sent(desk, student, birth_date="2011-05-01")).status_code == 302
        student.refresh_from_db()
        assert student.birth_date == date(2011, 5, 1)
        entry = LogEntry.objects.get(action="student.corrected")
        assert (entry.actor, entry.data["old"], entry.data["new"]) == (karin, "2012-05-01", "2011-05-01")
        handle_events()
        told = Notification.objects.get(kind="student.corrected")
        assert told.recipient == student.user

    def test_two_at_once_see_each_others_change_and_lose_nothing(self, desk, student, frozen_clock):
        mine = self.sent(desk, student, school="Parkskolan", class_name="9A")
        frozen_clock.shift(5)
        other = logged_in(CoordinatorFactory(name="Olle Berg"))
        assert other.post(self.url(student), self.sent(other, student, class_name="8C")).status_code == 302
        answer = desk.post(self.url(student), mine)
        assert answer.status_code == 400
        text = answer.content.decode()
        assert "Olle Berg" in text
        assert {value for name, value in answer.context["form"].others if name in {"Class", "Klass"}} == {"8C"}
        assert (answer.context["form"]["school"].value(), answer.context["form"]["class_name"].value()) == (
            "Parkskolan",
            "9A",
        )
        student.refresh_from_db()
        assert student.class_name == "8C"
        # Read again, and sent once more: now it is taken.
        assert desk.post(self.url(student), {**mine, "seen": answer.context["form"].version}).status_code == 302
        student.refresh_from_db()
        assert (student.school, student.class_name) == ("Parkskolan", "9A")

    def test_without_a_change_nothing_is_logged(self, desk, student):
        Student.objects.filter(pk=student.pk).update(school="Bergska skolan", studies="compulsory")
        desk.post(self.url(student), self.sent(desk, student))
        assert not LogEntry.objects.filter(action="student.corrected").exists()

    def test_only_the_own_and_no_protected_identity(self, student):
        assert logged_in(CoordinatorFactory(municipality="2580")).get(self.url(student)).status_code == 404
        Student.objects.filter(pk=student.pk).update(is_protected=True, alias="Elev 1")
        assert logged_in(CoordinatorFactory()).get(self.url(student)).status_code == 404

    @pytest.mark.parametrize("seen", ["x", "0" * 32])
    def test_a_page_whose_version_cannot_be_read_is_an_old_one(self, desk, student, seen):
        data = {**self.sent(desk, student, class_name="9A"), "seen": seen}
        assert desk.post(self.url(student), data).status_code == 400
        student.refresh_from_db()
        assert student.class_name == "8B"
