"""What a place page says to search engines, in the words of schema.org."""

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from backend.exchange.feeds.job_postings import job_posting
from backend.exchange.feeds.places import address_of, periods_ahead
from backend.exchange.feeds.texts import plain
from backend.offers.models import Offer

# The text stands inside a script element: none of its characters may end that element.
ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def structured_data(offer: Offer) -> SafeString:
    """JSON-LD for the element `<script type="application/ld+json">`, a data block that no browser runs."""
    described = educational_program(offer) if offer.form.is_training else job_posting(offer)
    text = json.dumps({"@context": "https://schema.org", **described}, ensure_ascii=False).translate(ESCAPES)
    return mark_safe(text)  # noqa: S308 - escaped above


def educational_program(offer: Offer) -> dict[str, Any]:
    """schema.org/EducationalOccupationalProgram of a training place."""
    periods = periods_ahead(offer)
    site = offer.workplace
    town = site.city or (site.municipality.name if site.municipality else "")
    provider: dict[str, Any] = {"@type": "EducationalOrganization", "name": plain(offer.organisation.name)}
    if town:
        provider["address"] = {"@type": "PostalAddress", "addressLocality": plain(town), "addressCountry": "SE"}
    program: dict[str, Any] = {
        "@type": "EducationalOccupationalProgram",
        "@id": address_of(offer),
        "url": address_of(offer),
        "name": plain(offer.title),
        "description": plain(offer.tasks),
        "provider": provider,
        "maximumEnrollment": sum(period.capacity for period in periods),
    }
    if periods:
        program["startDate"] = min(period.start for period in periods).isoformat()
        program["endDate"] = max(period.end for period in periods).isoformat()
    if offer.apply_by:
        program["applicationDeadline"] = offer.apply_by.isoformat()
    if offer.requirements:
        program["programPrerequisites"] = plain(offer.requirements)
    if offer.occupation is not None:
        program["occupationalCategory"] = f"SSYK {offer.occupation_id}"
    return program
