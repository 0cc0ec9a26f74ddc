"""Template tags and filters of the interface: icons, weeks, days, distances, seats, form widgets and attributes."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.forms import BaseForm, BoundField
from django.forms.widgets import CheckboxInput, CheckboxSelectMultiple, FileInput, RadioSelect
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backend.accounts.phones import format_phone
from backend.web import weeks as week_texts
from backend.web.form_errors import EmbeddedForm, embedded
from backend.web.municipality_map import MapDrawing, MapMember, build_map

register = template.Library()

MOST_HOLES = 8
SVG_INNER = re.compile(r"<svg\b[^>]*>(.*)</svg>", re.DOTALL)


@lru_cache(maxsize=256)
def icon_drawing(name: str) -> str:
    """The inside of a vendored lucide icon. Raises ValueError for a name that is not vendored (assets/icons.json)."""
    found = finders.find(f"vendor/lucide/{name}.svg")
    if found is None:
        raise ValueError(
            f"No icon called {name!r}: add it to frontend_templates/assets/icons.json and build the assets"
        )
    match = SVG_INNER.search(Path(str(found)).read_text(encoding="utf-8"))
    if match is None:
        raise ValueError(f"The icon {name!r} is no SVG drawing")
    return " ".join(match.group(1).split())


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A line icon the height of the text. Hidden from listeners unless it has a label."""
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="i" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" '
        'stroke-linejoin="round" {}>{}</svg>',
        role,
        mark_safe(icon_drawing(name)),  # noqa: S308 - a file of ours, never user text
    )


@register.filter
def phone(number: str) -> str:
    """`{{ contact.phone|phone }}` gives "0122-850 00"."""
    return format_phone(number)


@register.filter
def weeks(start: date, end: date) -> str:
    """`{{ period.start|weeks:period.end }}` gives "v. 4–7"."""
    return week_texts.format_weeks(start, end)


@register.filter
def weeks_year(start: date, end: date) -> str:
    """`{{ period.start|weeks_year:period.end }}` gives "v. 4–7, 2027"."""
    return week_texts.format_weeks(start, end, with_year=True)


@register.filter
def iso_week(day: date) -> str:
    """`{{ day|iso_week }}` gives "v. 48"."""
    return week_texts.format_week(day)


@register.filter
def swedish_date(day: date) -> str:
    """`{{ day|swedish_date }}` gives "fredag 27 nov." or, in English, "Fri 27 Nov"."""
    return week_texts.format_day(day)


@register.filter
def swedish_date_year(day: date) -> str:
    """`{{ day|swedish_date_year }}` gives "fredag 27 nov. 2026"."""
    return week_texts.format_day(day, with_year=True)


@register.filter
def day_and_time(moment: datetime) -> str:
    """`{{ round.closes_at|day_and_time }}` gives "13 december kl. 12.00" or, in English, "13 December at 12:00"."""
    return week_texts.format_day_and_time(moment)


@register.filter
def distance_km(kilometres: float) -> str:
    """`{{ 8.3|distance_km }}` gives "8 km"; below one kilometre "under 1 km"."""
    if kilometres < 1:
        return _("under 1 km").replace("1 km", f"1{week_texts.NBSP}km")
    return f"{number_format(round(kilometres), 0)}{week_texts.NBSP}km"


def about_km(kilometres: float, *, is_rough: bool) -> str:
    """ "8 km", or "about 8 km" where one end is the middle of a municipality."""
    text = distance_km(kilometres)
    return _("about %(distance)s") % {"distance": text} if is_rough and kilometres >= 1 else text


@register.filter
def seats(free: int, total: int) -> str:
    """`{{ free|seats:total }}` gives "2 of 4 places free" in the active language, or says that all are taken."""
    if free <= 0:
        return ngettext("The only place is taken", "All %(total)s places are taken", total) % {"total": total}
    return ngettext("%(free)s place free", "%(free)s of %(total)s places free", total) % {
        "free": free,
        "total": total,
    }


@register.filter
def kept_seats(kept: int, total: int) -> str:
    """`{{ kept|kept_seats:total }}` gives "2 of 4 places kept for a round"."""
    return ngettext("The only place is kept for a round", "%(kept)s of %(total)s places kept for a round", total) % {
        "kept": kept,
        "total": total,
    }


@register.filter
def bolt_holes(free: int, total: int) -> SafeString:
    """A hole per seat, filled where it is free; "" above eight seats, where words alone are clearer."""
    if not 0 < total <= MOST_HOLES:
        return SafeString()
    filled = min(max(free, 0), total)
    return mark_safe('<i class="on"></i>' * filled + "<i></i>" * (total - filled))  # noqa: S308 - nothing but constants


@register.filter
def shares(parts: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Parts of a bar, `[{"kind": "a", "count": 26}, ...]`, as SVG lengths `[{"kind", "x", "width"}]` that fill it."""
    counted = [(str(part["kind"]), float(part["count"])) for part in parts]
    whole = sum(count for _kind, count in counted)
    drawn, before = [], 0.0
    for kind, count in counted:
        if count > 0:
            drawn.append({"kind": kind, "x": f"{100 * before / whole:.2f}%", "width": f"{100 * count / whole:.2f}%"})
        before += count
    return drawn


@register.filter
def share_of(value: float, whole: float) -> str:
    """A single bar's length as an SVG percentage; nothing of nothing is an empty bar."""
    return f"{100 * min(max(value / whole, 0), 1):.2f}%" if whole else "0%"


@register.filter
def percent(share: float) -> str:
    """`{{ 0.94|percent }}` gives "94 %" (without the space in English)."""
    space = week_texts.NBSP if week_texts.is_swedish() else ""
    return f"{round(100 * share)}{space}%"


@register.simple_tag
def municipality_map(members: Iterable[Any]) -> MapDrawing:
    """The drawing for the `map` component from members with `code`, `name` and `count` (objects or mappings)."""
    return build_map(
        MapMember(m["code"], m["name"], m["count"]) if isinstance(m, Mapping) else MapMember(m.code, m.name, m.count)
        for m in members
    )


@register.simple_tag(takes_context=True)
def form_for(context: template.Context, name: str, **kwargs: Any) -> EmbeddedForm:
    """`{% form_for "round_cancel" round_id=round.pk as cancel %}`: the form that an address takes, `cancel.action` and
    `cancel.form`, for the page it stands on; with what was sent and what is wrong when it was refused just now."""
    return embedded(context["request"], name, kwargs, is_drawn=True)


@register.simple_tag(takes_context=True)
def autosave(context: template.Context) -> SafeString:
    """Attributes of a `<form>` whose page keeps drafts (web/drafts.py): what is typed is kept two seconds later."""
    return format_html(
        'hx-post="{}" hx-trigger="input delay:2s, change delay:2s" hx-swap="none" hx-vals="{}"',
        reverse("draft_autosave"),
        json.dumps({"_page": context["request"].path}),
    )


@register.filter
def html_attributes(attrs: Mapping[str, Any]) -> SafeString:
    """Attributes a component passes on, escaped. True gives the bare name, False and None give nothing."""
    given = getattr(attrs, "attrs_dict", None)
    pairs = (given() if callable(given) else attrs).items()
    parts = [
        str(conditional_escape(name)) if value is True else format_html('{}="{}"', name, value)
        for name, value in pairs
        if value is not None and value is not False
    ]
    return mark_safe(" ".join(parts))  # noqa: S308 - every part is escaped above


@register.filter
def is_choice_list(field: BoundField) -> bool:
    """Whether a form field is drawn as a group of radio buttons or checkboxes."""
    return isinstance(field.field.widget, RadioSelect | CheckboxSelectMultiple)


@register.filter
def is_single_checkbox(field: BoundField) -> bool:
    """Whether a form field is one checkbox with its text beside it."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def has_lost_its_file(field: BoundField) -> bool:
    """Whether a file was sent with a form that is shown again: no browser keeps it in the field."""
    return isinstance(field.field.widget, FileInput) and field.html_name in field.form.files and bool(field.form.errors)


@register.filter
def wrong_fields(form: BaseForm) -> list[BoundField]:
    """The fields that have an error, in the order of the form."""
    return [field for field in form if field.errors]


@register.filter
def described_by(field: BoundField) -> str:
    """Ids of the help and the error text of a form field, for `aria-describedby`."""
    ids = [f"{field.auto_id}_helptext"] if field.help_text else []
    if field.errors:
        ids.append(f"{field.auto_id}_error")
    return " ".join(ids)


@register.simple_tag
def widget(field: BoundField) -> SafeString:
    """A form field's widget in the look of the design system, tied to its help and its error.

    Without a placeholder, which allauth's forms have: it says the label again and is gone once something is typed.
    """
    attrs: dict[str, Any] = {
        "class": " ".join(filter(None, ["ds-input", field.field.widget.attrs.get("class", "")])),
        "placeholder": False,
    }
    if described := described_by(field):
        attrs["aria-describedby"] = described
    if field.errors:
        attrs["aria-invalid"] = "true"
    if isinstance(field.field.widget, FileInput):
        attrs["data-file"] = ""
    return field.as_widget(attrs=attrs)


@register.simple_tag
def cell(field: BoundField, kind: str = "") -> SafeString:
    """A form field in a cell of a table: its label is for listeners, its error stands below. kind: "num" for numbers."""
    attrs: dict[str, Any] = {"class": " ".join(filter(None, ["ds-input", kind])), "aria-label": field.label}
    if not field.errors:
        return field.as_widget(attrs=attrs)
    attrs |= {"aria-invalid": "true", "aria-describedby": f"{field.auto_id}_error"}
    return format_html(
        '{}<p class="err" id="{}_error">{}{}</p>',
        field.as_widget(attrs=attrs),
        field.auto_id,
        icon("circle-alert"),
        field.errors[0],
    )
