"""Runs: each computes one proposal from a frozen copy of the round, and can be checked and compared afterwards."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common.clock import DbMomentField
from backend.common.models import TimestampedModel
from backend.rounds.enums import Method, RunFailure, RunState
from backend.rounds.models.people import Participant
from backend.rounds.models.rounds import Round, RoundSeat


class Run(TimestampedModel):
    """snapshot: the input as compressed JSON, numbers of participants and seats only; digest: SHA-256 of that JSON.

    A killed run is started again from the same snapshot with the same seed, so it ends with the same result.
    state, due_at, queued_until: as in the outbox, which hands runs to workers. lease_until: until when the worker that
    computes is believed to be alive. progress: percent. certificate: digest of the solver's own certificate.
    is_verified: an independent check found the result feasible, and stable or optimal as promised.
    error: the code of a `RunFailure`. metrics: figures for the comparison, see `selectors.RunFigures`; those with
    protected identity are not counted there.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="runs")
    number = models.PositiveSmallIntegerField()
    method = models.CharField(max_length=10, choices=Method.choices)
    seed = models.BigIntegerField()
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.PENDING)
    due_at = DbMomentField()
    queued_until = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    progress = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    problems = models.JSONField(default=list, blank=True)
    snapshot = models.BinaryField(null=True, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    certificate = models.CharField(max_length=64, blank=True)
    is_verified = models.BooleanField(default=False)
    metrics = models.JSONField(default=dict, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-number"]
        indexes = [
            models.Index(fields=["due_at"], name="run_to_do", condition=Q(state="pending")),
            models.Index(fields=["lease_until"], name="run_leases", condition=Q(state="working")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="run_number_once"),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="round_run_state_known"),
            models.CheckConstraint(condition=Q(progress__lte=100), name="run_progress_in_percent"),
            models.CheckConstraint(
                condition=~Q(state="done") | (~Q(digest="") & Q(snapshot__isnull=False)), name="done_run_has_its_input"
            ),
            models.CheckConstraint(
                condition=~Q(state="working") | Q(lease_until__isnull=False, lease_token__isnull=False),
                name="working_run_has_a_lease",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.number} of {self.round_id}"

    @property
    def failure(self) -> str:
        """Why it failed, in the reader's language; runs of earlier versions kept other codes."""
        known = RunFailure(self.error) if self.error in RunFailure.values else RunFailure.OTHER
        return str(known.label) if self.state == RunState.FAILED else ""


class RunSeat(models.Model):
    """One row of seats in a run. cut_off: the worst priority admitted, empty while seats are left."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="seats")
    seat = models.ForeignKey(RoundSeat, on_delete=models.CASCADE, related_name="in_runs")
    capacity = models.PositiveIntegerField()
    filled = models.PositiveIntegerField(default=0)
    cut_off = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "seat"], name="seat_once_per_run"),
            models.CheckConstraint(
                condition=Q(filled__lte=F("capacity")),
                name="run_fills_at_most_its_seats",
                violation_error_message=_("No seat is left there."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.filled} of {self.capacity}"


class Outcome(models.Model):
    """What a run gives one participant. seat: empty = unplaced. rank: of the wish, empty for a seat not wished for.

    lot: place in the lottery, 1 = drawn first. kinds: one letter for each wish in order, see `enums` of explain.
    computed_seat: what the run said before somebody adjusted it.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="outcomes")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="outcomes")
    seat = models.ForeignKey(RoundSeat, null=True, blank=True, on_delete=models.CASCADE, related_name="outcomes")
    computed_seat = models.ForeignKey(RoundSeat, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    rank = models.PositiveSmallIntegerField(null=True, blank=True)
    lot = models.PositiveIntegerField()
    kinds = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "participant"], name="one_outcome_per_participant"),
        ]

    def __str__(self) -> str:
        return f"outcome of {self.participant_id}"


class LockedPair(TimestampedModel):
    """A participant who has a certain seat whatever the runs say, and why."""

    participant = models.OneToOneField(Participant, on_delete=models.CASCADE, related_name="lock")
    seat = models.ForeignKey(RoundSeat, on_delete=models.CASCADE, related_name="locks")
    locked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="lock_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.participant_id} at {self.seat_id}"


class Adjustment(models.Model):
    """A person moved a participant in a run, against which warnings, and why. Never changed afterwards."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="adjustments")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="adjustments")
    from_seat = models.ForeignKey(RoundSeat, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    to_seat = models.ForeignKey(RoundSeat, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    overridden = models.JSONField(default=list)
    reason = models.TextField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(overridden=[]) | ~Q(reason=""), name="overridden_warning_has_a_reason")
        ]

    def __str__(self) -> str:
        return f"adjustment {self.pk}"
