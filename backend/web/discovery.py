"""For those who come from elsewhere: the sitemap, robots.txt, and a list of places to embed in a municipality's own site."""

from datetime import datetime
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps import views as sitemaps
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from backend.common import clock
from backend.offers.models import Offer
from backend.offers.search import Search, find_page, matching_entries, open_entries
from backend.reference.models import Municipality
from backend.reference.selectors import get_municipality
from backend.web.access import public
from backend.web.offer_rows import offer_row

PAGES = (
    "start",
    "search",
    "how_it_works",
    "for_employers",
    "for_municipalities",
    "embed_help",
    "accessibility",
    "privacy",
    "contact",
)
PLACES_EMBEDDED = 10
EMBED_SECONDS = 300
# What only its owner can open has nothing to find.
PERSONAL = (
    "hem/",
    "profil/",
    "elev/",
    "foretag/",
    "vardnadshavare/",
    "samordnare/",
    "natverket/",
    "notifications/",
    "uppgifter/",
    "uppdrag/",
    "organisationer/",
    "utkast/",
    "konto/",
    "till/",
    "kalender/",
    "platser/*/ansok/",
)


class PageSitemap(Sitemap[str]):
    changefreq = "weekly"

    def items(self) -> list[str]:
        return list(PAGES)

    def location(self, item: str) -> str:
        return reverse(item)


class MunicipalitySitemap(Sitemap[str]):
    """The members of the network."""

    changefreq = "daily"

    def items(self) -> list[str]:
        return list(Municipality.objects.network_members(clock.today()).values_list("pk", flat=True))

    def location(self, item: str) -> str:
        return reverse("municipality", args=[item])


class OfferSitemap(Sitemap[Offer]):
    """Every open place, twenty thousand a file."""

    limit = 20_000

    def items(self) -> "QuerySet[Offer]":
        found = Offer.objects.filter(pk__in=open_entries().values("pk"))
        return found.only("pk", "updated_at").order_by("pk")

    def location(self, item: Offer) -> str:
        return reverse("offer", args=[item.pk])

    def lastmod(self, item: Offer) -> datetime:
        return item.updated_at


SITEMAPS: dict[str, Any] = {"sidor": PageSitemap, "kommuner": MunicipalitySitemap, "platser": OfferSitemap}


@public
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """The sitemaps there are."""
    return sitemaps.index(request, SITEMAPS, sitemap_url_name="sitemap_part")


@public
@require_safe
def sitemap_part(request: HttpRequest, section: str) -> HttpResponse:
    """The addresses of one sitemap. An unknown one is 404."""
    return sitemaps.sitemap(request, SITEMAPS, section)


@public
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: /{part}" for part in PERSONAL), ""]
    lines.append(f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@public  # type: ignore[arg-type]  # django-csp types its decorators for views that take nothing but the request
@require_safe
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"], "form-action": ["'none'"], "script-src": ["'none'"]})  # type: ignore[arg-type]
def embed(request: HttpRequest, code: str) -> HttpResponse:
    """The newest places of a municipality, to be framed by any site. Sets no cookie and knows nobody.

    `lang` in the address chooses the language, since the reader's own choice does not reach a frame.
    """
    place = get_municipality(code)
    search = Search(municipalities=(place.pk,), only_free=True)
    language = "en" if request.GET.get("lang") == "en" else "sv"
    with translation.override(language):
        context = {
            "place": place,
            "total": matching_entries(search).count(),
            "rows": [offer_row(offer) for offer in find_page(search, size=PLACES_EMBEDDED).rows],
            "language": language,
        }
        response = render(request, "pages/public/embed.html", context)
    patch_cache_control(response, public=True, max_age=EMBED_SECONDS)
    response["X-Robots-Tag"] = "noindex"
    return response


@public  # type: ignore[arg-type]
@require_safe
@csp_update({"frame-src": [SELF]})
def embed_help(request: HttpRequest) -> HttpResponse:
    """How to show the own places on the municipality's site: the lines to copy, and what they show."""
    members = list(Municipality.objects.network_members(clock.today()).order_by("sort_key"))
    everyone = Municipality.objects.order_by("sort_key")
    chosen = everyone.filter(pk=request.GET.get("kommun", "")[:4].replace("\0", "")).first()
    chosen = chosen or (members[0] if members else everyone[0])
    address = settings.SITE_URL + reverse("embed", args=[chosen.pk])
    title = f"Praktiknavet: {chosen.name}"
    context = {
        "options": [(place.pk, place.name) for place in everyone],
        "chosen": chosen,
        "path": reverse("embed", args=[chosen.pk]),
        "snippet": f'<iframe src="{address}" title="{title}" width="100%" height="640" loading="lazy"></iframe>',
    }
    return render(request, "pages/public/embed_help.html", context)
