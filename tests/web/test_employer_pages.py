"""The employer's pages: home, answers to applicants, registration, workplaces, files; and who may not come."""

from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from backend.applications import services
from backend.applications.enums import ApplicationState
from backend.applications.models import Application
from backend.common import clock
from backend.common.models import LogEntry
from backend.notifications.models import Notification
from backend.notifications.registry import get as get_kind
from backend.organisations.models import Membership, Organisation, Workplace
from backend.suggestions.models import Suggestion
from backend.web.employer_letters import decline_letter
from backend.web.employer_offer_form import OfferForm
from tests.factories import ApplicationFactory, CoordinatorFactory, OfferFactory, StudentFactory, UserFactory
from tests.web.desk import Company, logged_in, make_company, only_period

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return make_company()


def apply_to(company: Company, name: str = "Elin Berg", **fields: Any) -> Application:
    student = StudentFactory(user=UserFactory(name=name), skills=["svarv"])
    application: Any = ApplicationFactory(student=student, period=only_period(company.offer()), **fields)
    return application


def queries_of(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_home_shows_who_waits_oldest_first_with_the_days_left(company: Company) -> None:
    offer = company.offer()
    for name, days in (("Nova Ny", 1), ("Gamla Gun", 4)):
        ApplicationFactory(
            student=StudentFactory(user=UserFactory(name=name)),
            period=only_period(offer),
            submitted_at=clock.now() - timedelta(days=days),
            answer_due_at=clock.now() + timedelta(days=5 - days),
        )

    text = company.client.get(reverse("employer_home")).text

    assert text.index("Gamla Gun") < text.index("Nova Ny")
    assert "1 day left to answer" in text


def test_one_click_offers_a_seat(company: Company) -> None:
    application = apply_to(company)

    response = company.client.post(reverse("employer_application_offer", args=[application.pk]))

    application.refresh_from_db()
    assert application.state == ApplicationState.OFFERED
    assert response.url == reverse("employer_applicants", args=[application.period.offer_id])


def test_one_click_puts_on_the_waiting_list(company: Company) -> None:
    application = apply_to(company)

    company.client.post(reverse("employer_application_waitlist", args=[application.pk]))

    application.refresh_from_db()
    assert (application.state, application.waiting_rank) == (ApplicationState.WAITLISTED, 1)


def test_the_last_seat_can_not_be_offered_twice(company: Company) -> None:
    offer = company.offer(period__capacity=1)
    first, second = ApplicationFactory.create_batch(2, period=only_period(offer))
    services.offer_seat(actor=company.owner, application_id=first.pk)

    response = company.client.post(reverse("employer_application_offer", args=[second.pk]), follow=True)

    second.refresh_from_db()
    assert second.state == ApplicationState.SUBMITTED
    assert "seat was just taken" in response.text


def test_no_seat_is_offered_where_none_is_free(company: Company) -> None:
    """The waiting list and a no remain."""
    row = apply_to(company)
    url = reverse("employer_application", args=[row.pk])
    offer_seat, waitlist, decline = (
        reverse(f"employer_application_{n}", args=[row.pk]) for n in ("offer", "waitlist", "decline")
    )
    assert offer_seat in company.client.get(url).text
    row.period.capacity = row.period.taken = 1
    row.period.save()
    text = company.client.get(url).text
    assert offer_seat not in text
    assert waitlist in text
    assert decline in text


def test_decline_needs_a_reason_and_keeps_the_message(company: Company) -> None:
    application = apply_to(company)
    url = reverse("employer_application_decline", args=[application.pk])

    response = company.client.post(url, {"message": "Lycka till!"})

    application.refresh_from_db()
    assert response.status_code == 400
    assert application.state == ApplicationState.SUBMITTED
    assert "Lycka till!" in response.text
    assert 'reason_error"' in response.text


def test_the_preview_decides_nothing_and_shows_what_the_notification_says(company: Company) -> None:
    application = apply_to(company)
    url = reverse("employer_application_decline", args=[application.pk])
    answer = {"reason": "dates", "message": "Vi har plats i vår."}

    preview = company.client.post(url, {**answer, "preview": "1"})
    application.refresh_from_db()
    assert application.state == ApplicationState.SUBMITTED
    company.client.post(url, answer)

    application.refresh_from_db()
    assert application.state == ApplicationState.DECLINED
    told = Notification.objects.get(kind="application.declined", recipient=application.student.user)
    with override("en"):
        sent = list(get_kind("application.declined").context(told)["paragraphs"])
        assert decline_letter(**answer) == sent
    assert all(text in preview.text for text in sent)


def test_opening_the_applicants_marks_them_read(company: Company) -> None:
    application = apply_to(company)

    company.client.get(reverse("employer_applicants", args=[application.period.offer_id]))

    application.refresh_from_db()
    assert application.read_at == clock.now()


def test_a_protected_student_appears_by_alias_only(company: Company) -> None:
    student = StudentFactory(
        user=UserFactory(name="Hemliga Hanna"),
        is_protected=True,
        alias="Sökande 7",
        school="Hemskolan",
        class_name="Åk 9 Ö",
    )
    application = ApplicationFactory(student=student, period=only_period(company.offer()))

    pages = [
        company.client.get(reverse("employer_home")).text,
        company.client.get(reverse("employer_applicants", args=[application.period.offer_id])).text,
        company.client.get(reverse("employer_application", args=[application.pk])).text,
        company.client.get(reverse("employer_applicants_csv", args=[application.period.offer_id])).text,
    ]

    for text in pages:
        assert "Sökande 7" in text
        assert not any(secret in text for secret in ("Hanna", "Hemskolan", "Åk 9 Ö"))


def test_the_file_holds_own_applicants_and_no_formulas(company: Company) -> None:
    application = apply_to(company, name="=HYPERLINK(1)", motivation="@SUM(1)")
    other = ApplicationFactory(student=StudentFactory(user=UserFactory(name="Frida Främmande")))

    response = company.client.get(reverse("employer_applicants_csv", args=[application.period.offer_id]))

    assert response["Content-Type"].startswith("text/csv")
    assert "'=HYPERLINK(1)" in response.text
    assert "'@SUM(1)" in response.text
    assert other.student.user.name not in response.text
    assert LogEntry.objects.filter(action="export.taken", actor=company.owner).count() == 1


@pytest.mark.parametrize(
    "name", ["employer_applicants", "employer_applicants_csv", "employer_offer", "employer_offer_edit"]
)
def test_a_published_place_of_another_company_is_forbidden_and_a_draft_unknown(company: Company, name: str) -> None:
    published, draft = OfferFactory(), OfferFactory(state="draft", published_at=None)

    assert company.client.get(reverse(name, args=[published.pk])).status_code == 403
    assert company.client.get(reverse(name, args=[draft.pk])).status_code == 404


@pytest.mark.parametrize(
    "name", ["employer_application_offer", "employer_application_waitlist", "employer_application_decline"]
)
def test_only_the_own_company_answers(company: Company, name: str) -> None:
    application = ApplicationFactory()
    url = reverse(name, args=[application.pk])
    clients = {
        404: company.client,
        403: logged_in(application.student.user),
    }

    for status, client in clients.items():
        assert client.post(url, {"reason": "dates"}).status_code == status
    assert logged_in(CoordinatorFactory()).post(url, {"reason": "dates"}).status_code == 403
    assert Client().post(url, {"reason": "dates"}).status_code == 302

    application.refresh_from_db()
    assert application.state == ApplicationState.SUBMITTED
    assert not LogEntry.objects.filter(subject_type="application").exists()


@pytest.mark.parametrize(
    ("number", "message"),
    [("556036-0794", "not a valid organisation number"), ("12", "not a valid"), ("", "Fill in this field")],
)
def test_a_bad_organisation_number_is_refused_next_to_the_field(number: str, message: str) -> None:
    client = logged_in(UserFactory())
    data = {"name": "Smedjan AB", "registration_number": number, "kind": "company", "municipality": "0562"}

    response = client.post(reverse("employer_register"), data)

    assert response.status_code == 400
    assert 'id="id_registration_number_error"' in response.text
    assert message in response.text
    assert "Smedjan AB" in response.text
    assert not Organisation.objects.exists()


def test_registering_makes_an_owner_and_leads_to_the_workplace() -> None:
    user = UserFactory()
    client = logged_in(user)
    data = {"name": "Smedjan AB", "registration_number": "556036-0793", "kind": "company", "municipality": "0562"}

    response = client.post(reverse("employer_register"), data)

    assert response.url == reverse("employer_workplace_new")
    assert Membership.objects.get(user=user).role == "owner"
    assert client.get(response.url).status_code == 200


def test_a_registered_organisation_is_refused_with_advice(company: Company) -> None:
    number = company.organisation.registration_number
    data = {"name": "Kopian AB", "registration_number": number, "kind": "company", "municipality": "0562"}

    response = company.client.post(reverse("employer_register"), data)

    assert response.status_code == 400
    assert 'id="id_registration_number_error"' in response.text
    assert Organisation.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"municipality": "9999"}, "municipality"), ({"postcode": "12"}, "postcode"), ({"name": " "}, "name")],
)
def test_a_wrong_workplace_is_refused_next_to_the_field(company: Company, changes: dict[str, str], field: str) -> None:
    data = {"organisation": company.organisation.pk, "name": "Nya hallen", "municipality": "0562", **changes}

    response = company.client.post(reverse("employer_workplace_new"), data)

    assert response.status_code == 400
    assert f'id="id_{field}_error"' in response.text
    assert Workplace.objects.count() == 1


def test_a_workplace_of_another_organisation_is_unknown(company: Company) -> None:
    other = make_company().workplace

    response = company.client.post(reverse("employer_workplace", args=[other.pk]), {"name": "Stulen"})

    other.refresh_from_db()
    assert response.status_code == 404
    assert other.name == "Verkstaden"


def test_a_workplace_can_not_be_added_to_another_organisation(company: Company) -> None:
    other = make_company().organisation
    data = {"organisation": other.pk, "name": "Nya hallen", "municipality": "0562"}

    assert company.client.post(reverse("employer_workplace_new"), data).status_code == 400
    assert other.workplaces.count() == 1


def test_lists_ask_as_many_questions_for_ten_rows_as_for_one(company: Company) -> None:
    offer = company.offer()
    urls = [
        reverse("employer_home"),
        reverse("employer_offers"),
        reverse("employer_applicants", args=[offer.pk]),
        reverse("employer_workplaces"),
        reverse("employer_team"),
        reverse("employer_placements"),
    ]
    application = ApplicationFactory(period=only_period(offer))
    services.offer_seat(actor=company.owner, application_id=application.pk)
    ApplicationFactory(period=only_period(offer))
    one = [queries_of(company.client, url) for url in urls]

    for _number in range(9):
        ApplicationFactory(period=only_period(company.offer()))
        ApplicationFactory(period=only_period(offer))

    assert [queries_of(company.client, url) for url in urls] == one


def test_the_home_tells_how_the_own_organisation_answers(company: Company) -> None:
    period = only_period(company.offer())
    now = clock.now()

    def applied(days: int, answered_after: float | None, owner: Any = period) -> None:
        start = now - timedelta(days=days)
        answered = start + timedelta(days=answered_after) if answered_after is not None else None
        ApplicationFactory(
            period=owner, submitted_at=start, answered_at=answered, answer_due_at=start + timedelta(days=7),
            state="submitted" if answered is None else "withdrawn",
        )  # fmt: skip

    applied(30, 1)
    applied(20, 3)
    applied(20, 9)  # late
    applied(12, None)  # late and silent
    applied(2, None)  # has time yet
    applied(400, 1)  # long ago
    applied(10, 6, only_period(OfferFactory()))  # somebody else's

    figures = company.client.get(reverse("employer_home")).context["figures"]

    assert [each["value"] for each in figures] == ["3 days", "2 of 4", "0 of 2"]


def test_a_place_tells_how_many_it_fits_and_hides_fewer_than_five(company: Company) -> None:
    offer = company.offer()
    page = reverse("employer_offer", args=[offer.pk])
    for _number in range(4):
        Suggestion.objects.create(student=StudentFactory(), offer=offer, score=0.5)
    Suggestion.objects.create(student=StudentFactory(is_protected=True, alias="Elev 7"), offer=offer, score=0.5)
    assert "fewer than five students" in company.client.get(page).text
    Suggestion.objects.create(student=StudentFactory(), offer=offer, score=0.5)
    assert "It fits 5 students" in company.client.get(page).text


class TestFirstPlace:
    """One way of three steps, begun before anybody has logged in."""

    WRITTEN: ClassVar[dict[str, str]] = {
        "name": "Smedjan AB",
        "registration_number": "16556036-0793",
        "kind": "company",
        "municipality": "0562",
    }

    def test_written_first_then_logged_in_and_nothing_lost(self) -> None:
        client, page = Client(), reverse("employer_register")
        assert client.get(page).status_code == 200
        wrong = client.post(page, {**self.WRITTEN, "registration_number": "1"})
        assert (wrong.status_code, "Smedjan AB" in wrong.text) == (400, True)
        assert reverse("unsent") in client.post(page, self.WRITTEN).url.replace("%2F", "/")
        assert not Organisation.objects.exists()
        # As after the code: the same session, now somebody's.
        client.force_login(UserFactory(), backend="allauth.account.auth_backends.AuthenticationBackend")
        kept = client.get(reverse("unsent"))
        assert "Smedjan AB" in kept.text
        client.post(page, self.WRITTEN)
        assert Organisation.objects.get().registration_number == "5560360793"

    def test_each_step_leads_to_the_next(self) -> None:
        client = logged_in(UserFactory())
        place = client.post(reverse("employer_register"), self.WRITTEN).url
        assert place == reverse("employer_workplace_new")
        organisation = Organisation.objects.get()
        first = client.get(place).text
        assert 'aria-current="step"' in first
        sent = {"organisation": organisation.pk, "name": "Verkstaden", "municipality": "0562"}
        offer = client.post(place, sent).url
        assert offer == reverse("employer_offer_new")
        assert 'aria-current="step"' in client.get(offer).text
        # The second workplace is no step of anything.
        assert client.post(place, sent | {"name": "Lagret"}).url == reverse("employer_workplaces")

    def test_a_programme_stands_once_and_means_all_its_codes(self, company: Company) -> None:
        form = OfferForm(workplaces=[])
        names = [str(label) for _code, label in form.fields["programmes"].choices]
        assert len(names) == len(set(names))
        field = form.fields["programmes"]
        assert field.clean(["IN"]) == field.clean(["IN25"]) == ["IN", "IN25"]
        assert field.prepare_value(["IN", "IN25"]) == ["IN"]
