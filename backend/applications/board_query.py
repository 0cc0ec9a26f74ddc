"""What the guarantee board can be narrowed to and ordered by. The page and its file ask it the same way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, timedelta

from django.db.models import Count, QuerySet

from backend.accounts.models import User
from backend.accounts.policies import municipalities_coordinated_by
from backend.applications.board import BoardStudent, Standing, counted_students_of, with_story
from backend.common import clock
from backend.organisations.models import MunicipalitySettings
from backend.reference.models.mixins import SWEDISH_SORT, translate_lower

# Name in the address -> keys of the cursor. The last key is unique.
SORTS: dict[str, tuple[str, ...]] = {
    "": ("rank", "class_name", "pk"),
    "name": ("name_key", "pk"),
    "class": ("class_name", "rank", "pk"),
    "since": ("since", "pk"),
}
# What may be asked for besides `sort`.
NAMES = ("standing", "q", "school", "class", "group", "form", "year", "long")
# As a school or a class: those without one.
NONE = "-"


def urgent_days(user: User) -> int:
    """After how many days without a place it is urgent: the shortest that the own municipalities have chosen."""
    codes = municipalities_coordinated_by(user)
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


def read_board(user: User, asked: Mapping[str, str]) -> Board:
    """The board as it is asked for (`NAMES` and `sort`); a value that does not exist finds nobody."""
    values = {name: asked.get(name, "").strip()[:120] for name in NAMES}
    days = urgent_days(user)
    everyone = _narrowed(counted_students_of(user), values)
    counted = dict(everyone.order_by().values_list("standing").annotate(number=Count("pk")))
    rows = everyone
    if values["standing"]:
        rows = rows.filter(standing=values["standing"])
    rows = with_story(rows).annotate(name_key=translate_lower("user__name", SWEDISH_SORT))
    if values["long"]:
        rows = only_urgent(rows, days)
    totals = {each.value: counted.get(each.value, 0) for each in Standing}
    return Board(rows, SORTS.get(asked.get("sort", ""), SORTS[""]), values, totals, days)


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
