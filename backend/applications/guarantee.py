"""What a school has to see to: how many days at a workplace a student's form requires in a school year, and how many there are.

The requirement stands in the form's version (`min_days`, or `min_weeks` of five days). Days are Mondays to Fridays of
placements that stand, within the school year; a public holiday in a placement's weeks is none the less one of its days,
since schools count such a week as a whole one.
"""

from typing import Any

from django.db.models import DateField, Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Greatest, Least

from backend.common import clock
from backend.placements.enums import PlacementState
from backend.placements.models import Placement
from backend.reference.models import PlacementFormVersion
from backend.students.models import GroupMembership
from backend.students.school_years import dates_of, school_year_on

DAYS_A_WEEK = 5
STANDING = (PlacementState.UPCOMING, PlacementState.ONGOING, PlacementState.COMPLETED)


class WeekdaysUntil(Func):
    """How many Mondays to Fridays lie between Monday 3 January 2000 and a later day, both included."""

    template = "(5 * (({day}) / 7) + LEAST(MOD({day}, 7) + 1, 5))".format(day="(%(expressions)s) - DATE '2000-01-03'")
    output_field = IntegerField()

    def as_sql(self, *args: Any, **kwargs: Any) -> tuple[str, Any]:
        """The day stands in it twice, and so do its parameters."""
        sql, params = super().as_sql(*args, **kwargs)
        return sql, (*params, *params)


def with_guarantee(students: "QuerySet[Any]") -> "QuerySet[Any]":
    """Adds `required_days` (None where the student's forms require no number), `required_weeks` (where the requirement is
    told in weeks), `placed_days` and `has_place`, of the school year that today lies in.

    Someone who looks for several such forms is measured by the one that school years begin with: the first in the list.
    """
    today = clock.today()
    first, last = dates_of(school_year_on(today))
    required = (
        PlacementFormVersion.objects.valid_on(today)
        .filter(Q(min_days__isnull=False) | Q(min_weeks__isnull=False), form__students=OuterRef("pk"))
        .order_by("form__position")
        .annotate(days=Coalesce(F("min_days"), F("min_weeks") * Value(DAYS_A_WEEK), output_field=IntegerField()))
    )
    in_year = Placement.objects.filter(
        student=OuterRef("pk"), state__in=STANDING, start__lte=last, end__gte=first
    ).order_by()
    days = Sum(WeekdaysUntil(Least(F("end"), _day(last))) - WeekdaysUntil(Greatest(F("start"), _day(first)) - Value(1)))
    return students.annotate(
        required_days=Subquery(required.values("days")[:1], output_field=IntegerField()),
        required_weeks=Subquery(required.values("min_weeks")[:1], output_field=IntegerField()),
        required_form=Subquery(required.values("form")[:1]),
        has_place=Exists(in_year),
        placed_days=Coalesce(
            Subquery(
                in_year.filter(period__offer__form=OuterRef("required_form"))
                .values("student")
                .annotate(days=days)
                .values("days"),
                output_field=IntegerField(),
            ),
            0,
        ),
    )


def _day(day: Any) -> Any:
    return Cast(Value(day), DateField())


def without_those_who_left(students: "QuerySet[Any]") -> "QuerySet[Any]":
    """Those whom a school counts now: on a class list of this school year or a coming one, or on none ever.

    Who was taken off their last list, and who stands only on lists of years that are over, has left.
    """
    memberships = GroupMembership.objects.filter(student=OuterRef("pk"))
    present = memberships.filter(group__school_year__gte=school_year_on(clock.today()))
    return students.filter(Exists(present) | (~Exists(memberships) & Q(left_lists_on__isnull=True)))
