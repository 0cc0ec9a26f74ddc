"""What the guarantee board can be narrowed to and ordered by. The page and its file read the address the same way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backend.accounts.policies import municipalities_coordinated_by
from backend.applications.board import BoardStudent, Standing, students_of, with_story
from backend.common import clock
from backend.organisations.models import MunicipalitySettings
from backend.reference.models import PlacementForm
from backend.reference.models.mixins import SWEDISH_LETTERS, SWEDISH_SORT, translate_lower
from backend.students.policies import groups_visible_to
from backend.web.employer import person

# Name in the address -> keys of the cursor. The last key is unique.
SORTS: dict[str, tuple[str, ...]] = {
    "": ("rank", "class_name", "pk"),
    "name": ("name_key", "pk"),
    "class": ("class_name", "rank", "pk"),
    "since": ("since", "pk"),
}
SORT_LABELS = {
    "": gettext_lazy("Without a place first"),
    "since": gettext_lazy("Waited longest first"),
    "class": gettext_lazy("Class"),
    "name": gettext_lazy("Name"),
}
# What the address may hold besides `after` and `sort`.
NAMES = ("standing", "q", "school", "class", "group", "form", "year", "long")
# In the address: those without a school, or without a class.
NONE = "-"


def urgent_days(request: HttpRequest) -> int:
    """After how many days without a place it is urgent: the shortest that the own municipalities have chosen."""
    codes = municipalities_coordinated_by(person(request))
    chosen = MunicipalitySettings.objects.filter(municipality__in=codes).values_list("unplaced_days", flat=True)
    return min(chosen, default=MunicipalitySettings().unplaced_days)


def only_urgent(students: "QuerySet[BoardStudent]", days: int) -> "QuerySet[BoardStudent]":
    """Those without a place for more than so many days. The students come from `with_story`."""
    return students.filter(rank=0, since__lt=clock.now() - timedelta(days=days))


@dataclass(frozen=True)
class Board:
    """The filtered students, the keys they are ordered by, and what the filters offer."""

    rows: "QuerySet[BoardStudent]"
    keys: Sequence[str]
    values: dict[str, str]
    totals: dict[str, int]
    days: int

    @property
    def chosen(self) -> int:
        return sum(bool(value) for name, value in self.values.items() if name != "q")


def read_board(request: HttpRequest) -> Board:
    """The board as the address asks for it; a value that does not exist finds nobody."""
    values = {name: request.GET.get(name, "").strip()[:120] for name in NAMES}
    days = urgent_days(request)
    everyone = _narrowed(students_of(person(request)), values)
    counted = dict(everyone.order_by().values_list("standing").annotate(number=Count("pk")))
    rows = everyone
    if values["standing"]:
        rows = rows.filter(standing=values["standing"])
    rows = with_story(rows).annotate(name_key=translate_lower("user__name", SWEDISH_SORT))
    if values["long"]:
        rows = only_urgent(rows, days)
    totals = {each.value: counted.get(each.value, 0) for each in Standing}
    return Board(rows, SORTS.get(request.GET.get("sort", ""), SORTS[""]), values, totals, days)


def _narrowed(students: "QuerySet[BoardStudent]", values: dict[str, str]) -> "QuerySet[BoardStudent]":
    if values["school"]:
        students = students.filter(school="" if values["school"] == NONE else values["school"])
    if values["class"]:
        students = students.filter(class_name="" if values["class"] == NONE else values["class"])
    if values["group"]:
        students = students.filter(group_memberships__group=_number(values["group"]))
    if values["form"]:
        students = students.filter(forms=values["form"])
    if values["year"]:
        year = _number(values["year"])
        # Years that the calendar does not have are nobody's.
        students = students.filter(birth_date__year=year) if MINYEAR <= year <= MAXYEAR else students.none()
    if values["q"]:
        students = students.filter(user__name__icontains=values["q"])
    return students


def _number(text: str) -> int:
    """0, which is nobody's, for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def filter_fields(request: HttpRequest, board: Board) -> list[dict[str, Any]]:
    """The select fields of the filter column: only those that leave a choice. Four queries."""
    students = students_of(person(request)).order_by()
    kinds = set(students.values_list("school", "class_name").distinct())
    years = students.values_list("birth_date__year", flat=True).distinct()
    groups = groups_visible_to(person(request))
    forms = PlacementForm.objects.filter(pk__in=students.values("forms"))
    schools, classes = (sorted({row[number] for row in kinds}, key=_swedish_order) for number in (0, 1))
    offered: list[tuple[str, Any, Any, Iterable[tuple[str, Any]]]] = [
        ("school", _("School"), _("All schools"), ((name or NONE, name or _("Without a school")) for name in schools)),
        ("class", _("Class"), _("All classes"), ((name or NONE, name or _("Without a class")) for name in classes)),
        ("group", _("Class list"), _("All class lists"), ((str(g.pk), f"{g.name}, {g.school}") for g in groups)),
        ("form", _("Looks for"), _("All kinds of places"), ((form.pk, form.name) for form in forms)),
        ("year", _("Born in"), _("All years"), ((str(year), str(year)) for year in sorted(years, reverse=True))),
    ]
    fields = []
    for name, label, everyone, options in offered:
        found = list(options)
        if len(found) > 1 or board.values[name]:
            fields.append(
                {"name": name, "label": label, "options": [("", everyone), *found], "value": board.values[name]}
            )
    return fields


def _swedish_order(name: str) -> tuple[bool, str]:
    """Å, Ä and Ö stand last in the alphabet, and what has no name after them."""
    return not name, name.lower().translate(str.maketrans(SWEDISH_LETTERS, SWEDISH_SORT))


def sort_options(request: HttpRequest) -> list[dict[str, Any]]:
    """Links that keep the filters and change the order."""
    kept = request.GET.copy()
    kept.pop("after", None)
    current = request.GET.get("sort", "") if request.GET.get("sort", "") in SORTS else ""
    options = []
    for name, label in SORT_LABELS.items():
        kept["sort"] = name
        options.append({"label": label, "query": kept.urlencode(), "is_current": name == current})
    return options
