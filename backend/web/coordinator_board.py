"""What the filter column of the guarantee board offers."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backend.applications.board import counted_students_of
from backend.applications.board_query import NONE, SORTS, Board
from backend.reference.models import PlacementForm
from backend.reference.models.mixins import SWEDISH_LETTERS, SWEDISH_SORT
from backend.students.policies import groups_visible_to
from backend.web.employer import person

SORT_LABELS = {
    "": gettext_lazy("Without a place first"),
    "since": gettext_lazy("Waited longest first"),
    "class": gettext_lazy("Class"),
    "name": gettext_lazy("Name"),
}


def filter_fields(request: HttpRequest, board: Board) -> list[dict[str, Any]]:
    """The select fields of the filter column: only those that leave a choice. Four queries."""
    students = counted_students_of(person(request)).order_by()
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
