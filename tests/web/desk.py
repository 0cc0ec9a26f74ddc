"""What the tests of the desks share: a company with a place, and clients that are logged in."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.test import Client

from backend.accounts.models import User
from backend.offers.models import Offer, OfferPeriod
from backend.organisations.models import Organisation, Workplace
from tests.factories import MembershipFactory, OfferFactory, UserFactory, WorkplaceFactory


@dataclass(frozen=True)
class Company:
    """A company with an owner who is logged in."""

    owner: User
    organisation: Organisation
    workplace: Workplace
    client: Client

    def offer(self, **fields: Any) -> Offer:
        offer: Any = OfferFactory(workplace=self.workplace, **fields)
        return offer


def logged_in(user: User) -> Client:
    """A client in English, the language that the texts in code are written in."""
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def make_company(**fields: Any) -> Company:
    workplace = WorkplaceFactory(**fields)
    owner = UserFactory(name="Sara Nyqvist")
    MembershipFactory(user=owner, organisation=workplace.organisation, role="owner")
    return Company(owner, workplace.organisation, workplace, logged_in(owner))


def only_period(offer: Offer) -> OfferPeriod:
    return offer.periods.get()


def offer_data(place: Workplace, /, **changes: Any) -> dict[str, Any]:
    """What the form of a place sends when everything is in order."""
    return {
        "workplace": str(place.pk),
        "form": "apl",
        "title": "Svetsa i rostfritt",
        "tasks": "Du läser ritningen, fixerar och svetsar.",
        "periods-0-start": "2027-01-25",
        "periods-0-end": "2027-02-19",
        "periods-0-seats": "2",
        "apply_by": "2026-12-18",
        "supervisor_name": "Sara Nyqvist",
        **changes,
    }
