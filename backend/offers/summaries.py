"""Places as a list of the API shows them, read by one statement.

A program asks for many places at once. As rows of models, with what they refer to and lists of periods and programmes
behind each, they cost more than three times what the database needs; here one value carries all of it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from django.db import connection

# One value for all rows, made by the database and read at once: thousands of values one by one cost as much again. What a
# place refers to is asked behind it: a join of seven tables takes PostgreSQL twice as long to plan as to answer.
READ = """
SELECT json_agg(json_build_array(
    offer.id, offer.state, offer.title,
    (SELECT json_build_array(it.id, it.name) FROM organisations_organisation it WHERE it.id = offer.organisation_id),
    (
        SELECT json_build_array(site.id, site.name, site.city, town.code, town.name)
        FROM organisations_workplace site LEFT JOIN reference_municipality town ON town.code = site.municipality_id
        WHERE site.id = offer.workplace_id
    ),
    (SELECT json_build_array(it.code, it.name_sv, it.name_en) FROM reference_placementform it WHERE it.code = offer.form_id),
    (
        SELECT json_build_array(it.ssyk4, it.name_sv, it.name_en)
        FROM reference_occupationgroup it WHERE it.ssyk4 = offer.occupation_id
    ),
    coalesce((
        SELECT json_agg(json_build_array(programme.code, programme.name_sv, programme.name_en)
            ORDER BY programme.name_sv, programme.code)
        FROM offers_offer_programmes chosen JOIN reference_programme programme ON programme.code = chosen.programme_id
        WHERE chosen.offer_id = offer.id
    ), '[]'::json),
    offer.skills, offer.languages, offer.apply_by, offer.is_remote, offer.published_at,
    coalesce((
        SELECT json_agg(
            json_build_array(period.id, period.start, period."end", period.capacity, period.capacity - period.taken)
            ORDER BY period.start, period."end", period.id)
        FROM offers_offerperiod period WHERE period.offer_id = offer.id
    ), '[]'::json)
))::text
FROM offers_offer offer WHERE offer.id = ANY(%s)
"""


class Named(NamedTuple):
    """A row of a reference table: its names in both languages; the English one may be empty."""

    code: str
    swedish: str
    english: str


class Site(NamedTuple):
    """A workplace. Without a municipality code and name of that are None."""

    pk: int
    name: str
    city: str
    municipality_code: str | None
    municipality_name: str | None


class OfferSummary(NamedTuple):
    """organisation: id and name. periods: (id, first day, last day, seats, free) each. Days are written as in ISO 8601, and
    so is the moment of publication, in UTC."""

    pk: int
    state: str
    title: str
    organisation: tuple[int, str]
    site: Site
    form: Named
    occupation: Named | None
    programmes: list[Named]
    skills: list[str]
    languages: list[str]
    apply_by: str | None
    is_remote: bool
    published_at: str | None
    periods: list[tuple[int, str, str, int, int]]


def read_summaries(ids: Sequence[int]) -> list[OfferSummary]:
    """The places with these ids, in their order. Unknown ids are left out. One query."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(READ, [list(ids)])
        (text,) = cursor.fetchone()
    found = {row[0]: _summary(*row) for row in orjson.loads(text or "[]")}
    return [found[pk] for pk in ids if pk in found]


def _summary(*row: Any) -> OfferSummary:
    pk, state, title, organisation, site, form, occupation, programmes, *rest = row
    return OfferSummary(
        pk, state, title, organisation, Site(*site), Named(*form), Named(*occupation) if occupation else None,
        [Named(*programme) for programme in programmes], *rest,
    )  # fmt: skip
