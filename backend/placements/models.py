"""Matches that wait for a coordinator, and the placements that stand when approved."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common.models import TimestampedModel
from backend.offers.models import OfferPeriod
from backend.placements.enums import (
    ENDED_EARLY_STATES,
    STANDING_STATES,
    Asker,
    MatchSource,
    MatchState,
    PlacementState,
    RestState,
)
from backend.reference.models import Municipality
from backend.students.models import Student


class DateRange(Func):
    function = "DATERANGE"
    output_field = DateRangeField()


def dates_of_row() -> DateRange:
    """start..end with both days included, as a range the database can compare."""
    return DateRange("start", "end", RangeBoundary(inclusive_lower=True, inclusive_upper=True))


class Match(TimestampedModel):
    """Both sides said yes, or a round decided. `deciding_municipality` empty: the network office decides.

    start, end: the period's dates when the match was made. agreed: what the student said yes to, see offers/facts.py;
    while the place differs from it nobody can approve. undo_until: until when the decision can be undone; empty when
    there is none, or when it stands.
    """

    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="matches")
    period = models.ForeignKey(OfferPeriod, on_delete=models.PROTECT, related_name="matches")
    source = models.CharField(max_length=12, choices=MatchSource.choices, default=MatchSource.APPLICATION)
    state = models.CharField(max_length=10, choices=MatchState.choices, default=MatchState.PROPOSED)
    deciding_municipality = models.ForeignKey(
        Municipality, null=True, on_delete=models.PROTECT, related_name="matches_to_decide"
    )
    start = models.DateField()
    end = models.DateField()
    proposed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decision_reason = models.TextField(blank=True)
    undo_until = models.DateTimeField(null=True, blank=True)
    agreed = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        indexes = [models.Index(fields=["deciding_municipality", "state", "proposed_at"], name="match_queue")]
        constraints = [
            ExclusionConstraint(
                name="no_overlapping_matches",
                expressions=[(F("student"), RangeOperators.EQUAL), (dates_of_row(), RangeOperators.OVERLAPS)],
                condition=Q(state=MatchState.PROPOSED),
                violation_error_message=_("The student already has a place in these weeks."),
            ),
            models.CheckConstraint(condition=Q(state__in=MatchState.values), name="match_state_known"),
            models.CheckConstraint(
                condition=Q(undo_until__isnull=True)
                | Q(state__in=[MatchState.APPROVED, MatchState.REJECTED], decided_at__isnull=False),
                name="only_a_decision_can_be_undone",
            ),
        ]

    def __str__(self) -> str:
        return f"match {self.pk}"

    @property
    def ended_placement(self) -> "Placement | None":
        """The placement that came of it and was cancelled or interrupted; None while it stands, and where there is none."""
        placement = getattr(self, "placement", None)
        return placement if placement is not None and placement.ended_early else None


class Placement(TimestampedModel):
    """An approved match: dates, supervisor, and what comes of it.

    last_day: of an interrupted one, whose `end` stays what was agreed. rest: what became of the days after it, see rest.py.
    first_day, bring: what the workplace tells the student before it: when and where to come, and what to have along.
    """

    match = models.OneToOneField(Match, on_delete=models.PROTECT, related_name="placement")
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="placements")
    period = models.ForeignKey(OfferPeriod, on_delete=models.PROTECT, related_name="placements")
    start = models.DateField()
    end = models.DateField()
    supervisor_name = models.CharField(_("Supervisor"), max_length=120, blank=True)
    supervisor_email = models.EmailField(_("The supervisor's e-mail address"), blank=True)
    supervisor_phone = models.CharField(_("The supervisor's telephone"), max_length=16, blank=True)
    first_day = models.CharField(_("When and where to come on the first day"), max_length=200, blank=True)
    bring = models.TextField(_("What to bring"), max_length=1000, blank=True)
    state = models.CharField(max_length=12, choices=PlacementState.choices, default=PlacementState.UPCOMING)
    ended_reason = models.TextField(blank=True)
    last_day = models.DateField(null=True, blank=True)
    rest = models.CharField(max_length=10, choices=RestState.choices, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "start"], name="placement_calendar")]
        constraints = [
            ExclusionConstraint(
                name="no_overlapping_placements",
                expressions=[(F("student"), RangeOperators.EQUAL), (dates_of_row(), RangeOperators.OVERLAPS)],
                condition=Q(state__in=[PlacementState.UPCOMING, PlacementState.ONGOING]),
                violation_error_message=_("The student already has a placement in these weeks."),
            ),
            models.CheckConstraint(condition=Q(state__in=PlacementState.values), name="placement_state_known"),
            models.CheckConstraint(condition=Q(end__gte=F("start")), name="placement_ends_after_start"),
            models.CheckConstraint(
                condition=Q(last_day__isnull=True, rest="") | Q(state="interrupted"),
                name="only_an_interrupted_one_leaves_days",
            ),
            models.CheckConstraint(
                condition=Q(supervisor_phone="") | Q(supervisor_phone__regex=r"^\+[1-9][0-9]{7,14}$"),
                name="placement_supervisor_phone_is_e164",
            ),
        ]

    def __str__(self) -> str:
        return f"placement {self.pk}"

    @property
    def stands(self) -> bool:
        """Whether it comes or goes on."""
        return self.state in STANDING_STATES

    @property
    def ended_early(self) -> bool:
        """Whether it was cancelled or interrupted."""
        return self.state in ENDED_EARLY_STATES


class EndRequest(models.Model):
    """Somebody it concerns asks the coordinator to end a placement that is approved. One open request at a time.

    asked_as: who asked. is_accepted: empty while it waits. answer: the coordinator's words to a no.
    """

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="end_requests")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_as = models.CharField(max_length=12, choices=Asker.choices)
    reason = models.TextField(_("Why?"), max_length=1000)
    asked_at = models.DateTimeField()
    is_accepted = models.BooleanField(null=True, blank=True)
    answer = models.TextField(_("Answer"), max_length=1000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["placement"],
                condition=Q(answered_at__isnull=True),
                name="one_open_end_request",
                violation_error_message=_("Somebody has asked for this already. The coordinator answers soon."),
            ),
            models.CheckConstraint(condition=Q(asked_as__in=Asker.values), name="end_request_asker_known"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, is_accepted__isnull=True)
                | Q(answered_at__isnull=False, is_accepted__isnull=False),
                name="answered_end_request_is_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"request to end {self.placement_id}"
