"""Training places as EMIL 3 documents in JSON, as Susa-navet's open API gives them (version 3.0.2, described at
https://api.skolverket.se/susa-navet/susa-navet-emil3.yaml): educations, their providers, and events with dates and seats.

docs/feeds.md says what EMIL asks for and we do not know.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from backend.exchange.feeds.places import LICENCE, MOST_PLACES, address_of, list_training, periods_ahead
from backend.exchange.feeds.texts import plain
from backend.offers.models import Offer, OfferPeriod
from backend.organisations.enums import OrganisationKind
from backend.organisations.models import Organisation

SWEDISH = "swe"
# EMIL's code of the kind of school, and whether the education leads to a degree, for each form of ours.
SCHOOL_TYPES = {"gymnasieutbildning": ("GY", True), "yrkesvux": ("VUXGY", False), "yh": ("YH", True)}
OTHER_TRAINING = ("AU", False)
BODIES = {OrganisationKind.MUNICIPAL_UNIT: "kommunal", OrganisationKind.COMPANY: "enskild"}
OTHER_BODY = "annan"
# Decided, with a first and a last day.
DATED = "1"


def emil_feed() -> dict[str, Any]:
    """Every open training place, newest first, and once each the organisations that give them."""
    offers = list(list_training()[:MOST_PLACES])
    providers = {offer.organisation_id: offer.organisation for offer in offers}
    return {
        "license": LICENCE,
        "educationInfos": _listed(_info(offer) for offer in offers),
        "educationProviders": _listed(_provider(providers[pk]) for pk in sorted(providers)),
        "educationEvents": _listed(_event(offer, period) for offer in offers for period in periods_ahead(offer)),
    }


def _listed(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": each["identifier"], "status": "ACTIVE", "content": each} for each in documents]


def _info(offer: Offer) -> dict[str, Any]:
    school, is_degree = SCHOOL_TYPES.get(offer.form_id, OTHER_TRAINING)
    document: dict[str, Any] = {
        "identifier": _id("i", offer.pk),
        "code": str(offer.pk),
        "lastEdited": _local(offer.updated_at),
        "title": _text(offer.title),
        "description": _text(offer.tasks),
        "url": _url(address_of(offer)),
        "type": _code("C_SchoolType", school),
        "resultIsDegree": is_degree,
    }
    if offer.requirements:
        document["eligibility"] = _text(offer.requirements)
    return document


def _provider(organisation: Organisation) -> dict[str, Any]:
    document: dict[str, Any] = {
        "identifier": _id("p", organisation.pk),
        "lastEdited": _local(organisation.updated_at),
        "name": _text(organisation.name),
        "contactAddress": _address(organisation.municipality_id),
        "responsibleBody": {
            "type": _code("C_Body", BODIES.get(OrganisationKind(organisation.kind), OTHER_BODY)),
            "name": _text(organisation.name),
        },
    }
    if organisation.website:
        document["url"] = _url(organisation.website)
    return document


def _event(offer: Offer, period: OfferPeriod) -> dict[str, Any]:
    site = offer.workplace
    application: dict[str, Any] = {"url": _url(address_of(offer))}
    if offer.apply_by:
        application["last"] = offer.apply_by.isoformat()
    document: dict[str, Any] = {
        "identifier": _id("e", period.pk),
        "education": _id("i", offer.pk),
        "providers": [_id("p", offer.organisation_id)],
        "lastEdited": _local(offer.updated_at),
        "expires": datetime.combine(period.end + timedelta(days=1), time()).isoformat(),
        "url": _url(address_of(offer)),
        "execution": {
            "condition": _code("C_ExecutionCondition", DATED),
            "start": period.start.isoformat(),
            "end": period.end.isoformat(),
        },
        "places": period.capacity,
        "application": application,
    }
    if site.municipality_id:
        document["locations"] = [
            _address(site.municipality_id, town=site.city, postalCode=site.postcode, streetAddress=site.address)
        ]
    if offer.occupation is not None:
        document["keywords"] = [_text(offer.occupation.name_sv)]
    if offer.is_remote:
        document["distance"] = {}
    return document


def _id(kind: str, pk: int) -> str:
    """kind: i for an education, e for an event, p for a provider."""
    return f"{kind}.praktiknavet.{pk}"


def _local(moment: datetime) -> str:
    """Swedish local time without offset, to the second."""
    return timezone.localtime(moment).replace(tzinfo=None, microsecond=0).isoformat()


def _text(text: str) -> dict[str, Any]:
    return {"strings": [{"lang": SWEDISH, "value": plain(text)}]}


def _url(address: str) -> dict[str, Any]:
    return {"urls": [{"lang": SWEDISH, "value": address}]}


def _code(kind: str, code: str) -> dict[str, str]:
    return {"type": kind, "code": code}


def _address(municipality_code: str | None, **parts: str) -> dict[str, str]:
    """areaCode: the four digits of the municipality."""
    known = {"areaCode": municipality_code or "", **parts}
    return {"country": "SE", **{name: plain(value) for name, value in known.items() if value}}
