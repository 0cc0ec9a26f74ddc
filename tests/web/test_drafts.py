"""What somebody has typed is not lost: autosave, an ended login, two forms, and what must not be kept."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import MembershipFactory, PeriodFactory, StudentFactory, WorkplaceFactory

pytestmark = pytest.mark.django_db

NEW = "/foretag/platser/ny/"


@pytest.fixture
def company(client: Client) -> Client:
    workplace = WorkplaceFactory()
    client.force_login(MembershipFactory(organisation=workplace.organisation).user)
    return client


def save(client: Client, page: str, **fields: object) -> int:
    return client.post(reverse("draft_autosave"), {"_page": page, **fields}).status_code


def test_what_was_typed_stands_there_on_the_next_visit(company: Client) -> None:
    status = save(
        company,
        NEW,
        title="Svetsa i rostfritt",
        hazards=["WELDING_FUMES", "HEAT"],
        is_remote="on",
        **{"periods-0-seats": "3"},
    )
    page = company.get(NEW)
    form = page.context["form"]
    assert status == 204
    assert form["title"].value() == "Svetsa i rostfritt"
    assert form["hazards"].value() == ["WELDING_FUMES", "HEAT"]
    assert form["is_remote"].value() is True
    assert form["periods-0-seats"].value() == "3"
    assert page.context["draft_kept_at"] is not None


def test_thrown_away_it_is_gone(company: Client) -> None:
    save(company, NEW, title="Svetsa")
    company.post(reverse("draft_throw_away"), {"_page": NEW})
    assert company.get(NEW).context["form"]["title"].value() is None


def test_an_accepted_form_ends_its_draft() -> None:
    client, student, period = Client(), StudentFactory(), PeriodFactory()
    client.force_login(student.user)
    url = reverse("apply", args=[period.offer_id])
    save(client, url, motivation="Jag vill")
    assert client.get(url).context["form"]["motivation"].value() == "Jag vill"
    client.post(url, {"period": "0", "motivation": "Fel"})
    assert client.get(url).context["draft_kept_at"] is not None
    client.post(url, {"period": str(period.pk), "motivation": "Jag vill"})
    assert url not in client.session["drafts"]


def test_a_login_that_ended_in_mid_form_loses_nothing() -> None:
    client, student, period = Client(), StudentFactory(), PeriodFactory()
    url = reverse("apply", args=[period.offer_id])
    answer = client.post(url, {"period": str(period.pk), "motivation": "Jag vill lära mig svetsa."})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/konto/login/")
    client.force_login(student.user)
    form = client.get(url).context["form"]
    assert form["motivation"].value() == "Jag vill lära mig svetsa."
    assert form["period"].value() == str(period.pk)


@pytest.mark.parametrize("page", ["", "/", "/finns/inte/", "https://example.com/", "/platser/"])
def test_only_pages_that_keep_drafts(company: Client, page: str) -> None:
    assert save(company, page, title="Svetsa") == 404


def test_too_much_is_refused_and_old_drafts_make_room(company: Client) -> None:
    assert save(company, NEW, title="x" * 20_001) == 413
    pages = [reverse("apply", args=[number]) for number in range(1, 5)]
    for page in pages:
        assert save(company, page, motivation="Hej") == 204
    assert list(company.session["drafts"]) == pages[1:]


def test_the_drafts_of_one_person_are_not_shown_to_the_next(company: Client) -> None:
    save(company, NEW, title="Svetsa")
    company.logout()
    workplace = WorkplaceFactory()
    company.force_login(MembershipFactory(organisation=workplace.organisation).user)
    assert company.get(NEW).context["draft_kept_at"] is None
