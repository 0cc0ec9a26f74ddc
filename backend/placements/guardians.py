"""What whoever decides about a match does about the student's guardians."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common.errors import Conflict, NotFound
from backend.placements.enums import MatchState
from backend.placements.services import match_to_decide
from backend.students.enums import Confirmation
from backend.students.guardians import confirm, lock_guardianship
from backend.students.models import Guardianship


@transaction.atomic
def confirm_guardian_for_match(*, actor: User, match_id: int, guardianship_id: int) -> Guardianship:
    """Whoever decides about a match says that a guardian of the student is one, also of a student without a municipality.

    Raises NotFound for a match the actor must not know or a guardian of somebody else, NotAllowed where another
    municipality decides, Conflict when the match has been decided.
    """
    match = match_to_decide(actor, match_id)
    guardianship = lock_guardianship(guardianship_id)
    if guardianship is None or guardianship.student_id != match.student_id:
        raise NotFound("guardian.unknown", _("There is no such guardian."))
    if match.state != MatchState.PROPOSED:
        raise Conflict("match.decided", _("Somebody has decided about this match meanwhile."))
    confirm(guardianship, actor, Confirmation.COORDINATOR)
    return guardianship
