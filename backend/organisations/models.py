"""Who posts places: organisations, their sites and their people; and what a municipality has decided about them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common.models import TimestampedModel
from backend.organisations import numbers
from backend.organisations.enums import (
    ClaimState,
    InvitationOutcome,
    MembershipRole,
    OrganisationConfirmation,
    OrganisationKind,
)
from backend.reference.enums import PositionSource
from backend.reference.models import Municipality


class Organisation(TimestampedModel):
    """A company, a municipal unit or an education provider.

    registration_number: ten digits without hyphen. That of a sole trader is a personal identity number, so it is shown
    to the organisation itself only, never exported and never logged.
    registered_from: the address of whoever registered it, as it was then. confirmation: how a coordinator or the network
    office made sure of it, "" = nobody has.
    """

    name = models.CharField(_("Name"), max_length=160)
    kind = models.CharField(
        _("Kind"), max_length=20, choices=OrganisationKind.choices, default=OrganisationKind.COMPANY
    )
    registration_number = models.CharField(_("Organisation number"), max_length=10, null=True, blank=True, unique=True)
    about = models.TextField(_("About"), blank=True, max_length=4000)
    website = models.URLField(_("Website"), blank=True)
    municipality = models.ForeignKey(
        Municipality, null=True, blank=True, on_delete=models.PROTECT, related_name="organisations"
    )
    source = models.CharField(max_length=20, blank=True)
    source_ref = models.CharField(max_length=120, blank=True)
    registered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    registered_from = models.EmailField(blank=True)
    confirmation = models.CharField(max_length=12, choices=OrganisationConfirmation.choices, blank=True)
    confirmation_note = models.CharField(max_length=300, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(confirmation="", confirmed_at__isnull=True)
                | models.Q(confirmation__in=OrganisationConfirmation.values, confirmed_at__isnull=False),
                name="organisation_confirmed_how_and_when",
            ),
            models.UniqueConstraint(
                fields=["source", "source_ref"], name="organisation_once_per_source", condition=~models.Q(source="")
            ),
            models.CheckConstraint(
                condition=models.Q(registration_number__regex=r"^\d{10}$") | models.Q(registration_number__isnull=True),
                name="registration_number_ten_digits",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None

    @property
    def registration_number_label(self) -> str:
        """For pages and files of others: a sole trader's is a personal identity number and never shown."""
        return numbers.label(self.registration_number)

    @property
    def own_registration_number(self) -> str:
        """In full, for the organisation's own people only."""
        return numbers.written(self.registration_number)


class Workplace(TimestampedModel):
    """A site with address and coordinates (degrees WGS 84). No municipality means: given in several of them.

    position_source: how well the point is known; it says nothing where there is none.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="workplaces")
    name = models.CharField(_("Name"), max_length=160)
    address = models.CharField(_("Street address"), max_length=200, blank=True)
    postcode = models.CharField(_("Postcode"), max_length=6, blank=True)
    city = models.CharField(_("City"), max_length=80, blank=True)
    municipality = models.ForeignKey(
        Municipality, null=True, blank=True, on_delete=models.PROTECT, related_name="workplaces"
    )
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    position_source = models.CharField(
        max_length=12, choices=PositionSource.choices, default=PositionSource.MUNICIPALITY
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(position_source__in=PositionSource.values), name="workplace_position_source_known"
            ),
            models.CheckConstraint(
                condition=models.Q(lat__isnull=True, lon__isnull=True)
                | models.Q(lat__range=(54.0, 70.0), lon__range=(9.0, 26.0)),
                name="workplace_in_sweden",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ContactPerson(TimestampedModel):
    """Whom one calls at an organisation or at one of its workplaces: shown to coordinators, never public.

    phone: E.164. role: what one does there, in free words.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="contacts")
    workplace = models.ForeignKey(Workplace, null=True, blank=True, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(_("Name"), max_length=120)
    role = models.CharField(_("Role"), max_length=80, blank=True)
    email = models.EmailField(_("E-mail address"), blank=True)
    phone = models.CharField(_("Telephone"), max_length=16, blank=True)

    class Meta:
        ordering = ["organisation", "name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(phone="") | models.Q(phone__regex=r"^\+[1-9][0-9]{7,14}$"),
                name="contact_phone_is_e164",
            ),
            models.CheckConstraint(condition=~models.Q(phone="") | ~models.Q(email=""), name="contact_can_be_reached"),
        ]

    def __str__(self) -> str:
        return f"contact {self.pk}"


class Membership(TimestampedModel):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=MembershipRole.choices, default=MembershipRole.MEMBER)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organisation"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.role} of {self.organisation_id}"


class Invitation(TimestampedModel):
    """A member asks a colleague to join. Good until `expires_at`; the colleague answers when logged in.

    ended_at: when it was answered or taken back; outcome says which. An open one has neither.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    invitee = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations")
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="invitations_sent")
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=InvitationOutcome.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "invitee"],
                condition=models.Q(ended_at__isnull=True),
                name="one_open_invitation",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, outcome="")
                | models.Q(ended_at__isnull=False) & ~models.Q(outcome=""),
                name="invitation_ends_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class OrganisationClaim(TimestampedModel):
    """Somebody says that they work at an imported organisation, and asks to answer for it.

    email: a proved work address. reason: what the person is told with a no.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="claims")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="claims")
    role = models.CharField(_("Role"), max_length=80)
    email = models.EmailField(_("Work address"))
    state = models.CharField(max_length=10, choices=ClaimState.choices, default=ClaimState.OPEN)
    reason = models.CharField(max_length=500, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"], condition=models.Q(state="open"), name="one_open_claim"
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at__isnull=True)
                | ~models.Q(state="open") & models.Q(decided_at__isnull=False),
                name="claim_decided_names_when",
            ),
        ]

    def __str__(self) -> str:
        return f"claim {self.pk}"


class MunicipalitySettings(models.Model):
    """What a municipality has decided for itself. A missing row means the defaults; empty numbers mean those of the form.

    answer_days: working days an organisation has to answer (the workplace's municipality decides).
    hold_hours: how long an offered seat is held (the workplace's municipality decides).
    max_live_applications: open applications a student of the municipality may have at the same time.
    undo_minutes: how long a coordinator's decision can be undone; 0 = not at all.
    unplaced_days: after how many days without a place a student is urgent on the guarantee board.
    help_text, help_phone (E.164), help_email: whom people of the municipality ask; shown to everyone.
    """

    municipality = models.OneToOneField(
        Municipality, primary_key=True, on_delete=models.CASCADE, related_name="settings"
    )
    trusted_may_publish = models.BooleanField(
        default=False, help_text=_("Offers of trusted organisations are published without review.")
    )
    answer_days = models.PositiveSmallIntegerField(null=True, blank=True)
    hold_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    max_live_applications = models.PositiveSmallIntegerField(null=True, blank=True)
    undo_minutes = models.PositiveSmallIntegerField(default=10)
    unplaced_days = models.PositiveSmallIntegerField(default=14)
    help_text = models.CharField(max_length=500, blank=True, default="")
    help_phone = models.CharField(max_length=16, blank=True, default="")
    help_email = models.EmailField(blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(models.Q(answer_days__isnull=True) | models.Q(answer_days__range=(1, 30)))
                & (models.Q(hold_hours__isnull=True) | models.Q(hold_hours__range=(1, 336)))
                & (models.Q(max_live_applications__isnull=True) | models.Q(max_live_applications__range=(1, 50)))
                & models.Q(undo_minutes__range=(0, 1440), unplaced_days__range=(1, 365)),
                name="municipality_settings_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(help_phone="") | models.Q(help_phone__regex=r"^\+[1-9][0-9]{7,14}$"),
                name="municipality_help_phone_is_e164",
            ),
        ]

    def __str__(self) -> str:
        return self.municipality_id


class TrustedOrganisation(TimestampedModel):
    municipality = models.ForeignKey(Municipality, on_delete=models.CASCADE, related_name="trusted_organisations")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="trusted_by")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["municipality", "organisation"], name="trust_once")]

    def __str__(self) -> str:
        return f"{self.municipality_id} trusts {self.organisation_id}"
