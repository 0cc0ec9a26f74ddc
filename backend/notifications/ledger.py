"""Who was told what about a case, and whom its reader may meet there.

A place is told to students of many municipalities. Its ledger names those the reader looks after and those who work with
the case; everybody else is a number, and whoever has a protected identity is not even that. Apps above register their
cases and what they know of people.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Prefetch, Q

from backend.accounts.models import Role
from backend.notifications import effect
from backend.notifications.models import Delivery, Notification
from backend.notifications.selectors import bounces_still
from backend.organisations.models import Membership

if TYPE_CHECKING:
    from backend.accounts.models import User

UserIds = models.QuerySet[Any, Any]


@dataclass(frozen=True)
class People:
    """What is known of the people messages go to; each answers with a queryset of user ids.

    students(): everybody who is a student. known_to(reader): the students the reader looks after, and their guardians.
    concealed(): those whom no list and no count shows.
    """

    students: Callable[[], UserIds]
    known_to: "Callable[[User], UserIds]"
    concealed: Callable[[], UserIds]


@dataclass(frozen=True)
class Case:
    """A kind of row that has a ledger.

    subject_type: as in Notification. find(reader, id): the row when its ledger is the reader's to read, else None.
    organisation(row): id of the organisation whose members are named. student(row): user id of the student it is about, known
    to everyone who may open it. beside(row): user ids of the student's guardians.
    """

    subject_type: str
    find: "Callable[[User, int], Any]"
    organisation: Callable[[Any], int]
    student: Callable[[Any], int | None] = lambda row: None
    beside: Callable[[Any], set[int]] = lambda row: set()


_cases: dict[str, Case] = {}
_people: list[People] = []


def register_case(case: Case) -> Case:
    _cases[case.subject_type] = case
    return case


def register_people(people: People) -> People:
    """Once, by the app of the students."""
    if people not in _people:
        _people.append(people)
    return people


def concealed_ids() -> Q:
    """Recipients no list and no count shows, as a condition on notifications and deliveries."""
    hidden = Q(pk__in=[])
    for people in _people:
        hidden |= Q(recipient__in=people.concealed())
    return hidden


@dataclass(frozen=True)
class Reading:
    """The ledger of one case, open for one reader."""

    reader: "User"
    case: Case
    subject: Any

    @property
    def told(self) -> "models.QuerySet[Notification]":
        """Everything written about the case, whoever it went to."""
        return Notification.objects.filter(subject_type=self.case.subject_type, subject_id=self.subject.pk)

    def named(self) -> Q:
        """Whom the reader meets by name: a condition on the recipient."""
        works_with_it = Q(recipient__in=Role.objects.values("user")) | Q(
            recipient__in=Membership.objects.filter(organisation=self.case.organisation(self.subject)).values("user")
        )
        known = Q(recipient__in=self.case.beside(self.subject))
        for people in _people:
            known |= Q(recipient__in=people.known_to(self.reader))
            works_with_it &= ~Q(recipient__in=people.students())
        return self._about | (known | works_with_it) & ~concealed_ids()

    @property
    def _about(self) -> Q:
        return Q(recipient=self.case.student(self.subject) or 0)

    def entries(self) -> "models.QuerySet[Notification]":
        """What those with a name were told, each with its deliveries in `told_by` and the moment of their answer in
        `acted_at`. A constant number of queries when it is cut into pages."""
        deliveries = (
            Delivery.objects.annotate(is_bounced=bounces_still())
            .select_related("carried_by")
            .prefetch_related("attempt_rows")
            .order_by("channel")
        )
        return (
            self.told.filter(self.named())
            .annotate(acted_at=effect.acted_at())
            .select_related("recipient")
            .prefetch_related(Prefetch("deliveries", deliveries, to_attr="told_by"))
        )

    def count_others(self) -> int:
        """How many more people were told. Shown rounded: see the page."""
        return (
            self.told.exclude(self.named())
            .exclude(concealed_ids() & ~self._about)
            .aggregate(number=models.Count("recipient", distinct=True))["number"]
        )


def open_ledger(reader: "User", subject_type: str, subject_id: int) -> Reading | None:
    """None for a case that does not exist, that has no ledger, or that the reader must not know of."""
    case = _cases.get(subject_type)
    subject = case.find(reader, subject_id) if case else None
    return Reading(reader, case, subject) if case and subject is not None else None


def may_manage(actor: "User", notification: Notification) -> bool:
    """Whether the actor has the case's ledger and meets the recipient there by name."""
    reading = open_ledger(actor, notification.subject_type, notification.subject_id)
    return reading is not None and reading.told.filter(reading.named(), pk=notification.pk).exists()
