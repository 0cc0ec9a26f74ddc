"""Every main page in a real browser: nothing blocked, nothing wider than the window, nothing axe objects to."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from backend.applications import services as applications
from backend.common import clock
from backend.offers.enums import OfferState
from backend.students.services import AlertDetails, add_guardian, save_alert
from tests.browser.conftest import axe_findings, is_wider_than_window
from tests.factories import (
    CoordinatorFactory,
    MembershipFactory,
    NetworkOfficerFactory,
    OfferFactory,
    StudentFactory,
)
from tests.factories.work import handle_events


@pytest.fixture
def town():
    """One company with applicants in several states, a coordinator with decisions to make, a minor with a guardian."""
    start = clock.today() + timedelta(days=60)
    offer = OfferFactory(period__start=start, period__end=start + timedelta(days=25), period__capacity=3)
    OfferFactory(workplace=offer.workplace, state=OfferState.SUBMITTED, published_at=None, submitted_at=clock.now())
    company = MembershipFactory(organisation=offer.organisation).user
    coordinator, network = CoordinatorFactory(), NetworkOfficerFactory()
    period = offer.periods.get()
    minor = StudentFactory(birth_date=date(clock.today().year - 17, 12, 31))
    others = [StudentFactory() for _ in range(3)]
    rows = [
        applications.submit_application(actor=who.user, period_id=period.pk, motivation="Gärna!")
        for who in [minor, *others]
    ]
    applications.offer_seat(actor=company, application_id=rows[0].pk, message="Välkommen!")
    applications.offer_seat(actor=company, application_id=rows[1].pk)
    applications.accept_seat(actor=others[0].user, application_id=rows[1].pk)
    applications.waitlist_application(actor=company, application_id=rows[2].pk)
    save_alert(actor=minor.user, details=AlertDetails(name="CNC", text="cnc"))
    guardianship = add_guardian(actor=minor.user, student_id=minor.pk, email="mamma@home.example", name="Mamma")
    handle_events()
    return {
        "offer": offer,
        "applications": rows,
        "": None,
        "student": minor.user,
        "company": company,
        "coordinator": coordinator,
        "network": network,
        "guardian": guardianship.guardian,
    }


def pages(town) -> dict[str, list[str]]:
    offer, rows = town["offer"], town["applications"]
    return {
        "": [
            reverse("start"),
            reverse("search"),
            reverse("search") + "?q=finnsinte",
            reverse("offer", args=[offer.pk]),
            reverse("municipality", args=["0562"]),
            reverse("account_login"),
            reverse("account_signup"),
            reverse("for_employers"),
            reverse("open_data"),
            reverse("api_docs"),
            reverse("privacy"),
        ],
        "student": [
            reverse("student_home"),
            reverse("student_profile"),
            reverse("student_applications"),
            reverse("student_application", args=[rows[0].pk]),
            reverse("suggestions"),
            reverse("alerts"),
            reverse("alert_new"),
            reverse("notifications"),
            reverse("notification_settings"),
            reverse("reach"),
            reverse("offer", args=[offer.pk]),
        ],
        "company": [
            reverse("employer_home"),
            reverse("employer_offers"),
            reverse("employer_offer_new"),
            reverse("employer_offer", args=[offer.pk]),
            reverse("employer_applicants", args=[offer.pk]),
            reverse("employer_application", args=[rows[3].pk]),
            reverse("employer_workplaces"),
            reverse("employer_team"),
            reverse("employer_imports"),
            reverse("webhooks"),
            reverse("tokens"),
            reverse("calendar"),
        ],
        "coordinator": [
            reverse("coordinator_home"),
            reverse("coordinator_offers"),
            reverse("coordinator_matches"),
            reverse("coordinator_students"),
            reverse("coordinator_student", args=[rows[1].student_id]),
            reverse("coordinator_placements"),
            reverse("coordinator_organisations"),
            reverse("coordinator_imports"),
            reverse("coordinator_ledger", args=["application", rows[1].pk]),
        ],
        "network": [reverse("network_home"), reverse("network_jobs"), reverse("network_undelivered")],
        "guardian": [reverse("guardian_home")],
    }


@pytest.mark.parametrize("who", ["", "student", "company", "coordinator", "network", "guardian"])
def test_pages_are_sound(visit, live_server, town, who):
    found = []
    for size, scheme in (("desktop", "dark"), ("phone", "light")):
        page = None
        for path in pages(town)[who]:
            if page is None:
                page = visit(path, user=town[who], size=size, scheme=scheme)
            else:
                page.goto(live_server.url + path)
            found += [f"{size} {finding}" for finding in axe_findings(page)]
            if is_wider_than_window(page):
                found.append(f"{size} {path} is wider than the window")
    assert found == []
