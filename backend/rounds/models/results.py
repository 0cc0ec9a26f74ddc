"""What was published, and what each student made of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common.models import TimestampedModel
from backend.placements.models import Match
from backend.rounds.enums import ResultState
from backend.rounds.models.people import Participant
from backend.rounds.models.rounds import Round, RoundSeat
from backend.rounds.models.runs import Run


class Publication(models.Model):
    """The decision: this run, by this person. `published_by` answers for the placements that students say yes to.

    reason: why it was published although minimums are not met. undone_at: taken back before anybody had said yes.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="publications")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="publications")
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    undo_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["round"],
                condition=Q(undone_at__isnull=True),
                name="one_publication_per_round",
                violation_error_message=_("The round is published already."),
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | (Q(undone_by__isnull=False) & ~Q(undo_reason="")),
                name="undone_publication_says_who_and_why",
            ),
        ]

    def __str__(self) -> str:
        return f"publication of {self.round_id}"


class Result(TimestampedModel):
    """What one participant was told, and the answer.

    seat: what was offered; empty = unplaced. answer_by: until when it is kept. is_refill: it was given back by someone
    else. lot, rank, kinds: as in the run's outcome, for the reasons. match: made by the student's yes.
    """

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="results")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="results")
    seat = models.ForeignKey(RoundSeat, null=True, blank=True, on_delete=models.PROTECT, related_name="results")
    state = models.CharField(max_length=10, choices=ResultState.choices, default=ResultState.OFFERED)
    rank = models.PositiveSmallIntegerField(null=True, blank=True)
    lot = models.PositiveIntegerField()
    kinds = models.CharField(max_length=20, blank=True)
    is_adjusted = models.BooleanField(default=False)
    is_refill = models.BooleanField(default=False)
    answer_by = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    match = models.OneToOneField(Match, null=True, blank=True, on_delete=models.PROTECT, related_name="result")

    class Meta:
        indexes = [
            models.Index(fields=["answer_by"], name="result_due", condition=Q(state="offered")),
            models.Index(fields=["publication", "state"], name="result_board"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["publication", "participant"], name="one_result_per_participant"),
            models.CheckConstraint(condition=Q(state__in=ResultState.values), name="result_state_known"),
            models.CheckConstraint(
                condition=~Q(state="offered") | Q(seat__isnull=False, answer_by__isnull=False),
                name="offered_result_has_a_seat_and_an_end",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(match__isnull=False), name="accepted_result_has_a_match"
            ),
            models.CheckConstraint(condition=~Q(state="unplaced") | Q(seat__isnull=True), name="unplaced_has_no_seat"),
        ]

    def __str__(self) -> str:
        return f"result {self.pk}"


class Appeal(models.Model):
    """A student, or a guardian, asks the coordinator to look again. It is answered by a person, in words."""

    result = models.ForeignKey(Result, on_delete=models.CASCADE, related_name="appeals")
    sent_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("Message"), max_length=1500)
    sent_at = models.DateTimeField()
    answer = models.TextField(_("Answer"), max_length=1500, blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["sent_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["result"], condition=Q(answered_at__isnull=True), name="one_unanswered_appeal"
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | (Q(answered_by__isnull=False) & ~Q(answer="")),
                name="answered_appeal_has_an_answer",
            ),
        ]

    def __str__(self) -> str:
        return f"appeal {self.pk}"
