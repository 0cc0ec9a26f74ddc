"""Tokens. The secret itself is nowhere: only its hash, and a prefix by which its owner recognises it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backend.accounts.models import User
from backend.common.models import TimestampedModel
from backend.organisations.models import Organisation


class ApiToken(TimestampedModel):
    """Acts for `user`; with an organisation, for what that organisation owns and nothing else of the person's.

    scopes: values of enums.Scope.

    prefix: the beginning of the token, shown in lists. fingerprint: SHA-256 of the whole token in hexadecimal; a slow
    hash would add nothing, since the secret is 256 random bits. last_used_on: a day, not a moment: enough to find
    forgotten tokens, too coarse to follow anyone.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(_("Name"), max_length=60)
    prefix = models.CharField(max_length=16, unique=True)
    fingerprint = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=30))
    expires_at = models.DateTimeField()
    last_used_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(scopes=[]), name="token_opens_something"),
            models.CheckConstraint(condition=Q(fingerprint__regex=r"^[0-9a-f]{64}$"), name="token_is_hashed"),
        ]

    def __str__(self) -> str:
        return f"token {self.prefix}"
