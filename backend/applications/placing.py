"""A coordinator places a student directly on a period with a free seat."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.applications.services import applicant_of, check_allowed, release_applications_in
from backend.common.errors import Conflict, NotFound
from backend.offers.enums import OfferState
from backend.offers.models import Offer, OfferPeriod
from backend.offers.seats import hold_seat
from backend.placements.models import Placement
from backend.placements.services import place_by_coordinator


@transaction.atomic
def place_student(*, actor: User, student_id: int, period_id: int) -> Placement:
    """A coordinator places a student on a period with a free seat, without an application.

    Student, guardian and organisation are told as of an approval, and the student's own applications for the same days
    make way. Raises Invalid or Conflict with the reason: full, closed, ended, not allowed at this age, no consent, placed in
    these weeks already; NotFound for a student or a place the actor must not know of.
    """
    student = applicant_of(actor, student_id)
    period = OfferPeriod.objects.select_related("offer__workplace", "offer__form").filter(pk=period_id).first()
    if period is None or not Offer.objects.visible_to(actor).filter(pk=period.offer_id).exists():
        raise NotFound("period.unknown", _("There is no such place."))
    if period.offer.state != OfferState.PUBLISHED:
        raise Conflict("application.closed", _("This place takes no applications any more."), field="period")
    check_allowed(student, period)
    hold_seat(period.pk)
    placement = place_by_coordinator(actor=actor, student=student, period=period)
    release_applications_in(student_id=student.pk, period=period)
    return placement
