"""Places as a list of the API shows them, read by one statement.

A program asks for many places at once. As rows of models, with what they refer to and lists of periods and programmes
behind each, they cost more than three times what the database needs; here one value carries all of it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

# One value for all rows, made by the database and read at once: thousands of values one by one cost as much again.
READ = """
SELECT json_agg(json_build_array(
    offer.id, offer.state, offer.title, organisation.id, organisation.name, site.id, site.name, site.city,
    town.code, town.name, form.code, form.name_sv, form.name_en, occupation.ssyk4, occupation.name_sv,
    occupation.name_en, offer.skills, offer.languages, offer.apply_by, offer.is_remote, offer.published_at,
    coalesce((
        SELECT json_agg(json_build_array(programme.code, programme.name_sv, programme.name_en)
            ORDER BY programme.name_sv, programme.code)
        FROM offers_offer_programmes chosen JOIN reference_programme programme ON programme.code = chosen.programme_id
        WHERE chosen.offer_id = offer.id
    ), '[]'::json),
    coalesce((
        SELECT json_agg(
            json_build_array(period.id, period.start, period."end", period.capacity, period.capacity - period.taken)
            ORDER BY period.start, period."end", period.id)
        FROM offers_offerperiod period WHERE period.offer_id = offer.id
    ), '[]'::json)
) ORDER BY asked.number)
FROM unnest(%s::bigint[]) WITH ORDINALITY AS asked(id, number)
JOIN offers_offer offer ON offer.id = asked.id
JOIN organisations_organisation organisation ON organisation.id = offer.organisation_id
JOIN organisations_workplace site ON site.id = offer.workplace_id
LEFT JOIN reference_municipality town ON town.code = site.municipality_id
JOIN reference_placementform form ON form.code = offer.form_id
LEFT JOIN reference_occupationgroup occupation ON occupation.ssyk4 = offer.occupation_id
"""


class OfferSummary(NamedTuple):
    """programmes: [code, Swedish name, English name]. periods: [id, first day, last day, seats, free]. Days are written as in
    ISO 8601, and so is the moment of publication, in UTC.

    Names of reference tables come in both languages; an English one may be empty. Without a municipality its code and
    name are None, and so are those of an occupation that is not stated.
    """

    pk: int
    state: str
    title: str
    organisation_id: int
    organisation_name: str
    workplace_id: int
    workplace_name: str
    city: str
    municipality_code: str | None
    municipality_name: str | None
    form_code: str
    form_sv: str
    form_en: str
    occupation_code: str | None
    occupation_sv: str | None
    occupation_en: str | None
    skills: list[str]
    languages: list[str]
    apply_by: str | None
    is_remote: bool
    published_at: str | None
    programmes: list[list[Any]]
    periods: list[list[Any]]


def read_summaries(ids: Sequence[int]) -> list[OfferSummary]:
    """The places with these ids, in their order. Unknown ids are left out. One query."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(READ, [list(ids)])
        (rows,) = cursor.fetchone()
    return [OfferSummary._make(row) for row in rows or ()]
