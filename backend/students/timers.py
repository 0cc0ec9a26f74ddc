"""How long a guardian's consent may be missing: the guardian is reminded, then the coordinator calls."""

from collections.abc import Collection
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backend.common import clock
from backend.notifications.reminders import Matter, Owner, TaskLine, plan, register, settle
from backend.students.models import GuardianConsent, Guardianship
from backend.students.protection import deciders_for

MISSING = "consent.missing"
FIRST, SECOND, TASK = timedelta(days=3), timedelta(days=7), timedelta(days=10)


def asked(guardianship: Guardianship) -> None:
    """A guardian has been asked. Call it in the transaction of the asking."""
    now = clock.now()
    plan(MISSING, guardianship, first=now + FIRST, second=now + SECOND, task=now + TASK)


def answered(guardianship: Guardianship) -> None:
    settle(guardianship, MISSING)


def _load(pk: int) -> Guardianship | None:
    return Guardianship.objects.select_related("student__user", "guardian").filter(pk=pk).first()


def _is_open(guardianship: Guardianship) -> bool:
    return not GuardianConsent.objects.filter(guardianship=guardianship, withdrawn_at__isnull=True).exists()


def _owner(guardianship: Guardianship) -> Owner:
    student = guardianship.student
    return Owner(student.municipality_id, deciders_for(student, student.municipality_id), student.is_protected)


def _lines(ids: Collection[int]) -> dict[int, TaskLine]:
    rows = Guardianship.objects.select_related("student__user", "guardian").in_bulk(ids)
    return {
        pk: TaskLine(
            title=_("A guardian of %(name)s has not answered") % {"name": row.student.display_name},
            text=_("The consent has been missing for ten days. Two reminders have not helped."),
            link=f"/till/student/{row.student_id}/",
            call=row.named_as,
            phone=row.phone,
            email=row.guardian.email,
        )
        for pk, row in rows.items()
    }


register(
    Matter(
        name=MISSING,
        kind="consent.missing",
        title=gettext_lazy("Missing consents"),
        load=_load,
        is_open=_is_open,
        remind=lambda guardianship: [guardianship.guardian],
        owner=_owner,
        lines=_lines,
    )
)
