"""The parts pages are built from: what they show, what listeners hear, and that nothing unescaped or undefined gets out."""

import itertools
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.template import engines
from django.template.loader import render_to_string
from django.utils import translation
from django_cotton.compiler_regex import CottonCompiler

from backend.common.weeks import format_dates
from backend.web.gallery import example_members, example_offers, gallery_context
from backend.web.municipality_map import MapMember, build_map, map_data, spread
from backend.web.ruler import Period, build_ruler
from backend.web.weeks import format_day, format_day_and_time, format_week, format_weeks

TEMPLATES = Path(settings.TEMPLATES_DIR)
COMPONENTS = sorted((TEMPLATES / "components").rglob("*.html"))
DASH = "\u2060–\u2060"


class Anonymous:
    """A visitor who is not logged in."""

    is_authenticated = False


def draw(source: str, **context: Any) -> str:
    """Render template source that uses components, with undefined variables failing as everywhere in the tests."""
    return engines["django"].from_string(CottonCompiler().process(source)).render(context)


def draw_page(template: str, **context: Any) -> str:
    """Render a whole page with what the context processors give it."""
    frame = {
        "nav": [{"label": "Sök plats", "url": "/sok/", "current": True}],
        "nav_first": [{"label": "Sök plats", "url": "/sok/", "current": True}],
        "unread_count": 0,
        "user": Anonymous(),
        "LANGUAGE_CODE": "sv",
        "other_language": {"code": "en", "label": "English"},
        "demo_mode": False,
        "csrf_token": "token",
    }
    return render_to_string(template, {**frame, **context, "request": type("Request", (), {"get_full_path": "/"})()})


def draw_start(**changes: Any) -> str:
    context = {
        "figures": {"open_count": 286, "new_count": 18, "answered_share": 0.94},
        "members": example_members(),
        "newest": example_offers()[:3],
        "forms": [{"code": "apl", "label": "APL"}],
    }
    return draw_page("pages/public/start.html", **{**context, **changes})


@pytest.fixture(autouse=True)
def _swedish():
    with translation.override("sv"):
        yield


class IdCollector(HTMLParser):
    """Collects ids, references to ids, and attributes a strict content security policy forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: list[tuple[str, str]] = []
        self.forbidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        for name in ("for", "aria-describedby", "aria-labelledby", "popovertarget", "list"):
            self.references += [(name, target) for target in (given.get(name) or "").split()]
        self.forbidden += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.forbidden.append(tag)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    with translation.override("sv"):
        return {"gallery": draw_page("pages/gallery/gallery.html", **gallery_context()), "start": draw_start()}


@pytest.mark.parametrize("page", ["gallery", "start"])
def test_pages_obey_the_content_security_policy_and_tie_their_ids(pages, page):
    collector = IdCollector()
    collector.feed(pages[page])
    assert collector.forbidden == []
    assert len(collector.ids) == len(set(collector.ids))
    assert [reference for reference in collector.references if reference[1] not in collector.ids] == []


def test_the_gallery_shows_every_component():
    source = "".join(path.read_text() for path in [TEMPLATES / "pages/gallery/gallery.html", *COMPONENTS])
    source += "".join((TEMPLATES / name).read_text() for name in ("layouts/base.html", "pages/public/start.html"))
    shown = set(re.findall(r"<c-([a-z-]+)", source)) - {"vars", "slot"}
    own = {path.stem.replace("_", "-") for path in COMPONENTS if path.parent.name != "email"}
    assert own - shown == set()


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.stem)
def test_every_component_documents_its_options(path):
    text = path.read_text()
    documentation = re.match(r"{% comment %}\n(.+?)\n{% endcomment %}", text, re.DOTALL)
    assert documentation is not None
    declared = re.search(r"<c-vars ([^>]*)/>", text)
    for option in re.findall(
        r"(?:^|\s):?([a-z_]+)(?==|\s|$)", re.sub(r'"[^"]*"', '""', declared.group(1)) if declared else ""
    ):
        assert option in documentation.group(1), f"{path.name} does not document {option}"


def test_style_sheets_fetch_nothing_the_policy_forbids():
    for sheet in (TEMPLATES / "static").rglob("*.css"):
        addresses = re.findall(r"url\(([^)]*)\)", sheet.read_text())
        assert all(not address.strip("\"'").startswith(("data:", "http", "//")) for address in addresses), sheet
        assert all((sheet.parent / address.strip("\"'")).is_file() for address in addresses), sheet


# --- weeks and days --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (date(2027, 1, 25), date(2027, 2, 19), f"v.\xa04{DASH}7"),
        (date(2027, 1, 25), date(2027, 1, 29), "v.\xa04"),
        (date(2026, 12, 28), date(2027, 1, 3), "v.\xa053"),
        (date(2026, 12, 14), date(2027, 1, 15), f"v.\xa051\xa02026{DASH}v.\xa02\xa02027"),
    ],
)
def test_weeks_are_iso_weeks_that_stay_on_one_line(start, end, text):
    assert format_weeks(start, end) == text


def test_weeks_in_english_and_with_year():
    with translation.override("en"):
        assert format_weeks(date(2027, 1, 25), date(2027, 2, 19), with_year=True) == f"wk\xa04{DASH}7, 2027"


def test_the_first_days_of_a_year_can_belong_to_week_53():
    assert format_week(date(2027, 1, 1)) == "v.\xa053"
    assert format_weeks(date(2027, 1, 1), date(2027, 1, 1), with_year=True) == "v.\xa053, 2026"


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (date(2027, 3, 1), date(2027, 3, 26), f"1–26\xa0mars 2027 (v.\xa09{DASH}12)"),
        (date(2027, 2, 22), date(2027, 4, 2), f"22\xa0februari – 2\xa0april 2027 (v.\xa08{DASH}13)"),
        (date(2027, 3, 1), date(2027, 3, 1), "1\xa0mars 2027 (v.\xa09)"),
        (
            date(2026, 12, 14),
            date(2027, 1, 15),
            f"14\xa0december 2026 – 15\xa0januari 2027 (v.\xa051\xa02026{DASH}v.\xa02\xa02027)",
        ),
    ],
)
def test_the_days_of_a_period_say_once_what_both_share(start, end, text):
    assert format_dates(start, end) == text


def test_a_moment_inside_a_sentence_follows_the_language():
    moment = datetime(2026, 12, 13, 11, 0, tzinfo=UTC)
    assert format_day_and_time(moment) == "13\xa0december kl.\xa012.00"
    with translation.override("en"):
        assert format_day_and_time(moment) == "13\xa0December at\xa012:00"


def test_a_period_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="ends"):
        format_weeks(date(2027, 2, 1), date(2027, 1, 1))


def test_days_follow_the_language():
    assert format_day(date(2026, 11, 27)) == "fredag 27\xa0nov."
    with translation.override("en"):
        assert format_day(date(2026, 11, 27), with_year=True) == "Fri 27\xa0Nov 2026"


def test_filters_in_a_template():
    context = {"start": date(2027, 1, 25), "end": date(2027, 2, 19)}
    assert (
        draw("{{ start|weeks:end }}|{{ 8.3|distance_km }}|{{ 0.94|percent }}", **context)
        == f"v.\xa04{DASH}7|8\xa0km|94\xa0%"
    )


# --- the ruler -------------------------------------------------------------------------------------------------------


def test_a_bar_covers_its_weeks_from_tick_to_tick():
    ruler = build_ruler(date(2027, 1, 4), date(2027, 3, 14), [Period(date(2027, 1, 25), date(2027, 2, 19))])
    assert [(bar.x, bar.width) for bar in ruler.bars] == [("30.00%", "40.00%")]
    assert ruler.ticks[3].x == ruler.bars[0].x
    assert ruler.today == ""


def test_bars_are_clipped_and_those_outside_left_out():
    periods = [Period(date(2026, 12, 1), date(2027, 1, 8)), Period(date(2028, 1, 3), date(2028, 1, 7))]
    ruler = build_ruler(date(2027, 1, 4), date(2027, 1, 31), periods)
    assert [(bar.x, bar.width) for bar in ruler.bars] == [("0.00%", "25.00%")]


def test_week_one_keeps_its_label_and_its_neighbours_give_way():
    ruler = build_ruler(date(2026, 11, 23), date(2027, 6, 4), [], today=date(2026, 11, 23))
    labels = [tick.text for tick in ruler.ticks if tick.is_labelled]
    assert labels == ["v.\xa048", "v.\xa01", "4", "8", "12", "16", "20"]
    assert ruler.today == "0.00%"


def test_the_ruler_names_its_periods_and_never_writes_a_decimal_comma():
    ruler = build_ruler(
        date(2026, 11, 23), date(2027, 6, 4), [Period(date(2027, 1, 25), date(2027, 2, 19), "main", "APL")]
    )
    html = draw('<c-ruler :ruler="ruler" label="Din vår" />', ruler=ruler)
    assert f'aria-label="Din vår: APL v.\xa04{DASH}7"' in html
    assert not re.search(r'(?:x|x1|width)="[^"]*,', html)


# --- the map ---------------------------------------------------------------------------------------------------------


def test_the_map_has_every_municipality_and_draws_members_apart():
    assert len(map_data()["municipalities"]) == 290
    drawing = build_map([MapMember("0562", "Finspång", 48), MapMember("9999", "Ingenstans", 1)])
    assert [place.name for place in drawing.places] == ["Finspång"]
    shape = map_data()["municipalities"]["0562"]["d"]
    assert shape not in drawing.base_path
    assert shape in build_map([]).base_path


def test_labels_on_one_side_do_not_cover_each_other():
    members = [
        MapMember(code, f"Kommun {code}", 1) for code in ("0562", "0481", "0382", "0488", "0480", "0483", "0581")
    ]
    drawing = build_map(members)
    for anchor in ("start", "end"):
        heights = sorted(float(place.label_y) for place in drawing.places if place.anchor == anchor)
        assert all(below - above >= 53 for above, below in itertools.pairwise(heights))


def test_spreading_keeps_order_and_moves_as_little_as_it_can():
    assert spread([10, 100], 20) == [10, 100]
    assert spread([50, 50], 20) == [40, 60]


# --- parts -----------------------------------------------------------------------------------------------------------


def test_seats_are_holes_up_to_eight_and_words_always():
    few = draw('<c-seats :free="2" :total="4" />')
    assert few.count('class="on"') == 2
    assert few.count("<i") == 4
    assert re.search(r"2 .+ 4 ", few)
    many = draw('<c-seats :free="8" :total="12" />')
    assert "<i" not in many
    assert "12" in many


def test_a_place_row_without_extras_shows_none_of_them():
    row = {
        **example_offers()[0],
        "seats_total": None,
        "tags": [],
        "reasons": [],
        "note": "",
        "weeks_label": "",
        "form_label": "",
    }
    html = draw('<c-place-row :row="row" level="2" />', row=row)
    assert "<h2>" in html
    assert "ds-tag" not in html
    assert "seats" not in html
    assert "why" not in html


@pytest.mark.parametrize("text", ['"><script>x</script>', "' onclick='x", '"a" onclick="b"'])
def test_text_from_people_never_becomes_markup(text):
    row = {**example_offers()[0], "title": text, "note": text}
    html = draw(
        '<c-place-row :row="row" /><c-button :title="text" :data-copy="text">{{ text }}</c-button>'
        '<c-field label="{{ text }}" name="x" :value="text" :placeholder="text" />',
        row=row,
        text=text,
    )
    collector = IdCollector()
    collector.feed(html)
    assert collector.forbidden == []


class PersonForm(forms.Form):
    name = forms.CharField(label="Namn", help_text="Som i passet")
    kind = forms.ChoiceField(label="Sort", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)


def test_a_failed_field_points_to_its_help_and_its_error():
    form = PersonForm({"name": "", "kind": "a"})
    html = draw('<c-form-errors :form="form" /><c-field :field="form.name" /><c-field :field="form.kind" />', form=form)
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert '<a href="#id_name">' in html
    assert "autofocus" in html
    assert re.search(r'type="radio"[^>]*value="a" checked', html)


def test_a_failed_group_points_to_its_error():
    html = draw('<c-field :field="form.kind" />', form=PersonForm({"name": "Elin"}))
    assert re.search(r'<fieldset[^>]*aria-describedby="id_kind_error"', html)
    assert 'id="id_kind_error"' in html


def test_a_form_without_errors_has_no_summary():
    assert "alert" not in draw('<c-form-errors :form="form" />', form=PersonForm())


def test_a_stacked_bar_fills_the_line_and_skips_empty_parts():
    parts = [{"kind": "a", "count": 3}, {"kind": "b", "count": 0}, {"kind": "c", "count": 1}]
    html = draw('<c-stacked-bar :parts="parts" />', parts=parts)
    drawn = re.findall(r'k-(\w)" x="([\d.]+%)" width="([\d.]+%)"', html)
    assert drawn == [
        ("a", "0.00%", "75.00%"),
        ("c", "75.00%", "25.00%"),
    ]
    assert "<rect" not in draw('<c-stacked-bar :parts="parts" />', parts=[{"kind": "a", "count": 0}])


def test_an_unknown_icon_is_an_error_and_a_named_one_is_heard():
    with pytest.raises(ValueError, match=r"icons\.json"):
        draw('{% icon "no-such-icon" %}')
    assert 'role="img" aria-label="Sök"' in draw('{% icon "search" "Sök" %}')
    assert 'aria-hidden="true"' in draw('{% icon "search" %}')


def test_a_confirmation_posts_and_names_the_consequence():
    html = draw('<c-confirm label="Ta bort" title="Ta bort?" submit="Ja" action="/x/">Den försvinner.</c-confirm>')
    assert re.search(r'<details.*<form[^>]*method="post" action="/x/".*Den försvinner\.', html, re.DOTALL)


def test_the_start_page_leaves_out_what_it_does_not_know():
    known = draw_start()
    assert "94\xa0%" in known
    unknown = draw_start(figures={"open_count": 0, "new_count": 0, "answered_share": None}, newest=[])
    assert "%<" not in unknown
    assert "places" not in re.findall(r'<ul class="([^"]*)"', unknown)


def test_a_mail_has_no_outside_pictures_and_says_why_it_came():
    source = (
        '{% extends "layouts/email.html" %}{% block heading %}Hej{% endblock %}'
        '{% block body %}<c-email.text>Text</c-email.text><c-email.offer :row="row" /><c-email.button url="https://x.example/">Se</c-email.button>'
        "{% endblock %}{% block reason %}Du har en bevakning.{% endblock %}"
    )
    html = draw(source, row=example_offers()[0])
    assert "Du har en bevakning." in html
    assert "<img" not in html
    assert "<link" not in html
    assert html.count("https://") == 1


def test_every_class_of_the_design_system_that_is_used_is_delivered() -> None:
    """The vendored sheet holds chosen parts only (frontend_templates/assets/build.mjs)."""
    sources = [*TEMPLATES.rglob("*.html"), *(Path(settings.BASE_DIR) / "backend").rglob("*.py")]
    sources = [path for path in sources if "node_modules" not in path.parts]
    used = {name for path in sources for name in re.findall(r"(?<![\w-])ds-[a-z][a-z-]+\b", path.read_text())}
    sheet = (TEMPLATES / "static/vendor/designsystemet/designsystemet.css").read_text()
    assert "ds-button" in used
    assert {name for name in used if not re.search(rf"\.{name}(?![\w-])", sheet)} == set()


def test_a_summary_of_many_mistakes_names_the_first_and_counts_the_rest() -> None:
    class Many(forms.Form):
        def __init__(self, number: int) -> None:
            super().__init__({})
            for each in range(number):
                self.fields[f"row-{each}"] = forms.CharField(label=f"Row {each}")

    drawn = draw('<c-form-errors :form="form" />', form=Many(11))
    assert drawn.count("<a href=") == 8
    assert "och 3 till, markerade nedanför" in drawn
    assert "nedanför" not in draw('<c-form-errors :form="form" />', form=Many(8))
