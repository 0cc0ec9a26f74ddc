"""The gallery: every component with its options, for those who build pages. Addressed in development only."""

from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backend.web.access import public
from backend.web.ruler import Period, build_ruler
from backend.web.weeks import format_weeks

NOW = date(2026, 11, 23)
SPRING = (date(2026, 11, 23), date(2027, 6, 4))
FOUR_TO_SEVEN = (date(2027, 1, 25), date(2027, 2, 19))
SIXTEEN_TO_NINETEEN = (date(2027, 4, 19), date(2027, 5, 13))


class ExampleForm(forms.Form):
    """A form with one field of every look."""

    title = forms.CharField(label="Vad gör man på platsen?", help_text="En rad, som du skulle säga det.")
    email = forms.EmailField(label="E-post", required=False)
    start = forms.DateField(label="Första dagen", widget=forms.DateInput(attrs={"type": "date"}))
    kind = forms.ChoiceField(label="Praktikform", choices=[("apl", "APL"), ("lia", "LIA"), ("prao", "Prao")])
    text = forms.CharField(label="Beskrivning", widget=forms.Textarea(attrs={"rows": 4}), required=False)
    reason = forms.ChoiceField(
        label="Varför?",
        choices=[("full", "Platserna är fyllda"), ("weeks", "Veckorna stämmer inte"), ("other", "Annat")],
        widget=forms.RadioSelect,
    )
    fields_of_work = forms.MultipleChoiceField(
        label="Område",
        choices=[("ind", "Industriteknik"), ("el", "El och energi"), ("fordon", "Fordon och transport")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    agrees = forms.BooleanField(label="Jag har läst riskbedömningen")
    plan = forms.FileField(label="Bilaga", required=False)


def offer(
    title: str, organisation: str, period: tuple[date, date], seats: tuple[int, int], **more: Any
) -> dict[str, Any]:
    """An offer row with the parts a caller does not name left empty."""
    free, total = seats
    return {
        "url": "#",
        "title": title,
        "organisation_name": organisation,
        "municipality_name": "Finspång",
        "form_label": "APL",
        "meta": [],
        "reasons": [],
        "weeks_label": format_weeks(*period),
        "seats_free": free,
        "seats_total": total,
        "tags": [],
        "note": "",
        **more,
    }


def example_offers() -> list[dict[str, Any]]:
    """Offers that show every part of a row."""
    return [
        offer(
            "CNC-operatör: från ritning till färdig del",
            "Hällestad Precision AB",
            FOUR_TO_SEVEN,
            (2, 4),
            meta=["8 km, 19 min med buss", "Industritekniska, åk 2–3"],
            reasons=["Passar ditt program och din APL-period"],
            tags=[{"text": "Ny", "color": "info"}],
            note="Svarar oftast inom 2 dagar",
        ),
        offer(
            "Svetsa i aluminium och rostfritt",
            "Figeholms Svets & Smide",
            FOUR_TO_SEVEN,
            (1, 2),
            meta=["12 km, 24 min med buss"],
            tags=[{"text": "Sista platsen", "color": "warning"}],
            note="Svarar oftast inom 4 dagar",
        ),
        offer(
            "Montera gasturbiner i lag",
            "Grosvads Turbinservice AB",
            SIXTEEN_TO_NINETEEN,
            (3, 6),
            meta=["3 km, gångavstånd"],
            tags=[{"text": "Du har sökt", "color": "success"}],
        ),
        offer(
            "Feriejobb i kommunens verkstad", "Borlänge kommun", SIXTEEN_TO_NINETEEN, (8, 12), form_label="Feriejobb"
        ),
        offer(
            "El- och automationsingenjör",
            "Luleå kommun",
            SIXTEEN_TO_NINETEEN,
            (0, 0),
            seats_total=None,
            form_label="Yrkeshögskola",
        ),
    ]


def example_members() -> list[dict[str, Any]]:
    """Members of the network with example counts."""
    names = {
        "2580": "Luleå",
        "2081": "Borlänge",
        "0481": "Oxelösund",
        "0562": "Finspång",
        "1493": "Mariestad",
        "0882": "Oskarshamn",
    }
    return [{"code": code, "name": name, "count": 24 + 9 * n} for n, (code, name) in enumerate(names.items())]


def gallery_context() -> dict[str, Any]:
    """Everything the gallery page shows."""
    periods = [Period(*FOUR_TO_SEVEN, "main", "APL"), Period(*SIXTEEN_TO_NINETEEN, "hold", _("applied"))]
    narrow = [Period(*FOUR_TO_SEVEN, "main"), Period(*SIXTEEN_TO_NINETEEN, "alt")]
    return {
        "draft_kept_at": datetime(2026, 11, 23, 13, 3, tzinfo=UTC),
        "empty_form": ExampleForm(prefix="new"),
        "failed_form": ExampleForm({"title": "", "email": "elin", "kind": "apl"}),
        "select_options": [("80", "Högst 80 km"), ("40", "Högst 40 km")],
        "radio_options": [("now", "Gärna nu"), ("later", "Kanske senare", "Vi hör av oss i mars"), ("no", "Inte i år")],
        "chosen": ["later"],
        "facet_options": [
            {"value": "apl", "label": "APL", "count": 31, "checked": True},
            {"value": "larling", "label": "Lärling", "count": 9, "checked": False},
            {"value": "lia", "label": "LIA", "count": 14, "checked": False},
            {"value": "all", "label": "Bara hela perioden ledig", "count": None, "checked": False},
        ],
        "chips": [{"label": "APL", "url": "?"}, {"label": "Industriteknik", "url": "?"}],
        "offers": example_offers(),
        "members": example_members(),
        "ruler": build_ruler(*SPRING, periods, today=NOW),
        "short_ruler": build_ruler(date(2027, 1, 11), date(2027, 3, 1), narrow, today=date(2027, 1, 28)),
        "start": FOUR_TO_SEVEN[0],
        "end": FOUR_TO_SEVEN[1],
        "reasons": [
            {"text": "Du går Industritekniska programmet, åk 2. Platsen är för åk 2 och 3.", "kind": "ok"},
            {"text": "8 km hemifrån. Buss 415 tar 19 minuter och stannar utanför.", "kind": "ok"},
            {"text": "Du är 17 år: fräs och svarv kör du med en handledare bredvid dig.", "kind": "mind"},
        ],
        "track": [
            {"text": "Sökt 16 nov.", "state": "done"},
            {"text": "Läst", "state": "done"},
            {"text": "Erbjuden", "state": "done"},
            {"text": "Ditt svar", "state": "here"},
            {"text": "Godkänd", "state": "next"},
        ],
        "parts": [{"kind": "a", "count": 26}, {"kind": "b", "count": 3}, {"kind": "c", "count": 1}],
        "figures": [
            {"value": 142, "label": "har plats", "kind": "a", "mark": False, "url": "#"},
            {"value": 11, "label": "osäkra", "kind": "b", "mark": False},
            {"value": 5, "label": "utan plats", "kind": "c", "mark": True},
        ],
        "tasks": [
            {
                "title": "Två elever saknar plats, och APL börjar om nio veckor",
                "text": "Maja Lind, FT2, i 41 dagar. Leo Aydin, IN2, i 33 dagar.",
                "url": "#",
                "action": "Visa förslag",
                "is_hot": True,
            },
            {
                "title": "Fyra matchningar väntar på ditt beslut",
                "text": "Den äldsta sedan i torsdags.",
                "url": "#",
                "action": "Granska",
                "is_hot": False,
            },
        ],
        "news": [
            {"text": "Hällestad Precision erbjuder dig en plats", "url": "#", "when": "i dag 09.12", "is_new": True},
            {"text": "Figeholms Svets har läst din ansökan", "url": "", "when": "fredag 20 nov.", "is_new": False},
        ],
        "facts": [
            ("Handledare", "Sara Nyqvist"),
            ("Skydd", "Skor, glasögon och hörselskydd lånas"),
            ("Ålder", "Från 16 år"),
        ],
        "crumbs": [{"label": "Omgångar", "url": "#"}, {"label": "Feriejobb 2027", "url": "#"}],
        "steps": [
            {"title": "Sök, eller bli hittad", "text": "När en ny plats passar dig får du veta det."},
            {"title": "Ansök på en skärm", "text": "Företaget har några arbetsdagar på sig."},
            {"title": "Klart, med papper", "text": "Veckorna hamnar i din kalender."},
        ],
        "person_meta": ["11 km", "Hela perioden", "Har truckkort"],
    }


@public
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Show every component once with each of its options. 404 outside development."""
    if not settings.DEBUG:
        raise Http404
    return render(request, "pages/gallery/gallery.html", gallery_context())
