"""The student's pages: first run, home, applying, own applications, suggestions, guardians, accounts."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from backend.applications.models import Application
from backend.applications.services import offer_seat
from backend.common import clock
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.students.enrolment import EnrolmentDetails, enrol_student
from backend.students.models import Guardianship, Student
from backend.suggestions.models import Suggestion
from tests.factories import (
    ApplicationFactory,
    CoordinatorFactory,
    GuardianshipFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    StudentFactory,
    UserFactory,
    WorkplaceFactory,
)
from tests.web.desk import logged_in, only_period

pytestmark = pytest.mark.django_db


def client_of(student: Any) -> Client:
    return logged_in(student.user)


def profile_data(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Elin Berg",
        "birth_date": "2009-03-01",
        "programme": "IN25",
        "forms": ["apl"],
        "municipality": "finspang",
        "start_1": "2027-01-25",
        "end_1": "2027-02-19",
        "interests": ["7223"],
        "skills": "Svets, CAD",
        "studies": "upper_secondary",
        **changes,
    }


def offered(**fields: Any) -> Application:
    """An application whose seat the company has offered."""
    application: Any = ApplicationFactory(period=only_period(OfferFactory(**fields)))
    company = MembershipFactory(organisation=application.period.offer.organisation).user
    return offer_seat(actor=company, application_id=application.pk, message="Välkommen till oss")


class TestFirstRun:
    def test_someone_new_chooses_and_fills_in_the_profile(self):
        client = logged_in(UserFactory(name=""))
        assert client.get(reverse("home"), follow=True).redirect_chain[-1][0] == reverse("welcome")
        assert client.get(reverse("student_profile")).status_code == 200
        response = client.post(reverse("student_profile"), profile_data())
        assert response["Location"] == reverse("student_home")
        student = Student.objects.get()
        assert (student.user.name, student.municipality_id, student.programme_id) == ("Elin Berg", "0562", "IN25")
        assert student.skills == ["svets", "cad"]
        assert client.get(reverse("home"))["Location"] == reverse("student_home")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"birth_date": "1899-01-01"}, "birth_date"),
            ({"birth_date": "in spring"}, "birth_date"),
            ({"municipality": "Atlantis"}, "municipality"),
            ({"programme": "??"}, "programme"),
            ({"forms": ["none"]}, "forms"),
            ({"studies": ""}, "studies"),
            ({"interests": ["0000x"]}, "interests"),
            ({"end_1": "2027-01-01"}, "end_1"),
            ({"end_1": ""}, "end_1"),
            ({"max_distance_km": "-3"}, "max_distance_km"),
            ({"max_distance_km": "9999"}, "max_distance_km"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field_and_nothing_is_saved(self, changes, field):
        client = logged_in(UserFactory())
        response = client.post(reverse("student_profile"), profile_data(**changes))
        assert response.status_code == 400
        assert field in response.context["form"].errors
        text = response.content.decode()
        assert f'id="id_{field}_error"' in text
        assert "Svets, CAD" in text
        assert not Student.objects.exists()

    def test_saving_again_shows_and_keeps_what_was_said(self):
        client = logged_in(UserFactory())
        client.post(reverse("student_profile"), profile_data())
        form = client.get(reverse("student_profile")).context["form"]
        assert form.initial["interests"] == ["7223"]
        assert form.initial["start_1"] == date(2027, 1, 25)
        client.post(reverse("student_profile"), profile_data(name="Elin B", interests=[]))
        assert Student.objects.get().interests.count() == 0

    @pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
    def test_leads_on_only_within_the_site(self, target):
        client = logged_in(UserFactory())
        response = client.post(reverse("student_profile"), profile_data(next=target))
        assert response["Location"] == reverse("student_home")

    def test_the_accounts_of_offices_are_refused(self):
        for office in (CoordinatorFactory(), NetworkOfficerFactory()):
            assert logged_in(office).get(reverse("student_profile")).status_code == 403

    def test_nothing_that_opens_a_gate_is_ticked_from_the_start(self):
        page = logged_in(UserFactory()).get(reverse("student_profile"))
        form = page.context["form"]
        assert not any(form[name].value() for name in ("studies", "forms", "languages", "programme"))
        refused = logged_in(UserFactory()).post(reverse("student_profile"), profile_data(studies=""))
        assert list(refused.context["form"].errors) == ["studies"]

    @pytest.mark.parametrize(
        ("studies", "birth", "forms", "finished"),
        [
            ("compulsory", "2012-03-01", {"prao"}, False),
            ("upper_secondary", "2010-03-01", {"apl", "feriejobb"}, True),
            ("adult", "1990-03-01", {"praktik", "larlingsvux"}, True),
            ("higher", "2000-03-01", {"lia", "exjobb", "trainee"}, True),
            ("none", "2010-03-01", {"praktik", "trainee"}, True),
            ("none", "2011-03-01", {"praktik", "trainee"}, False),
        ],
    )
    def test_what_somebody_studies_decides_the_rest(self, studies, birth, forms, finished):
        client = logged_in(UserFactory())
        data = profile_data(studies=studies, birth_date=birth, forms=[], languages=["sv", "ar"])
        assert client.post(reverse("student_profile"), data).status_code == 302
        student = Student.objects.get()
        assert {form.pk for form in student.forms.all()} == forms
        assert student.has_finished_compulsory_school is finished
        assert student.programme_id == ("IN25" if studies == "upper_secondary" else None)
        assert student.languages == ["sv", "ar"]
        form = client.get(reverse("student_profile")).context["form"]
        assert (form["studies"].value(), form["languages"].value()) == (studies, ["sv", "ar"])

    def test_a_programme_that_prepares_for_university_has_no_learning_at_workplaces(self):
        client = logged_in(UserFactory())
        client.post(reverse("student_profile"), profile_data(programme="TE25", forms=[]))
        assert {form.pk for form in Student.objects.get().forms.all()} == {"praktik", "feriejobb"}


class TestSeveralRoles:
    """A guardian, or somebody who takes students on, may study as well."""

    @pytest.fixture(params=["guardian", "employer"])
    def person(self, request):
        return GuardianshipFactory().guardian if request.param == "guardian" else MembershipFactory().user

    def test_the_way_from_the_welcome_page_to_a_profile_works(self, person):
        client = logged_in(person)
        assert reverse("student_profile") in client.get(reverse("welcome")).content.decode()
        assert client.post(reverse("student_profile"), profile_data(name=person.name)).status_code == 302
        assert Student.objects.get(user=person)

    def test_each_role_has_its_menu_and_the_way_to_the_other(self, person):
        other = "guardian" if person.guardianships.exists() else "employer"
        StudentFactory(user=person)
        client = logged_in(person)
        pages = {role: client.get(reverse(f"{role}_home")) for role in ("student", other)}
        for role, page in pages.items():
            assert page.status_code == 200
            assert page.context["nav"][0]["url"] == reverse(f"{role}_home")
            assert [each["url"] for each in page.context["other_roles"]] == [
                reverse(f"{each}_home") for each in pages if each != role
            ]
        # A page that belongs to no role keeps the menu of the last one.
        assert client.get(reverse("notifications")).context["nav"][0]["url"] == reverse(f"{other}_home")
        assert reverse("student_profile") in client.get(reverse("profile")).content.decode()

    def test_the_school_may_put_them_on_a_class_list(self, person):
        details = EnrolmentDetails(
            email=person.email,
            name="Som skolan skriver",
            birth_date=date(2009, 5, 1),
            school="Bruksgymnasiet",
            class_name="IN2",
            forms=["apl"],
        )
        student, outcome = enrol_student(actor=CoordinatorFactory(), municipality_code="0562", details=details)
        assert (student.user, outcome) == (person, "created")
        assert logged_in(person).get(reverse("student_home")).status_code == 200


class TestHome:
    def test_without_anything_it_says_what_to_do(self):
        text = client_of(StudentFactory()).get(reverse("student_home")).content.decode()
        assert reverse("search") in text

    def test_until_something_is_suggested_the_newest_within_reach_are_shown(self):
        student = StudentFactory(max_distance_km=40)
        student.forms.set(["apl"])
        OfferFactory(title="Nära")
        OfferFactory(title="Annan form", form_id="prao")
        OfferFactory(title="Långt bort", workplace=WorkplaceFactory(municipality_id="2580", lat=65.58, lon=22.15))
        client = client_of(student)
        shown = client.get(reverse("student_home")).context["newest"]
        assert [row["title"] for row in shown] == ["Nära"]
        Suggestion.objects.create(student=student, offer=OfferFactory(), score=0.9, reasons=[])
        assert client.get(reverse("student_home")).context["newest"] == []

    def test_an_offered_seat_is_the_decision_of_the_page(self):
        row = offered()
        response = client_of(row.student).get(reverse("student_home"))
        assert response.context["decision"]["id"] == row.pk
        assert reverse("student_accept", args=[row.pk]) in response.content.decode()

    def test_several_offered_seats_are_counted(self):
        first = offered()
        second = ApplicationFactory(student=first.student, period=only_period(OfferFactory()))
        company = MembershipFactory(organisation=second.period.offer.organisation).user
        offer_seat(actor=company, application_id=second.pk, message="")
        response = client_of(first.student).get(reverse("student_home"))
        assert "2" in response.context["greeting"]
        assert response.context["decision"]["id"] in {first.pk, second.pk}

    def test_a_minor_without_consent_is_told(self):
        student = StudentFactory(birth_date=date(2010, 3, 1))
        response = client_of(student).get(reverse("student_home"))
        assert response.context["needs_consent"]
        assert reverse("student_guardians") in response.content.decode()

    def test_the_number_of_queries_does_not_grow(self, django_assert_max_num_queries):
        student = StudentFactory()
        client = client_of(student)

        def add() -> None:
            ApplicationFactory(student=student, period=only_period(OfferFactory()))
            Suggestion.objects.create(student=student, offer=OfferFactory(), score=0.9, reasons=[])

        add()
        with django_assert_max_num_queries(30) as few:
            client.get(reverse("student_home"))
        for _number in range(3):
            add()
        with django_assert_max_num_queries(len(few)):
            client.get(reverse("student_home"))


class TestApplying:
    def test_one_screen_and_the_application_stands(self):
        offer, student = OfferFactory(), StudentFactory()
        client = client_of(student)
        assert client.get(reverse("apply", args=[offer.pk])).status_code == 200
        data = {"period": only_period(offer).pk, "motivation": "Jag vill svetsa."}
        response = client.post(reverse("apply", args=[offer.pk]), data)
        row = Application.objects.get()
        assert response["Location"] == reverse("student_application", args=[row.pk])
        assert row.motivation == "Jag vill svetsa."

    def test_twice_is_refused_and_the_words_are_kept(self):
        row = ApplicationFactory(period=only_period(OfferFactory()))
        url = reverse("apply", args=[row.period.offer_id])
        response = client_of(row.student).post(url, {"period": row.period_id, "motivation": "En gång till"})
        assert response.status_code == 400
        assert "En gång till" in response.content.decode()
        assert Application.objects.count() == 1

    @pytest.mark.parametrize("period", ["", "0", "abc", "999999999999999999999"])
    def test_a_period_of_another_place_is_no_choice(self, period):
        offer, student = OfferFactory(), StudentFactory()
        response = client_of(student).post(reverse("apply", args=[offer.pk]), {"period": period})
        assert response.status_code == 400
        assert "period" in response.context["form"].errors
        assert not Application.objects.exists()

    def test_another_places_period_is_no_choice(self):
        other = only_period(OfferFactory())
        response = client_of(StudentFactory()).post(reverse("apply", args=[OfferFactory().pk]), {"period": other.pk})
        assert response.status_code == 400
        assert not Application.objects.exists()

    def test_a_closed_place_takes_none(self):
        offer = OfferFactory(state=OfferState.CLOSED)
        url = reverse("apply", args=[offer.pk])
        assert client_of(StudentFactory()).post(url, {"period": only_period(offer).pk}).status_code == 404
        late = OfferFactory(apply_by=clock.today() - timedelta(days=1))
        url = reverse("apply", args=[late.pk])
        assert client_of(StudentFactory()).post(url, {"period": only_period(late).pk}).status_code == 400
        assert not Application.objects.exists()

    def test_work_that_is_forbidden_at_the_age_is_refused_at_the_period(self):
        offer = OfferFactory(form_id="prao")
        offer.hazards.set(["ASBESTOS"])
        student = StudentFactory(birth_date=date(2012, 3, 1), has_finished_compulsory_school=False)
        response = client_of(student).post(reverse("apply", args=[offer.pk]), {"period": only_period(offer).pk})
        assert response.status_code == 400
        assert "period" in response.context["form"].errors

    def test_someone_new_fills_in_the_profile_first(self):
        url = reverse("apply", args=[OfferFactory().pk])
        response = logged_in(UserFactory()).get(url)
        assert response["Location"].startswith(reverse("student_profile") + "?next=")
        assert Client().get(url)["Location"].startswith(reverse("account_login"))


class TestOwnApplications:
    def test_reading_changes_nothing_and_saying_yes_needs_a_post(self):
        row = offered()
        client = client_of(row.student)
        assert client.get(reverse("student_accept", args=[row.pk])).status_code == 405
        assert client.get(reverse("student_withdraw", args=[row.pk])).status_code == 405
        assert client.get(reverse("student_application", args=[row.pk])).status_code == 200
        client.post(reverse("student_accept", args=[row.pk]))
        row.refresh_from_db()
        assert row.state == "accepted"
        assert client.get(reverse("student_application", args=[row.pk])).status_code == 200

    def test_withdrawing_frees_the_seat(self):
        row = offered()
        client_of(row.student).post(reverse("student_withdraw", args=[row.pk]))
        row.refresh_from_db()
        row.period.refresh_from_db()
        assert (row.state, row.period.taken) == ("turned_down", 0)

    def test_other_peoples_are_unknown(self):
        row = offered()
        client = client_of(StudentFactory())
        for name, method in (("student_application", "get"), ("student_accept", "post"), ("student_withdraw", "post")):
            assert getattr(client, method)(reverse(name, args=[row.pk])).status_code == 404
        row.refresh_from_db()
        assert row.state == "offered"
        assert row.period.offer.title not in client.get(reverse("student_applications")).content.decode()

    def test_the_list_shows_those_under_way_and_those_that_ended(self, django_assert_max_num_queries):
        student = StudentFactory()
        client = client_of(student)
        assert client.get(reverse("student_applications")).status_code == 200
        for _number in range(5):
            ApplicationFactory(student=student, period=only_period(OfferFactory()))
        ended = ApplicationFactory(student=student, period=only_period(OfferFactory()))
        client.post(reverse("student_withdraw", args=[ended.pk]))
        with django_assert_max_num_queries(14):
            response = client.get(reverse("student_applications"))
        assert (len(response.context["live"]), len(response.context["ended"])) == (5, 1)
        assert response.context["ended"][0]["why"]

    def test_the_file_never_holds_a_formula(self):
        row = ApplicationFactory(period=only_period(OfferFactory(title="=HYPERLINK()")), motivation="+46")
        response = client_of(row.student).get(reverse("student_applications_csv"))
        text = response.content.decode("utf-8-sig")
        assert "'=HYPERLINK()" in text
        assert "'+46" in text


class TestSimilarPlaces:
    def of(self, client: Client, row: Application) -> list[str]:
        return [each["title"] for each in client.get(reverse("student_application", args=[row.pk])).context["similar"]]

    def test_six_after_applying_those_that_fit_first(self):
        row = ApplicationFactory(period=only_period(OfferFactory(title="Min plats")))
        for number in range(7):
            last = OfferFactory(title=f"Annan plats {number}")
        first = Offer.objects.get(title="Annan plats 0")
        Suggestion.objects.create(student=row.student, offer=first, score=0.9, reasons=[])
        titles = self.of(client_of(row.student), row)
        assert (titles[0], titles[1], len(titles)) == (first.title, last.title, 6)
        assert row.period.offer.title not in titles

    def test_none_that_is_full_or_already_applied_for(self):
        student = StudentFactory()
        row = ApplicationFactory(student=student, period=only_period(OfferFactory()))
        ApplicationFactory(student=student, period=only_period(OfferFactory(title="Sökt redan")))
        full = OfferFactory(title="Full")
        full.periods.update(taken=F("capacity"))
        OfferFactory(title="Fri")
        client = client_of(student)
        assert self.of(client, row) == ["Fri"]
        page = client.get(reverse("offer", args=[row.period.offer_id]))
        assert [each["title"] for each in page.context["similar"]] == ["Fri"]

    def test_none_once_a_seat_is_offered(self):
        row = offered()
        OfferFactory()
        assert self.of(client_of(row.student), row) == []


class TestSuggestions:
    def test_hiding_one_and_bringing_it_back(self):
        student = StudentFactory()
        row = Suggestion.objects.create(student=student, offer=OfferFactory(title="Svarva"), score=0.9, reasons=[])
        client = client_of(student)
        assert "Svarva" in client.get(reverse("suggestions")).content.decode()
        client.post(reverse("suggestion_dismiss", args=[row.pk]))
        assert "Svarva" not in client.get(reverse("suggestions")).content.decode()
        client.post(reverse("suggestion_dismiss", args=[row.pk]), {"undo": "1"})
        assert "Svarva" in client.get(reverse("suggestions")).content.decode()

    def test_other_peoples_are_unknown(self):
        row = Suggestion.objects.create(student=StudentFactory(), offer=OfferFactory(), score=0.9, reasons=[])
        assert client_of(StudentFactory()).post(reverse("suggestion_dismiss", args=[row.pk])).status_code == 404
        row.refresh_from_db()
        assert row.dismissed_at is None


class TestGuardians:
    def test_a_minor_names_two_and_an_adult_none(self):
        student = StudentFactory(birth_date=date(2010, 3, 1))
        client = client_of(student)
        url = reverse("student_guardians")
        assert client.post(url, {"name": "A", "email": student.user.email}).status_code == 400
        assert client.post(url, {"name": "A", "email": "not an address"}).status_code == 400
        assert not Guardianship.objects.exists()
        for name in ("anna", "bo"):
            client.post(url, {"name": name, "email": f"{name}@home.example"})
        assert client.post(url, {"name": "C", "email": "c@home.example"}).status_code == 400
        assert Guardianship.objects.count() == 2
        assert client_of(StudentFactory()).get(url).status_code == 404


class TestAccount:
    @pytest.mark.parametrize("name", ["account_login", "account_signup", "account_request_login_code"])
    def test_the_doors_open(self, client, name):
        assert client.get(reverse(name)).status_code == 200

    def test_an_address_that_is_none_is_said_at_the_field(self, client):
        text = client.post(reverse("account_login"), {"login": "elin"}).content.decode()
        assert 'id="id_login_error"' in text

    def test_the_language_is_kept_with_the_account(self):
        student = StudentFactory()
        client = client_of(student)
        client.post(reverse("set_language"), {"language": "en", "next": "/"})
        student.user.refresh_from_db()
        assert student.user.language == "en"
        client.post(reverse("set_language"), {"language": "xx"})
        student.user.refresh_from_db()
        assert student.user.language == "en"

    def test_each_role_comes_to_its_own_first_page(self):
        home = reverse("home")
        assert logged_in(CoordinatorFactory()).get(home)["Location"] == reverse("coordinator_home")
        assert logged_in(MembershipFactory().user).get(home)["Location"] == reverse("employer_home")
        assert logged_in(StudentFactory().user).get(home)["Location"] == reverse("student_home")
        assert logged_in(UserFactory()).get(home)["Location"] == reverse("welcome")

    def test_a_name_can_be_changed_by_those_who_are_no_students(self):
        user = MembershipFactory().user
        client = logged_in(user)
        assert client.post(reverse("profile"), {"name": ""}).status_code == 400
        client.post(reverse("profile"), {"name": "Sara Nyqvist"})
        user.refresh_from_db()
        assert user.name == "Sara Nyqvist"
        assert logged_in(StudentFactory().user).get(reverse("profile"))["Location"] == reverse("student_profile")


class TestLoginByCode:
    def test_a_new_address_gets_a_code_and_the_code_opens_the_account(self, client, mailoutbox):
        client.post(reverse("account_signup"), {"email": "ny@home.example"})
        assert client.get(reverse("home"))["Location"].startswith(reverse("account_login"))
        [mail] = mailoutbox
        code = next(line for line in mail.body.splitlines() if line.isdigit())
        wrong = client.post(reverse("account_confirm_login_code"), {"code": "000000"})
        assert 'id="id_code_error"' in wrong.content.decode()
        client.post(reverse("account_confirm_login_code"), {"code": code})
        assert client.get(reverse("home"))["Location"] == reverse("welcome")

    def test_who_has_an_account_logs_in_by_a_code_that_a_get_does_not_use(self, client, mailoutbox):
        student = StudentFactory()
        address = student.user.email
        client.post(reverse("account_login"), {"login": address})
        [mail] = mailoutbox
        code = next(line for line in mail.body.splitlines() if line.isdigit())
        client.get(reverse("account_confirm_login_code"), {"code": code})
        assert client.get(reverse("home"))["Location"].startswith(reverse("account_login"))
        client.post(reverse("account_confirm_login_code"), {"code": code})
        assert client.get(reverse("home"))["Location"] == reverse("student_home")
