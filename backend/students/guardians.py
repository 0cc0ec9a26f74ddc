"""What becomes of a guardian who was named: accepts, is confirmed by the school, is removed."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.contacts import LONGEST_NAME
from backend.accounts.models import User
from backend.accounts.phones import parse_number
from backend.common import clock, events, outbox
from backend.common.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.common.text import clean_line
from backend.common.transitions import log
from backend.students import policies, timers
from backend.students.enums import Confirmation, NamedBy
from backend.students.models import Guardianship, Student
from backend.students.notifications import tell_of_removal


def lock_guardianship(guardianship_id: int) -> Guardianship | None:
    """The row and its student's, locked in the order in which guardians are named."""
    owner = Guardianship.objects.filter(pk=guardianship_id).values("student")
    Student.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=owner).first()
    return (
        Guardianship.objects.select_for_update(of=("self",))
        .select_related("student__user", "guardian")
        .filter(pk=guardianship_id)
        .first()
    )


def own_guardianship(actor: User, guardianship_id: int) -> Guardianship:
    """The actor's own, locked. Raises NotFound for anybody else's, and when the student is of age."""
    guardianship = lock_guardianship(guardianship_id)
    if guardianship is None or guardianship.guardian_id != actor.pk or not policies.is_minor(guardianship.student):
        raise NotFound("guardian.unknown", _("There is nothing for you to answer here."))
    return guardianship


def note_acceptance(guardianship: Guardianship, actor: User) -> None:
    """From now on they are the guardian. Saying it twice changes nothing; the row is locked already."""
    if guardianship.accepted_at is None:
        guardianship.accepted_at = clock.now()
        guardianship.save(update_fields=["accepted_at", "updated_at"])
        log("guardian.accepted", guardianship, actor=actor)


@transaction.atomic
def accept_guardianship(*, actor: User, guardianship_id: int) -> Guardianship:
    """Somebody who was named says that they are the guardian. It is no consent."""
    guardianship = own_guardianship(actor, guardianship_id)
    note_acceptance(guardianship, actor)
    return guardianship


@transaction.atomic
def confirm_guardian(*, actor: User, guardianship_id: int) -> Guardianship:
    """The school says that whom the student has named is the guardian. Confirming twice changes nothing.

    Raises NotFound for somebody who does not look after the student, Conflict once the student is of age.
    """
    guardianship = lock_guardianship(guardianship_id)
    if guardianship is None or not policies.answers_for(actor, guardianship.student):
        raise NotFound("guardian.unknown", _("There is no such guardian."))
    confirm(guardianship, actor, Confirmation.COORDINATOR)
    return guardianship


def confirm(guardianship: Guardianship, actor: User, how: Confirmation) -> None:
    """The same for a caller that has let the actor in and locked the row."""
    if not policies.is_minor(guardianship.student):
        raise Conflict("guardian.adult", _("Someone who is 18 decides for themselves."))
    if guardianship.is_confirmed:
        return
    guardianship.confirmation, guardianship.confirmed_at, guardianship.confirmed_by = how, clock.now(), actor
    guardianship.save(update_fields=["confirmation", "confirmed_at", "confirmed_by", "updated_at"])
    log("guardian.confirmed", guardianship, actor=actor, data={"how": how.value})
    events.record("guardian.confirmed", guardianship, {"student": guardianship.student_id})
    outbox.wake()


@transaction.atomic
def update_guardian(*, actor: User, guardianship_id: int, name: str, phone: str) -> Guardianship:
    """The school corrects what a guardian is called and the number one calls. phone: as people write it, "" for none.

    Raises NotFound for somebody who does not look after the student, Invalid with the field that is wrong.
    """
    guardianship = lock_guardianship(guardianship_id)
    if guardianship is None or not policies.answers_for(actor, guardianship.student):
        raise NotFound("guardian.unknown", _("There is no such guardian."))
    called = clean_line(name).strip()
    if not called:
        raise Invalid("guardian.no_name", _("Fill in this field."), field="name")
    if len(called) > LONGEST_NAME:
        raise Invalid("guardian.too_long", _("The text is too long."), field="name")
    keep_contact(guardianship, actor, called, parse_number(phone))
    return guardianship


def keep_contact(guardianship: Guardianship, actor: User, name: str, number: str) -> None:
    """The same for a caller that has checked both and locked the row. The log says what changed, never what it is."""
    new = {"named_as": name, "phone": number}
    changed = [field for field, value in new.items() if getattr(guardianship, field) != value]
    if not changed:
        return
    for field in changed:
        setattr(guardianship, field, new[field])
    guardianship.save(update_fields=[*changed, "updated_at"])
    log("guardian.changed", guardianship, actor=actor, data={"fields": changed})


@transaction.atomic
def remove_guardian(*, actor: User, guardianship_id: int) -> Student:
    """The school, the guardian, or for as long as nobody has confirmed it the student takes a guardian away.

    The links of the mails lead nowhere from then on and a consent is gone; what was given and taken back stays in the log.
    The student is told when somebody else did it. Raises NotFound for everybody else, NotAllowed for the student once the
    guardian is confirmed.
    """
    guardianship = lock_guardianship(guardianship_id)
    if guardianship is None or not (
        policies.can_remove_guardian(actor, guardianship) or policies.is_self(actor, guardianship.student)
    ):
        raise NotFound("guardian.unknown", _("There is no such guardian."))
    if not policies.can_remove_guardian(actor, guardianship):
        raise NotAllowed(
            "guardian.confirmed", _("Your school has confirmed this guardian. Ask your coordinator to change it.")
        )
    student = guardianship.student
    end_guardianship(guardianship, actor)
    return student


def end_guardianship(guardianship: Guardianship, actor: User) -> None:
    """The same for a caller that has let the actor in and locked the student."""
    student = guardianship.student
    consents = [
        {
            "version": consent.text_version,
            "method": consent.method,
            "given": consent.given_at.isoformat(),
            "withdrawn": consent.withdrawn_at.isoformat() if consent.withdrawn_at else "",
        }
        for consent in guardianship.consents.order_by("given_at")
    ]
    data = {"guardian": guardianship.guardian_id, "guardianship": guardianship.pk, "consents": consents}
    timers.answered(guardianship)
    log("guardian.removed", student, actor=actor, data=data)
    event = events.record("guardian.removed", student, {"guardianship": guardianship.pk})
    guardianship.delete()
    if actor.pk != student.user_id:
        tell_of_removal(event, student)
    outbox.wake()


def make_way(student: Student, actor: User) -> bool:
    """Whether somebody whom only the student had named, and who has not answered, was taken away for one whom the school
    names. The student is locked."""
    waiting = student.guardianships.filter(
        named_by=NamedBy.STUDENT, confirmation="", accepted_at__isnull=True, consents__isnull=True
    )
    oldest = waiting.select_related("student__user").order_by("pk").first()
    if oldest is None:
        return False
    end_guardianship(oldest, actor)
    return True
