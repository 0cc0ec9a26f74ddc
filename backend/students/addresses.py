"""A school corrects the address of a student who has not come yet: nobody has proved the old one by logging in."""

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.selectors import find_person_by_email
from backend.common import events, outbox
from backend.common.errors import Conflict, NotFound
from backend.common.transitions import log
from backend.students.models import Student
from backend.students.policies import can_coordinate, may_list


@transaction.atomic
def correct_address(*, actor: User, student_id: int, email: str) -> bool:
    """Gives the student the address and invites anew. False for one who has logged in: they change it themselves, since
    whoever holds the address holds the account.

    Raises NotFound for a student the actor may not know of, Conflict `student.address_taken` for somebody else's address.
    """
    student = may_list(actor).select_for_update(of=("self",)).filter(pk=student_id).first()
    if student is None or not can_coordinate(actor, student):
        raise NotFound("student.unknown", _("There is no such student."))
    user = User.objects.select_for_update().get(pk=student.user_id)
    if user.last_login is not None:
        return False
    address = email.strip().lower()
    other = find_person_by_email(address)
    if other is not None and other.pk != user.pk:
        raise Conflict(
            "student.address_taken", _("Somebody else has this address. Check it with the student."), field="email"
        )
    EmailAddress.objects.filter(user=user).delete()
    user.email = address
    user.save(update_fields=["email"])
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    log("student.address_corrected", student, actor=actor)
    events.record("student.enrolled", Student.objects.get(pk=student.pk))
    outbox.wake()
    return True
