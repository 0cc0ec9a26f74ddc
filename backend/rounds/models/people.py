"""Who takes part, what they wish, and what organisations say about them."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common.models import TimestampedModel
from backend.offers.models import OfferPeriod
from backend.placements.models import dates_of_row
from backend.reference.models import Municipality
from backend.rounds.enums import OwnPlaceState, Sex
from backend.rounds.models.rounds import MOST_WISHES, Round, RoundSeat
from backend.students.models import Student


class Participant(TimestampedModel):
    """A student in a round. Its number is all a run's snapshot knows of the student.

    start, end: the round's days, kept here so that the database refuses two rounds in the same weeks. is_live: the
    round is neither finished nor cancelled and the student has not left it. group: what reserved seats may name.
    priority: 0 for everyone unless a coordinator has said otherwise; lower goes first. km: straight-line journeys are
    measured from the student's own point.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="participants")
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="rounds")
    start = models.DateField()
    end = models.DateField()
    is_live = models.BooleanField(default=True)
    group = models.CharField(max_length=40, blank=True)
    sex = models.CharField(max_length=6, choices=Sex.choices, blank=True)
    priority = models.PositiveSmallIntegerField(default=0)
    wished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "student"], name="participant_once_per_round"),
            ExclusionConstraint(
                name="no_overlapping_rounds",
                expressions=[(F("student"), RangeOperators.EQUAL), (dates_of_row(), RangeOperators.OVERLAPS)],
                condition=Q(is_live=True),
                violation_error_message=_("The student is in another round in the same weeks."),
            ),
        ]

    def __str__(self) -> str:
        return f"participant {self.pk}"

    @property
    def display_name(self) -> str:
        """What an organisation may see: the alias of a protected identity."""
        return self.student.display_name


class Wish(models.Model):
    """rank: 1 = wanted most."""

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="wishes")
    seat = models.ForeignKey(RoundSeat, on_delete=models.PROTECT, related_name="wishes")
    rank = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["participant", "rank"], name="one_wish_per_rank"),
            models.UniqueConstraint(fields=["participant", "seat"], name="each_place_wished_once"),
            models.CheckConstraint(condition=Q(rank__range=(1, MOST_WISHES)), name="wish_rank_in_range"),
        ]

    def __str__(self) -> str:
        return f"wish {self.rank} of {self.participant_id}"


class EmployerRanking(models.Model):
    """An organisation's order among those who wish for its seats. Equal ranks are decided by the lottery."""

    seat = models.ForeignKey(RoundSeat, on_delete=models.CASCADE, related_name="rankings")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="rankings")
    rank = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seat", "participant"], name="participant_ranked_once_per_seat"),
            models.CheckConstraint(condition=Q(rank__gte=1), name="employer_rank_from_one"),
        ]

    def __str__(self) -> str:
        return f"rank {self.rank} at {self.seat_id}"


class TownPair(TimestampedModel):
    """Two participants, siblings say, who want to be in the same municipality if that is possible."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="pairs")
    first = models.OneToOneField(Participant, on_delete=models.CASCADE, related_name="pair_as_first")
    second = models.OneToOneField(Participant, on_delete=models.CASCADE, related_name="pair_as_second")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="pair_is_two_in_order"),
        ]

    def __str__(self) -> str:
        return f"pair {self.pk}"


class OwnFoundPlace(TimestampedModel):
    """A place a student has found without the service. Once a coordinator has accepted it, it is an offer with one seat
    that the round keeps for that student."""

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="own_places")
    organisation_name = models.CharField(_("Organisation"), max_length=160)
    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(_("Street address"), max_length=200, blank=True)
    contact_name = models.CharField(_("Contact"), max_length=120)
    contact_email = models.EmailField(_("E-mail address"))
    title = models.CharField(_("Title"), max_length=120)
    tasks = models.TextField(_("What you do here"), max_length=4000)
    start = models.DateField(_("First day"))
    end = models.DateField(_("Last day"))
    state = models.CharField(max_length=10, choices=OwnPlaceState.choices, default=OwnPlaceState.SUBMITTED)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)
    period = models.OneToOneField(
        OfferPeriod, null=True, blank=True, on_delete=models.PROTECT, related_name="own_place"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["participant"], condition=~Q(state="rejected"), name="one_own_place_per_participant"
            ),
            models.CheckConstraint(condition=Q(state__in=OwnPlaceState.values), name="own_place_state_known"),
            models.CheckConstraint(condition=Q(end__gte=F("start")), name="own_place_ends_after_start"),
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(period__isnull=False), name="accepted_own_place_is_an_offer"
            ),
        ]

    def __str__(self) -> str:
        return f"own place {self.pk}"
