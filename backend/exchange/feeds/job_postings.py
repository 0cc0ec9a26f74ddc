"""Internships as schema.org JobPosting, with what search engines require of one (title, description in HTML, the day it was
posted, who hires, where)."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone
from django.utils.html import linebreaks

from backend.common import clock
from backend.exchange.feeds.places import (
    LICENCE,
    MOST_PLACES,
    address_of,
    list_internships,
    periods_ahead,
    published_on,
)
from backend.exchange.feeds.texts import plain
from backend.offers.models import Offer
from backend.reference.models import PlacementFormVersion

LAST_SECOND = time(23, 59, 59)


def job_posting(offer: Offer, versions: Sequence[PlacementFormVersion] | None = None) -> dict[str, Any]:
    """One open internship. versions: of the paid forms, as `paid_versions` gives them; asked for when left out."""
    periods = periods_ahead(offer)
    posting: dict[str, Any] = {
        "@type": "JobPosting",
        "@id": address_of(offer),
        "url": address_of(offer),
        "identifier": {"@type": "PropertyValue", "name": "Praktiknavet", "value": str(offer.pk)},
        "title": plain(offer.title),
        "description": linebreaks(plain(offer.tasks), autoescape=True),
        "datePosted": published_on(offer).isoformat(),
        # A paid holiday job is employment for a time; search engines show it to who looks for work.
        "employmentType": "TEMPORARY" if is_paid(offer, versions) else "INTERN",
        "hiringOrganization": {"@type": "Organization", "name": plain(offer.organisation.name)},
        "jobLocation": _place(offer),
        "directApply": True,
    }
    if until := offer.apply_by or max((period.end for period in periods), default=None):
        posting["validThrough"] = _end_of(until)
    if periods:
        posting["jobStartDate"] = periods[0].start.isoformat()
    if free := sum(period.free for period in periods):
        posting["totalJobOpenings"] = free
    if offer.occupation_id:
        posting["occupationalCategory"] = f"SSYK {offer.occupation_id}"
    if offer.requirements:
        posting["qualifications"] = plain(offer.requirements)
    if offer.skills:
        posting["skills"] = plain(", ".join(offer.skills))
    if offer.is_remote:
        # Required of postings for work from home: from where one may do it.
        posting["jobLocationType"] = "TELECOMMUTE"
        posting["applicantLocationRequirements"] = {"@type": "Country", "name": "SE"}
    return posting


def is_paid(offer: Offer, versions: Sequence[PlacementFormVersion] | None = None) -> bool:
    """Whether the form pays the student on the first day ahead. versions: as for `job_posting`."""
    periods = periods_ahead(offer)
    first = periods[0].start if periods else clock.today()
    return any(
        version.form_id == offer.form_id and version.is_valid_on(first)
        for version in (paid_versions() if versions is None else versions)
    )


def paid_versions() -> list[PlacementFormVersion]:
    """The versions of placement forms in which a student is paid."""
    return list(PlacementFormVersion.objects.filter(is_paid=True))


def job_postings() -> dict[str, Any]:
    """Every open internship, newest first."""
    versions = paid_versions()
    return {
        "@context": "https://schema.org",
        "@type": "DataFeed",
        "name": "Praktiknavet",
        "license": LICENCE,
        "dataFeedElement": [job_posting(offer, versions) for offer in list_internships()[:MOST_PLACES]],
    }


def _end_of(day: date) -> str:
    """The last second of a Swedish day: a date alone would be read as its first."""
    return timezone.make_aware(datetime.combine(day, LAST_SECOND)).isoformat()


def _place(offer: Offer) -> dict[str, Any]:
    """The workplace as a schema.org Place. Streets of employers are public on the place's own page."""
    site = offer.workplace
    parts = {
        "streetAddress": site.address,
        "postalCode": site.postcode,
        "addressLocality": site.city or (site.municipality.name if site.municipality else ""),
    }
    known = {name: plain(value) for name, value in parts.items() if value}
    return {"@type": "Place", "address": {"@type": "PostalAddress", "addressCountry": "SE", **known}}
