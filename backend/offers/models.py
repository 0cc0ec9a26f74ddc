"""What organisations post: offers, their periods, and the seats that can never be given twice."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Prefetch, Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.accounts.policies import is_network_office, municipalities_coordinated_by
from backend.common.models import TimestampedModel
from backend.offers.demand import AdPrefill, DemandSignal
from backend.offers.enums import CloseReason, OfferState
from backend.offers.search_entry import SearchDocument, SearchEntry, SearchWord, UnsettledSeats
from backend.organisations.models import Organisation, Workplace
from backend.reference.models import HazardFlag, OccupationGroup, PlacementForm, Programme

__all__ = [
    "AdPrefill",
    "DemandSignal",
    "Offer",
    "OfferPeriod",
    "OfferQuerySet",
    "SearchDocument",
    "SearchEntry",
    "SearchWord",
    "UnsettledSeats",
]


class OfferQuerySet(models.QuerySet["Offer"]):
    def published(self) -> "OfferQuerySet":
        return self.filter(state=OfferState.PUBLISHED)

    def visible_to(self, user: User | None) -> "OfferQuerySet":
        """Published ones for everyone; the others for the organisation, its municipality and the network office."""
        visible = Q(state=OfferState.PUBLISHED)
        if user is not None and user.is_authenticated and user.is_active:
            if is_network_office(user):
                return self
            visible |= Q(organisation__in=user.memberships.values("organisation"))
            if codes := municipalities_coordinated_by(user):
                visible |= Q(workplace__municipality__in=codes) & ~Q(state=OfferState.DRAFT, submitted_at__isnull=True)
        return self.filter(visible)

    def for_lists(self) -> "OfferQuerySet":
        """With everything a row in a list shows, in a constant number of queries."""
        return self.select_related("organisation", "workplace__municipality", "form", "occupation").prefetch_related(
            "periods", "programmes"
        )

    def for_place_rows(self) -> "OfferQuerySet":
        """With what a row of a public list shows and without the long texts: half the work of `for_lists`."""
        shown = self.select_related("organisation", "workplace__municipality", "form").only(
            "title",
            "apply_by",
            "published_at",
            "organisation__name",
            "workplace__municipality__name",
            "workplace__position_source",
            "form__name_sv",
            "form__name_en",
        )
        return shown.prefetch_related("periods", Prefetch("programmes", Programme.objects.only("name_sv", "name_en")))


class Offer(TimestampedModel):
    """An internship or a training place.

    approved: what was let out when it was last published, see facts.py; {} before that.
    undo_until: until when the coordinator's publication or sending back can be undone; empty when it stands.
    programmes: whom it is for; none = everyone of the form. skills: short lower-case words. apply_by: last day, included.
    source, source_ref: where an imported offer comes from; a person's own offers have neither.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="offers")
    workplace = models.ForeignKey(
        Workplace, on_delete=models.PROTECT, related_name="offers", verbose_name=_("Workplace")
    )
    form = models.ForeignKey(PlacementForm, on_delete=models.PROTECT, related_name="offers", verbose_name=_("Form"))
    occupation = models.ForeignKey(
        OccupationGroup,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="offers",
        verbose_name=_("Occupation"),
    )
    programmes = models.ManyToManyField(Programme, blank=True, related_name="offers", verbose_name=_("Programmes"))
    hazards = models.ManyToManyField(HazardFlag, blank=True, related_name="offers", verbose_name=_("Risks at work"))
    state = models.CharField(max_length=10, choices=OfferState.choices, default=OfferState.DRAFT)
    title = models.CharField(_("Title"), max_length=120)
    tasks = models.TextField(_("What you do here"), max_length=4000)
    requirements = models.TextField(_("Good to know or have"), max_length=2000, blank=True)
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True, verbose_name=_("Skills"))
    languages = ArrayField(models.CharField(max_length=5), default=list, blank=True, verbose_name=_("Languages"))
    apply_by = models.DateField(_("Last day to apply"), null=True, blank=True)
    supervisor_name = models.CharField(_("Supervisor"), max_length=120, blank=True)
    supervisor_email = models.EmailField(_("The supervisor's e-mail address"), blank=True)
    supervisor_phone = models.CharField(_("The supervisor's telephone"), max_length=16, blank=True)
    risk_assessed_on = models.DateField(_("Risk assessment made on"), null=True, blank=True)
    is_remote = models.BooleanField(_("Can be done from home"), default=False)
    submitted_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    close_reason = models.CharField(max_length=20, choices=CloseReason.choices, blank=True)
    approved = models.JSONField(default=dict, blank=True, editable=False)
    undo_until = models.DateTimeField(null=True, blank=True)
    sent_back_reason = models.TextField(blank=True)
    source = models.CharField(max_length=20, blank=True)
    source_ref = models.CharField(max_length=120, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["-published_at", "-id"], name="offer_newest", condition=Q(state="published")),
            models.Index(fields=["state", "submitted_at"], name="offer_state"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(supervisor_phone="") | models.Q(supervisor_phone__regex=r"^\+[1-9][0-9]{7,14}$"),
                name="offer_supervisor_phone_is_e164",
            ),
            models.UniqueConstraint(
                fields=["source", "source_ref"], name="offer_once_per_source", condition=~Q(source="")
            ),
            models.CheckConstraint(condition=Q(state__in=OfferState.values), name="offer_state_known"),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_at__isnull=False), name="published_offer_has_a_date"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def municipality_code(self) -> str | None:
        """Of the workplace; None when the offer is given in several municipalities."""
        return self.workplace.municipality_id

    @property
    def is_open(self) -> bool:
        return self.state == OfferState.PUBLISHED


class OfferPeriodQuerySet(models.QuerySet["OfferPeriod"]):
    def free(self) -> "OfferPeriodQuerySet":
        """Those with a seat left."""
        return self.filter(taken__lt=F("capacity"))


class OfferPeriod(models.Model):
    """Dates (both included) and seats. `taken` counts seats held by an offered, accepted or approved application, and
    those that a round keeps in order to give them out.

    rest_of: the period somebody left early, whose last days these are.
    kept: no column; what lists say of the latter. 0 unless `rounds.selectors.mark_kept` has looked.
    """

    kept: int = 0

    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="periods")
    start = models.DateField(_("First day"))
    end = models.DateField(_("Last day"))
    capacity = models.PositiveIntegerField(_("Seats"))
    rest_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="rests")
    taken = models.PositiveIntegerField(default=0)

    objects = OfferPeriodQuerySet.as_manager()

    class Meta:
        ordering = ["start", "end", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(taken__lte=F("capacity")),
                name="seats_taken_at_most_capacity",
                violation_error_message=_("More seats are taken than there are."),
            ),
            models.CheckConstraint(
                condition=Q(capacity__gte=1),
                name="period_has_seats",
                violation_error_message=_("At least one seat is needed."),
            ),
            models.CheckConstraint(
                condition=Q(end__gte=F("start")),
                name="period_ends_after_start",
                violation_error_message=_("The last day is before the first."),
            ),
            models.UniqueConstraint(
                fields=["offer", "start", "end"],
                name="period_once_per_offer",
                violation_error_message=_("The offer already has a period with these dates."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start} to {self.end}"

    @property
    def free(self) -> int:
        return self.capacity - self.taken
