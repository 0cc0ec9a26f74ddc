"""Feeds are what other services' parsers and rules demand, whatever people have written and left out."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from backend.exchange.feeds import calendar
from backend.exchange.feeds.emil import SCHOOL_TYPES
from backend.offers.models import Offer
from backend.reference.enums import PlacementKind
from backend.reference.models import PlacementForm
from tests.exchange.placing import placed
from tests.exchange.shapes import EMIL, JOB_POSTING, JOB_POSTINGS, PROGRAM, on_a_page, problems_of
from tests.factories import MembershipFactory, OfferFactory, PeriodFactory, WorkplaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.today("2026-11-23")]
ATOM = "{http://www.w3.org/2005/Atom}"
LONG = "Räksmörgås på Östermalmstorg, åtta ätter ölar " * 3
# Characters that neither XML nor a calendar can carry, and such that mean something to HTML and JSON.
ODD = "Sv\x0bets\x1f & <b>fräs</b> \ufffe“å”\r\nnästa rad; kolon: \\ 😀"


def town(**form: Any) -> list[Any]:
    """Places as people write them: plain, as long as allowed, odd, and with everything left out that can be."""
    nowhere = WorkplaceFactory(municipality_id=None, address="", postcode="", city="", lat=None, lon=None)
    everything = {
        "apply_by": date(2026, 12, 18),
        "requirements": ODD,
        "skills": ["svets", "mätning"],
        "is_remote": True,
    }
    return [
        OfferFactory(**form),
        OfferFactory(title=LONG[:120].strip(), tasks=LONG * 20, **everything, **form),
        OfferFactory(title=ODD, tasks=f"{ODD}\n\n{ODD}", workplace__organisation__name=ODD, **form),
        OfferFactory(workplace=nowhere, occupation=None, **form),
    ]


def block_on_page(offer: Any) -> Any:
    text = Client().get(reverse("offer", args=[offer.pk])).text
    (block,) = re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', text, re.DOTALL)
    return json.loads(block)


def test_internships_are_job_postings():
    offers = town()
    full = OfferFactory(period__taken=2)
    feed = Client().get(reverse("feed_internships")).json()
    assert problems_of(feed, JOB_POSTINGS) == []
    assert {each["url"].rstrip("/").rsplit("/", 1)[1] for each in feed["dataFeedElement"]} == {
        str(offer.pk) for offer in [*offers, full]
    }
    by_title = {each["title"]: each for each in feed["dataFeedElement"]}
    assert by_title[offers[1].title]["validThrough"] == "2026-12-18T23:59:59+01:00", "the whole last day"
    odd = next(each for title, each in by_title.items() if title.startswith("Svets"))
    assert "&lt;b&gt;fräs&lt;/b&gt;" in odd["description"]


def test_the_block_on_a_place_is_the_one_of_the_feed():
    for offer in town():
        block = block_on_page(offer)
        assert problems_of(block, on_a_page(JOB_POSTING)) == []
        feed = Client().get(reverse("feed_internships")).json()["dataFeedElement"]
        assert {"@context": "https://schema.org", **next(each for each in feed if each["url"] == block["url"])} == block


def test_training_places_have_a_block_of_their_own():
    for offer in town(form_id="yh"):
        assert problems_of(block_on_page(offer), on_a_page(PROGRAM)) == []


def test_training_places_are_emil_documents_that_name_each_other():
    offers = [*town(form_id="yrkesvux"), OfferFactory(form_id="yh")]
    second = PeriodFactory(offer=offers[0], start=date(2027, 8, 23), end=date(2027, 9, 17))
    over = PeriodFactory(offer=offers[0], start=date(2026, 1, 12), end=date(2026, 2, 6))
    feed = Client().get(reverse("feed_training")).json()
    assert problems_of(feed, EMIL) == []
    documents = {
        kind: {each["id"]: each["content"] for each in feed[kind]}
        for kind in ("educationInfos", "educationProviders", "educationEvents")
    }
    for kind, found in documents.items():
        assert len(found) == len(feed[kind]), "every id once"
        assert all(pk == each["identifier"] for pk, each in found.items())
    events = documents["educationEvents"]
    assert {each["education"] for each in events.values()} == set(documents["educationInfos"])
    assert {pk for each in events.values() for pk in each["providers"]} == set(documents["educationProviders"])
    assert f"e.praktiknavet.{second.pk}" in events
    assert f"e.praktiknavet.{over.pk}" not in events
    event = events[f"e.praktiknavet.{second.pk}"]
    assert (event["execution"]["end"], event["expires"]) == ("2027-09-17", "2027-09-18T00:00:00")
    assert {each["type"]["code"] for each in documents["educationInfos"].values()} == {"VUXGY", "YH"}


def test_every_form_of_training_has_its_kind_of_school():
    forms = PlacementForm.objects.filter(kind=PlacementKind.TRAINING).values_list("pk", flat=True)
    assert set(forms) == set(SCHOOL_TYPES)


def atom(name: str, *args: str) -> ElementTree.Element:
    response = Client().get(reverse(name, args=args))
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(response.content)


def only(element: ElementTree.Element, name: str) -> str:
    """The text of a child that RFC 4287 wants exactly once."""
    (found,) = element.findall(f"{ATOM}{name}")
    assert found.text
    return found.text


def links(element: ElementTree.Element) -> dict[str, str]:
    found = [(each.get("rel", "alternate"), each.attrib["href"]) for each in element.findall(f"{ATOM}link")]
    assert len(dict(found)) == len(found)
    return dict(found)


def test_an_atom_entry_is_never_updated_before_it_is_published():
    edited, published = datetime(2026, 11, 18, 9, tzinfo=UTC), datetime(2026, 11, 22, 9, tzinfo=UTC)
    for moment, offer in ((edited, OfferFactory()), (published + timedelta(hours=3), OfferFactory(form_id="lia"))):
        Offer.objects.filter(pk=offer.pk).update(updated_at=moment, published_at=published)
    for form, moment in (("apl", published), ("lia", published + timedelta(hours=3))):
        feed = atom("feed_form", form)
        (entry,) = feed.findall(f"{ATOM}entry")
        assert datetime.fromisoformat(only(entry, "published")) == published
        assert datetime.fromisoformat(only(entry, "updated")) == moment, "the later of the two"
        assert datetime.fromisoformat(only(feed, "updated")) == moment, "the feed's own is that of its newest entry"


def test_atom_feeds_have_what_rfc_4287_demands(settings):
    offers = town()
    feeds = [atom("feed_form", "apl"), atom("feed_municipality", "0562"), atom("feed_form", "lia")]
    addresses = [reverse("feed_form", args=["apl"]), reverse("feed_municipality", args=["0562"])]
    for feed, path in zip(feeds, [*addresses, reverse("feed_form", args=["lia"])], strict=True):
        assert feed.tag == f"{ATOM}feed"
        assert only(feed, "title")
        assert only(feed, "id") == links(feed)["self"] == settings.SITE_URL + path
        assert feed.find(f"{ATOM}author/{ATOM}name") is not None
        newest = datetime.fromisoformat(only(feed, "updated"))
        entries = feed.findall(f"{ATOM}entry")
        for entry in entries:
            assert only(entry, "title")
            assert only(entry, "id") == links(entry)["alternate"]
            assert entry.find(f"{ATOM}author/{ATOM}name") is not None
            assert newest >= datetime.fromisoformat(only(entry, "updated"))
            assert datetime.fromisoformat(only(entry, "published")).tzinfo
            (summary,) = entry.findall(f"{ATOM}summary")
            assert summary.get("type") == "html"
            assert re.fullmatch(r"(<p>([^<>]|<br>)+</p>\s*)+", summary.text or ""), summary.text
        assert len({only(entry, "id") for entry in entries}) == len(entries)
    assert [len(feed.findall(f"{ATOM}entry")) for feed in feeds] == [len(offers), len(offers) - 1, 0]
    assert len({only(feed, "id") for feed in feeds}) == len(feeds), "two feeds are never the same one"
    titles = "".join(only(entry, "title") for entry in feeds[0].findall(f"{ATOM}entry"))
    assert "Räksmörgås på Östermalmstorg" in titles


def test_calendars_are_read_back_as_they_were_meant():
    offers = town()
    company = MembershipFactory(organisation=offers[0].organisation).user
    for offer in offers:
        offer.organisation = offers[0].organisation
        offer.save()
        placed(offer)
    content = calendar.calendar_of(company)
    lines = content.split(b"\r\n")
    assert all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in lines)
    parsed = Calendar.from_ical(content)
    assert (parsed["version"], bool(parsed["prodid"]), parsed["method"]) == ("2.0", True, "PUBLISH")
    events = parsed.walk("VEVENT")
    assert len(events) == len(offers)
    assert len({str(event["uid"]) for event in events}) == len(events)
    for event in events:
        assert not event.errors
        assert event["dtstamp"].to_ical().endswith(b"Z")
        assert event["dtend"].dt > event["dtstart"].dt
        assert event["dtstart"].params["VALUE"] == "DATE"
    summaries = [str(event["summary"]) for event in events]
    assert any(offers[1].title in summary for summary in summaries)
    assert any("Svets & <b>fräs</b> “å”" in summary and "; kolon: \\ 😀" in summary for summary in summaries)
