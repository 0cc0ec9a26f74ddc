"""A student asks for a period of an offer, and what becomes of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.applications.enums import LIVE_STATES, ApplicationState, ChangeAnswer, DeclineReason, ReleaseReason
from backend.common.models import TimestampedModel
from backend.offers.models import OfferPeriod
from backend.placements.models import Match, Placement
from backend.students.models import Student


class Application(TimestampedModel):
    """answer_due_at: when the organisation's silence is escalated. hold_expires_at: until when an offered seat is held.

    asked_for: the facts of the period when it was asked for, or when the student last said yes to them (offers/facts.py).
    undo_until: until when the organisation can take an offered seat back. own_words: why the student said no to a seat.
    waiting_rank: place on the period's waiting list, 1 first; kept when the list refills.
    """

    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="applications")
    period = models.ForeignKey(OfferPeriod, on_delete=models.PROTECT, related_name="applications")
    state = models.CharField(max_length=12, choices=ApplicationState.choices, default=ApplicationState.SUBMITTED)
    motivation = models.TextField(_("Why this place?"), max_length=1500, blank=True)
    submitted_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer_due_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True, blank=True)
    offered_at = models.DateTimeField(null=True, blank=True)
    hold_expires_at = models.DateTimeField(null=True, blank=True)
    waiting_rank = models.PositiveIntegerField(null=True, blank=True)
    decline_reason = models.CharField(max_length=20, choices=DeclineReason.choices, blank=True)
    release_reason = models.CharField(max_length=20, choices=ReleaseReason.choices, blank=True)
    message = models.TextField(_("Message"), max_length=1500, blank=True)
    own_words = models.TextField(_("Why not?"), max_length=500, blank=True)
    asked_for = models.JSONField(default=dict, blank=True, editable=False)
    undo_until = models.DateTimeField(null=True, blank=True)
    match = models.OneToOneField(Match, null=True, blank=True, on_delete=models.PROTECT, related_name="application")

    class Meta:
        indexes = [
            models.Index(fields=["student", "-submitted_at"], name="application_of_student"),
            models.Index(fields=["period", "state", "waiting_rank"], name="application_of_period"),
            models.Index(fields=["hold_expires_at"], name="application_holds", condition=Q(state="offered")),
            models.Index(fields=["answer_due_at"], name="application_due", condition=Q(state="submitted")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["student", "period"],
                condition=Q(state__in=sorted(LIVE_STATES)),
                name="one_live_application_per_period",
                violation_error_message=_("You have already applied for this period."),
            ),
            models.CheckConstraint(condition=Q(state__in=ApplicationState.values), name="application_state_known"),
            models.CheckConstraint(
                condition=~Q(state="offered") | Q(hold_expires_at__isnull=False), name="offered_seat_has_an_end"
            ),
            models.CheckConstraint(
                condition=~Q(state="waitlisted") | Q(waiting_rank__isnull=False), name="waitlisted_has_a_rank"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "approved"]) | Q(match__isnull=False), name="accepted_has_a_match"
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(decline_reason=""), name="declined_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(undo_until__isnull=True) | Q(state="offered"), name="only_an_offered_seat_can_be_undone"
            ),
        ]

    def __str__(self) -> str:
        return f"application {self.pk}"

    @property
    def ended_placement(self) -> Placement | None:
        """The placement it led to and that was cancelled or interrupted since."""
        return self.match.ended_placement if self.match and self.state == ApplicationState.APPROVED else None

    @property
    def state_label(self) -> str:
        """Where it stands today, in words: an approved one whose placement has ended says that."""
        ended = self.ended_placement
        return str(ended.get_state_display() if ended else self.get_state_display())


class ChangeQuestion(models.Model):
    """What was asked for has changed, and the student is asked whether it still fits. The application stays as it is.

    before, after: facts, see offers/facts.py. due_at: when silence ends the application. answer: empty while it waits.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="change_questions")
    before = models.JSONField()
    after = models.JSONField()
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    answer = models.CharField(max_length=12, choices=ChangeAnswer.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["due_at"], name="change_question_due", condition=Q(answer=""))]
        constraints = [
            models.UniqueConstraint(fields=["application"], condition=Q(answer=""), name="one_open_change_question"),
            models.CheckConstraint(
                condition=Q(answer="") | Q(answer__in=ChangeAnswer.values), name="change_answer_known"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True) | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="answered_change_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"change asked of {self.application_id}"
