"""Open places for other services: as JobPosting, in the shape of EMIL, and as Atom. Mappers know the other side's words;
nothing else in the house does.

Only published places that anyone may read, and of them only what the public page shows: no supervisor, no contact.
"""

from datetime import UTC, date, datetime, time
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed

from backend.offers.models import Offer, OfferQuerySet
from backend.offers.selectors import open_offers
from backend.reference.enums import PlacementKind
from backend.reference.models import Municipality, PlacementForm

MOST_ENTRIES = 100
MOST_PLACES = 5_000
LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"


def address_of(offer: Offer) -> str:
    site: str = settings.SITE_URL
    return f"{site.rstrip('/')}/platser/{offer.pk}/"


def published_on(offer: Offer) -> date:
    """The Swedish day it was published. A place that no one has published yet, seen beforehand, shows the day it was written."""
    return timezone.localdate(offer.published_at or offer.created_at)


def list_training() -> OfferQuerySet:
    return open_offers().filter(form__kind=PlacementKind.TRAINING).for_lists().order_by("-published_at", "-pk")


def list_internships() -> OfferQuerySet:
    return open_offers().exclude(form__kind=PlacementKind.TRAINING).for_lists().order_by("-published_at", "-pk")


def _place(offer: Offer) -> dict[str, Any]:
    """The workplace as a schema.org Place. Streets of employers are public on the place's own page."""
    site = offer.workplace
    parts = {
        "streetAddress": site.address,
        "postalCode": site.postcode,
        "addressLocality": site.city or (site.municipality.name if site.municipality else ""),
    }
    known = {name: value for name, value in parts.items() if value}
    return {"@type": "Place", "address": {"@type": "PostalAddress", "addressCountry": "SE", **known}}


def job_posting(offer: Offer) -> dict[str, Any]:
    """schema.org/JobPosting of an internship."""
    periods = list(offer.periods.all())
    last = max((period.end for period in periods), default=None)
    posting: dict[str, Any] = {
        "@type": "JobPosting",
        "@id": address_of(offer),
        "url": address_of(offer),
        "identifier": {"@type": "PropertyValue", "name": "Praktiknavet", "value": str(offer.pk)},
        "title": offer.title,
        "description": offer.tasks,
        "datePosted": published_on(offer).isoformat(),
        "employmentType": "INTERN",
        "hiringOrganization": {"@type": "Organization", "name": offer.organisation.name},
        "jobLocation": _place(offer),
        "totalJobOpenings": sum(period.free for period in periods),
        "directApply": True,
    }
    if until := offer.apply_by or last:
        posting["validThrough"] = until.isoformat()
    if periods:
        posting["jobStartDate"] = min(period.start for period in periods).isoformat()
    if offer.occupation_id:
        posting["occupationalCategory"] = f"SSYK {offer.occupation_id}"
    if offer.is_remote:
        posting["jobLocationType"] = "TELECOMMUTE"
    return posting


def job_postings() -> dict[str, Any]:
    return {
        "@context": "https://schema.org",
        "@type": "ItemList",
        "license": LICENCE,
        "itemListElement": [job_posting(offer) for offer in list_internships()[:MOST_PLACES]],
    }


def emil_of(offer: Offer) -> dict[str, Any]:
    """One training place in the words of EMIL: an education, its provider, and its events (dates, seats, place)."""
    code = offer.municipality_code
    return {
        "educationInfo": {
            "identifier": f"i.praktiknavet.{offer.pk}",
            "title": [{"lang": "swe", "content": offer.title}],
            "description": [{"lang": "swe", "content": offer.tasks}],
            "eligibility": [{"lang": "swe", "content": offer.requirements}] if offer.requirements else [],
            "form": offer.form_id,
            "programme": [programme.pk for programme in offer.programmes.all()],
            "subject": [offer.occupation_id] if offer.occupation_id else [],
            "lastEdited": offer.updated_at.isoformat(),
        },
        "educationProvider": {
            "identifier": f"p.praktiknavet.{offer.organisation_id}",
            "name": [{"lang": "swe", "content": offer.organisation.name}],
        },
        "educationEvents": [
            {
                "identifier": f"e.praktiknavet.{period.pk}",
                "education": f"i.praktiknavet.{offer.pk}",
                "provider": f"p.praktiknavet.{offer.organisation_id}",
                "execution": {"start": period.start.isoformat(), "end": period.end.isoformat()},
                "application": {"last": offer.apply_by.isoformat() if offer.apply_by else None},
                "location": [{"municipalityCode": code, "country": "SE"}] if code else [],
                "distance": offer.is_remote,
                "seats": period.capacity,
                "url": [{"lang": "swe", "content": address_of(offer)}],
            }
            for period in offer.periods.all()
        ],
    }


def emil_feed() -> dict[str, Any]:
    return {"license": LICENCE, "educations": [emil_of(offer) for offer in list_training()[:MOST_PLACES]]}


def atom_feed(*, municipality: Municipality | None = None, form: PlacementForm | None = None, own_url: str) -> bytes:
    """The newest open places of a municipality or of a form, newest first."""
    found = open_offers().for_lists().order_by("-published_at", "-pk")
    name = "Praktiknavet"
    if municipality is not None:
        found, name = found.filter(workplace__municipality=municipality), f"Praktiknavet: {municipality.name}"
    if form is not None:
        found, name = found.filter(form=form), f"Praktiknavet: {form.name_sv}"
    offers = list(found[:MOST_ENTRIES])
    feed = _DatedFeed(title=name, link=settings.SITE_URL, description=name, language="sv", feed_url=own_url)
    for offer in offers:
        where = offer.workplace.municipality.name if offer.workplace.municipality else ""
        feed.add_item(
            title=", ".join(filter(None, [offer.title, offer.organisation.name, where])),
            link=address_of(offer),
            unique_id=address_of(offer),
            description=offer.tasks[:500],
            pubdate=offer.published_at,
            updateddate=offer.updated_at,
            categories=[offer.form.name_sv],
        )
    return feed.writeString("utf-8").encode()


class _DatedFeed(Atom1Feed):
    def latest_post_date(self) -> datetime:
        """Of the newest entry. An empty feed has a fixed date, so that it is the same file every time."""
        dates = [item["updateddate"] for item in self.items if item["updateddate"]]
        return max(dates) if dates else datetime.combine(date(2026, 1, 1), time(), tzinfo=UTC)
