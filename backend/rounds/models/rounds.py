"""The round itself: whom it is for, when, by which rules, and which seats it gives out."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common.models import TimestampedModel
from backend.offers.models import OfferPeriod
from backend.reference.models import Municipality, PlacementForm
from backend.rounds.enums import Method, RoundState, UnplacedPolicy

MOST_WISHES = 20


class Round(TimestampedModel):
    """start, end: the days the placements lie within. opens_at to closes_at: when students wish.

    employers_answer_by: until when organisations rank, empty when they do not. publish_on: the day students were promised
    an answer. accept_by: until when a published seat is kept. seed: of the one lottery, drawn when the round opens and
    public from then on, so that nobody can draw again after seeing a result. follows: the round this is the second of.
    """

    name = models.CharField(_("Name"), max_length=120)
    lead = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="rounds_led")
    municipalities = models.ManyToManyField(Municipality, related_name="rounds", verbose_name=_("Municipalities"))
    form = models.ForeignKey(PlacementForm, on_delete=models.PROTECT, related_name="rounds", verbose_name=_("Form"))
    start = models.DateField(_("First day"))
    end = models.DateField(_("Last day"))
    state = models.CharField(max_length=10, choices=RoundState.choices, default=RoundState.DRAFT)
    method = models.CharField(_("Method"), max_length=10, choices=Method.choices, default=Method.STABLE)
    max_wishes = models.PositiveSmallIntegerField(_("Wishes at most"), default=5)
    max_distance_km = models.PositiveSmallIntegerField(_("Longest journey, km"), null=True, blank=True)
    unplaced_policy = models.CharField(
        _("Those without a place"), max_length=12, choices=UnplacedPolicy.choices, default=UnplacedPolicy.PERSON
    )
    is_joinable = models.BooleanField(_("Students of the municipalities may join by themselves"), default=True)
    opens_at = models.DateTimeField(_("Opens"))
    closes_at = models.DateTimeField(_("Closes"))
    employers_answer_by = models.DateTimeField(_("Organisations rank until"), null=True, blank=True)
    publish_on = models.DateField(_("Published on"))
    accept_by = models.DateTimeField(_("Students answer until"))
    seed = models.BigIntegerField(null=True, blank=True)
    follows = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="second_rounds")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-opens_at", "-pk"]
        indexes = [models.Index(fields=["state", "closes_at"], name="round_calendar")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=RoundState.values), name="round_state_known"),
            models.CheckConstraint(condition=Q(method__in=Method.values), name="round_method_known"),
            models.CheckConstraint(
                condition=Q(unplaced_policy__in=UnplacedPolicy.values), name="round_unplaced_policy_known"
            ),
            models.CheckConstraint(
                condition=Q(max_wishes__range=(1, MOST_WISHES)),
                name="round_wishes_in_range",
                violation_error_message=_("Between 1 and 20 wishes."),
            ),
            models.CheckConstraint(
                condition=Q(end__gte=F("start")),
                name="round_ends_after_start",
                violation_error_message=_("The last day is before the first."),
            ),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")) & Q(accept_by__gt=F("closes_at")),
                name="round_times_in_order",
                violation_error_message=_("The round closes after it opens, and students answer after it closes."),
            ),
            models.CheckConstraint(
                condition=Q(employers_answer_by__isnull=True)
                | Q(employers_answer_by__gte=F("closes_at"), employers_answer_by__lt=F("accept_by")),
                name="round_employers_answer_after_it_closes",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "cancelled"]) | Q(seed__isnull=False, opened_at__isnull=False),
                name="opened_round_has_a_seed",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.state == RoundState.OPEN

    @property
    def employers_rank(self) -> bool:
        return self.employers_answer_by is not None


class RegionCap(models.Model):
    """At most `cap` students of the round at workplaces in one municipality."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="region_caps")
    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    cap = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "municipality"], name="one_cap_per_municipality")]

    def __str__(self) -> str:
        return f"{self.municipality_id}: {self.cap}"


class RoundSeat(models.Model):
    """The seats a round gives out in one period. A student wishes for such a row.

    seats: how many the round was given. held: of them, those it keeps in the period just now (from opening until a
    student's yes has made a match of one, or the round lets go). promised: of those held, the ones a student has been
    offered. minimum: below this many students the organisation does not run it; 0 = any number.
    is_excluded: left out of the runs by a coordinator. own_place: kept for one student who found it.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="seats")
    period = models.ForeignKey(OfferPeriod, on_delete=models.PROTECT, related_name="round_seats")
    seats = models.PositiveIntegerField(_("Seats"))
    minimum = models.PositiveIntegerField(_("Students at least"), default=0)
    held = models.PositiveIntegerField(default=0)
    promised = models.PositiveIntegerField(default=0)
    is_excluded = models.BooleanField(default=False)
    is_own_place = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["period"], name="round_seat_of_period")]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "period"],
                name="period_once_per_round",
                violation_error_message=_("This period is in the round already."),
            ),
            models.CheckConstraint(
                condition=Q(seats__gte=1),
                name="round_seat_has_seats",
                violation_error_message=_("At least one seat is needed."),
            ),
            models.CheckConstraint(condition=Q(minimum__lte=F("seats")), name="round_minimum_at_most_seats"),
            models.CheckConstraint(condition=Q(held__lte=F("seats")), name="round_holds_at_most_its_seats"),
            models.CheckConstraint(
                condition=Q(promised__lte=F("held")),
                name="round_promises_at_most_what_it_holds",
                violation_error_message=_("The last seat was just taken."),
            ),
        ]

    def __str__(self) -> str:
        return f"seats of {self.period_id}"

    @property
    def free(self) -> int:
        """Held and promised to nobody."""
        return self.held - self.promised


class SeatReserve(models.Model):
    """The first `seats` of a row go to participants of the group, as long as some of them want one."""

    seat = models.ForeignKey(RoundSeat, on_delete=models.CASCADE, related_name="reserves")
    group = models.CharField(max_length=40)
    seats = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seat", "group"], name="one_reserve_per_group"),
            models.CheckConstraint(condition=Q(seats__gte=1) & ~Q(group=""), name="reserve_names_group_and_seats"),
        ]

    def __str__(self) -> str:
        return f"{self.seats} for {self.group}"
