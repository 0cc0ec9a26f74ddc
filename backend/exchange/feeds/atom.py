"""The newest open places as Atom (RFC 4287)."""

from datetime import UTC, date, datetime, time

from django.conf import settings
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import linebreaks
from django.utils.text import Truncator

from backend.exchange.feeds.places import address_of
from backend.exchange.feeds.texts import plain
from backend.offers.selectors import open_offers
from backend.reference.models import Municipality, PlacementForm

MOST_ENTRIES = 100
LONGEST_SUMMARY = 500


def atom_feed(*, municipality: Municipality | None = None, form: PlacementForm | None = None, path: str) -> bytes:
    """The newest open places of a municipality or of a form, newest first. path: where the feed itself stands."""
    found = open_offers().for_lists().order_by("-published_at", "-pk")
    name = "Praktiknavet"
    if municipality is not None:
        found, name = found.filter(workplace__municipality=municipality), f"Praktiknavet: {municipality.name}"
    if form is not None:
        found, name = found.filter(form=form), f"Praktiknavet: {form.name_sv}"
    # The feed's id is its own address on the site, whatever name it was asked by: ids have to differ and to stay.
    own = f"{settings.SITE_URL.rstrip('/')}{path}"
    feed = _DatedFeed(
        title=name,
        link=settings.SITE_URL,
        description="",
        language="sv",
        feed_url=own,
        feed_guid=own,
        author_name="Praktiknavet",
    )
    for offer in found[:MOST_ENTRIES]:
        where = offer.workplace.municipality.name if offer.workplace.municipality else ""
        feed.add_item(
            title=plain(", ".join(filter(None, [offer.title, offer.organisation.name, where]))),
            link=address_of(offer),
            unique_id=address_of(offer),
            # Summaries are HTML to Atom1Feed.
            description=linebreaks(Truncator(plain(offer.tasks)).chars(LONGEST_SUMMARY), autoescape=True),
            author_name=plain(offer.organisation.name),
            pubdate=offer.published_at,
            # A place may be edited before it is published: readers of feeds expect no update before the beginning.
            updateddate=max(offer.updated_at, offer.published_at or offer.updated_at),
            categories=[offer.form.name_sv],
        )
    return feed.writeString("utf-8").encode()


class _DatedFeed(Atom1Feed):
    def latest_post_date(self) -> datetime:
        """Of the newest entry. An empty feed has a fixed date, so that it is the same file every time."""
        dates = [item["updateddate"] for item in self.items if item["updateddate"]]
        return max(dates) if dates else datetime.combine(date(2026, 1, 1), time(), tzinfo=UTC)
