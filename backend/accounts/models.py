"""People who log in, and what they do for a municipality or the network."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from backend.accounts.enums import ResetOutcome, RoleInvitationOutcome, RoleKind
from backend.common.models import TimestampedModel
from backend.common.text import clean_address, clean_line
from backend.reference.models import Municipality


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, **fields: Any) -> "User":
        """A user without a password. The only way in is a code sent to the address, so whoever comes in has proved it:
        it counts as verified from the start, and nobody is asked for a second code.
        """
        (user,) = self.create_users([(email, fields)])
        return user

    def create_users(self, people: Iterable[tuple[str, dict[str, Any]]]) -> "list[User]":
        """Several of them, addresses with their fields, in their order. Two queries."""
        from allauth.account.models import EmailAddress

        users = [self.model(email=clean_address(email), **fields) for email, fields in people]
        for user in users:
            user.name = clean_line(user.name)
            user.set_unusable_password()
        self.bulk_create(users)
        EmailAddress.objects.bulk_create(
            EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
        )
        return users

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(_("E-mail address"), unique=True)
    name = models.CharField(_("Name"), max_length=120)
    language = models.CharField(_("Language"), max_length=2, choices=settings.LANGUAGES, default="sv")
    phone = models.CharField(_("Mobile number"), max_length=16, blank=True, default="", help_text="E.164: +46701234567")
    wants_sms = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                violation_error_message=_("This address already has an account."),
            ),
            models.CheckConstraint(
                condition=models.Q(phone="") | models.Q(phone__regex=r"^\+[1-9][0-9]{7,14}$"),
                name="user_phone_is_e164",
            ),
            models.CheckConstraint(condition=models.Q(wants_sms=False) | ~models.Q(phone=""), name="sms_needs_a_phone"),
        ]

    def __str__(self) -> str:
        return f"user {self.pk}"

    @property
    def first_name(self) -> str:
        return self.name.split(" ")[0]


class RoleQuerySet(models.QuerySet["Role"]):
    def in_force(self) -> "RoleQuerySet":
        """Those that give rights today: neither paused, nor of an account that is closed."""
        return self.filter(paused_at__isnull=True, user__is_active=True)


class Role(TimestampedModel):
    """A coordinator belongs to one municipality, the network office to none.

    paused_at: since when it gives no rights, for somebody who is away; empty while it is in force.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="roles")
    kind = models.CharField(max_length=12, choices=RoleKind.choices)
    municipality = models.ForeignKey(Municipality, null=True, on_delete=models.PROTECT, related_name="roles")
    paused_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Role"]] = RoleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "municipality"], name="role_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=models.Q(kind=RoleKind.COORDINATOR, municipality__isnull=False)
                | models.Q(kind=RoleKind.NETWORK, municipality__isnull=True),
                name="coordinator_has_municipality_network_has_none",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.municipality_id or ''}"


class RoleInvitation(TimestampedModel):
    """The network office asks somebody to be a coordinator, or a colleague at the office. Answered when logged in.

    sent_at: when the last mail about it was asked for. ended_at: when it was answered or taken back; outcome says which.
    """

    invitee = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_invitations")
    kind = models.CharField(max_length=12, choices=RoleKind.choices)
    municipality = models.ForeignKey(Municipality, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=RoleInvitationOutcome.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invitee", "kind", "municipality"],
                condition=models.Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="one_open_role_invitation",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=RoleKind.COORDINATOR, municipality__isnull=False)
                | models.Q(kind=RoleKind.NETWORK, municipality__isnull=True),
                name="invited_coordinator_has_municipality",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, outcome="")
                | models.Q(ended_at__isnull=False) & ~models.Q(outcome=""),
                name="role_invitation_ends_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"role invitation {self.pk}"


class ProtectedGrant(models.Model):
    """Someone may know who the students with protected identity of one municipality are, until a day.

    Given by the network office, to a coordinator of the municipality. It holds through `valid_until` (included), unless
    taken back before, and only as long as the person is a coordinator there.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="protected_grants")
    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="protected_grants")
    reason = models.CharField(_("Reason"), max_length=500)
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    valid_until = models.DateField(_("Valid until"))
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "municipality"],
                condition=models.Q(revoked_at__isnull=True),
                name="one_standing_grant_per_person",
                violation_error_message=_("This person has a grant already. Take it back to give another one."),
            ),
            models.CheckConstraint(
                condition=~models.Q(granted_by=models.F("user")),
                name="nobody_grants_to_themselves",
                violation_error_message=_("Somebody else has to give you the grant."),
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="grant_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | models.Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="revoked_grant_names_who",
            ),
        ]

    def __str__(self) -> str:
        return f"grant {self.pk}"


class OpenIdentity(models.Model):
    """A login of another service that opens an account here: who somebody is there, as its issuer and subject.

    last_used_on: the last day only; nobody needs a diary of logins.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    connected_at = models.DateTimeField()
    last_used_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_opens_one_account"),
            models.UniqueConstraint(fields=["user", "issuer"], name="one_identity_per_issuer"),
            models.CheckConstraint(
                condition=~models.Q(issuer="") & ~models.Q(subject=""), name="identity_names_issuer_and_subject"
            ),
        ]

    def __str__(self) -> str:
        return f"identity {self.pk}"


class SecondFactorReset(models.Model):
    """The network office lets somebody who has lost their second factor set up a new one, once a wait is over.

    due_at: when it happens unless it is stopped. ended_at, outcome: both empty until then.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="second_factor_resets")
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(_("Reason"), max_length=500)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=ResetOutcome.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(ended_at__isnull=True), name="one_open_second_factor_reset"
            ),
            models.CheckConstraint(
                condition=~models.Q(asked_by=models.F("user")) | models.Q(asked_by__isnull=True),
                name="nobody_resets_their_own_second_factor",
                violation_error_message=_("Somebody else at the network office has to do that for you."),
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, outcome="")
                | models.Q(ended_at__isnull=False) & ~models.Q(outcome=""),
                name="second_factor_reset_ends_with_an_outcome",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="second_factor_reset_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"second factor reset {self.pk}"


class AccountSession(AbstractBaseSession):
    """A login on a device, with what its owner needs to recognise it by. Rows of visitors have no user.

    device: the browser and the system it names, "Firefox, Windows". network: the part of the network address that a
    street shares, not the device's own. seen_at: to within ten minutes.
    """

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    device = models.CharField(max_length=80, blank=True, default="")
    network = models.CharField(max_length=40, blank=True, default="")
    started_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"session of user {self.user_id}"

    @classmethod
    def get_session_store_class(cls) -> Any:
        from backend.accounts.session_store import SessionStore

        return SessionStore


class KnownNetwork(models.Model):
    """A network that somebody has logged in from, roughly: from there nobody else's tries can keep them out."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="known_networks")
    network = models.CharField(max_length=40)
    seen_on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "network"], name="known_network_once")]

    def __str__(self) -> str:
        return f"network of user {self.user_id}"
